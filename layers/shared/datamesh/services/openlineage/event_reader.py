"""What an event says: a statement about lineage, and facts about its datasets."""

from collections.abc import Iterable, Mapping

from datamesh.models.lineage import Job
from datamesh.models.openlineage import (
    DatasetEvent,
    Event,
    EventDataset,
    EventJob,
    JobEvent,
    RunEvent,
)
from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp
from datamesh.services.openlineage import facets
from datamesh.services.openlineage.lineage_facets import (
    column_flows,
    describes_itself,
    describes_lineage,
    lineage_flows,
    lineage_targets,
)
from datamesh.services.openlineage.observations import Facts, Told
from datamesh.services.openlineage.statements import (
    MAX_DATASETS,
    MAX_FLOWS,
    MAX_SYMLINKS,
    Mention,
    Statement,
    Symlink,
    gathered,
)

OWNER_OF_JOB, OWNER_OF_DATASET = 1, 2


def statement(event: Event) -> Statement:
    if isinstance(event, DatasetEvent):
        return _of_dataset(event.dataset, event.event_time)
    at, outputs = event.event_time, _outputs(event)
    says = Statement(
        jobs=(Job(namespace=event.job.namespace, name=event.job.name),),
        inputs=_mentions(event.inputs, at),
        outputs=_mentions(outputs, at),
        symlinks=_symlinks([*event.inputs, *outputs]),
    )
    for output in outputs:
        says = says.joined(_of_dataset(output, at))
    runs = [event.run.facets] if isinstance(event, RunEvent) else []
    for told in (event.job.facets, *runs):
        says = says.joined(_of_job(told, at))
    return says


def _outputs(event: JobEvent) -> list[EventDataset]:
    """None of a test: dbt names a table for the failures of each, whether there is one or not."""
    kind = facets.text(facets.mapping(event.job.facets.get("jobType")).get("jobType"))
    return [] if kind.upper() == "TEST" else event.outputs


def _of_dataset(dataset: EventDataset, at: Timestamp) -> Statement:
    """What the facets of a dataset say of where it comes from."""
    target = dataset.dataset
    flows = column_flows(dataset.facets, target, at)
    described = describes_itself(dataset.facets)
    if described:
        flows += lineage_flows(facets.mapping(dataset.facets["lineage"]), target, at)
    return Statement(
        flows=gathered(MAX_FLOWS, flows),
        described=(Mention(dataset=target, at=at),) if described else (),
        symlinks=_symlinks([dataset]),
    )


def _of_job(told: Mapping[str, object], at: Timestamp) -> Statement:
    """What the `lineage` facet of a job, or a run, says."""
    targets = lineage_targets(told)
    flows = [flow for target, entry in targets for flow in lineage_flows(entry, target, at)]
    return Statement(
        flows=gathered(MAX_FLOWS, flows),
        described=gathered(MAX_DATASETS, (Mention(dataset=target, at=at) for target, _ in targets)),
        explicit_at=at if describes_lineage(told) else None,
    )


def _mentions(datasets: Iterable[EventDataset], at: Timestamp) -> tuple[Mention, ...]:
    return gathered(MAX_DATASETS, (Mention(dataset=each.dataset, at=at) for each in datasets))


def _symlinks(datasets: Iterable[EventDataset]) -> tuple[Symlink, ...]:
    return gathered(
        MAX_SYMLINKS,
        (
            Symlink(dataset=each.dataset, other=other)
            for each in datasets
            for other in facets.symlinks(each)
        ),
    )


def facts(event: Event) -> dict[DatasetName, Facts]:
    """Of each dataset that an event shows."""
    if isinstance(event, DatasetEvent):
        found = [_facts(event.dataset, event.event_time, None, owned=False)]
    else:
        at, run = event.event_time, _checking_run(event)
        found = [_facts(each, at, event.job, owned=False, run=run) for each in event.inputs]
        found += [_facts(each, at, event.job, owned=True, run=run) for each in _outputs(event)]
    return joined_facts(found)


def _checking_run(event: JobEvent) -> str:
    """The run that checks of datasets belong to: the one that started the event's, if any."""
    if not isinstance(event, RunEvent):
        return ""
    return facets.parent_run(event.run.facets) or str(event.run.run_id)


def joined_facts(found: Iterable[Facts]) -> dict[DatasetName, Facts]:
    joined: dict[DatasetName, Facts] = {}
    for each in found:
        known = joined.get(each.dataset)
        joined[each.dataset] = known.joined(each) if known else each
    return joined


def _facts(
    dataset: EventDataset, at: Timestamp, job: EventJob | None, *, owned: bool, run: str = ""
) -> Facts:
    """A job owns what it writes, unless that has an owner of its own; not what it reads."""
    fields = facets.schema(dataset.facets)
    return Facts(
        dataset=dataset.dataset,
        job_namespace=job.namespace if job else "",
        at=at,
        schema_=None if fields is None else Told(value=fields, at=at),
        owner=_owner(dataset, at, job if owned else None),
        checks=facets.checks(dataset, run, at),
    )


def _owner(dataset: EventDataset, at: Timestamp, job: EventJob | None) -> Told[str] | None:
    if own := facets.owner(dataset.facets):
        return Told(value=own, at=at, rank=OWNER_OF_DATASET)
    if job and (of_job := facets.owner(job.facets)):
        return Told(value=of_job, at=at, rank=OWNER_OF_JOB)
    return None
