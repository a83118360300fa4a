"""Freshness: when runs have last written a product, and which of them failed last."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from datamesh.models.freshness import Freshness, WritingRun
from datamesh.models.jobs import JobHistory, JobRun
from datamesh.models.products import DatasetName
from datamesh.services.context import RequestContext
from datamesh.services.jobs.joining import COMPLETED, FAILED
from datamesh.services.jobs.reading import JobStore, read_histories
from datamesh.services.jobs.writers import DatasetId
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord

MAX_WRITERS = 20
"""The number of jobs that write a product whose runs are looked at: those that ran last."""


def read_freshness(
    context: RequestContext, registry: Registry, store: JobStore, product: ProductRecord
) -> Freshness:
    """Return when runs have last written a product. Raises StorageUnavailable."""
    histories = read_writers(context, registry, store, product)
    return Freshness(
        last_success=find_latest_success(histories, list_datasets(product)),
        last_failure=_find_latest_failure(histories),
    )


def list_datasets(product: ProductRecord) -> list[DatasetId]:
    """Return the datasets that a product is; one without any is a dataset of its domain."""
    names = [(each.namespace, each.name) for each in product.openlineage]
    return names or [(product.domain, product.name)]


def read_writers(
    context: RequestContext, registry: Registry, store: JobStore, product: ProductRecord
) -> list[JobHistory]:
    """Return the jobs that write a product, the MAX_WRITERS that ran last.

    Raises StorageUnavailable.
    """
    if registry.jobs is None:
        return []
    index = registry.jobs.read(context.deadline)
    writers = store.writers.find_writers(index, list_datasets(product))[:MAX_WRITERS]
    return list(read_histories(context, store, writers).values())


def find_latest_success(
    histories: Iterable[JobHistory], datasets: Sequence[DatasetId]
) -> WritingRun | None:
    """Return the latest run that completed and had begun when its job last named a dataset.

    What began later has not written it: the job may write other ones since.
    """
    found = [
        (history, run)
        for history in histories
        for run in history.runs
        if run.state == COMPLETED and run.created_at <= _find_last_mention(history, datasets)
    ]
    return _build_latest(found)


def _find_last_mention(history: JobHistory, datasets: Sequence[DatasetId]) -> datetime:
    mentioned = (each for each in history.outputs if (each.namespace, each.name) in datasets)
    return max((each.last_at for each in mentioned), default=history.updated_at)


def _find_latest_failure(histories: Iterable[JobHistory]) -> WritingRun | None:
    found = [(each, run) for each in histories for run in each.runs if run.state == FAILED]
    return _build_latest(found)


def _build_latest(found: Sequence[tuple[JobHistory, JobRun]]) -> WritingRun | None:
    if not found:
        return None
    history, run = max(found, key=lambda each: (each[1].ended_at or each[1].updated_at, each[1].id))
    error = run.facts.get("error")
    return WritingRun(
        job=DatasetName(namespace=history.namespace, name=history.name),
        run_id=run.id,
        started_at=run.started_at,
        ended_at=run.ended_at or run.updated_at,
        error_message=str(error.value) if error and error.value else None,
    )
