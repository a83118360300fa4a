"""Which data goes where, as the `columnLineage` and `lineage` facets say.

`lineage` is read as specified in LineageFacet.json 1-0-0, and in the form of its drafts, which had
the list of entries under its own name and also on runs.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from datamesh.models.lineage import ColumnLineage, Evidence, LineageType
from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.facets import (
    dataset_name,
    items,
    mapping,
    older_types,
    text,
    transformation_types,
    type_of,
)
from datamesh.services.openlineage.statements import Flow, joined_columns


@dataclass
class _Source:
    """What one facet says of one source of its target."""

    types: list[LineageType] = field(default_factory=list)
    columns: list[ColumnLineage] = field(default_factory=list)


type _Input = tuple[Mapping[str, object], list[LineageType], str]
"""An input as the facet has it, the types of its transformations, and the target's column."""


def column_flows(facets: Mapping[str, object], target: DatasetName, at: Timestamp) -> list[Flow]:
    return _flows(_column_inputs(facets), target, at, Evidence.COLUMNS)


def _column_inputs(facets: Mapping[str, object]) -> Iterator[_Input]:
    facet = mapping(facets.get("columnLineage"))
    for column, told in mapping(facet.get("fields")).items():
        older = older_types(mapping(told))
        for each in items(mapping(told).get("inputFields")):
            yield each, transformation_types(each) or older, column
    for each in items(facet.get("dataset")):
        yield each, transformation_types(each), ""


def lineage_flows(told: Mapping[str, object], target: DatasetName, at: Timestamp) -> list[Flow]:
    """Of what a `lineage` facet tells about one target."""
    return _flows(_lineage_inputs(told), target, at, Evidence.LINEAGE)


def _lineage_inputs(told: Mapping[str, object]) -> Iterator[_Input]:
    for each in items(told.get("inputs")):
        yield each, transformation_types(each), ""
    for column, entry in mapping(told.get("fields")).items():
        for each in items(mapping(entry).get("inputs")):
            yield each, transformation_types(each), column


def lineage_targets(facets: Mapping[str, object]) -> list[tuple[DatasetName, Mapping[str, object]]]:
    """The datasets that the facet of a job (or a run) describes, each with what it tells."""
    facet = mapping(facets.get("lineage"))
    entries = facet.get("entries", facet.get("lineage"))
    return [
        (target, entry)
        for entry in items(entries)
        if _is_dataset(entry) and (target := dataset_name(entry))
    ]


def describes_lineage(facets: Mapping[str, object]) -> bool:
    facet = mapping(facets.get("lineage"))
    return isinstance(facet.get("entries", facet.get("lineage")), list)


def describes_itself(facets: Mapping[str, object]) -> bool:
    """Whether the facet is one of a dataset, and says anything."""
    return bool({"inputs", "fields"} & mapping(facets.get("lineage")).keys())


def _is_dataset(entity: Mapping[str, object]) -> bool:
    """Jobs are no products: what comes from one, or goes into one, is no edge."""
    return text(entity.get("type")).upper() in ("DATASET", "")


def _flows(
    inputs: Iterable[_Input], target: DatasetName, at: Timestamp, evidence: Evidence
) -> list[Flow]:
    sources: dict[DatasetName, _Source] = defaultdict(_Source)
    for told, types, column in inputs:
        if not _is_dataset(told) or (source := dataset_name(told)) is None:
            continue
        sources[source].types += types
        if column and (origin := text(told.get("field"))):
            pair = ColumnLineage(source=origin, target=text(column), lineage_type=type_of(types))
            sources[source].columns.append(pair)
    return [
        Flow(
            source=source,
            target=target,
            evidence=evidence,
            lineage_type=type_of(found.types),
            at=at,
            columns=joined_columns(found.columns),
        )
        for source, found in sources.items()
    ]
