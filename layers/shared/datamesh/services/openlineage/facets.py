"""Readers of facets, each as far as it has the shape that its specification says.

Facets are free: what is missing or of another shape says nothing, and is no error.
"""

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from datamesh.models.lineage import LineageType
from datamesh.models.openlineage import EventDataset
from datamesh.models.products import (
    MAX_DATASET_NAMES,
    DatasetName,
)
from datamesh.models.quality import MAX_FAILURES, QualityFailure, RunChecks
from datamesh.models.values import MAX_SHORT_TEXT_LENGTH, Timestamp
from datamesh.services.lineage.joining import pick_most_transforming
from datamesh.services.registry.checks import get_failure_key

MAX_TEXT = 1000
"""Letters; longer texts are cut."""
CUT = "…"
"""The end of a text that was cut: so it is no other one that happens to begin like it."""

TYPE_OF_SUBTYPE = {"IDENTITY": LineageType.DIRECT, "AGGREGATION": LineageType.AGGREGATED}
"""Subtype of a transformation -> its kind; every other one derives."""


def as_mapping(value: object) -> Mapping[str, object]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def get_facet(facets: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return a facet; an empty one if it is missing, no object, or says that it is deleted."""
    return {} if is_deleted(facets, name) else as_mapping(facets.get(name))


def is_deleted(facets: Mapping[str, object], name: str) -> bool:
    """Tell whether a facet says that it is deleted (specification, DatasetFacet, `_deleted`)."""
    return as_mapping(facets.get(name)).get("_deleted") is True


def iterate_objects(value: object) -> Iterator[Mapping[str, object]]:
    """Yield the objects of a list, leaving out what is none; nothing if it is no list."""
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict):
            yield item


def as_text(value: object, limit: int = MAX_TEXT) -> str:
    """Return the text without blanks around it, cut to `limit` letters; empty if it is no text."""
    return value.strip()[:limit].strip() if isinstance(value, str) else ""


def cut_text(text: str, limit: int) -> str:
    """Return the text, cut to `limit` characters with a sign at its end."""
    return text if len(text) <= limit else text[: limit - len(CUT)] + CUT


def read_dataset_name(value: Mapping[str, object]) -> DatasetName | None:
    """Return the dataset that an object names; None if it names none."""
    try:
        return DatasetName.model_validate(
            {"namespace": value.get("namespace"), "name": value.get("name")}
        )
    except ValidationError:
        return None


def read_symlinks(dataset: EventDataset) -> list[DatasetName]:
    """Return the other names of a dataset, sorted."""
    identifiers = iterate_objects(get_facet(dataset.facets, "symlinks").get("identifiers"))
    named = {name for each in identifiers if (name := read_dataset_name(each))}
    return sorted(named - {dataset.dataset}, key=get_name_key)[:MAX_DATASET_NAMES]


def get_name_key(name: DatasetName) -> tuple[str, str]:
    """Return what datasets are sorted by."""
    return (name.namespace, name.name)


def read_owner(facets: Mapping[str, object]) -> str:
    """Return the name of the first owner; empty if there is none."""
    owners = iterate_objects(get_facet(facets, "ownership").get("owners"))
    return next(
        (name for each in owners if (name := as_text(each.get("name"), MAX_SHORT_TEXT_LENGTH))), ""
    )


def read_checks(dataset: EventDataset, run: str, at: Timestamp) -> tuple[RunChecks, ...]:
    """Return the outcome of the assertions about a dataset; empty if there are none."""
    facet_sets = (dataset.input_facets, dataset.facets, dataset.output_facets)
    checked = [
        each
        for facets in facet_sets
        for each in iterate_objects(get_facet(facets, "dataQualityAssertions").get("assertions"))
        if isinstance(each.get("success"), bool)
    ]
    if not checked:
        return ()
    failed = {
        QualityFailure(
            assertion=as_text(each.get("assertion")) or "unknown",
            column=as_text(each.get("column")) or None,
        )
        for each in checked
        if not each["success"]
    }
    first = sorted(failed, key=get_failure_key)[:MAX_FAILURES]
    return (RunChecks(run=run, checked_at=at, failures=tuple(first)),)


def read_parent_run(facets: Mapping[str, object]) -> str:
    """Return the id of the run that started this one, as dbt's does a test; empty if none did."""
    return as_text(as_mapping(as_mapping(facets.get("parent")).get("run")).get("runId"))


def read_transformation_types(source: Mapping[str, object]) -> list[LineageType]:
    """Return the kind of each transformation of an input of a facet."""
    return [
        TYPE_OF_SUBTYPE.get(as_text(each.get("subtype")).upper(), LineageType.DERIVED)
        for each in iterate_objects(source.get("transformations"))
    ]


def read_legacy_types(field: Mapping[str, object]) -> list[LineageType]:
    """Return the kind that a field of the facet's first version has for all its inputs, if any."""
    kind = as_text(field.get("transformationType")).upper()
    return [TYPE_OF_SUBTYPE.get(kind, LineageType.DERIVED)] if kind else []


def combine_types(kinds: list[LineageType]) -> LineageType:
    """Return the most transforming kind; DERIVED if none is known."""
    return pick_most_transforming(kinds) if kinds else LineageType.DERIVED
