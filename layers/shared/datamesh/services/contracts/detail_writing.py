"""Details of a product written into its contract: the entries that were changed, and no others."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datamesh.models.product_details import MAX_DETAILS
from datamesh.services.contracts.detail_entries import (
    DEPRECATION,
    END_OF_LIFE,
    LEVELS,
    TERMS,
    TITLE,
    Place,
    find_custom,
    find_levels,
    find_object,
    find_team_place,
    has_team_object,
    is_standing_in,
    list_link_places,
    list_object_names,
    map_channel,
    map_contact,
    map_custom,
    map_link,
)

type Tree = dict[str, Any]
type MapEntry = Callable[[Mapping[str, Any]], dict[str, Any] | None]

_SINGLE = re.compile(r"P([0-9]+)([YWD])|PT([0-9]+)([HMS])")
"""Durations that are a number and a unit."""


def write_title(tree: Tree, value: Any, found: str | None) -> None:
    """Write a title as the business name of the object, or where there is none as it may be."""
    known = find_object(tree, found)
    if known is None:
        _write_custom_property(tree, TITLE, value)
        return
    entry: Any = known[1]
    if value is None:
        entry.pop("businessName", None)
        _write_custom_property(tree, TITLE, None)
    else:
        entry["businessName"] = value


def write_links(tree: Tree, value: Any, found: str | None) -> None:
    """Write links as authoritative definitions."""

    def change(entry: Tree, link: Mapping[str, Any]) -> None:
        entry["url"] = link["url"]
        known = map_link(entry)
        if known is None or known["title"] != link["title"]:
            entry["description" if entry.get("description") else "type"] = link["title"]

    def add(link: Mapping[str, Any]) -> Tree:
        return {"url": link["url"], "type": link["title"]}

    places = list_link_places(tree)
    _write_entries(tree, places, map_link, value or [], ("url", "title"), change, add)


def write_contacts(tree: Tree, value: Any, found: str | None) -> None:
    """Write contacts as members of the team."""

    def change(entry: Tree, contact: Mapping[str, Any]) -> None:
        if "email" in contact or "@" in str(entry["username"]):
            entry["username"] = contact.get("email", contact["name"])
        if "email" in contact or entry.get("name"):
            entry["name"] = contact["name"]
        elif contact["name"] != entry["username"]:
            entry["username"] = contact["name"]
        _put(entry, "role", contact.get("role"))

    def add(contact: Mapping[str, Any]) -> Tree:
        entry = {"username": contact.get("email", contact["name"])}
        if "email" in contact:
            entry["name"] = contact["name"]
        return entry | ({"role": contact["role"]} if "role" in contact else {})

    if "team" not in tree and has_team_object(tree):
        tree["team"] = {}
    places = [find_team_place(tree)]
    _write_entries(tree, places, map_contact, value or [], ("email", "name"), change, add)
    if not tree.get("team"):
        tree.pop("team", None)


def write_support(tree: Tree, value: Any, found: str | None) -> None:
    """Write the support channel as the first entry of `support`."""
    entries = [*(tree.get("support") or ())]
    index = next((i for i, each in enumerate(entries) if map_channel(each)), None)
    if value is None:
        entries = [each for i, each in enumerate(entries) if i != index]
    else:
        entry = {} if index is None else dict(entries[index])
        entry["channel"] = value["channel"]
        if "url" in value:
            entry["url"] = value["url"]
        elif str(tree["apiVersion"]) < "v3.1.0":
            entry["url"] = ""  # which those versions ask for
        elif map_channel(entry) != value:
            entry.pop("url", None)
        entries = [entry] if index is None else [*entries[:index], entry, *entries[index + 1 :]]
    _put(tree, "support", entries)


def write_levels(tree: Tree, value: Any, found: str | None) -> None:
    """Write service levels as `slaProperties`."""
    names = list_object_names(find_object(tree, found))
    known = find_levels(tree, names)
    wanted = dict(value or {})
    elements = [known[kind][2] for kind in LEVELS[:2] if kind in known and known[kind][2]]
    is_moved = wanted.get("element") != (elements[0] if elements else None)
    entries = [*(tree.get("slaProperties") or ())]
    dropped = {int(known[kind][0][-1]) for kind in known if kind not in wanted}
    for kind in LEVELS:
        if kind not in wanted:
            continue
        if kind in known:
            index = int(known[kind][0][-1])
            entry = entries[index] = dict(entries[index])
            if known[kind][1] != wanted[kind]:
                _write_duration(entry, wanted[kind])
        else:
            entry = {"property": kind}
            _write_duration(entry, wanted[kind])
            entries.append(entry)
        if kind != "retention" and (is_moved or kind not in known):
            element = wanted.get("element")
            _put(entry, "element", element and ".".join([*names[:1], element]))
    _put(tree, "slaProperties", [each for i, each in enumerate(entries) if i not in dropped])


def write_terms(tree: Tree, value: Any, found: str | None) -> None:
    """Write glossary terms as a custom property, which counts before synonyms."""
    known = find_object(tree, found)
    has_synonyms = bool(known and known[1].get("synonyms"))
    _write_custom_property(tree, TERMS, value or ([] if has_synonyms else None))


def write_custom(tree: Tree, value: Any, found: str | None) -> None:
    """Write custom properties, those that stand for other fields excepted."""
    wanted = {name: each for name, each in (value or {}).items() if not is_standing_in(name, each)}
    held, _ = map_custom(tree)
    entries = []
    seen: set[str] = set()
    for entry in tree.get("customProperties") or ():
        name = entry.get("property")
        is_first = (
            name in held and name not in seen and not is_standing_in(name, entry.get("value"))
        )
        if is_first:
            seen.add(name)
            if name not in wanted:
                continue
            entry = {**entry, "value": wanted[name]} if held[name] != wanted[name] else entry
        entries.append(entry)
    new = [{"property": name, "value": each} for name, each in wanted.items() if name not in seen]
    _put(tree, "customProperties", [*entries, *new])


def write_deprecation(tree: Tree, value: Any, found: str | None) -> None:
    """Write the end of a product: its sunset as `endOfLife`, all else as a custom property."""
    said = {key: each for key, each in (value or {}).items() if key != "sunset"}
    _write_custom_property(tree, DEPRECATION, said or None)
    sunset = (value or {}).get("sunset")
    entries = []
    is_written = sunset is None
    for entry in tree.get("slaProperties") or ():
        if str(entry.get("property") or "").strip().casefold() == END_OF_LIFE:
            if is_written:
                continue
            entry, is_written = {**entry, "value": sunset}, True
        entries.append(entry)
    if not is_written:
        entries.append({"property": "endOfLife", "value": sunset})
    _put(tree, "slaProperties", entries)


def _write_entries(
    tree: Tree,
    places: Sequence[Place],
    map_entry: MapEntry,
    wanted: Sequence[Mapping[str, Any]],
    keys: Sequence[str],
    change: Callable[[Tree, Mapping[str, Any]], None],
    add: Callable[[Mapping[str, Any]], Tree],
) -> None:
    """Write a list of the product: entries it cannot hold stay, those that are alike are changed.

    Two are alike if they have the same value of one of the keys, the first key before others.
    """
    lists = [_find_list(tree, place) for place in places]
    mapped = [entry for each in lists for entry in map(map_entry, each) if entry]
    held = [*{tuple(entry.items()): entry for entry in mapped}.values()][:MAX_DETAILS]
    new = [each for each in wanted if each not in held]
    targets = _match_entries([each for each in held if each not in wanted], new, keys)
    for place, entries in zip(places, lists, strict=True):
        kept = []
        for entry in entries:
            found = map_entry(entry)
            target = next((each[1] for each in targets if each[0] == found), None)
            if found is None or found in wanted or found not in held:
                kept.append(entry)
            elif target is not None:
                changed = dict(entry)
                change(changed, target)
                kept.append(changed)
        if place == places[0]:
            kept += [add(each) for each in new if all(each != pair[1] for pair in targets)]
        if kept != entries:
            _set_list(tree, place, kept)


def _match_entries(
    gone: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return pairs of what was before and what it is now."""
    pairs: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = []
    for key in keys:
        for before in gone:
            for after in new:
                is_free = all(before != pair[0] and after != pair[1] for pair in pairs)
                if is_free and before.get(key) and before.get(key) == after.get(key):
                    pairs.append((before, after))
    return pairs


def _find_list(tree: Tree, place: Place) -> list[Any]:
    value: Any = tree
    for token in place:
        value = value.get(token) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def _set_list(tree: Tree, place: Place, entries: list[Any]) -> None:
    parent = tree
    for token in place[:-1]:
        parent = parent[str(token)]
    _put(parent, str(place[-1]), entries)


def _write_custom_property(tree: Tree, name: str, value: Any) -> None:
    """Set a custom property that stands for a field, or remove it."""
    entries = [*(tree.get("customProperties") or ())]
    known = find_custom(tree, name)
    if known and value is None:
        del entries[int(known[0][-1])]
    elif known:
        index = int(known[0][-1])
        entries[index] = {**entries[index], "value": value}
    elif value is not None:
        entries.append({"property": name, "value": value})
    _put(tree, "customProperties", entries)


def _write_duration(entry: Tree, duration: str) -> None:
    """Write a duration as a number with its unit, or as ISO 8601 has it."""
    single = _SINGLE.fullmatch(duration)
    if single:
        entry["value"] = int(single[1] or single[3])
        entry["unit"] = (single[2] or single[4]).lower()
    else:
        entry["value"] = duration
        entry.pop("unit", None)


def _put(target: Tree, key: str, value: Any) -> None:
    if value is None or value == []:
        target.pop(key, None)
    else:
        target[key] = value
