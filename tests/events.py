"""OpenLineage events for tests, as clients send them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from datamesh.models.products import Product
from datamesh.services.openlineage.ingest import EventPipeline, ingest_events
from datamesh.services.openlineage.parsing import ReceivedEvent, receive_event
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.meshes import NOON, add_product

WAREHOUSE = "postgres://db:5432"
PRODUCER = "https://example.com/client"


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def dataset(name: str, namespace: str = WAREHOUSE, **more: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, **more}


def run_event(
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    *,
    run: int = 1,
    job: str = "daily",
    minute: int = 0,
    **more: Any,
) -> dict[str, Any]:
    """`inputs` and `outputs` are names of datasets, or datasets."""
    return {
        "eventType": "COMPLETE",
        "eventTime": at(minute).isoformat(),
        "producer": PRODUCER,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(UUID(int=run))},
        "job": {"namespace": "scheduler", "name": job},
        "inputs": datasets(inputs),
        "outputs": datasets(outputs),
        **more,
    }


def job_event(
    inputs: Sequence[Any] = (), outputs: Sequence[Any] = (), **more: Any
) -> dict[str, Any]:
    event = run_event(inputs, outputs, **more)
    del event["run"], event["eventType"]
    return event


def dataset_event(described: Mapping[str, Any], minute: int = 0) -> dict[str, Any]:
    return {
        "eventTime": at(minute).isoformat(),
        "producer": PRODUCER,
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": dict(described),
    }


def datasets(named: Sequence[Any]) -> list[Any]:
    return [dataset(each) if isinstance(each, str) else each for each in named]


def column_lineage(**columns: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """The facet: target column -> (source dataset, its column, subtype of transformation)."""
    return {
        "columnLineage": {
            "fields": {
                column: {
                    "inputFields": [
                        {
                            **dataset(source),
                            "field": origin,
                            "transformations": [{"type": "DIRECT", "subtype": subtype}],
                        }
                        for source, origin, subtype in sources
                    ]
                }
                for column, sources in columns.items()
            }
        }
    }


def lineage_facet(**targets: Sequence[str]) -> dict[str, Any]:
    """The facet of a job: target -> its sources, both datasets."""
    return {
        "lineage": {
            "entries": [
                {
                    **dataset(target),
                    "type": "DATASET",
                    "inputs": [{**dataset(source), "type": "DATASET"} for source in sources],
                }
                for target, sources in targets.items()
            ]
        }
    }


def events(*raw: Any) -> list[ReceivedEvent]:
    return [receive_event(each) for each in raw]


def send(registry: Registry, pipeline: EventPipeline, *raw: Any) -> None:
    """One after the other."""
    for event in events(*raw):
        ingest_events(CONTEXT, registry, pipeline, [event])


def add_dataset(registry: Registry, name: str) -> Product:
    """A product that a person has registered for the dataset of that name."""
    return add_product(registry, name, openlineage=[dataset(name)])


def add_datasets(registry: Registry, names: Iterable[str]) -> None:
    for name in names:
        add_dataset(registry, name)
