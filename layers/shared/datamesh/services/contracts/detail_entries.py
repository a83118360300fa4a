"""Entries of a contract's lists, as details of its product.

Entries that a product cannot hold stay in the document alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from datamesh.models.contracts import ContractReference
from datamesh.models.durations import DURATION_PATTERN, check_duration
from datamesh.models.json_codec import encode_value
from datamesh.models.product_details import (
    MAX_CUSTOM_BYTES,
    MAX_CUSTOM_DEPTH,
    MAX_REASON_LENGTH,
    MAX_URL_LENGTH,
    NAME_PATTERN,
    WEB_PATTERN,
    measure_depth,
)
from datamesh.models.redaction_markers import MARKER, PLAIN_MARKER
from datamesh.models.schema_fields import MAX_FIELD_LENGTH
from datamesh.models.values import MAX_SHORT_TEXT_LENGTH, to_utc

type Tree = Mapping[str, Any]
type Place = tuple[str | int, ...]
"""The path of a value within a contract."""

TITLE, TERMS, DEPRECATION = "title", "glossaryTerms", "deprecation"
"""Custom properties that stand for what the standard has no place for."""
LEVELS = ("freshness", "latency", "retention")
END_OF_LIFE = "endoflife"
DEPRECATED = "deprecated"
UNITS = {
    **dict.fromkeys(("y", "yr", "year", "years"), "P{}Y"),
    **dict.fromkeys(("mo", "month", "months"), "P{}M"),
    **dict.fromkeys(("w", "week", "weeks"), "P{}W"),
    **dict.fromkeys(("d", "day", "days"), "P{}D"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "PT{}H"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "PT{}M"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "PT{}S"),
}
"""Unit of a service level -> the duration of so many; they are those of `checks.durations`."""


def list_entries(tree: Tree, place: Place) -> Iterator[tuple[Place, Tree]]:
    """Return the mappings of a list within a contract, each with its place."""
    listed: Any = tree
    for token in place:
        listed = listed.get(token) if isinstance(listed, Mapping) else None
    for index, each in enumerate(listed if isinstance(listed, list | tuple) else ()):
        if isinstance(each, Mapping):
            yield (*place, index), each


def list_link_places(tree: Tree) -> list[Place]:
    """Return where a contract lists pages about itself."""
    return [("authoritativeDefinitions",), ("description", "authoritativeDefinitions")]


def map_link(entry: Tree) -> dict[str, JsonValue] | None:
    """Return an authoritative definition as a link; None if it is no page."""
    url = str(entry.get("url") or "").strip()
    title = cut_text(entry.get("description")) or cut_text(entry.get("type"))
    is_page = len(url) <= MAX_URL_LENGTH and re.fullmatch(WEB_PATTERN, url)
    return {"title": title, "url": url} if title and is_page else None


def find_team_place(tree: Tree) -> Place:
    """Return where a contract lists the members of its team."""
    return ("team", "members") if isinstance(tree.get("team"), Mapping) else ("team",)


def has_team_object(tree: Tree) -> bool:
    """Tell whether a team is an object; in versions 3.0 of contracts it is a list of members."""
    return tree.get("kind") != "DataContract" or str(tree.get("apiVersion")) >= "v3.1.0"


def map_contact(member: Tree) -> dict[str, JsonValue] | None:
    """Return a member of a team as a contact; None if it has left, or has no name."""
    username = cut_text(member.get("username"))
    name = cut_text(member.get("name")) or username
    if not name or member.get("dateOut"):
        return None
    contact: dict[str, JsonValue] = {"name": name}
    if role := cut_text(member.get("role")):
        contact["role"] = role
    if "@" in username:
        contact["email"] = username
    return contact


def map_channel(entry: Tree) -> dict[str, JsonValue] | None:
    """Return an entry of `support` as the channel of a product; None if it has no name."""
    channel, url = cut_text(entry.get("channel")), str(entry.get("url") or "").strip()
    if not channel:
        return None
    is_page = len(url) <= MAX_URL_LENGTH and re.fullmatch(WEB_PATTERN, url)
    return {"channel": channel, "url": url} if is_page else {"channel": channel}


def map_duration(value: Any, unit: Any) -> str | None:
    """Return a duration of ISO 8601: `4`, `d` -> `P4D`; None if a product cannot have it."""
    text = str(value).strip().upper() if not isinstance(value, bool) else ""
    form = UNITS.get(str(unit or "d").strip().lower())
    if not text.startswith("P"):
        number = re.fullmatch(r"([0-9]{1,5})(\.0+)?", text)
        text = form.format(int(number[1])) if form and number else ""
    try:
        return check_duration(text) if re.fullmatch(DURATION_PATTERN, text) else None
    except ValueError:
        return None


def find_levels(tree: Tree, names: Sequence[str]) -> dict[str, tuple[Place, str, str | None]]:
    """Return service level -> its place, duration and element, of an object known as `names`."""
    found: dict[str, tuple[Place, str, str | None]] = {}
    for place, entry in list_entries(tree, ("slaProperties",)):
        kind = str(entry.get("property") or "").strip().casefold()
        element = str(entry.get("element") or tree.get("slaDefaultElement") or "").strip()
        table, _, column = element.rpartition(".")
        if kind not in LEVELS or kind in found or (table and names and table not in names):
            continue
        duration = map_duration(entry.get("value"), entry.get("unit"))
        is_column = column and "," not in element and len(column) <= MAX_FIELD_LENGTH
        if duration:
            found[kind] = (place, duration, column if is_column else None)
    return found


def find_end(tree: Tree) -> tuple[Place, str] | None:
    """Return the end of life that a contract tells, and its place."""
    for place, entry in list_entries(tree, ("slaProperties",)):
        if str(entry.get("property") or "").strip().casefold() == END_OF_LIFE:
            moment = map_moment(entry.get("value"))
            return (place, moment) if moment else None
    return None


def map_moment(value: Any) -> str | None:
    """Return a date or time as the registry has it: `2026-01-31` -> `2026-01-31T00:00:00Z`."""
    try:
        moment = to_utc(datetime.fromisoformat(str(value).strip()))
    except ValueError:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def find_custom(tree: Tree, name: str) -> tuple[Place, Any] | None:
    """Return the custom property of a name, and its place."""
    for place, entry in list_entries(tree, ("customProperties",)):
        if entry.get("property") == name and is_standing_in(name, entry.get("value")):
            return place, entry["value"]
    return None


def is_standing_in(name: str, value: Any) -> bool:
    """Tell whether a custom property stands for a field of the registry."""
    if name == TERMS:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    kinds: dict[str, type] = {TITLE: str, DEPRECATION: Mapping}
    return name in kinds and isinstance(value, kinds[name])


def cut_text(value: Any, limit: int = MAX_SHORT_TEXT_LENGTH) -> str:
    """Return a text as a field of a product has it; empty if it is none."""
    return value.strip()[:limit].strip() if isinstance(value, str) else ""


def find_object(tree: Tree, found: str | None) -> tuple[Place, Tree] | None:
    """Return the object of a contract that a product is, and its place."""
    for place, each in list_entries(tree, ("schema",)):
        if found is not None and each.get("name") == found:
            return place, each
    return None


def find_object_name(tree: Tree, reference: ContractReference) -> str | None:
    """Return the name of the object that a product is, as the document has it.

    A text that was redacted is marked otherwise in YAML than in the product.
    """
    name = reference.object
    if name and find_object(tree, name) is None:
        return name.replace(MARKER, PLAIN_MARKER)
    return name


def measure_custom(name: str, value: Any) -> int | None:
    """Return the bytes that a custom property takes; None if it is nested too deep."""
    if measure_depth(value) >= MAX_CUSTOM_DEPTH:
        return None
    return len(encode_value({name: value}))


def read_deprecation(said: Tree) -> dict[str, JsonValue]:
    """Return what the custom property `deprecation` says, as far as a product may have it."""
    fields: dict[str, JsonValue] = {}
    for key in ("since", "sunset"):
        if moment := map_moment(said.get(key)):
            fields[key] = moment
    if str(fields.get("sunset", "9")) < str(fields.get("since", "")):
        del fields["sunset"]
    name = cut_text(said.get("replacement"))
    if name and re.fullmatch(NAME_PATTERN, name):
        fields["replacement"] = name
    if reason := cut_text(said.get("reason"), MAX_REASON_LENGTH):
        fields["reason"] = reason
    return fields


def list_object_names(found: tuple[Place, Tree] | None) -> list[str]:
    """Return the names that an object is known by."""
    if found is None:
        return []
    return [str(found[1][key]) for key in ("name", "physicalName") if found[1].get(key)]


def map_custom(tree: Tree) -> tuple[dict[str, JsonValue], int]:
    """Return the custom properties that a product has, and how many are too large for it."""
    fields: dict[str, JsonValue] = {}
    size, left = 2, 0
    for _, entry in list_entries(tree, ("customProperties",)):
        name, value = entry.get("property"), entry.get("value")
        if not isinstance(name, str) or name in fields or is_standing_in(name, value):
            continue
        needed = measure_custom(name, value)
        if needed is None or size + needed > MAX_CUSTOM_BYTES:
            left += 1
            continue
        size += needed
        fields[name] = value
    return fields, left
