"""The keys of an issuer: fetched over HTTPS, kept for a while, fetched again when one is unknown.

Only a token imports this module: with PyJWT and cryptography it takes longer to import than all
else of the authorizer.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from datamesh.identity.fetching import NotFetched, fetch_json
from datamesh.identity.issuers import TrustedIssuer, is_web_address

LIFETIME_SECONDS = 300.0
"""How long keys are used before they are fetched again: a key that an issuer has withdrawn is
accepted for as long."""
REFETCH_SECONDS = 30.0
"""How long after one fetch no other one is tried, however many unknown keys tokens name."""
OUTAGE_SECONDS = 3600.0
"""How long keys are used while they cannot be fetched."""
MAX_KEYS = 100
RSA_BITS = range(2048, 8193)

FITTING: Mapping[str, Mapping[str, str]] = {
    "RS256": {"kty": "RSA"},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
"""Algorithm -> what a key is with which it may be used."""
PUBLIC = ("kty", "crv", "n", "e", "x", "y")
"""The members of a JSON Web Key that are read; none of them is private."""

log = logging.getLogger(__name__)


class KeySetUnavailable(Exception):
    """The keys of an issuer cannot be fetched, and there are none that may still be used."""


class KeySet:
    """The keys of one issuer, as they were when they were fetched last."""

    def __init__(
        self,
        trusted: TrustedIssuer,
        fetch: Callable[[str], object] = fetch_json,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fetch nothing yet; `clock` gives seconds."""
        self._trusted = trusted
        self._fetch = fetch
        self._clock = clock
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None

    def find_key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        """Return the key of this id that the algorithm may be used with, or None.

        Without an id it is the only key that fits. Raises KeySetUnavailable.
        """
        if self._fetched_at is None or self._clock() - self._fetched_at >= LIFETIME_SECONDS:
            self._update_keys()
        if (found := self._select_key(key_id, algorithm)) is not None:
            return found
        self._update_keys()
        return self._select_key(key_id, algorithm)

    def _select_key(self, key_id: str | None, algorithm: str) -> PyJWK | None:
        fitting = [
            key
            for key in self._keys
            if key_id in (None, key.get("kid")) and is_fitting(key, algorithm)
        ]
        # Of two one would have to be guessed.
        return build_key(fitting[0], algorithm) if len(fitting) == 1 else None

    def _update_keys(self) -> None:
        """Fetch the keys, unless that was tried a moment ago; if it fails, keep those there are."""
        now = self._clock()
        if self._tried_at is None or now - self._tried_at >= REFETCH_SECONDS:
            self._tried_at = now
            try:
                self._keys = self._fetch_keys()
                self._fetched_at = now
            except NotFetched as error:
                log.warning("The keys of %s are not to be had: %s", self._trusted.issuer, error)
        if self._fetched_at is None or now - self._fetched_at >= OUTAGE_SECONDS:
            raise KeySetUnavailable(
                f"The token cannot be verified: the keys of {self._trusted.issuer} are not to be"
                " had. Ask again in a minute, or send a key of the registry"
            )

    def _fetch_keys(self) -> Sequence[Mapping[str, Any]]:
        document = self._fetch(self._trusted.jwks_url or self._find_address())
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or len(keys) > MAX_KEYS:
            raise NotFetched(f"it is no JSON Web Key Set of at most {MAX_KEYS} keys")
        return [key for key in keys if isinstance(key, dict)]

    def _find_address(self) -> str:
        """Return where the issuer says that its keys are (OpenID Connect Discovery 1.0, 4)."""
        issuer = self._trusted.issuer
        document = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(document, dict) or document.get("issuer") != issuer:
            raise NotFetched("the discovery document is not the one of this issuer")
        address = document.get("jwks_uri")
        if not isinstance(address, str) or not is_web_address(address):
            raise NotFetched("the discovery document has no jwks_uri over https")
        if issuer.startswith("https:") and not address.startswith("https:"):
            raise NotFetched("the jwks_uri of the discovery document is not over https")
        return address


def is_fitting(key: Mapping[str, Any], algorithm: str) -> bool:
    """Return whether the key's type, and what it says of its use, suit the algorithm."""
    operations = key.get("key_ops")
    return (
        all(key.get(name) == value for name, value in FITTING[algorithm].items())
        and key.get("use") in (None, "sig")
        and key.get("alg") in (None, algorithm)
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def build_key(key: Mapping[str, Any], algorithm: str) -> PyJWK | None:
    """Return the public key, or None if it is broken, or too short or long to be used."""
    try:
        built = PyJWK({name: key[name] for name in PUBLIC if name in key}, algorithm)
    except (PyJWTError, ValueError, TypeError):
        return None
    return built if algorithm != "RS256" or built.key.key_size in RSA_BITS else None
