"""Reads what events say about a dataset beside its fields, owner and lineage.

Facets that change with every run, such as statistics and versions, are left to whoever reads the
events: the products are one object, which is written for each change.
"""

from collections.abc import Mapping

from pydantic import JsonValue

from datamesh.models.json_codec import encode_value
from datamesh.models.product_facts import DatasetTags, FacetText, Observation, ProductFacts
from datamesh.models.products import MAX_DESCRIPTION_LENGTH, MAX_FIELD_LENGTH, MAX_TAGS
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.facets import (
    as_mapping,
    as_text,
    cut_text,
    get_facet,
    is_deleted,
    iterate_objects,
)
from datamesh.services.openlineage.schema_facet import SchemaFacet

KEPT_FACETS = (
    "catalog",
    "dataSource",
    "datasetType",
    "hierarchy",
    "ownership",
    "storage",
    "tags",
)
"""The facets of a dataset that are kept as they came, sorted. They change rarely."""
MAX_FACET_BYTES = 1_024
"""How many bytes of JSON a facet takes that is kept as it came; a larger one is left out."""
MAX_TAG_LENGTH = 100
MAX_COLUMN_TAGS_BYTES = 2_048
"""How many bytes of JSON the tags of all columns take; the others are left out."""
HEADER = ("_deleted", "_producer", "_schemaURL")
"""The keys of a facet that say nothing of the dataset, and change with releases of a client."""


def read_facts(
    facets: Mapping[str, object], schema: SchemaFacet | None, at: Timestamp
) -> ProductFacts:
    """Return what the facets of a dataset say, `schema` being what the one of that name says."""
    if not facets:
        return ProductFacts()
    return ProductFacts(
        description=_read_description(facets, at),
        tags=_read_tags(facets, at),
        columns=schema.observe_descriptions(at) if schema else None,
        facets=_read_kept_facets(facets, at),
    )


def _read_description(facets: Mapping[str, object], at: Timestamp) -> Observation[str] | None:
    if is_deleted(facets, "documentation"):
        return Observation(value="", at=at)
    facet = as_mapping(facets.get("documentation"))
    text = as_text(facet.get("description"), MAX_DESCRIPTION_LENGTH + 1)
    if not text:
        return None
    kept = cut_text(text, MAX_DESCRIPTION_LENGTH)
    return Observation(value=kept, at=at, is_cut=kept != text)


def _read_tags(facets: Mapping[str, object], at: Timestamp) -> Observation[DatasetTags] | None:
    """Return the tags of the facet; those of a deleted one are none, and an empty list says so."""
    if is_deleted(facets, "tags"):
        return Observation(value=DatasetTags(), at=at)
    listed = as_mapping(facets.get("tags")).get("tags")
    if not isinstance(listed, list):
        return None
    found: dict[str, set[str]] = {"": set()}
    for each in iterate_objects(listed):
        if tag := build_tag(each):
            found.setdefault(as_text(each.get("field"), MAX_FIELD_LENGTH), set()).add(tag)
    kept = {column: tuple(sorted(tags)[:MAX_TAGS]) for column, tags in sorted(found.items())}
    is_cut = any(len(kept[column]) < len(tags) for column, tags in found.items())
    columns: dict[str, tuple[str, ...]] = {}
    left = MAX_COLUMN_TAGS_BYTES
    for column, tags in kept.items():
        left -= len(encode_value({column: tags})) if column else 0
        if column and left >= 0:
            columns[column] = tags
    value = DatasetTags(dataset=kept[""], columns=columns)
    return Observation(value=value, at=at, is_cut=is_cut or left < 0)


def build_tag(entry: Mapping[str, object]) -> str:
    """Return a tag of the facet as the registry spells it; empty if it has no key.

    `{"key": "PII", "value": "true"}` -> `pii`, `{"key": "level", "value": "Gold"}` -> `level:gold`.
    """
    key, value = as_text(entry.get("key")), entry.get("value")
    if not key:
        return ""
    word = "true" if value is True else as_text(value)
    tag = key if word.lower() in ("", "true") else f"{key}:{word}"
    return cut_text(tag.lower(), MAX_TAG_LENGTH)


def _read_kept_facets(
    facets: Mapping[str, object], at: Timestamp
) -> dict[str, Observation[FacetText]]:
    found: dict[str, Observation[FacetText]] = {}
    for name in KEPT_FACETS:
        if is_deleted(facets, name):
            found[name] = Observation(value={}, at=at)
        elif facet := get_facet(facets, name):
            text = _copy_facet(facet)
            if len(encode_value(text)) <= MAX_FACET_BYTES:
                found[name] = Observation(value=text, at=at)
            else:
                found[name] = Observation(value={}, at=at, is_cut=True)
    return found


def _copy_facet(facet: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return a facet without who made it, its keys sorted at any depth.

    A kept event has them sorted, and observations of one time are compared as JSON: so events and
    their rebuild give the same.
    """
    return {key: _sort_keys(facet[key]) for key in sorted(facet) if key not in HEADER}


def _sort_keys(value: object) -> JsonValue:
    if isinstance(value, dict):
        return {key: _sort_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sort_keys(each) for each in value]
    return value  # type: ignore[return-value]
