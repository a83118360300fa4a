"""Rebuild of all derived lineage from the stored events.

Events are read in bounded pages and joined as they come: what they say together does not depend on
their order, so that nothing has to be sorted or held. When time runs out before they are all read,
the totals are stored, and the next call goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby

from datamesh.models.json_codec import encode_model
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.openlineage import Event, RunEvent
from datamesh.models.products import DatasetName
from datamesh.services.context import RequestContext
from datamesh.services.lineage.joining import is_derived
from datamesh.services.lineage.renames import rename_entries
from datamesh.services.lineage.visibility import has_ends
from datamesh.services.openlineage.event_reader import read_observations, read_statement
from datamesh.services.openlineage.files import RebuildFile
from datamesh.services.openlineage.ingest import EventPipeline, resolve_claims, store_histories
from datamesh.services.openlineage.job_reader import read_job_history
from datamesh.services.openlineage.lives import store_lives
from datamesh.services.openlineage.merge import merge_claims
from datamesh.services.openlineage.observations import (
    DatasetObservations,
    EventTotals,
    compress_statement,
    decompress_statement,
)
from datamesh.services.openlineage.parsing import decode_kept_event, parse_event, read_digest
from datamesh.services.openlineage.runs import (
    compute_job_digest,
    compute_run_digest,
    resolve_renames,
)
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


class _EventAccumulator:
    """The totals of the events that were read so far."""

    def __init__(self, file: RebuildFile) -> None:
        self.events = file.events
        self.before = file.before
        self.statements = dict(file.gathered.statements)
        self.observations: dict[DatasetName, DatasetObservations] = {
            each.dataset: each for each in file.gathered.facts
        }

    def add_event(self, body: bytes) -> Event:
        """Join a stored event with the totals, and return it."""
        event = parse_event(decode_kept_event(body))
        key = _compute_key(event, body)
        statement, known = read_statement(event), self.statements.get(key)
        self.statements[key] = compress_statement(
            decompress_statement(known).join_with(statement) if known else statement
        )
        for dataset, each in read_observations(event).items():
            earlier = self.observations.get(dataset)
            self.observations[dataset] = earlier.join_with(each) if earlier else each
        self.events += 1
        return event

    def __iter__(self) -> Iterator[Statement]:
        for _, keys in groupby(sorted(self.statements), key=_get_run):
            yield from resolve_renames(decompress_statement(self.statements[key]) for key in keys)

    def build_file(self, after: str) -> RebuildFile:
        """Return what is stored when time runs out after the event `after`."""
        gathered = EventTotals(statements=self.statements, facts=tuple(self.observations.values()))
        return RebuildFile(after=after, events=self.events, before=self.before, gathered=gathered)


def rebuild_derived_lineage(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    in_time: Callable[[], bool],
    *,
    events_expire: bool = False,
) -> dict[str, int]:
    """Replace all derived entries by those of the kept events, and register what is missing.

    Where events expire, no entry is removed, for nobody can tell whether one that is gone has told
    it. The result then has `may_remove` as 0.

    Events may come in meanwhile: entries that have changed since it began are joined, not replaced.
    It stops before a page of events for which there is no time (`in_time`), and returns `finished`
    as 0. Raises LimitReached, and what a commit raises.
    """
    file = pipeline.progress.read_latest(context.deadline)
    totals, after = _EventAccumulator(file), file.after
    if not after:
        totals.before = _compute_digests(registry.lineage.read_latest(context.deadline).lineage)
    for page in pipeline.log.iterate_pages(context.deadline, after):
        if not in_time():
            _store_progress(context, pipeline, totals.build_file(after))
            return {"finished": 0, "events": totals.events}
        histories = []
        for name, body in zip(page, pipeline.log.read_all(page, context.deadline), strict=True):
            event = totals.add_event(body)
            if history := read_job_history(event, read_digest(name)):
                histories.append(history)
        store_histories(context, registry, pipeline, histories, rebuilds=True)
        after = page[-1]
    store_lives(context, pipeline.open_life, totals.observations)
    claims, products, _ = resolve_claims(context, registry, pipeline, totals, totals.observations)
    before = {} if events_expire else totals.before
    entries = _replace_derived(context, registry, claims, products, before)
    _store_progress(context, pipeline, RebuildFile())
    result = {"finished": 1, "events": totals.events, "derived_entries": entries}
    return result | ({"may_remove": 0} if events_expire else {})


def _compute_key(event: Event, body: bytes) -> str:
    """Return what the totals keep a statement under: its run and its job, or its own digest."""
    if isinstance(event, RunEvent):
        return f"{compute_run_digest(event)}/{compute_job_digest(event)}"
    return sha256(body).hexdigest()


def _get_run(key: str) -> str:
    return key.partition("/")[0]


def _store_progress(
    context: RequestContext, pipeline: EventPipeline, progress: RebuildFile
) -> None:
    def change(file: RebuildFile) -> tuple[RebuildFile, None]:
        content = {
            "after": progress.after,
            "events": progress.events,
            "before": progress.before,
            "gathered": progress.gathered,
        }
        return file.model_copy(update=content), None

    pipeline.progress.commit(change, context.deadline)


def _replace_derived(
    context: RequestContext,
    registry: Registry,
    claims: list[StoredLineageEntry],
    products: ProductsFile,
    before: Mapping[str, str],
) -> int:
    """Replace the derived entries that were there before, and return how many there are now.

    Entries that were registered by hand stay as they are, and those that came since join in.
    """

    def change(file: LineageFile) -> tuple[LineageFile, int]:
        now = _compute_digests(file.lineage)
        kept = [
            entry
            for entry in file.lineage
            if not is_derived(entry) or now[entry.id] != before.get(entry.id)
        ]
        kept = rename_entries(kept, products)
        entries = merge_claims(kept, claims, products, registry.max_lineage_entries)
        count = sum(map(is_derived, entries))
        alive = all(has_ends(entry, products) for entry in file.lineage if is_derived(entry))
        if alive and _compute_digests(entries) == now:
            return file, count
        return file.model_copy(update={"lineage": entries}), count

    return context.commit_derived(registry.lineage, change)


def _compute_digests(entries: list[LineageRecord]) -> dict[str, str]:
    """Return id -> digest of the derived entries, whenever their ends were seen."""
    return {entry.id: _compute_digest(entry.to_model()) for entry in entries if is_derived(entry)}


def _compute_digest(entry: StoredLineageEntry) -> str:
    content = encode_model(entry, exclude={"products_revision"})
    return sha256(content).hexdigest()
