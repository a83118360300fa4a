"""Allow a write to whoever presents an active API key, or a token of a trusted issuer.

An authorizer of an HTTP API, payload 2.0, simple response.
Imports neither FastAPI nor pydantic: every first write pays for this cold start too.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from datamesh.aws.api_keys import create_key_ring
from datamesh.identity.issuers import is_token, read_trusted_issuers

if TYPE_CHECKING:
    from datamesh.identity.tokens import TokenPrincipal, TokenVerifier

SCHEME = "bearer"

keys = create_key_ring(os.environ)
issuers = read_trusted_issuers(os.environ)


def read_key(event: Any) -> str:
    """Return the key of `Authorization: Bearer <key>`; empty if the header is anything else.

    It is read from the identity source, for header names are in Title-Case in SAM's local API.
    """
    source = event.get("identitySource") or [""]
    scheme, _, credentials = source[0].partition(" ")
    return credentials.strip() if scheme.lower() == SCHEME else ""


def verify_token(token: str) -> "TokenPrincipal | None":
    """Return who presents the token and what it grants, or None if it is not to be believed."""
    return get_token_verifier().verify(token)


@cache
def get_token_verifier() -> "TokenVerifier":
    """Return the verifier, which keeps the issuers' keys from one request to the next."""
    from datamesh.identity.tokens import TokenVerifier  # not for a key: PyJWT, cryptography

    return TokenVerifier(issuers)


def handler(event: Any, context: object) -> dict[str, object]:
    """Answer whether the credential is good, and pass on who presents it.

    That is the id of a key; of a token its issuer and subject, with the grants of its claims.
    """
    key = read_key(event)
    if issuers and is_token(key):
        caller = verify_token(key)
        return {"isAuthorized": False} if caller is None else allow_caller(caller)
    principal = keys.find_key_id(key) if key else None
    if principal is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"principal": principal}}


def allow_caller(caller: "TokenPrincipal") -> dict[str, object]:
    """Return the answer for a token: who presents it, and its grants as a JSON list."""
    return {"isAuthorized": True, "context": caller._asdict()}
