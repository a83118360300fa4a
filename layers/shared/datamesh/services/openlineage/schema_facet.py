"""Reads the `schema` facet: the fields of a dataset, and what is said about each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from datamesh.models.json_codec import encode_value
from datamesh.models.product_facts import Observation
from datamesh.models.products import MAX_FIELD_LENGTH
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.facets import (
    as_mapping,
    as_text,
    cut_text,
    is_deleted,
    iterate_objects,
)

MAX_SCHEMA_BYTES = 49_152
"""How many bytes of JSON the fields of an event's schema take; the others are left out."""
MIN_DESCRIPTION_BYTES = 4_096
"""How many bytes of JSON the descriptions of fields may take, however many the fields take."""
MAX_COLUMN_DESCRIPTION_LENGTH = 1_000


@dataclass(frozen=True)
class SchemaFacet:
    """The fields of a `schema` facet: field -> type, and field -> description where there is one.

    Fields of a struct are `a.b`.
    """

    types: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    has_all_types: bool = True
    has_all_descriptions: bool = True

    def observe_types(self, at: Timestamp) -> Observation[dict[str, str]]:
        """Return the types as what an event has reported."""
        return Observation(value=self.types, at=at, is_cut=not self.has_all_types)

    def observe_descriptions(self, at: Timestamp) -> Observation[dict[str, str]] | None:
        """Return the descriptions, sorted by field.

        A facet that describes no field says nothing about descriptions: None. One that is deleted
        takes them back.
        """
        if self.types and not self.descriptions:
            return None
        found = dict(sorted(self.descriptions.items()))
        return Observation(value=found, at=at, is_cut=not self.has_all_descriptions)


def read_schema(facets: Mapping[str, object]) -> SchemaFacet | None:
    """Return what the facet says of fields; None if there is no such facet.

    A facet that is deleted leaves no fields. Of two fields that would have one name, as the field
    `b` of a struct `a` and a column `a.b`, the later one is quoted: "`a.b`". Types and descriptions
    are cut. Fields with a longer name, and those beyond the bound, are left out: an event is never
    refused for them.
    """
    if is_deleted(facets, "schema"):
        return SchemaFacet()
    fields = as_mapping(facets.get("schema")).get("fields")
    if not isinstance(fields, list):
        return None
    reader = _FieldReader()
    reader.read_fields(fields)
    descriptions = _select_fitting(reader.descriptions, max(reader.left, MIN_DESCRIPTION_BYTES))
    return SchemaFacet(
        reader.types,
        descriptions,
        has_all_types=reader.has_all,
        has_all_descriptions=len(descriptions) == len(reader.descriptions),
    )


class _FieldReader:
    """Collects the fields of a facet, within its bound of bytes."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}
        self.descriptions: dict[str, str] = {}
        self.left = MAX_SCHEMA_BYTES
        """How many bytes further fields may take."""
        self.has_all = True

    def read_fields(self, fields: object) -> None:
        """Add the fields, each before those that are in it."""
        pending = [("", each) for each in iterate_objects(fields)][::-1]
        while pending:
            prefix, each = pending.pop()
            if not (name := as_text(each.get("name"))):
                continue
            path = f"{prefix}{name}"
            if path in self.types:
                path = f"{prefix}`{name}`"
            if len(path) > MAX_FIELD_LENGTH:
                self.has_all = False
                continue
            if not self._add_field(path, each):
                self.has_all = False
                break
            inner = [(f"{path}.", field) for field in iterate_objects(each.get("fields"))]
            pending += inner[::-1]

    def _add_field(self, path: str, field: Mapping[str, object]) -> bool:
        """Add a field, and return False if there is no room for it."""
        kind = cut_text(as_text(field.get("type")), MAX_FIELD_LENGTH) or "unknown"
        size = len(encode_value({path: kind}))
        if size > self.left:
            return False
        self.left -= size
        self.types[path] = kind
        if text := as_text(field.get("description"), MAX_COLUMN_DESCRIPTION_LENGTH + 1):
            self.descriptions[path] = cut_text(text, MAX_COLUMN_DESCRIPTION_LENGTH)
        return True


def _select_fitting(descriptions: Mapping[str, str], limit: int) -> dict[str, str]:
    """Return the first descriptions that take no more than `limit` bytes of JSON together."""
    found = {}
    for path, text in descriptions.items():
        limit -= len(encode_value({path: text}))
        if limit < 0:
            break
        found[path] = text
    return found
