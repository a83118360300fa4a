"""A contract after its product was changed: the same tree, but for the paths that were changed.

Objects, properties and members are found by their names, so that whatever else they carry stays.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from datamesh.services.contracts import detail_writing
from datamesh.services.contracts.detail_entries import find_object, has_team_object
from datamesh.services.contracts.mapping import find_owner, list_objects
from datamesh.services.contracts.output_ports import find_port
from datamesh.services.contracts.part_names import write_part_name
from datamesh.services.contracts.type_writing import (
    can_have_part,
    drop_parts,
    write_options,
    write_type,
)

type Tree = dict[str, Any]
type Columns = Mapping[str, Mapping[str, Any]]

OWNER = "owner"
STATUS_WORDS = {"active": "active", "deprecated": "deprecated", "inactive": "retired"}
"""Status of a product -> what the standard calls it."""


def write_fields(tree: Tree, changed: Mapping[str, Any], found: str | None) -> Tree:
    """Return a copy of a contract with the changed fields of the product that an object is."""
    copy = deepcopy(tree)
    for name, value in changed.items():
        write = _WRITERS.get(name)
        if write:
            write(copy, value, found)
    return copy


def write_properties(
    properties: Sequence[Tree], columns: Columns, before: Columns, version: str, depth: int = 0
) -> list[Tree]:
    """Return the properties of columns in their order, those that are as `before` untouched.

    What is no column stays behind the property that it follows, unless its name goes.
    """
    from datamesh.services.contracts.columns import find_column_names

    known: dict[str, Tree] = {}
    rest: dict[str, list[Tree]] = {"": []}
    last = ""
    for each, (name, is_column) in zip(
        properties, find_column_names(properties, depth), strict=True
    ):
        if is_column:
            known[name] = each
            if name in columns:
                last = name
        elif not name or name in columns:
            rest.setdefault(last, []).append(each)
    written = rest[""]
    for name, column in columns.items():
        is_kept = name in known and before.get(name) == column
        written.append(
            known[name]
            if is_kept
            else _write_property(
                known.get(name), name, column, before.get(name, {}), version, depth
            )
        )
        written += rest.get(name, ())
    return written


def _write_property(
    found: Tree | None,
    name: str,
    column: Mapping[str, Any],
    before: Mapping[str, Any],
    version: str,
    depth: int,
) -> Tree:
    """Return a property with what is said of a column; what is not said of it stays as it is."""
    written: Tree = {"name": name} if found is None else dict(found)
    changed = {key for key in {*column, *before} if column.get(key) != before.get(key)}
    if {"type", "physical_type"} & changed:
        write_type(written, column, version)
    if "type" in changed:
        drop_parts(written, column)
    for key, target in (
        ("description", "description"),
        ("physical_name", "physicalName"),
        ("classification", "classification"),
        ("tags", "tags"),
        ("required", "required"),
        ("unique", "unique"),
        ("deprecated", "deprecated"),
    ):
        if key in changed and (target != "deprecated" or version >= "v3.2.0"):
            _put(written, target, column.get(key))
    if "primary_key" in changed:
        _put(written, "primaryKey", column.get("primary_key") is not None or None)
        _put(written, "primaryKeyPosition", column.get("primary_key"))
    if "enum" in changed and version >= "v3.2.0":
        _put(written, "enum", _write_enum(found, column.get("enum") or []))
    if "options" in changed or "type" in changed:
        write_options(written, column.get("options") or {}, before.get("options") or {}, version)
    if "columns" in changed and can_have_part(written, "object"):
        nested = {str(each["name"]): _drop_name(each) for each in column.get("columns", ())}
        former = {str(each["name"]): _drop_name(each) for each in before.get("columns", ())}
        known_parts = written.get("properties") or []
        listed = write_properties(known_parts, nested, former, version, depth + 1)
        _put(written, "properties", listed)
    if "items" in changed and can_have_part(written, "array"):
        items = column.get("items")
        known, former_items = written.get("items") or {}, before.get("items") or {}
        part = items and _write_property(known, "", items, former_items, version, depth + 1)
        _put(written, "items", part)
    return written


def _write_enum(found: Tree | None, values: Sequence[Any]) -> list[Tree] | None:
    known = {(type(each["value"]), each["value"]): each for each in (found or {}).get("enum") or ()}
    return [known.get((type(value), value), {"value": value}) for value in values] or None


def _drop_name(column: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in column.items() if key != "name"}


def _put(target: Tree, key: str, value: Any) -> None:
    """Set a key, or remove it if nothing is said any more."""
    if value is None or value == [] or value is False:
        target.pop(key, None)
    else:
        target[key] = value


def _write_schema(tree: Tree, value: Any, found: str | None) -> None:
    from datamesh.services.contracts.columns import map_properties

    objects = tree.setdefault("schema", [])
    name = found if found is not None else str(tree.get("name") or tree["id"])
    if name not in list_objects(tree):
        objects.append({"name": name, "properties": []})
    part = objects[list_objects(tree).index(name)]
    properties = part.get("properties") or []
    version = str(tree["apiVersion"])
    part["properties"] = write_properties(properties, value, map_properties(properties), version)


def _write_owner(tree: Tree, value: Any, found: str | None) -> None:
    team, known = tree.get("team"), find_owner(tree.get("team"))
    if known and known[1].endswith("/username"):
        members: Any = team["members"] if isinstance(team, dict) else team
        members[int(known[1].split("/")[-2])]["username"] = value
    elif known:
        tree["team"]["name"] = value
    elif isinstance(team, list) or (team is None and not has_team_object(tree)):
        tree["team"] = [*(team or ()), {"username": value, "role": OWNER}]
    else:
        tree["team"] = {**(team or {}), "name": value}


def _write_contacts(tree: Tree, value: Any, found: str | None) -> None:
    """Write contacts; the owner stays who it is if the member who was it goes."""
    owner = find_owner(tree.get("team"))
    detail_writing.write_contacts(tree, value, found)
    after = find_owner(tree.get("team"))
    was_member = owner is not None and owner[1].endswith("/username")
    if not (owner and was_member) or (after and after[0] == owner[0]):
        return
    if after is None or after[1] == "/team/name":
        _write_owner(tree, owner[0], found)
    else:  # another member is called an owner, and the first one counts
        team = tree["team"]
        members = team["members"] if isinstance(team, dict) else team
        members.insert(0, {"username": owner[0], "role": OWNER})


def _write_description(tree: Tree, value: Any, found: str | None) -> None:
    tree["description"] = {**(tree.get("description") or {}), "purpose": value}


def _write_part(key: str) -> Callable[[Tree, Any, str | None], None]:
    """Return what writes a key of an object or an output port, which has one of its own."""

    def write(tree: Tree, value: Any, found: str | None) -> None:
        placed: Any = find_port(tree, found) or find_object(tree, found)
        placed[1][key] = value

    return write


def _write_port(tree: Tree, value: Any, found: str | None) -> None:
    from datamesh.services.contracts.ports import map_servers

    servers = tree.setdefault("servers", [])
    if known := map_servers(servers):
        index = int(known.pointer.rpartition("/")[2])
        kept = {k: v for k, v in servers[index].items() if k not in ("delimiter", "path")}
        servers[index] = kept
    else:
        kept = {"server": "registry"}
        servers.append(kept)
    is_json = value["format"] == "jsonl"
    kept |= {"type": "s3", "location": value["location"]}
    kept["format"] = "json" if is_json else value["format"]
    if is_json:
        kept["delimiter"] = "new_line"


def _write_plain(key: str) -> Callable[[Tree, Any, str | None], None]:
    def write(tree: Tree, value: Any, found: str | None) -> None:
        _put(tree, key, value)

    return write


def _write_status(tree: Tree, value: Any, found: str | None) -> None:
    tree["status"] = STATUS_WORDS[str(value)]


_WRITERS: dict[str, Callable[[Tree, Any, str | None], None]] = {
    "name": _write_plain("name"),
    "version": _write_plain("version"),
    "status": _write_status,
    "domain": _write_plain("domain"),
    "description": _write_description,
    "part_description": _write_part("description"),
    "part_version": _write_part("version"),
    "part_name": write_part_name,
    "tags": _write_plain("tags"),
    "owner": _write_owner,
    "schema": _write_schema,
    "output_port": _write_port,
    "title": detail_writing.write_title,
    "links": detail_writing.write_links,
    "contacts": _write_contacts,
    "support": detail_writing.write_support,
    "sla": detail_writing.write_levels,
    "glossary_terms": detail_writing.write_terms,
    "custom": detail_writing.write_custom,
    "deprecation": detail_writing.write_deprecation,
}
"""Field of a product -> what writes it into a contract, in the order of the standard's sections."""
