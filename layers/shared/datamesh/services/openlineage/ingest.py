"""Events in: keep them, add them up by run, derive products and lineage.

In this order, and each step may be repeated: an event that is sent again finds what an earlier try
has left, and does the rest. So an unknown outcome needs no more than another try.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from datamesh.errors import Contended, DerivationUnfinished
from datamesh.models.lineage import Evidence, StoredLineageEntry
from datamesh.models.openlineage import RunEvent
from datamesh.models.products import DatasetName
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.claims import (
    DEFAULT_CONFIDENCE,
    ClaimDeriver,
    check_statement_size,
)
from datamesh.services.openlineage.event_reader import (
    join_observations,
    read_observations,
    read_statement,
)
from datamesh.services.openlineage.facets import get_name_key
from datamesh.services.openlineage.files import RebuildFile, RunFile
from datamesh.services.openlineage.merge import merge_claims, reduce_claims
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.openlineage.parsing import ReceivedEvent
from datamesh.services.openlineage.product_resolver import EventPolicy, Resolution, resolve_products
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from datamesh.storage.event_log import EventLog
from datamesh.storage.files import LineageFile, ProductsFile

WRITERS = 8
"""Objects of a batch that are written at the same time: the client holds ten connections."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Intake:
    """Where events go, and what is made of them."""

    log: EventLog
    run: Callable[[str], Document[RunFile]]
    """Digest of a run's id -> what its events have said."""
    progress: Document[RebuildFile]
    policy: EventPolicy = field(default_factory=EventPolicy)
    confidence: Mapping[Evidence, float] = field(default_factory=lambda: DEFAULT_CONFIDENCE)


@dataclass(frozen=True)
class Ingested:
    skipped: Sequence[DatasetName] = ()
    """Datasets that are no product, and were not registered."""


def ingest(
    context: RequestContext, registry: Registry, intake: Intake, events: Sequence[ReceivedEvent]
) -> Ingested:
    """Raises LimitReached and DerivationUnfinished, when the events are kept, so that sending them
    again, or a rebuild, derives what is missing; StorageUnavailable and OutcomeUnknown."""
    _at_once(lambda event: intake.log.store_event(event.name, event.body, context.deadline), events)
    known = join_observations(
        each for event in events for each in read_observations(event.event).values()
    )
    try:
        return derive(context, registry, intake, _accumulated(context, intake, events), known)
    except Contended as error:
        raise DerivationUnfinished from error


def _accumulated(
    context: RequestContext, intake: Intake, events: Sequence[ReceivedEvent]
) -> list[Statement]:
    """What the runs of the events have said so far, and the events that are of no run."""
    runs: dict[str, Statement] = {}
    others = []
    for received in events:
        says = read_statement(received.event)
        if isinstance(received.event, RunEvent):
            digest = run_digest(received.event)
            runs[digest] = runs[digest].join_with(says) if digest in runs else says
        else:
            others.append(says)
    return (
        _at_once(lambda run: _added(context, intake.run(run[0]), run[1]), list(runs.items()))
        + others
    )


def _at_once[A, B](work: Callable[[A], B], items: Sequence[A]) -> list[B]:
    """Each on objects of its own, and nearly all of it is waiting for them."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(work, items))


def run_digest(event: RunEvent) -> str:
    return sha256(str(event.run.run_id).encode()).hexdigest()[:32]


def _added(context: RequestContext, run: Document[RunFile], says: Statement) -> Statement:
    def change(file: RunFile) -> tuple[RunFile, Statement]:
        both = file.statement.join_with(says)
        if both == file.statement:
            return file, both
        return file.model_copy(update={"statement": both}), both

    return run.commit(change, context.deadline)


def derive(
    context: RequestContext,
    registry: Registry,
    intake: Intake,
    said: Sequence[Statement],
    known: Mapping[DatasetName, DatasetObservations],
) -> Ingested:
    """Products, then lineage: one commit each, none for what changes nothing."""
    claims, products, skipped = claimed(context, registry, intake, said, known)

    def change(file: LineageFile) -> tuple[LineageFile, None]:
        entries = merge_claims(file.lineage, claims, products, registry.max_lineage_entries)
        if entries is file.lineage:
            return file, None
        return file.model_copy(update={"lineage": entries}), None

    if claims:
        context.commit_derived(registry.lineage, change)
    return Ingested(skipped)


def claimed(
    context: RequestContext,
    registry: Registry,
    intake: Intake,
    said: Iterable[Statement],
    known: Mapping[DatasetName, DatasetObservations],
) -> tuple[list[StoredLineageEntry], ProductsFile, list[DatasetName]]:
    """Commit the products; what is claimed between them, and which datasets are none.

    Goes through `said` several times.
    """
    for each in said:
        check_statement_size(each, registry.max_lineage_entries)
    known = {**_bare_facts(said), **known}
    resolution, products = _commit_products(context, registry, intake.policy, said, known)
    derivation = ClaimDeriver(products, resolution, intake.confidence)
    claims = reduce_claims(claim for each in said for claim in derivation.derive_claims(each))
    skipped = [dataset for dataset in known if dataset not in resolution]
    if skipped:
        first = min(skipped, key=get_name_key)
        logger.warning(
            "%s datasets are no product, such as '%s' of '%s'",
            len(skipped),
            first.name,
            first.namespace,
        )
    return claims, products, skipped


def _bare_facts(said: Iterable[Statement]) -> dict[DatasetName, DatasetObservations]:
    """Of the datasets that only a facet names, or only an earlier event of the run."""
    return join_observations(
        DatasetObservations(
            dataset=dataset, job_namespace=each.jobs[0].namespace if each.jobs else "", at=at
        )
        for each in said
        for dataset, at in each.find_first_mentions().items()
    )


def _commit_products(
    context: RequestContext,
    registry: Registry,
    policy: EventPolicy,
    said: Iterable[Statement],
    known: Mapping[DatasetName, DatasetObservations],
) -> tuple[Resolution, ProductsFile]:
    """Which product each dataset is, and the products as they are with these."""
    now = context.choose_registration_time(registry.now)
    symlinks = [symlink for each in said for symlink in each.symlinks]

    def change(file: ProductsFile) -> tuple[ProductsFile, tuple[Resolution, ProductsFile]]:
        after, resolution = resolve_products(
            file, known, symlinks, policy, registry.max_products, now
        )
        if after is file:
            return file, (resolution, file)
        seen = after.model_copy(update={"revision": file.revision + 1})
        return after, (resolution, seen)

    return context.commit_derived(registry.products, change)
