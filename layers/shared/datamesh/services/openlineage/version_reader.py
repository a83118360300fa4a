"""Reads what an event says of the versions of the datasets that its job writes."""

from collections.abc import Iterator

from datamesh.models.jobs import KeptEvent, WrittenVersion
from datamesh.models.openlineage import EventDataset, JobEvent, RunEvent
from datamesh.services.jobs.dataset_versions import compute_columns_digest, join_versions
from datamesh.services.openlineage import facets
from datamesh.services.openlineage.event_reader import read_outputs
from datamesh.services.openlineage.lifecycle_facet import has_failed, read_state_change
from datamesh.services.openlineage.schema_facet import read_schema

MAX_DATA_VERSION = 200
"""How many letters of the version of data are kept."""


def read_versions(event: JobEvent, kept: KeptEvent) -> tuple[WrittenVersion, ...]:
    """Return the versions of the outputs of an event, which is kept as `kept`.

    An output of which it tells neither columns nor a change nor a version has none. A run that has
    failed has changed nothing.
    """
    return join_versions([_iterate_versions(event, kept)])


def _iterate_versions(event: JobEvent, kept: KeptEvent) -> Iterator[WrittenVersion]:
    run = str(event.run.run_id) if isinstance(event, RunEvent) else ""
    for dataset in read_outputs(event):
        if not dataset.facets:
            continue
        schema = read_schema(dataset.facets)
        columns = compute_columns_digest(schema.types) if schema else ""
        state = "" if has_failed(event) else read_state_change(dataset).state
        data = read_data_version(dataset)
        if columns or state or data:
            yield WrittenVersion(
                namespace=dataset.namespace,
                name=dataset.name,
                columns=columns,
                state=state,
                data=data,
                first_at=event.event_time,
                last_at=event.event_time,
                run=run,
                event=kept,
            )


def read_data_version(dataset: EventDataset) -> str:
    """Return what the facet `version` says; empty if there is none."""
    facet = facets.get_facet(dataset.facets, "version")
    return facets.as_text(facet.get("datasetVersion"), MAX_DATA_VERSION)
