"""Grants: which role a principal has, in which domain."""

import json
import re
from collections.abc import Iterable, Mapping

from datamesh.errors.base import InvalidSettings

ROLES = ("reader", "contributor", "steward", "admin")
ANY_DOMAIN = "*"
MAX_NAMESPACE = 200
"""Characters of a namespace of OpenLineage in a grant."""
_DOMAIN = r'[^.\x00-\x1f\x7f/\\<>"*?#%\s][^\x00-\x1f\x7f/\\<>"*?#%]{0,49}'

type GrantFields = Mapping[str, str | list[str]]
"""`role`, `domain` (or `*`), and `namespaces` where a grant names some."""

type GrantsByValue = Mapping[str, tuple[GrantFields, ...]]
"""Value of a claim -> what it grants."""


def parse_grants(setting: str, value: object) -> GrantsByValue:
    """Return the grants that a setting maps values of a claim to.

    `{"sales": "contributor:sales", "ops": ["reader:*", {"role": "steward", "domain": "sales"}]}`

    Raises InvalidSettings, with the setting and the place in it, on anything else.
    """
    if not isinstance(value, dict):
        raise InvalidSettings(f"{setting}: must be a JSON object of grants by value of the claim")
    return {
        name: tuple(
            _parse_grant(f"{setting}: {name!r}", each)
            for each in (granted if isinstance(granted, list) else [granted])
        )
        for name, granted in value.items()
    }


def select_grants(grants: GrantsByValue, values: Iterable[str]) -> list[GrantFields]:
    """Return what the values are granted, each grant once, in the order of the setting."""
    held = set(values)
    found: list[GrantFields] = []
    for value, granted in grants.items():
        if value in held:
            found += [each for each in granted if each not in found]
    return found


def format_grants(grants: Iterable[GrantFields]) -> str:
    """Return the JSON list that is handed on: `[{"role":"contributor","domain":"sales"}]`."""
    return json.dumps(list(grants), separators=(",", ":"))


def _parse_grant(where: str, value: object) -> GrantFields:
    if isinstance(value, str):
        role, _, domain = value.partition(":")
        value = {"role": role, "domain": domain}
    if not isinstance(value, dict) or not {"role", "domain"} <= value.keys():
        raise InvalidSettings(f'{where}: a grant is "role:domain" or an object with both')
    if unknown := value.keys() - {"role", "domain", "namespaces"}:
        raise InvalidSettings(f"{where}: a grant has no field {sorted(unknown)[0]!r}")
    if value["role"] not in ROLES:
        raise InvalidSettings(f"{where}: {value['role']!r} is no role; one of {', '.join(ROLES)}")
    if not _is_domain(value["domain"]):
        raise InvalidSettings(f"{where}: {value['domain']!r} is no domain; name one, or * for all")
    if "namespaces" in value and not _is_list_of_namespaces(value["namespaces"]):
        raise InvalidSettings(
            f"{where}: namespaces must be a list of texts of 1 to {MAX_NAMESPACE} characters"
        )
    return value


def _is_domain(value: object) -> bool:
    return isinstance(value, str) and (value == ANY_DOMAIN or bool(re.fullmatch(_DOMAIN, value)))


def _is_list_of_namespaces(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, str) and 0 < len(each) <= MAX_NAMESPACE for each in value
    )
