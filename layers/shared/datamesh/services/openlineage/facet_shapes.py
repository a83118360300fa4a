"""The shapes of facets, as far as the registry reads them: what has another one is left out.

Clients send a number where the specification has a text, or a list where it has an object. Such a
part says nothing, and the rest of its facet what it says. A part that is null is none.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from pydantic import JsonValue

type Kind = type[str] | type[dict[str, JsonValue]]
type Members = Mapping[str, Kind | Items]
"""Key of an object -> what its value must be; any other key may have any value."""


class Items(NamedTuple):
    """A list of objects, each with some members."""

    members: Members


def _list_texts(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, str)


SHAPES: Mapping[str, Members] = {
    "catalog": _list_texts("framework", "type", "name", "metadataUri", "warehouseUri", "source"),
    "columnLineage": {"fields": dict, "dataset": Items({})},
    "dataQualityAssertions": {"assertions": Items(_list_texts("assertion", "column"))},
    "dataSource": _list_texts("name", "uri"),
    "datasetType": _list_texts("datasetType", "subType"),
    "documentation": _list_texts("description", "contentType"),
    "errorMessage": _list_texts("message", "programmingLanguage", "stackTrace"),
    "hierarchy": {"hierarchy": Items(_list_texts("type", "name"))},
    "jobType": _list_texts("processingType", "integration", "jobType"),
    "lifecycleStateChange": {"lifecycleStateChange": str, "previousIdentifier": dict},
    "nominalTime": _list_texts("nominalStartTime", "nominalEndTime"),
    "ownership": {"owners": Items(_list_texts("name", "type"))},
    "parent": {"run": dict, "job": dict},
    "schema": {"fields": Items(_list_texts("name", "type", "description"))},
    "sourceCodeLocation": _list_texts("type", "url", "repoUrl", "path", "version", "branch"),
    "sql": _list_texts("query", "dialect"),
    "storage": _list_texts("storageLayer", "fileFormat"),
    "symlinks": {"identifiers": Items(_list_texts("namespace", "name", "type"))},
    "tags": {"tags": Items(_list_texts("key", "source", "field"))},
    "version": _list_texts("datasetVersion"),
}
"""Facet -> its members."""


class StrippedFacet(NamedTuple):
    """A facet without the parts of another shape, and where those stand in it."""

    facet: dict[str, JsonValue]
    skipped: list[str]


def strip_facet(name: str, facet: dict[str, JsonValue]) -> StrippedFacet:
    """Return a facet without its bad parts; the very facet if it has none.

    `{"description": 7}` of a `documentation` facet -> `{}`, skipped `["description"]`.
    """
    members = SHAPES.get(name)
    if not members:
        return StrippedFacet(facet, [])
    skipped = [*_find_bad_parts(facet, members)]
    return (
        StrippedFacet(_copy_without(facet, members), skipped)
        if skipped
        else StrippedFacet(facet, [])
    )


def _find_bad_parts(entity: Mapping[str, JsonValue], members: Members) -> Iterator[str]:
    for key, kind in members.items():
        if (value := entity.get(key)) is None:
            continue
        if not isinstance(kind, Items):
            if not isinstance(value, kind):
                yield key
        elif not isinstance(value, list):
            yield key
        else:
            for place, each in enumerate(value):
                if not isinstance(each, dict):
                    yield f"{key}.{place}"
                else:
                    bad = _find_bad_parts(each, kind.members)
                    yield from (f"{key}.{place}.{part}" for part in bad)


def _copy_without(entity: Mapping[str, JsonValue], members: Members) -> dict[str, JsonValue]:
    """Return an object without its members of another kind."""
    found = dict(entity)
    for key, kind in members.items():
        if (value := entity.get(key)) is None:
            continue
        if isinstance(kind, Items) and isinstance(value, list):
            objects = [each for each in value if isinstance(each, dict)]
            found[key] = [_copy_without(each, kind.members) for each in objects]
        elif isinstance(kind, Items) or not isinstance(value, kind):
            del found[key]
    return found
