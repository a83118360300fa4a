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
    grants = _find_token_grants(event)
    if grants is not None and NEEDED not in grants:
        raise GrantMissing(NEEDED["role"], NEEDED["domain"])


def is_reader_of_all(event: Any) -> bool:
    """Tell whether a caller who is not anonymous may read what anonymous ones may not.

    That is the principal of a key, and a token with any role in every domain: that an issuer knows
    somebody is no grant.
    """
    grants = _find_token_grants(event)
    return grants is None or any(each.get("domain") == ANY_DOMAIN for each in grants)


def _find_token_grants(event: Any) -> list[dict[str, Any]] | None:
    """Return what a token grants; None if the caller has none."""
    authorizer = (event.get("requestContext", {}).get("authorizer") or {}).get("lambda") or {}
    if str(authorizer.get("principal")).startswith("jwt:") or "grants" in authorizer:
        found: list[dict[str, Any]] = json.loads(authorizer.get("grants") or "[]")
        return found
    return None
