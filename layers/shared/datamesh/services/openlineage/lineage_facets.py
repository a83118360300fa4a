"""Readers of the `columnLineage` and `lineage` facets, which say which data goes where.

`lineage` is read as specified in LineageFacet.json 1-0-0, and in the form of its drafts, which had
the list of entries under its own name and also on runs.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from datamesh.models.lineage import ColumnLineage, Evidence, LineageType
from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp
from datamesh.services.lineage.joining import join_columns
from datamesh.services.openlineage.facets import (
    as_mapping,
    as_text,
    combine_types,
    get_facet,
    iterate_objects,
    read_dataset_name,
    read_legacy_types,
    read_transformation_types,
)
from datamesh.services.openlineage.statements import DatasetEdge


@dataclass
class _FacetSource:
    """The statement of one facet about one source of its target."""

    types: list[LineageType] = field(default_factory=list)
    columns: list[ColumnLineage] = field(default_factory=list)


type _FacetInput = tuple[Mapping[str, object], list[LineageType], str]
"""An input as the facet has it, the types of its transformations, and the target's column; without
a column it is an empty text."""


def read_column_edges(
    facets: Mapping[str, object], target: DatasetName, at: Timestamp
) -> list[DatasetEdge]:
    """Return the edges into a dataset that its `columnLineage` facet describes."""
    return _build_edges(_read_column_inputs(facets), target, at, Evidence.COLUMNS)


def _read_column_inputs(facets: Mapping[str, object]) -> Iterator[_FacetInput]:
    facet = get_facet(facets, "columnLineage")
    for column, field_value in as_mapping(facet.get("fields")).items():
        entry = as_mapping(field_value)
        legacy_types = read_legacy_types(entry)
        for each in iterate_objects(entry.get("inputFields")):
            yield each, read_transformation_types(each) or legacy_types, column
    for each in iterate_objects(facet.get("dataset")):
        yield each, read_transformation_types(each), ""


def read_lineage_edges(
    entry: Mapping[str, object], target: DatasetName, at: Timestamp
) -> list[DatasetEdge]:
    """Return the edges into a dataset that an entry of a `lineage` facet describes."""
    return _build_edges(_read_lineage_inputs(entry), target, at, Evidence.LINEAGE)


def _read_lineage_inputs(entry: Mapping[str, object]) -> Iterator[_FacetInput]:
    for each in iterate_objects(entry.get("inputs")):
        yield each, read_transformation_types(each), ""
    for column, field_value in as_mapping(entry.get("fields")).items():
        for each in iterate_objects(as_mapping(field_value).get("inputs")):
            yield each, read_transformation_types(each), column


def read_lineage_targets(
    facets: Mapping[str, object],
) -> list[tuple[DatasetName, Mapping[str, object]]]:
    """Return the datasets that the facet of a job (or a run) describes, each with its entry."""
    facet = get_facet(facets, "lineage")
    entries = facet.get("entries", facet.get("lineage"))
    return [
        (target, entry)
        for entry in iterate_objects(entries)
        if _is_dataset(entry) and (target := read_dataset_name(entry))
    ]


def has_own_lineage(facets: Mapping[str, object]) -> bool:
    """Tell whether the facet is one of a dataset and lists sources of it, even if none."""
    return bool({"inputs", "fields"} & get_facet(facets, "lineage").keys())


def is_sourceless(entry: Mapping[str, object]) -> bool:
    """Tell whether an entry says that its target comes from nowhere.

    "An empty array explicitly means that the target has no tracked upstream source" (specification,
    LineageFacet.json). Nothing else in a facet says that it is complete.
    """
    return entry.get("inputs") == [] and not entry.get("fields")


def _is_dataset(entity: Mapping[str, object]) -> bool:
    """Tell whether it is no job: what comes from a job, or goes into one, is no edge."""
    return as_text(entity.get("type")).upper() in ("DATASET", "")


def _build_edges(
    inputs: Iterable[_FacetInput], target: DatasetName, at: Timestamp, evidence: Evidence
) -> list[DatasetEdge]:
    sources: dict[DatasetName, _FacetSource] = defaultdict(_FacetSource)
    for value, types, column in inputs:
        if not _is_dataset(value) or (source := read_dataset_name(value)) is None:
            continue
        sources[source].types += types
        if column and (origin := as_text(value.get("field"))):
            pair = ColumnLineage(
                source=origin, target=as_text(column), lineage_type=combine_types(types)
            )
            sources[source].columns.append(pair)
    return [
        DatasetEdge(
            source=source,
            target=target,
            evidence=evidence,
            lineage_type=combine_types(found.types),
            at=at,
            columns=join_columns(found.columns),
        )
        for source, found in sources.items()
    ]
