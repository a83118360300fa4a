"""What the holder of a token may do, for as long as no service decides by domain."""

import json
from typing import Any

from datamesh.errors import GrantMissing
from datamesh.identity.grants import ANY_DOMAIN

NEEDED = {"role": "admin", "domain": ANY_DOMAIN}
"""A lesser role would be one of every domain: no service compares domains yet (ADR 31)."""


def check_token_grants(event: Any) -> None:
    """Refuse a token that grants less than the role admin in every domain.

    The principal of a key has no grants, and may do everything. Raises GrantMissing.
    """
    authorizer = (event.get("requestContext", {}).get("authorizer") or {}).get("lambda") or {}
    is_token = str(authorizer.get("principal")).startswith("jwt:") or "grants" in authorizer
    if is_token and NEEDED not in json.loads(authorizer.get("grants") or "[]"):
        raise GrantMissing(NEEDED["role"], NEEDED["domain"])
