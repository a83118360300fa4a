"""Keys that `access.json` holds, as the authorizer looks them up (docs/adr/0033-keys.md).

It reads the file with the standard library alone, and loads the S3 client by the first such key:
the cold start of every other credential is without both.
"""

import hmac
import json
import logging
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from datamesh.errors.base import InvalidSettings
from datamesh.storage.objects import ConditionalObject, StoredObject, Unchanged, Unreachable

logger = logging.getLogger(__name__)

CREDENTIAL = re.compile(r"dm_([A-Za-z0-9-]{1,40})_[A-Za-z0-9_-]{43}", re.ASCII)
"""The form of a key: its id, and 32 random bytes in base64url."""
CACHE_SECONDS = 60.0
"""Together with API Gateway's authorizer TTL of 60 s this bounds how long a deleted key works."""
MAX_EXTRA_READS = 10
"""How often within CACHE_SECONDS the file is read again for a key that it does not have, so that a
new one works at once."""
ACCESS_KEY = "access.json"
USES_FOLDER = "access/used/"
"""Where the last use of each key is, an object under the key's id: `2026-01-31`."""
MAX_REMEMBERED_USES = 2000
NO_DIGEST = "0" * 64

type Keys = Mapping[str, Any]
"""Key id -> its record in the file."""


def is_stored_key(credential: str) -> bool:
    """Return whether a credential has the form of the keys that are looked up here."""
    return CREDENTIAL.fullmatch(credential) is not None


class StoredKeys:
    """The keys of the file, read at most every CACHE_SECONDS but for those that it does not have.

    A read that fails fails the request: a key that may have been deleted is not let through.
    """

    def __init__(
        self,
        access: ConditionalObject,
        open_use: Callable[[str], ConditionalObject],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep the object of the file, and how to open that of the last use of a key."""
        self._access = access
        self._open_use = open_use
        self._clock = clock
        self._now = now
        self._keys: Keys = {}
        self._etag: str | None = None
        self._read_at: float | None = None
        self._extra_reads = 0
        self._uses: set[tuple[str, str]] = set()

    def find_key_id(self, credential: str) -> str | None:
        """Return the id of the key that a credential is of; None unless it is valid now.

        Raises what storage raises if the file cannot be read.
        """
        found = CREDENTIAL.fullmatch(credential)
        if found is None:
            return None
        key_id, digest = found[1], sha256(credential.encode()).hexdigest()
        is_fresh = self._read_when_due()
        is_valid = self._is_valid(key_id, digest)
        if not is_valid and not is_fresh and self._read_again():
            is_valid = self._is_valid(key_id, digest)
        if not is_valid:
            return None
        self._note_use(key_id)
        return key_id

    def _is_valid(self, key_id: str, digest: str) -> bool:
        """Return whether the digest is that of a secret of the key that has not expired."""
        now = self._now()
        is_known = False
        for ends, known in _list_secrets(self._keys.get(key_id)):
            # Not stopped at the first: it takes as long for any digest.
            is_known |= hmac.compare_digest(digest, known) and now < ends
        return is_known

    def _read_when_due(self) -> bool:
        """Read the file unless what is known of it is recent, and return whether it was read."""
        at = self._clock()
        if self._read_at is not None and at - self._read_at < CACHE_SECONDS:
            return False
        self._read_file()
        self._read_at, self._extra_reads = at, 0
        return True

    def _read_again(self) -> bool:
        """Read the file anew for a key that it does not have, and return whether it has changed."""
        if self._extra_reads >= MAX_EXTRA_READS:
            return False
        self._extra_reads += 1
        known = self._etag
        self._read_file()
        return self._etag != known

    def _read_file(self) -> None:
        stored = self._fetch_file()
        if stored is None:
            self._keys, self._etag = {}, None
        elif not isinstance(stored, Unchanged):
            self._keys, self._etag = parse_keys(stored.body), stored.etag

    def _fetch_file(self) -> StoredObject | Unchanged | None:
        try:
            return self._access.get(self._etag)
        except Unreachable:
            return self._access.get(self._etag)

    def _note_use(self, key_id: str) -> None:
        """Store the day of a use, unless that was tried today; if it fails, nobody is the worse."""
        use = (key_id, self._now().date().isoformat())
        if use in self._uses:
            return
        if len(self._uses) >= MAX_REMEMBERED_USES:
            self._uses.clear()
        self._uses.add(use)
        try:
            store_use(self._open_use(key_id), use[1])
        except Exception as error:  # whatever it is, the key is valid
            logger.warning("the use of key %s is not stored: %r", key_id, error)


def store_use(stored: ConditionalObject, day: str) -> None:
    """Store the day of the last use of a key, unless the object has it. Raises what it raises."""
    found = stored.get()
    known = found if isinstance(found, StoredObject) else None
    if known is None or known.body.decode(errors="replace") < day:
        stored.put(day.encode(), known.etag if known else None)


def parse_keys(body: bytes) -> Keys:
    """Return the keys of `access.json`, gzip-encoded or not. Raises ValueError if it cannot."""
    text = _decompress(body) if body.startswith(b"\x1f\x8b") else body
    try:
        content = json.loads(text)
    except ValueError:
        raise ValueError("access.json is not JSON") from None
    keys = content.get("keys", {}) if isinstance(content, dict) else {}
    return keys if isinstance(keys, dict) else {}


def _decompress(body: bytes) -> bytes:
    parts = []
    while body:
        member = zlib.decompressobj(31)
        try:
            parts.append(member.decompress(body))
        except zlib.error:
            raise ValueError("access.json is damaged") from None
        if not member.eof:
            raise ValueError("access.json ends too early")
        body = member.unused_data
    return b"".join(parts)


def _list_secrets(key: Any) -> Iterator[tuple[datetime, str]]:
    """Yield when each secret of a key ends, and its digest; one that nothing has for no key."""
    if not isinstance(key, dict):
        yield datetime.min.replace(tzinfo=UTC), NO_DIGEST
        return
    key_ends = datetime.fromisoformat(key["expires_at"])
    for secret in key["secrets"]:
        yield min(key_ends, datetime.fromisoformat(secret["expires_at"])), str(secret["digest"])


def create_stored_keys(bucket: str) -> StoredKeys:
    """Create the look-up in the bucket of a stack, or of a local run.

    Reading waits 2 s at most for each answer, and what is stored of a use half a second. Raises
    InvalidSettings if no bucket is named.
    """
    from datamesh.storage.s3.client import create_client
    from datamesh.storage.s3.object import S3Object

    if not bucket:
        raise InvalidSettings("CATALOG_BUCKET: the authorizer does not know where keys are")
    client = create_client()
    reading = replace(client, read_seconds=2.0)
    noting = replace(client, connect_seconds=0.25, read_seconds=0.5)
    return StoredKeys(
        S3Object(reading, bucket, ACCESS_KEY),
        lambda key_id: S3Object(noting, bucket, USES_FOLDER + key_id),
    )
