"""Text that only who holds a key can read or make.

This is authenticated encryption with a synthetic initialisation vector (Rogaway and Shrimpton,
"Deterministic Authenticated-Encryption", 2006) with HMAC-SHA-256 as its one function: the tag is
the HMAC of the text, and the text is encrypted with the HMACs of the tag and a counter. Equal texts
have equal results, so that an answer does not change by being asked for again.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

TAG_BYTES = 16
TAG, STREAM = b"\0", b"\1"
"""The first byte of what is hashed, so that no tag is ever a part of a stream."""


def encrypt_text(key: bytes, text: str) -> str:
    """Return the text encrypted and signed, in the characters of a URL."""
    content = text.encode()
    tag = _compute_tag(key, content)
    return urlsafe_b64encode(tag + _apply_stream(key, tag, content)).decode().rstrip("=")


def decrypt_text(key: bytes, encrypted: str) -> str:
    """Return the text. Raises ValueError for what was not encrypted with the key, as it is."""
    found = urlsafe_b64decode(encrypted + "=" * (-len(encrypted) % 4))
    tag = found[:TAG_BYTES]
    content = _apply_stream(key, tag, found[TAG_BYTES:])
    if not hmac.compare_digest(tag, _compute_tag(key, content)):
        raise ValueError("encrypted with another key, or changed since")
    # Base64 reads some texts alike, of which one was given out.
    if urlsafe_b64encode(found).decode().rstrip("=") != encrypted:
        raise ValueError("not as it was encrypted")
    return content.decode()


def _compute_tag(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, TAG + content, "sha256")[:TAG_BYTES]


def _apply_stream(key: bytes, tag: bytes, content: bytes) -> bytes:
    """Encrypt or decrypt: both combine the content with the same stream."""
    blocks = range(0, len(content), 32)
    stream = b"".join(
        hmac.digest(key, STREAM + tag + block.to_bytes(4), "sha256") for block in blocks
    )
    return bytes(a ^ b for a, b in zip(content, stream, strict=False))
