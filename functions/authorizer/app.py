"""Tell who presents an active API key, or a token of a trusted issuer.

An authorizer of an HTTP API, payload 2.0, simple response. A write needs one of them. A read
without credentials is let through as that of an anonymous caller: what it may see is decided where
it is answered.

Imports neither FastAPI nor pydantic: every first request pays for this cold start too.
"""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from datamesh.aws.api_keys import create_key_ring
from datamesh.identity.issuers import is_token, read_trusted_issuers

if TYPE_CHECKING:
    from datamesh.identity.tokens import TokenPrincipal, TokenVerifier

SCHEME = "bearer"
HEADER = "authorization"
ANONYMOUS = "anonymous"
READS = ("GET", "HEAD")
ADMINISTRATOR = '[{"role":"admin","domain":"*"}]'
"""The grants of the keys that a stack, or a local run, is made with."""

keys = create_key_ring(os.environ)
issuers = read_trusted_issuers(os.environ)


def read_authorization(event: Any) -> str:
    """Return the `Authorization` header, several joined by commas; empty if there is none.

    Header names are in lower case in API Gateway's events, and in Title-Case in SAM's. The identity
    source is not what is read here, since reads have another one.
    """
    headers: dict[str, str] = event.get("headers") or {}
    return ",".join(value for name, value in headers.items() if name.lower() == HEADER)


def read_key(authorization: str) -> str:
    """Return the key of `Bearer <key>`; empty if the header is anything else."""
    scheme, _, credentials = authorization.partition(" ")
    return credentials.strip() if scheme.lower() == SCHEME else ""


def verify_token(token: str) -> "TokenPrincipal | None":
    """Return who presents the token and what it grants, or None if it is not to be believed."""
    return get_token_verifier().verify(token)


@cache
def get_token_verifier() -> "TokenVerifier":
    """Return the verifier, which keeps the issuers' keys from one request to the next."""
    from datamesh.identity.tokens import TokenVerifier  # not for a key: PyJWT, cryptography

    return TokenVerifier(issuers)


def is_read(event: Any) -> bool:
    """Tell whether a request cannot change anything."""
    return event.get("requestContext", {}).get("http", {}).get("method") in READS


def handler(event: Any, context: object) -> dict[str, object]:
    """Answer whether the request may go on, and pass on who sends it.

    That is the id of a key; of a token its issuer and subject, with the grants of its claims.
    """
    authorization = read_authorization(event)
    if not authorization and is_read(event):
        return {"isAuthorized": True, "context": {"principal": ANONYMOUS}}
    key = read_key(authorization)
    if issuers and is_token(key):
        caller = verify_token(key)
        return {"isAuthorized": False} if caller is None else allow_caller(caller)
    key_id = keys.find_key_id(key) if key else None
    if key_id is None:
        return {"isAuthorized": False}
    return {
        "isAuthorized": True,
        "context": {"principal": f"key:{key_id}", "grants": ADMINISTRATOR},
    }


def allow_caller(caller: "TokenPrincipal") -> dict[str, object]:
    """Return the answer for a token: who presents it, and its grants as a JSON list."""
    return {"isAuthorized": True, "context": caller._asdict()}
