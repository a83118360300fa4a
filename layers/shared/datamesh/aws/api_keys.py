"""The API keys that are active, and the lookup of a presented one.

This module needs only the standard library until keys must be fetched, for the authorizer's cold
start.
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from datamesh.errors.base import InvalidSettings

MAX_ACTIVE_KEYS = 2
CACHE_SECONDS = 60.0
"""Together with API Gateway's authorizer TTL of 60 s this bounds how long a revoked key works."""

type KeysById = Mapping[str, str]
"""Key id -> key."""


class KeyRing:
    """The active keys, fetched at most every CACHE_SECONDS: if that fails, so does the request."""

    def __init__(self, fetch: Callable[[], KeysById], clock: Callable[[], float] = time.monotonic):
        self._fetch = fetch
        self._clock = clock
        self._digests: dict[str, bytes] = {}
        self._fetched_at: float | None = None

    def find_key_id(self, presented: str) -> str | None:
        """Return the id of a presented key, or None if it is not active.

        This takes the same time for any wrong key. Raises what the fetch raises.
        """
        digest = _hash_key(presented)
        matches = [
            key_id
            for key_id, active in self._get_digests().items()
            if hmac.compare_digest(digest, active)
        ]
        return matches[0] if matches else None

    def _get_digests(self) -> dict[str, bytes]:
        now = self._clock()
        if self._fetched_at is None or now - self._fetched_at >= CACHE_SECONDS:
            self._digests = {key_id: _hash_key(key) for key_id, key in self._fetch().items()}
            self._fetched_at = now
        return self._digests


def create_key_ring(environ: Mapping[str, str]) -> KeyRing:
    """Create the key ring of a local run (API_KEY) or of a stack (API_KEYS_SECRET_ID).

    Raises InvalidSettings if neither is set: there is no default.
    """
    if key := environ.get("API_KEY"):
        return KeyRing(lambda: {"local": key})
    if secret_id := environ.get("API_KEYS_SECRET_ID"):
        return KeyRing(lambda: fetch_keys(secret_id))
    raise InvalidSettings("API_KEYS_SECRET_ID: the authorizer has no keys to check against")


def fetch_keys(secret_id: str) -> KeysById:
    """Read the keys from Secrets Manager. Raises InvalidSettings as `parse_keys` does."""
    import boto3  # not before a key has to be fetched: it is most of a cold start
    from botocore.config import Config

    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    client = boto3.client("secretsmanager", config=config)
    return parse_keys(client.get_secret_value(SecretId=secret_id)["SecretString"])


def parse_keys(secret: str) -> KeysById:
    """Parse a secret of one or two keys, `{"<key id>": "<key>", ...}`.

    Raises InvalidSettings on anything else, without a word of the content in its message.
    """
    try:
        keys = json.loads(secret)
    except ValueError:
        raise InvalidSettings("the API key secret is not JSON") from None
    if not isinstance(keys, dict) or not 1 <= len(keys) <= MAX_ACTIVE_KEYS:
        raise InvalidSettings(f"the API key secret must hold 1 to {MAX_ACTIVE_KEYS} keys by id")
    if not all(isinstance(key, str) and key_id and key for key_id, key in keys.items()):
        raise InvalidSettings("the API key secret must map key ids to keys, none of them empty")
    return keys


def _hash_key(key: str) -> bytes:
    return sha256(key.encode(errors="surrogateescape")).digest()
