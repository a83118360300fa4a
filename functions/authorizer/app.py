"""Allow a write to whoever presents an active API key (HTTP API, payload 2.0, simple response).

Imports neither FastAPI nor pydantic: every first write pays for this cold start too.
"""

import os
from typing import Any

from datamesh.aws.api_keys import create_key_ring

SCHEME = "bearer"

keys = create_key_ring(os.environ)


def read_key(event: Any) -> str:
    """Return the key of `Authorization: Bearer <key>`; empty if the header is anything else.

    It is read from the identity source, for header names are in Title-Case in SAM's local API.
    """
    source = event.get("identitySource") or [""]
    scheme, _, credentials = source[0].partition(" ")
    return credentials.strip() if scheme.lower() == SCHEME else ""


def handler(event: Any, context: object) -> dict[str, object]:
    """Answer whether the key is active, and pass its id on as the principal."""
    key = read_key(event)
    principal = keys.find_key_id(key) if key else None
    if principal is None:
        return {"isAuthorized": False}
    return {"isAuthorized": True, "context": {"principal": principal}}
