"""The fields of a contract that a product of the registry has too.

All else stays in the document, which is kept (docs/adr/0039-contracts.md).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from datamesh.models.products import (
    MAX_DESCRIPTION_LENGTH,
    MAX_DOMAIN_LENGTH,
    NAME_PATTERN,
    UNSUITABLE_IN_DOMAINS,
)
from datamesh.models.values import MAX_SHORT_TEXT_LENGTH
from datamesh.services.contracts.columns import map_properties, normalise_tags
from datamesh.services.contracts.detail_entries import find_object
from datamesh.services.contracts.details import DetailBuilder
from datamesh.services.contracts.output_ports import find_port, is_data_product, list_ports
from datamesh.services.contracts.pointers import build_pointer
from datamesh.services.contracts.ports import find_partitions, map_servers

MAX_NAME_LENGTH = 100
DOT = "." if re.fullmatch(NAME_PATTERN, "a.b") else ""
ACTIVE, DEPRECATED, INACTIVE = "active", "deprecated", "inactive"
OWNER = "owner"
DESCRIPTIONS = ("purpose", "usage", "limitations")
"""The parts of a description: the first that is there is that of the product."""

type Tree = Mapping[str, Any]


@dataclass(frozen=True)
class MappedProduct:
    """The fields of a product that a contract determines, as `POST /register_product` has them."""

    fields: dict[str, JsonValue]
    pointers: dict[str, str]
    """Field -> JSON pointer of what it was made of."""
    warnings: list[str] = field(default_factory=list)
    """The parts of the document that the fields cannot hold."""
    unused: list[str] = field(default_factory=list)
    """The fields that the contract determines and the product may not have."""
    is_named: bool = False
    """True if the request has given a name in place of the document's."""
    partitions: list[str] = field(default_factory=list)
    """The columns of the output port's folders."""


def list_objects(tree: Tree) -> list[str]:
    """Return the names of the objects of a contract, or of the output ports of a data product."""
    if is_data_product(tree):
        return list_ports(tree)
    return [str(each["name"]) for each in tree.get("schema") or ()]


def map_contract(tree: Tree, found: str | None, *, is_part: bool = False) -> MappedProduct:
    """Return what a contract says of one of its objects; `is_part` if others are products too."""
    builder = _Builder(tree)
    builder.map_fundamentals()
    if found is not None:
        builder.map_object(found, is_part=is_part)
    builder.map_details(found, is_part=is_part)
    return MappedProduct(
        builder.fields, builder.pointers, builder.warnings, partitions=builder.partitions
    )


def build_name(text: str) -> str:
    """Return a text as the name of a product: `my quantum` -> `my-quantum`."""
    kept = re.sub(rf"[^A-Za-z0-9_{DOT}-]+", "-", text).strip("-.")
    return kept[:MAX_NAME_LENGTH].strip("-.")


def map_version(text: str) -> str | None:
    """Return a version of three numbers: `v1` -> `1.0.0`; None if there is none in the text."""
    match = re.fullmatch(r"\s*[vV]?(\d{1,32})(?:\.(\d{1,32}))?(?:\.(\d{1,32}))?([-+.].*)?\s*", text)
    if not match:
        return None
    return ".".join(str(int(part or 0)) for part in match.groups()[:3])


def find_owner(team: Any) -> tuple[str, str] | None:
    """Return the owner that a team has, and its pointer within the document."""
    members = team.get("members") if isinstance(team, Mapping) else team
    place = "/team/members" if isinstance(team, Mapping) else "/team"
    for index, member in enumerate(members or ()):
        role = str(member.get("role", "")).casefold()
        if OWNER in role and not member.get("dateOut") and member.get("username"):
            return str(member["username"]), f"{place}/{index}/username"
    if isinstance(team, Mapping) and str(team.get("name") or "").strip():
        return str(team["name"]), "/team/name"
    return None


class _Builder:
    """Collects the fields of a product."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.fields: dict[str, JsonValue] = {}
        self.pointers: dict[str, str] = {}
        self.warnings: list[str] = []
        self.partitions: list[str] = []

    def map_fundamentals(self) -> None:
        """Map what a contract says of itself."""
        for key in ("name", "dataProduct", "id"):
            if name := build_name(str(self._tree.get(key) or "")):
                self._set("name", name, f"/{key}")
                break
        self._map_text("domain", MAX_DOMAIN_LENGTH, "domain")
        said = self._tree.get("description") or {}
        parts = [key for key in DESCRIPTIONS if str(said.get(key) or "").strip()]
        if parts:
            path = f"description/{parts[0]}"
            self._map_text("description", MAX_DESCRIPTION_LENGTH, path, said[parts[0]])
        if owner := find_owner(self._tree.get("team")):
            pointer = owner[1].removeprefix("/")
            self._map_text("owner", MAX_SHORT_TEXT_LENGTH, pointer, owner[0])
        if status := self._tree.get("status"):
            word = str(status).strip().casefold()
            is_known = word in (ACTIVE, DEPRECATED)
            self._set("status", word if is_known else INACTIVE, "/status")
        self._map_version()
        if tags := normalise_tags(self._tree.get("tags"), limit=1000):
            if len(tags) > 10:
                self.warnings.append(f"tags: a product has 10 of the {len(tags)}")
            self._set("tags", [*tags[:10]], "/tags")
        if port := map_servers(self._tree.get("servers") or ()):
            self._set("output_port", port.fields, port.pointer)

    def map_object(self, name: str, *, is_part: bool) -> None:
        """Map an object of the contract; as one of several it has a name of its own."""
        placed = find_port(self._tree, name) or find_object(self._tree, name)
        assert placed, f"the document has no {name}"
        pointer, found = build_pointer(placed[0]), placed[1]
        properties = found.get("properties") or ()
        self.partitions = find_partitions(properties)
        if columns := map_properties(properties):
            self._set("schema", dict(columns), f"{pointer}/properties")
        if is_part:
            whole = f"{self.fields.get('name', '')}-{build_name(name)}".strip("-")
            self._set("name", whole[:MAX_NAME_LENGTH].strip("-"), f"{pointer}/name")
            self._map_part(found, pointer)

    def map_details(self, found: str | None, *, is_part: bool) -> None:
        """Map what the registry can do without."""
        details = DetailBuilder(self._tree, found, is_part=is_part)
        is_deprecated = self.fields.get("status") == DEPRECATED
        details.map_details(str(self.fields.get("name", "")), is_deprecated=is_deprecated)
        self.fields |= details.fields
        self.pointers |= {name: build_pointer(place) for name, place in details.places.items()}
        self.warnings += details.warnings

    def _map_part(self, found: Tree, pointer: str) -> None:
        """Map what an object says for itself, of which a contract has another word for all."""
        if text := str(found.get("description") or "").strip():
            self._set("description", text[:MAX_DESCRIPTION_LENGTH], f"{pointer}/description")
        if version := map_version(str(found.get("version") or "")):  # which only ports have
            self._set("version", version, f"{pointer}/version")

    def _map_version(self) -> None:
        text = str(self._tree.get("version") or "")
        if version := map_version(text):
            self._set("version", version, "/version")
            if version != text.strip().removeprefix("v"):
                self.warnings.append(f"version: {version} stands for the contract's {text[:50]}")

    def _map_text(self, name: str, limit: int, path: str, value: Any = None) -> None:
        text = str(self._tree.get(path) or "" if value is None else value).strip()
        if name == "domain":
            text = re.sub(f"[{UNSUITABLE_IN_DOMAINS}]+", "-", text).lstrip(".")
        if len(text) > limit:
            self.warnings.append(f"{name}: a product has {limit} of the {len(text)} characters")
        if text := text[:limit].strip():
            self._set(name, text, f"/{path}")

    def _set(self, name: str, value: JsonValue, pointer: str) -> None:
        self.fields[name], self.pointers[name] = value, pointer
