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
    from datamesh.identity.stored_keys import StoredKeys
    from datamesh.identity.tokens import TokenPrincipal, TokenVerifier

SCHEME = "bearer"
HEADER = "authorization"
ANONYMOUS = "anonymous"
READS = ("GET", "HEAD")
ADMINISTRATOR = '[{"role":"admin","domain":"*"}]'
"""The grants of the keys that a stack, or a local run, is made with."""

NO_GRANTS = "[]"
STORED_KEY = "dm_"
"""Begins the keys that `access.json` holds."""

keys = create_key_ring(os.environ)
issuers = read_trusted_issuers(os.environ)
bucket = os.environ.get("CATALOG_BUCKET", "")


@cache
def get_stored_keys() -> "StoredKeys":
    """Return the look-up of stored keys, which keeps their file from one request to the next."""
    # Not for the stack's own keys: the S3 client is most of a cold start.
    from datamesh.identity.stored_keys import create_stored_keys

    return create_stored_keys(bucket)


def has_stored_form(key: str) -> bool:
    """Return whether a key is one of those that `access.json` holds, if it is one at all."""
    if not key.startswith(STORED_KEY):
        return False
    from datamesh.identity.stored_keys import is_stored_key

    return is_stored_key(key)


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
    """Return who presents the token and what it grants, or None if it is not to be believed.

    Raises KeySetUnavailable.
    """
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

    That is the id of a key; of a token its issuer and subject, with the grants of its claims. The
    grants of a stored key are read where they are needed; the stack's own come with it.
    """
    authorization = read_authorization(event)
    if not authorization and is_read(event):
        return {"isAuthorized": True, "context": {"principal": ANONYMOUS}}
    key = read_key(authorization)
    if has_stored_form(key):
        return build_answer(get_stored_keys().find_key_id(key), NO_GRANTS)
    if issuers and is_token(key):
        return answer_token(key)
    return build_answer(keys.find_key_id(key) if key else None, ADMINISTRATOR)


def build_answer(key_id: str | None, grants: str) -> dict[str, object]:
    """Return the answer for the key of an id, or for none."""
    if key_id is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"principal": f"key:{key_id}", "grants": grants}}


def answer_token(token: str) -> dict[str, object]:
    """Return the answer for a token.

    That its issuer's keys are not to be had is no failure of the registry's own: the caller is let
    through as nobody, with what is said to him, and the function refuses whatever he asks.
    """
    from datamesh.identity.key_sets import KeySetUnavailable  # imported by its verification anyway

    try:
        caller = verify_token(token)
    except KeySetUnavailable as error:
        return {"isAuthorized": True, "context": {"principal": ANONYMOUS, "refusal": str(error)}}
    return {"isAuthorized": False} if caller is None else allow_caller(caller)


def allow_caller(caller: "TokenPrincipal") -> dict[str, object]:
    """Return the answer for a token: who presents it, and its grants as a JSON list."""
    return {"isAuthorized": True, "context": caller._asdict()}
