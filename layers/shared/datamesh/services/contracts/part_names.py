"""Names of parts: an object of a contract, or an output port, that is a product of its own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datamesh.services.contracts.mapping import build_name, list_objects

type Tree = dict[str, Any]

REFERENCES = frozenset({"element", "slaDefaultElement", "from", "to"})
"""The keys of a contract whose values name properties as `object.property`."""


def choose_part_name(tree: Tree, found: str, before: str, after: str) -> str:
    """Return what a part is called whose product was called `before`, and is called `after`.

    `shop-lines` -> `shop-sent` makes `sent` of `lines`. A name that another part has is not taken.
    """
    prefix = before.removesuffix(build_name(found))
    name = after.removeprefix(prefix) or after
    return found if name in list_objects(tree) else name


def write_part_name(tree: Tree, name: str, found: str | None) -> None:
    """Rename a part, and what refers to its properties."""
    for key in ("schema", "outputPorts"):
        for each in tree.get(key) or ():
            if each["name"] == found:
                each["name"] = name
    if found and "schema" in tree:
        _rename_references(tree, re.compile(rf"(?<![^\s,]){re.escape(found)}(?=\.)"), name)


def _rename_references(value: Any, former: re.Pattern[str], name: str) -> None:
    if isinstance(value, dict):
        for key, each in value.items():
            if key in REFERENCES:
                value[key] = _rename_reference(each, former, name)
            elif key != "customProperties":
                _rename_references(each, former, name)
    elif isinstance(value, list):
        for each in value:
            _rename_references(each, former, name)


def _rename_reference(value: Any, former: re.Pattern[str], name: str) -> Any:
    if isinstance(value, list):
        return [_rename_reference(each, former, name) for each in value]
    return former.sub(lambda _: name, value) if isinstance(value, str) else value


def split_part(
    tree: Tree, changed: Mapping[str, Any], pointers: Mapping[str, str], found: str, before: str
) -> dict[str, Any]:
    """Return what was changed of a product, with what is said of the part alone marked as that.

    `before` is what the product was called when the document came.
    """
    separate = dict(changed)
    for name in PART_FIELDS:
        if name in separate and pointers.get(name, "").startswith(PART_PLACES):
            separate[f"part_{name}"] = separate.pop(name)
    if "part_name" in separate:
        chosen = choose_part_name(tree, found, before, separate.pop("part_name"))
        if chosen != found:
            separate["part_name"] = chosen
    return separate


PART_PLACES = ("/schema/", "/outputPorts/")
PART_FIELDS: Sequence[str] = ("description", "version", "name")
"""The fields of which a part has one of its own; others are found by the name, which is last."""
