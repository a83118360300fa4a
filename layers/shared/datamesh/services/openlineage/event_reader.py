"""Reads an event into a statement about lineage and observations of its datasets."""

from collections.abc import Iterable, Mapping

from datamesh.errors.events import OversizedEvent
from datamesh.models.lineage import Job
from datamesh.models.openlineage import (
    DatasetEvent,
    Event,
    EventDataset,
    EventJob,
    JobEvent,
    RunEvent,
)
from datamesh.models.product_facts import Observation
from datamesh.models.products import UNOWNED, DatasetName
from datamesh.models.stored_products import DatasetMention
from datamesh.models.values import Timestamp
from datamesh.services.openlineage import facets
from datamesh.services.openlineage.fact_reader import read_facts
from datamesh.services.openlineage.lifecycle_facet import (
    find_previous_name,
    has_failed,
    is_dropped,
    list_dropped_names,
    read_life,
    select_present,
)
from datamesh.services.openlineage.lineage_facets import (
    has_own_lineage,
    is_sourceless,
    read_column_edges,
    read_lineage_edges,
    read_lineage_targets,
)
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.schema_facet import read_schema
from datamesh.services.openlineage.statements import (
    MAX_DATASETS,
    MAX_EDGES,
    MAX_SYMLINKS,
    DatasetSymlink,
    Statement,
    build_set,
)

OWNER_OF_JOB, OWNER_OF_DATASET = 1, 2
"""Ranks of observations: the owner of a dataset itself wins over that of a job."""


def read_statement(event: Event) -> Statement:
    """Return what an event says about lineage."""
    if isinstance(event, DatasetEvent):
        return _read_dataset_event(event)
    at, outputs = event.event_time, select_present(read_outputs(event))
    inputs = select_present(event.inputs)
    symlinks = _read_symlinks([*inputs, *outputs], at)
    if not has_failed(event):
        symlinks = build_set(MAX_SYMLINKS, (*symlinks, *_read_renames([*inputs, *outputs], at)))
    statement = Statement(
        jobs=(Job(namespace=event.job.namespace, name=event.job.name),),
        inputs=_build_mentions(inputs, at),
        outputs=_build_mentions(outputs, at),
        symlinks=symlinks,
    )
    run_facets = [event.run.facets] if isinstance(event, RunEvent) else []
    return statement.join_with(
        *(_read_dataset_statement(output, at) for output in outputs),
        *(_read_job_statement(each, at) for each in (event.job.facets, *run_facets)),
    )


def _read_dataset_event(event: DatasetEvent) -> Statement:
    dataset, at = event.dataset, event.event_time
    if is_dropped(dataset):
        return Statement()
    statement = _read_dataset_statement(dataset, at)
    return statement.join_with(Statement(symlinks=build_set(1, _read_renames([dataset], at))))


def check_event_size(event: Event, max_entries: int) -> None:
    """Raise OversizedEvent if an event has more datasets than the registry keeps of one.

    Nor may it pair more inputs with outputs than there may be lineage entries.
    """
    if isinstance(event, DatasetEvent):
        return
    outputs = read_outputs(event)
    for field, datasets in (("inputs", event.inputs), ("outputs", outputs)):
        if len(datasets) > MAX_DATASETS:
            raise OversizedEvent(field, len(datasets), field, str(MAX_DATASETS))
    pairs = len({each.dataset for each in event.inputs}) * len({each.dataset for each in outputs})
    if pairs > max_entries:
        bound = f"MAX_LINEAGE_ENTRIES = {max_entries}"
        raise OversizedEvent("outputs", pairs, "pairs of inputs and outputs", bound)


def read_outputs(event: JobEvent) -> list[EventDataset]:
    """Return the outputs, none of a test: dbt names a table for its failures, if any or not."""
    kind = facets.as_text(facets.as_mapping(event.job.facets.get("jobType")).get("jobType"))
    return [] if kind.upper() == "TEST" else event.outputs


def _read_dataset_statement(dataset: EventDataset, at: Timestamp) -> Statement:
    """Return what the facets of a dataset say about its sources."""
    target = dataset.dataset
    edges = read_column_edges(dataset.facets, target, at)
    own_lineage = facets.get_facet(dataset.facets, "lineage")
    mention = (DatasetMention(dataset=target, at=at),)
    is_described = has_own_lineage(dataset.facets)
    if is_described:
        edges += read_lineage_edges(own_lineage, target, at)
    return Statement(
        flows=build_set(MAX_EDGES, edges),
        described=mention if is_described else (),
        sourceless=mention if is_sourceless(own_lineage) else (),
        symlinks=_read_symlinks([dataset], at),
    )


def _read_job_statement(job_facets: Mapping[str, object], at: Timestamp) -> Statement:
    """Return what the `lineage` facet of a job, or a run, says."""
    targets = read_lineage_targets(job_facets)
    edges = [edge for target, entry in targets for edge in read_lineage_edges(entry, target, at)]
    described = [(DatasetMention(dataset=target, at=at), entry) for target, entry in targets]
    return Statement(
        flows=build_set(MAX_EDGES, edges),
        described=build_set(MAX_DATASETS, (mention for mention, _ in described)),
        sourceless=build_set(
            MAX_DATASETS, (mention for mention, entry in described if is_sourceless(entry))
        ),
    )


def _build_mentions(datasets: Iterable[EventDataset], at: Timestamp) -> tuple[DatasetMention, ...]:
    return build_set(
        MAX_DATASETS, (DatasetMention(dataset=each.dataset, at=at) for each in datasets)
    )


def _read_symlinks(datasets: Iterable[EventDataset], at: Timestamp) -> tuple[DatasetSymlink, ...]:
    return build_set(
        MAX_SYMLINKS,
        (
            DatasetSymlink(dataset=each.dataset, other=other, at=at)
            for each in datasets
            for other in facets.read_symlinks(each)
        ),
    )


def _read_renames(datasets: Iterable[EventDataset], at: Timestamp) -> list[DatasetSymlink]:
    """Return the names that datasets had before: each is one with what it is called now."""
    return [
        DatasetSymlink(dataset=each.dataset, other=previous, at=at)
        for each in datasets
        if (previous := find_previous_name(each))
    ]


def read_observations(event: Event) -> dict[DatasetName, DatasetObservations]:
    """Return what an event says about each of its datasets."""
    if isinstance(event, DatasetEvent):
        named = [_observe_present(event.dataset, event, owned=False)]
    else:
        named = [_observe_present(each, event, owned=False) for each in event.inputs]
        named += [_observe_present(each, event, owned=True) for each in read_outputs(event)]
    return join_observations(each for found in named for each in found)


def _observe_present(
    dataset: EventDataset, event: Event, *, owned: bool
) -> list[DatasetObservations]:
    """Return what an event says about a dataset; of a dropped one no more than that it is gone."""
    at, failed = event.event_time, has_failed(event)
    life = read_life(dataset, at, is_written=owned, has_failed=failed)
    if is_dropped(dataset):
        names = list_dropped_names(dataset)
        return [DatasetObservations(dataset=each, at=at, is_gone=True, life=life) for each in names]
    job = None if isinstance(event, DatasetEvent) else event.job
    run = "" if isinstance(event, DatasetEvent) else _find_checking_run(event)
    found = _observe_dataset(dataset, at, job, owned=owned, run=run)
    renamed = DatasetMention(dataset=dataset.dataset, at=at) if life.named_at else None
    return [found.model_copy(update={"life": life, "renamed": renamed})]


def _find_checking_run(event: JobEvent) -> str:
    """Return the run that checks belong to: the one that started the event's, if any."""
    if not isinstance(event, RunEvent):
        return ""
    return facets.read_parent_run(event.run.facets) or str(event.run.run_id)


def join_observations(
    observations: Iterable[DatasetObservations],
) -> dict[DatasetName, DatasetObservations]:
    """Return what the observations of each dataset say together."""
    found: dict[DatasetName, list[DatasetObservations]] = {}
    for each in observations:
        found.setdefault(each.dataset, []).append(each)
    return {
        dataset: each[0].join_with(*each[1:]) if len(each) > 1 else each[0]
        for dataset, each in found.items()
    }


def _observe_dataset(
    dataset: EventDataset, at: Timestamp, job: EventJob | None, *, owned: bool, run: str = ""
) -> DatasetObservations:
    """Return what an event says about a dataset.

    A job owns what it writes (`owned`), unless that has an owner of its own; not what it reads.
    """
    schema = read_schema(dataset.facets)
    return DatasetObservations(
        dataset=dataset.dataset,
        at=at,
        schema_=schema.observe_types(at) if schema else None,
        owner=_observe_owner(dataset, at, job if owned else None),
        facts=read_facts(dataset.facets, schema, at),
        checks=facets.read_checks(dataset, run, at),
    )


def _observe_owner(
    dataset: EventDataset, at: Timestamp, job: EventJob | None
) -> Observation[str] | None:
    if own_owner := facets.read_owner(dataset.facets):
        return Observation(value=own_owner, at=at, rank=OWNER_OF_DATASET)
    if facets.is_deleted(dataset.facets, "ownership"):
        return Observation(value=UNOWNED, at=at, rank=OWNER_OF_DATASET)
    if job and (job_owner := facets.read_owner(job.facets)):
        return Observation(value=job_owner, at=at, rank=OWNER_OF_JOB)
    return None
