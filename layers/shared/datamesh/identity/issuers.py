"""The issuers whose tokens are accepted, and what their claims grant.

The authorizer reads them when it starts, so this module needs only the standard library, and its
patterns are compiled when they are first used.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from datamesh.errors.base import InvalidSettings
from datamesh.identity.grants import GrantsByValue, parse_grants

MAX_ISSUERS = 10
MAX_AUDIENCES = 10
DEFAULT_GROUPS_CLAIM = "groups"
SINGLE: Mapping[str, str] = {
    "JWT_ISSUER": "issuer",
    "JWT_AUDIENCE": "audience",
    "JWKS_URL": "jwks_url",
    "JWT_GROUPS_CLAIM": "groups_claim",
    "JWT_GRANTS": "grants",
}
"""Variable -> the field of one issuer that it sets."""
ADDRESS = "an address that begins with https:// (or http:// on this machine itself)"
FIELDS = {*SINGLE.values(), "require"}
_TEXT = r"[ !#-\[\]-~]{1,255}"
"""Visible ASCII without quotes and backslashes: it stands in the access log as it is."""
_REST = r"(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(\?[A-Za-z0-9._~&=%-]*)?"
_SECURE = rf"https://[A-Za-z0-9.-]+{_REST}"
_LOOPBACK = rf"http://(localhost|127(\.[0-9]{{1,3}}){{3}}|\[::1\]){_REST}"
_TOKEN = r"e[wy][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"


class TrustedIssuer(NamedTuple):
    """An issuer of tokens that the stack accepts."""

    issuer: str
    audiences: tuple[str, ...]
    jwks_url: str
    """Where its keys are; empty: where its discovery document says."""
    groups_claim: str
    grants: GrantsByValue
    require: Mapping[str, tuple[str, ...]]
    """Claim -> values, one of which a token must have."""


def read_trusted_issuers(environ: Mapping[str, str]) -> tuple[TrustedIssuer, ...]:
    """Return the issuer of JWT_ISSUER and its sisters, and those of the list JWT_ISSUERS.

    Raises InvalidSettings, which names the variable, if one is not what it must be.
    """
    entries: list[tuple[str, object]] = []
    single = {name: environ[name] for name in SINGLE if environ.get(name, "").strip()}
    if "JWT_ISSUER" in single:
        entries.append(("JWT_ISSUER", _read_single(single)))
    elif idle := single.keys() & {"JWT_AUDIENCE", "JWKS_URL"}:
        raise InvalidSettings(f"JWT_ISSUER: must be set, for {sorted(idle)[0]} is")
    elif _parse_json("JWT_GRANTS", single.get("JWT_GRANTS", "{}")) != {}:
        raise InvalidSettings("JWT_ISSUER: must be set, for JWT_GRANTS is")
    listed = _parse_json("JWT_ISSUERS", environ.get("JWT_ISSUERS", "").strip() or "[]")
    if not isinstance(listed, list) or len(listed) > MAX_ISSUERS:
        raise InvalidSettings(f"JWT_ISSUERS: must be a JSON list of at most {MAX_ISSUERS} issuers")
    entries += [(f"JWT_ISSUERS[{place}]", each) for place, each in enumerate(listed)]
    found = tuple(_parse_issuer(where, entry) for where, entry in entries)
    for place, each in enumerate(found):
        if each.issuer in {earlier.issuer for earlier in found[:place]}:
            raise InvalidSettings(f"JWT_ISSUERS: {each.issuer!r} stands there twice")
    return found


def is_token(credential: str) -> bool:
    """Return whether a credential has the shape of a signed JSON Web Token.

    That is three parts of base64url, the first of which begins as a JSON object does; no key has.
    """
    return bool(re.fullmatch(_TOKEN, credential))


def is_web_address(text: object) -> bool:
    """Return whether it is an address over https, or over http of this machine itself."""
    return isinstance(text, str) and bool(re.fullmatch(f"{_SECURE}|{_LOOPBACK}", text))


def _read_single(single: Mapping[str, str]) -> Mapping[str, object]:
    entry: dict[str, object] = {SINGLE[name]: text.strip() for name, text in single.items()}
    if "JWT_GRANTS" in single:
        entry["grants"] = _parse_json("JWT_GRANTS", single["JWT_GRANTS"])
    return entry


def _parse_issuer(where: str, entry: object) -> TrustedIssuer:
    if not isinstance(entry, dict):
        raise InvalidSettings(f"{where}: an issuer is a JSON object")
    if unknown := entry.keys() - FIELDS:
        raise InvalidSettings(f"{where}: an issuer has no field {sorted(unknown)[0]!r}")
    issuer, keys = entry.get("issuer"), entry.get("jwks_url", "")
    if not is_web_address(issuer) or "?" in str(issuer):
        raise InvalidSettings(f"{where}: issuer must be {ADDRESS}, not {issuer!r}")
    if keys and not is_web_address(keys):
        raise InvalidSettings(f"{where}: jwks_url must be {ADDRESS}, not {keys!r}")
    claim = entry.get("groups_claim", DEFAULT_GROUPS_CLAIM)
    if not _is_text(claim):
        raise InvalidSettings(f"{where}: groups_claim must be the name of a claim, not {claim!r}")
    name = "JWT_GRANTS" if where == "JWT_ISSUER" else f"{where}.grants"
    return TrustedIssuer(
        str(issuer),
        _parse_audiences(where, entry.get("audience")),
        str(keys),
        str(claim),
        parse_grants(name, entry.get("grants", {})),
        _parse_required(where, entry.get("require", {})),
    )


def _parse_audiences(where: str, value: object) -> tuple[str, ...]:
    found = _list_texts(value)
    if not 0 < len(found) <= MAX_AUDIENCES:
        # Without one, a token that was made for another service would do here.
        raise InvalidSettings(
            f"{where}: audience must be 1 to {MAX_AUDIENCES} texts of visible ASCII, not {value!r}"
        )
    return found


def _parse_required(where: str, value: object) -> Mapping[str, tuple[str, ...]]:
    given = value if isinstance(value, dict) else {"": None}
    found = {name: _list_texts(each) for name, each in given.items()}
    if not all(found.values()):
        raise InvalidSettings(f"{where}: require must be an object of claims with their values")
    return found


def _list_texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them; nothing if any of them is no text."""
    listed: list[Any] = value if isinstance(value, list) else [value]
    return tuple(listed) if all(_is_text(each) for each in listed) else ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(_TEXT, value))


def _parse_json(setting: str, text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidSettings(f"{setting}: is not JSON") from None
