"""Encrypted text: only the key opens it, and only as it was made."""

import pytest

from datamesh.tables.encryption import decrypt_text, encrypt_text

KEY = bytes(range(32))


@pytest.mark.parametrize("text", ["", "a", "x" * 31, "x" * 32, "x" * 33, "ä€🦆\0", "y" * 3000])
def test_a_text_is_decrypted_by_its_key(text: str) -> None:
    encrypted = encrypt_text(KEY, text)
    assert decrypt_text(KEY, encrypted) == text
    assert encrypted == encrypt_text(KEY, text)
    with pytest.raises(ValueError, match="another key"):
        decrypt_text(bytes(32), encrypted)


def test_the_result_is_what_the_construction_says() -> None:
    """Computed apart: HMAC of 0 and the text, then HMAC of 1, tag and block number."""
    assert encrypt_text(KEY, "row 7") == "fJ7hfgxPigiuZ8oRxEVMW2umJw1d"


def test_texts_that_differ_in_a_letter_differ_from_the_first_byte() -> None:
    first, second = encrypt_text(KEY, "a" * 40 + "b"), encrypt_text(KEY, "a" * 40 + "c")
    assert sum(one == other for one, other in zip(first, second, strict=True)) < 10


def test_what_base64_reads_alike_is_refused() -> None:
    encrypted = encrypt_text(KEY, "row 7")  # 21 bytes: no bits are left over in the last letter
    for other in (encrypted + "=", encrypted[:5] + "!" + encrypted[5:], " " + encrypted):
        with pytest.raises(ValueError, match="not as it was encrypted"):
            decrypt_text(KEY, other)
