"""Verification of JSON Web Tokens (RFC 7519, by the rules of RFC 8725).

Only a token imports this module, since PyJWT and cryptography take long to import.
"""

import json
import logging
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import jwt
from jwt.exceptions import PyJWTError

from datamesh.identity.grants import format_grants, select_grants
from datamesh.identity.issuers import TrustedIssuer, is_token
from datamesh.identity.key_sets import FITTING, KeySet

MAX_TOKEN_BYTES = 8192
MAX_KEY_ID = 256
LEEWAY_SECONDS = 60
"""How far the clocks of an issuer and of AWS may be apart."""
TYPES = ("jwt", "at+jwt")
"""Types of tokens that say who calls (RFC 9068); others, as of log-outs, say other things."""
_SUBJECT = re.compile(r"[ !#-\[\]-~]{1,255}")
"""255 characters of ASCII at most (OpenID Connect Core 1.0, 2), and none that breaks a log line."""

log = logging.getLogger(__name__)


class TokenPrincipal(NamedTuple):
    """The principal that presents a token, and what its claims grant."""

    principal: str
    """`jwt:<issuer>#<subject>`"""
    grants: str
    """JSON: a list of `{"role", "domain"}`, some with `namespaces`."""


class TokenVerifier:
    """Accepts the tokens of the trusted issuers, and no others."""

    def __init__(
        self,
        issuers: Iterable[TrustedIssuer],
        create_key_set: Callable[[TrustedIssuer], KeySet] = KeySet,
    ) -> None:
        """Fetch nothing yet."""
        self._issuers = {each.issuer: (each, create_key_set(each)) for each in issuers}

    def verify(self, token: str) -> TokenPrincipal | None:
        """Return who presents the token, or None if it is not to be believed.

        Raises KeySetUnavailable if there are no keys to tell by.
        """
        if len(token) > MAX_TOKEN_BYTES or not is_token(token):
            return None
        header, claims = (_decode_part(part) for part in token.split(".")[:2])
        if header is None or claims is None or not is_acceptable(header):
            return None
        # Which keys to try is all that is believed before the signature is.
        issuer = claims.get("iss")
        if not isinstance(issuer, str) or issuer not in self._issuers:
            return None
        trusted, keys = self._issuers[issuer]
        key = keys.find_key(header.get("kid"), header["alg"])
        return None if key is None else _verify_claims(token, key, trusted)


def is_acceptable(header: Mapping[str, Any]) -> bool:
    """Return whether a header asks for nothing but a signature of a known kind.

    Where it says that a key is (`jku`, `x5u`, `jwk`) is not even looked at.
    """
    kind, key_id = header.get("typ", "JWT"), header.get("kid")
    return (
        isinstance(header.get("alg"), str)
        and header["alg"] in FITTING
        and isinstance(kind, str)
        and kind.lower().removeprefix("application/") in TYPES
        and (key_id is None or (isinstance(key_id, str) and 0 < len(key_id) <= MAX_KEY_ID))
        and not {"crit", "b64"} & header.keys()
    )


def find_claim(claims: Mapping[str, Any], name: str) -> object:
    """Return a claim by its name, or by the dots of a path: `realm_access.roles`.

    A claim that has the whole name, such as `https://example.com/groups`, comes first.
    """
    if name in claims:
        return claims[name]
    found: object = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def list_values(claim: object) -> list[str]:
    """Return the texts of a claim, which is one or a list of them."""
    return [
        each for each in (claim if isinstance(claim, list) else [claim]) if isinstance(each, str)
    ]


def _verify_claims(token: str, key: jwt.PyJWK, trusted: TrustedIssuer) -> TokenPrincipal | None:
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=trusted.audiences,
            issuer=trusted.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.InvalidSignatureError:
        return None
    except (PyJWTError, ValueError, TypeError, OverflowError) as error:
        # Its issuer has signed it: whoever looks for the reason of a 403 finds it here.
        log.warning("A token of %s is refused: %s", trusted.issuer, error)
        return None
    reason = _find_objection(claims, trusted)
    if reason:
        log.warning("A token of %s is refused: %s", trusted.issuer, reason)
        return None
    values = list_values(find_claim(claims, trusted.groups_claim))
    grants = format_grants(select_grants(trusted.grants, values))
    return TokenPrincipal(f"jwt:{trusted.issuer}#{claims['sub']}", grants)


def _find_objection(claims: Mapping[str, Any], trusted: TrustedIssuer) -> str:
    """Return what is wrong with the claims that PyJWT does not judge; empty if nothing is."""
    if not isinstance(claims["sub"], str) or not _SUBJECT.fullmatch(claims["sub"]):
        return "sub must be 1 to 255 characters of ASCII without quotes and backslashes"
    for name, allowed in trusted.require.items():
        if not set(allowed) & set(list_values(find_claim(claims, name))):
            return f"the claim {name} is none of those required"
    return ""


def _decode_part(part: str) -> dict[str, Any] | None:
    try:
        found = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
