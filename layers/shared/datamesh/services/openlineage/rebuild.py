"""Lineage anew, from the events that were kept.

Events are read in bounded pages and added up as they come: what they say together does not depend
on their order, so that nothing has to be sorted or held. When time runs out before they are all
read, the sum is kept, and the next call goes on from there.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

from datamesh.models.json_codec import decode_lenient, encode_model
from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.openlineage import RunEvent
from datamesh.models.products import DatasetName
from datamesh.services.context import RequestContext
from datamesh.services.lineage.visibility import has_ends
from datamesh.services.openlineage.event_reader import read_observations, read_statement
from datamesh.services.openlineage.files import RebuildFile
from datamesh.services.openlineage.ingest import Intake, claimed, run_digest
from datamesh.services.openlineage.merge import is_derived, merge_claims
from datamesh.services.openlineage.observations import (
    DatasetObservations,
    EventTotals,
    compress_statement,
    decompress_statement,
)
from datamesh.services.openlineage.parsing import parse_event
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


class _Sum:
    """What the events that were read so far say together."""

    def __init__(self, file: RebuildFile) -> None:
        self.events = file.events
        self.before = file.before
        self.statements = dict(file.gathered.statements)
        self.facts: dict[DatasetName, DatasetObservations] = {
            each.dataset: each for each in file.gathered.facts
        }

    def add(self, body: bytes) -> None:
        event = parse_event(decode_lenient(body))
        key = run_digest(event) if isinstance(event, RunEvent) else sha256(body).hexdigest()
        says, known = read_statement(event), self.statements.get(key)
        self.statements[key] = compress_statement(
            decompress_statement(known).join_with(says) if known else says
        )
        for dataset, each in read_observations(event).items():
            earlier = self.facts.get(dataset)
            self.facts[dataset] = earlier.join_with(each) if earlier else each
        self.events += 1

    def __iter__(self) -> Iterator[Statement]:
        return map(decompress_statement, self.statements.values())

    def file(self, after: str) -> RebuildFile:
        gathered = EventTotals(statements=self.statements, facts=tuple(self.facts.values()))
        return RebuildFile(after=after, events=self.events, before=self.before, gathered=gathered)


def rebuild(
    context: RequestContext, registry: Registry, intake: Intake, in_time: Callable[[], bool]
) -> dict[str, int]:
    """Replace all derived entries by those of the kept events, and register what is missing.

    Events may come in meanwhile: entries that have changed since it began are joined, not replaced.
    Stops before a page of events for which there is no time; `finished` is 0 then. Raises
    LimitReached, and what a commit raises.
    """
    file = intake.progress.read_latest(context.deadline)
    total, after = _Sum(file), file.after
    if not after:
        total.before = _digests(registry.lineage.read_latest(context.deadline).lineage)
    for page in intake.log.iterate_pages(context.deadline, after):
        if not in_time():
            _note(context, intake, total.file(after))
            return {"finished": 0, "events": total.events}
        for body in intake.log.read_all(page, context.deadline):
            total.add(body)
        after = page[-1]
    claims, products, _ = claimed(context, registry, intake, total, total.facts)
    entries = _replace(context, registry, claims, products, total.before)
    _note(context, intake, RebuildFile())
    return {"finished": 1, "events": total.events, "derived_entries": entries}


def _note(context: RequestContext, intake: Intake, progress: RebuildFile) -> None:
    def change(file: RebuildFile) -> tuple[RebuildFile, None]:
        content = {
            "after": progress.after,
            "events": progress.events,
            "before": progress.before,
            "gathered": progress.gathered,
        }
        return file.model_copy(update=content), None

    intake.progress.commit(change, context.deadline)


def _replace(
    context: RequestContext,
    registry: Registry,
    claims: list[StoredLineageEntry],
    products: ProductsFile,
    before: Mapping[str, str],
) -> int:
    """Entries registered by hand stay as they are, and those that came since join in."""

    def change(file: LineageFile) -> tuple[LineageFile, int]:
        now = _digests(file.lineage)
        kept = [
            entry
            for entry in file.lineage
            if not is_derived(entry) or now[entry.id] != before.get(entry.id)
        ]
        entries = merge_claims(kept, claims, products, registry.max_lineage_entries)
        count = sum(map(is_derived, entries))
        alive = all(has_ends(entry, products) for entry in file.lineage if is_derived(entry))
        if alive and _digests(entries) == now:
            return file, count
        return file.model_copy(update={"lineage": entries}), count

    return context.commit_derived(registry.lineage, change)


def _digests(entries: list[LineageRecord]) -> dict[str, str]:
    """Of derived entries, whenever their ends were seen: id -> digest."""
    return {entry.id: _digest(entry.to_model()) for entry in entries if is_derived(entry)}


def _digest(entry: StoredLineageEntry) -> str:
    content = encode_model(entry, exclude={"products_revision"})
    return sha256(content).hexdigest()
