"""Documents of the Open Data Product Standard (Bitol): each output port is a product."""

import re
from collections.abc import Mapping
from typing import Any

from datamesh.services.contracts.detail_entries import Place, Tree, list_entries

KIND = "DataProduct"
FIELDS = frozenset(
    {
        "name",
        "domain",
        "owner",
        "description",
        "status",
        "version",
        "tags",
        "title",
        "links",
        "contacts",
        "support",
        "glossary_terms",
        "custom",
    }
)
"""The fields of a product that such a document has."""


def is_data_product(tree: Mapping[str, Any]) -> bool:
    """Tell whether a document describes a data product, and not a contract."""
    return tree.get("kind") == KIND


def list_ports(tree: Tree) -> list[str]:
    """Return the names of the output ports, each once."""
    return list(
        dict.fromkeys(str(each["name"]) for _, each in list_entries(tree, ("outputPorts",)))
    )


def find_port(tree: Tree, name: str | None) -> tuple[Place, Tree] | None:
    """Return an output port and its place: of several versions the newest."""
    found = [
        (place, each)
        for place, each in list_entries(tree, ("outputPorts",))
        if each["name"] == name
    ]
    return max(found, key=lambda port: _read_version(port[1]), default=None)


def _read_version(port: Tree) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d{1,9}", str(port.get("version") or ""))]
