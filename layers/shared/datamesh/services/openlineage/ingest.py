"""Ingestion of events: store them, join them by run, derive products and lineage.

In this order, and each step may be repeated: an event that is sent again finds what an earlier try
has left, and does the rest. So an unknown outcome needs no more than another try.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from datamesh.errors.storage import Contended, DerivationUnfinished
from datamesh.models.jobs import JobHistory
from datamesh.models.lifecycle import NO_LIFE
from datamesh.models.lineage import Evidence, StoredLineageEntry
from datamesh.models.openlineage import RunEvent
from datamesh.models.products import DatasetName
from datamesh.models.stored_products import NamespaceMention
from datamesh.services.context import RequestContext
from datamesh.services.jobs.recording import (
    OpenJob,
    find_new_jobs,
    group_histories,
    index_jobs,
    store_job,
)
from datamesh.services.lineage.joining import reduce_claims
from datamesh.services.lineage.renames import follow_renames, get_adjacency
from datamesh.services.openlineage.claims import (
    DEFAULT_CONFIDENCE,
    ClaimDeriver,
    check_statement_size,
)
from datamesh.services.openlineage.event_reader import (
    check_event_size,
    join_observations,
    read_observations,
    read_statement,
)
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.files import DerivedFile, RebuildFile, RunFile
from datamesh.services.openlineage.job_reader import read_job_history
from datamesh.services.openlineage.keeping import StoredEvent, keep_events, list_audited
from datamesh.services.openlineage.lives import (
    LifeStore,
    OpenLife,
    find_noted_products,
    note_dropped,
    store_lives,
    update_lives,
)
from datamesh.services.openlineage.merge import merge_claims
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.parsing import ReceivedEvent
from datamesh.services.openlineage.product_domain import EventPolicy
from datamesh.services.openlineage.product_resolver import ResolvedProducts, resolve_products
from datamesh.services.openlineage.runs import compute_run_path, join_by_job, resolve_renames
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from datamesh.storage.event_log import EventLog
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.parallel import map_in_parallel

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventPipeline:
    """The path of events: where they are stored, and how products and lineage are derived."""

    log: EventLog
    open_run: Callable[[str], Document[RunFile]]
    """Path of a run -> the document of what its events have said."""
    open_job: OpenJob
    open_life: OpenLife
    progress: Document[RebuildFile]
    """How far a rebuild that ran out of time has come."""
    derived: Document[DerivedFile]
    """When the latest group of events was derived."""
    policy: EventPolicy = field(default_factory=EventPolicy)
    confidence: Mapping[Evidence, float] = field(default_factory=lambda: DEFAULT_CONFIDENCE)
    is_repeated: bool = False
    """True if an earlier try with the same events may have ended in the middle."""


@dataclass(frozen=True)
class IngestionResult:
    """The outcome of ingested events."""

    skipped: Sequence[DatasetName] = ()
    """Datasets that are no product and were not registered."""
    skipped_parts: Sequence[str] = ()
    """Where the bad parts of the events stand, which were not read."""


def ingest_events(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    events: Sequence[ReceivedEvent],
) -> IngestionResult:
    """Store events, and derive products and lineage from them and from earlier ones of their runs.

    Raises OversizedEvent before anything is stored. Raises LimitReached and DerivationUnfinished
    when the events are stored already: sending them again, or a rebuild, then derives what is
    missing. Raises StorageUnavailable and OutcomeUnknown.
    """
    for each in events:
        check_event_size(each.event, registry.max_lineage_entries)
    kept = keep_events(context, pipeline.log, events)
    if context.audit:
        context.audit.note_events(list_audited(kept))
    return derive_events(context, registry, pipeline, kept)


def derive_events(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    kept: Sequence[StoredEvent],
) -> IngestionResult:
    """Derive products and lineage from kept events, and from earlier ones of their runs.

    However many they are: one commit at most of each run, each job, the index of jobs, the products
    and the lineage. Each step may be repeated. Raises OversizedEvent before anything is written,
    LimitReached, DerivationUnfinished, StorageUnavailable and OutcomeUnknown.
    """
    events = [each.received for each in kept]
    for received in events:
        check_event_size(received.event, registry.max_lineage_entries)
    observations = join_observations(
        each for event in events for each in read_observations(event.event).values()
    )
    try:
        statements = _join_run_statements(context, pipeline, events)
        histories = (read_job_history(each.event, each.digest) for each in events)
        store_histories(context, registry, pipeline, filter(None, histories))
        store_lives(context, pipeline.open_life, observations)
        result = derive_lineage(context, registry, pipeline, statements, observations)
    except Contended as error:
        raise DerivationUnfinished from error
    return replace(result, skipped_parts=tuple(part for each in events for part in each.skipped))


def _join_run_statements(
    context: RequestContext, pipeline: EventPipeline, events: Sequence[ReceivedEvent]
) -> list[Statement]:
    """Return what the runs of the events have said so far, and what events of no run say."""
    runs: dict[str, list[Statement]] = {}
    started: set[str] = set()
    others = []
    for received in events:
        statement = read_statement(received.event)
        if isinstance(received.event, RunEvent):
            path = compute_run_path(received.event)
            runs.setdefault(path, []).append(statement)
            if received.event.event_type == "START" and not pipeline.is_repeated:
                started.add(path)
        else:
            others.append(statement)
    joined = map_in_parallel(
        lambda run: _add_statements(
            context, pipeline.open_run(run[0]), run[1], is_new=run[0] in started
        ),
        list(runs.items()),
    )
    return [statement for run in joined for statement in run] + others


def store_histories(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    histories: Iterable[JobHistory],
    *,
    rebuilds: bool = False,
) -> None:
    """Record what events say of jobs and of their runs. Raises what a commit raises."""
    told = group_histories(histories)
    is_first = not (rebuilds or pipeline.is_repeated)
    new = find_new_jobs(context, registry, told) if is_first else ()
    recorded = map_in_parallel(
        lambda job: store_job(context, pipeline.open_job(job[0]), job[1], is_new=job[0] in new),
        list(told.items()),
    )
    index_jobs(context, registry, recorded, rebuilds=rebuilds)


def _add_statements(
    context: RequestContext,
    run: Document[RunFile],
    statements: Sequence[Statement],
    *,
    is_new: bool,
) -> list[Statement]:
    """Join statements with what the run has said before, and return all that it says, by job.

    `is_new` says that it has probably said nothing.
    """
    new = join_by_job(*statements)

    def change(file: RunFile) -> tuple[RunFile, list[Statement]]:
        both = join_by_job(*file.statements, *new)
        kept = {each.jobs for each in both}
        said = resolve_renames([*both, *(each for each in new if each.jobs not in kept)])
        if both == file.statements:
            return file, said
        return file.model_copy(update={"statements": both}), said

    return (run.commit_to_new if is_new else run.commit)(change, context.deadline)


def derive_lineage(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    statements: Sequence[Statement],
    observations: Mapping[DatasetName, DatasetObservations],
) -> IngestionResult:
    """Derive products, then lineage: one commit each, and none for what changes nothing.

    Raises what `resolve_claims` and a commit raise.
    """
    claims, products, skipped = resolve_claims(
        context, registry, pipeline, statements, observations
    )

    def change(file: LineageFile) -> tuple[LineageFile, None]:
        into = get_adjacency(registry, file, products)
        before = follow_renames(file, products, into)
        if before is not file:
            into = get_adjacency(registry, before, products)
        limit = registry.max_lineage_entries
        entries = merge_claims(before.lineage, claims, products, limit, into)
        if entries is file.lineage:
            return file, None
        return file.model_copy(update={"lineage": entries}), None

    # What was renamed is stored under its name of now before the name is another product's.
    if claims or products.renamed:
        context.commit_derived(registry.lineage, change)
    return IngestionResult(skipped)


def resolve_claims(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    statements: Iterable[Statement],
    observations: Mapping[DatasetName, DatasetObservations],
) -> tuple[list[StoredLineageEntry], ProductsFile, list[DatasetName]]:
    """Commit the products, and return the claims between them and the datasets that are none.

    The products are as of that commit. Iterates over `statements` several times. Raises
    LimitReached if a statement has more pairs of datasets than there may be entries, or if there
    would be too many products.
    """
    for each in statements:
        check_statement_size(each, registry.max_lineage_entries)
    observations = join_observations([*observations.values(), *_observe_mentions(statements)])
    resolved, products = _commit_products(
        context, registry, pipeline.policy, statements, observations
    )
    resolution = resolved.resolution
    _update_lives(context, registry, pipeline, resolved, observations)
    deriver = ClaimDeriver(products, resolution, pipeline.confidence)
    claims = reduce_claims(claim for each in statements for claim in deriver.derive_claims(each))
    skipped = [
        dataset
        for dataset, each in observations.items()
        if dataset not in resolution and not each.is_gone
    ]
    if skipped:
        first = min(skipped, key=get_name_key)
        logger.warning(
            "%s datasets are no product, such as '%s' of '%s'",
            len(skipped),
            first.name,
            first.namespace,
        )
    return claims, products, skipped


def _observe_mentions(statements: Iterable[Statement]) -> Iterator[DatasetObservations]:
    """Observe the jobs of datasets, and datasets that only a facet or another event names."""
    for each in statements:
        namespace = each.jobs[0].namespace if each.jobs else None
        for (dataset, is_written), at in each.find_first_mentions().items():
            job = NamespaceMention(namespace=namespace, at=at) if namespace else None
            yield DatasetObservations(
                dataset=dataset,
                at=at,
                writer=job if is_written else None,
                reader=None if is_written else job,
            )


def _commit_products(
    context: RequestContext,
    registry: Registry,
    policy: EventPolicy,
    statements: Iterable[Statement],
    observations: Mapping[DatasetName, DatasetObservations],
) -> tuple[ResolvedProducts, ProductsFile]:
    """Return the product of each dataset, and the products as they are after the commit."""
    now = context.choose_registration_time(registry.now)
    symlinks = [symlink for each in statements for symlink in each.symlinks]

    def change(file: ProductsFile) -> tuple[ProductsFile, tuple[ResolvedProducts, ProductsFile]]:
        resolved = resolve_products(
            *(file, observations, symlinks, policy, registry.max_products, now),
            registry.dataset_names.open_index(file),
            lambda: registry.wanted_names.open_index(file),
        )
        if resolved.file is file:
            return file, (resolved, file)
        committed = resolved.file.model_copy(update={"revision": file.revision + 1})
        return resolved.file, (resolved, committed)

    return context.commit_derived(registry.products, change)


def _update_lives(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    resolved: ResolvedProducts,
    observations: Mapping[DatasetName, DatasetObservations],
) -> None:
    """Commit whether products are dropped, as far as events may have changed that."""
    doubts = dict(resolved.doubts)
    gone = [
        dataset
        for dataset, each in observations.items()
        if each.life.dropped_at and dataset not in resolved.resolution
    ]
    if note_dropped(context, registry, gone):
        file = registry.products.read_latest(context.deadline)
        names = registry.dataset_names.open_index(file)
        found = [product for dataset in gone if (product := names.find_product(dataset))]
        doubts |= dict.fromkeys(found, NO_LIFE)
    for product in find_noted_products(context, registry, resolved.gained):
        doubts.setdefault(product, NO_LIFE)
    if pipeline.is_repeated:
        # An earlier try may have committed what shows, and not have looked again.
        for dataset, product in resolved.resolution.items():
            life = observations[dataset].life if dataset in observations else NO_LIFE
            doubts[product] = doubts.get(product, NO_LIFE).join_with(life)
    update_lives(context, registry, LifeStore(pipeline.open_life, pipeline.open_job), doubts)
