"""Reads the facets that matter, each as far as it has the shape that its specification says.

Facets are free: what is missing or of another shape says nothing, and is no error.
"""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from datamesh.models.lineage import LineageType
from datamesh.models.openlineage import EventDataset
from datamesh.models.products import MAX_DATASET_NAMES, MAX_FIELDS, DatasetName
from datamesh.models.quality import MAX_FAILURES, QualityFailure, RunChecks
from datamesh.models.values import MAX_SHORT_TEXT_LENGTH, Timestamp
from datamesh.services.openlineage.observations import failure_key
from datamesh.services.openlineage.statements import most_transforming

MAX_TEXT = 1000

TYPES = {"IDENTITY": LineageType.DIRECT, "AGGREGATION": LineageType.AGGREGATED}
"""By a transformation's subtype; every other one derives."""


def mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> Iterator[Mapping[str, object]]:
    """The objects of a list."""
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield item


def text(value: object, limit: int = MAX_TEXT) -> str:
    """Empty if it is none."""
    return value.strip()[:limit].strip() if isinstance(value, str) else ""


def dataset_name(value: Mapping[str, object]) -> DatasetName | None:
    try:
        return DatasetName.model_validate(
            {"namespace": value.get("namespace"), "name": value.get("name")}
        )
    except ValidationError:
        return None


def symlinks(dataset: EventDataset) -> list[DatasetName]:
    """The other names of a dataset, sorted."""
    identifiers = items(mapping(dataset.facets.get("symlinks")).get("identifiers"))
    named = {name for each in identifiers if (name := dataset_name(each))}
    return sorted(named - {dataset.dataset}, key=name_key)[:MAX_DATASET_NAMES]


def name_key(name: DatasetName) -> tuple[str, str]:
    return (name.namespace, name.name)


def schema(facets: Mapping[str, object]) -> dict[str, str] | None:
    """Field -> type, fields of a struct as `a.b`; None if there is no such facet."""
    facet = mapping(facets.get("schema"))
    if not isinstance(facet.get("fields"), list):
        return None
    found: dict[str, str] = {}
    pending = [("", field) for field in items(facet["fields"])][::-1]
    while pending and len(found) < MAX_FIELDS:
        prefix, field = pending.pop()
        if name := text(field.get("name")):
            path = f"{prefix}{name}"[:MAX_TEXT]
            found[path] = text(field.get("type")) or "unknown"
            pending += [(f"{path}.", inner) for inner in items(field.get("fields"))][::-1]
    return found


def owner(facets: Mapping[str, object]) -> str:
    """The first owner; empty if none is told."""
    owners = items(mapping(facets.get("ownership")).get("owners"))
    return next(
        (name for each in owners if (name := text(each.get("name"), MAX_SHORT_TEXT_LENGTH))), ""
    )


def checks(dataset: EventDataset, run: str, at: Timestamp) -> tuple[RunChecks, ...]:
    """What the assertions about a dataset came to; empty if there are none."""
    places = (dataset.input_facets, dataset.facets, dataset.output_facets)
    checked = [
        each
        for facets in places
        for each in items(mapping(facets.get("dataQualityAssertions")).get("assertions"))
        if isinstance(each.get("success"), bool)
    ]
    if not checked:
        return ()
    failed = {
        QualityFailure(
            assertion=text(each.get("assertion")) or "unknown",
            column=text(each.get("column")) or None,
        )
        for each in checked
        if not each["success"]
    }
    first = sorted(failed, key=failure_key)[:MAX_FAILURES]
    return (RunChecks(run=run, checked_at=at, failures=tuple(first)),)


def parent_run(facets: Mapping[str, object]) -> str:
    """Of a run that another one started, such as a test of dbt; empty if none did."""
    return text(mapping(mapping(facets.get("parent")).get("run")).get("runId"))


def transformation_types(source: Mapping[str, object]) -> list[LineageType]:
    """Of an input of a facet: one for each of its transformations."""
    return [
        TYPES.get(text(each.get("subtype")).upper(), LineageType.DERIVED)
        for each in items(source.get("transformations"))
    ]


def older_types(field: Mapping[str, object]) -> list[LineageType]:
    """Of a field of the facet's first version, which has one transformation for all its inputs."""
    kind = text(field.get("transformationType")).upper()
    return [TYPES.get(kind, LineageType.DERIVED)] if kind else []


def type_of(kinds: list[LineageType]) -> LineageType:
    return most_transforming(kinds) if kinds else LineageType.DERIVED
