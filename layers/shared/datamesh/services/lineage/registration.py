"""Register and follow lineage; which entries are visible, and which are garbage.

Products and lineage are two objects, and S3 has no commit across two. Products are the authority:
an entry is visible only while both its ends are registered and neither is younger than the entry.
Age is told in revisions of `products.json`, a clock that neither skews nor repeats
(docs/adr/0003-lineage-visibility.md).
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from pydantic import JsonValue

from datamesh.errors import (
    LimitReached,
    LineageNotFound,
    UnknownLineageEnds,
)
from datamesh.models.bulk import BulkReport
from datamesh.models.graph import RemovedLineage
from datamesh.models.lineage import (
    LineageEntry,
    LineageRegistration,
    StoredLineageEntry,
)
from datamesh.services.context import RequestContext
from datamesh.services.lineage.visibility import is_garbage, is_visible
from datamesh.services.registry import bulk
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


def register_lineage(
    context: RequestContext, registry: Registry, registration: LineageRegistration
) -> LineageEntry:
    """Raises UnknownLineageEnds, LimitReached, and what a commit raises."""
    products = registry.products.read_latest(context.deadline)
    now, ids = context.choose_registration_time(registry.now), _ids(context)

    def change(file: LineageFile) -> tuple[LineageFile, LineageEntry]:
        admission = _Admission(file, products, registry.max_lineage_entries, now, ids)
        entry = admission.admit(registration)
        return admission.file(), entry

    def recall(file: LineageFile) -> LineageEntry:
        return LineageEntry(id=ids(0), **dict(registration), timestamp=now)

    return context.commit_audited(registry.lineage, change, recall)


def register_lineage_entries(
    context: RequestContext, registry: Registry, items: Sequence[JsonValue], *, partial: bool
) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are good.

    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """
    products = registry.products.read_latest(context.deadline)
    now, ids = context.choose_registration_time(registry.now), _ids(context)

    def before(file: LineageFile) -> LineageFile:
        others = [entry for entry in file.lineage if entry.timestamp != now]
        return file.model_copy(update={"lineage": others})

    return bulk.register(
        context,
        registry.lineage,
        bulk.parsed(LineageRegistration, items),
        lambda file: _Admission(file, products, registry.max_lineage_entries, now, ids),
        before,
        partial=partial,
    )


type Ids = Callable[[int], str]
"""Place of an entry among those of one write -> its id."""


def _ids(context: RequestContext) -> Ids:
    """The same at each try of the write."""
    tried = context.attempt
    seed = f"{tried.id} {tried.first_at.isoformat()}" if tried else secrets.token_hex(16)
    return lambda place: sha256(f"{seed} {place}".encode()).hexdigest()[:16]


class _Admission:
    """Entries that are about to join those of a file, their ends seen in `products`."""

    def __init__(
        self, file: LineageFile, products: ProductsFile, limit: int, now: datetime, ids: Ids
    ) -> None:
        self._file = file
        self._products = products
        self._limit = limit
        self._now = now
        self._ids = ids
        self._admitted = 0
        self._entries = [*file.lineage]
        self._pruned = False

    def admit(self, registration: LineageRegistration) -> StoredLineageEntry:
        ends = dict.fromkeys((registration.source, registration.target))
        if unknown := [name for name in ends if name not in self._products.products]:
            raise UnknownLineageEnds(unknown)
        if len(self._entries) >= self._limit and not self._pruned:
            self._prune()
        if len(self._entries) >= self._limit:
            raise LimitReached("MAX_LINEAGE_ENTRIES", self._limit)
        entry = StoredLineageEntry(
            id=self._ids(self._admitted),
            **dict(registration),
            timestamp=self._now,
            products_revision=self._products.revision,
        )
        self._entries.append(LineageRecord.from_model(entry))
        self._admitted += 1
        return entry

    def _prune(self) -> None:
        self._pruned = True
        self._entries = [kept for kept in self._entries if not is_garbage(kept, self._products)]

    def file(self) -> LineageFile:
        return self._file.model_copy(update={"lineage": self._entries})


def remove_lineage(
    context: RequestContext,
    registry: Registry,
    source: str,
    target: str,
    transformation: str | None = None,
) -> RemovedLineage:
    """Remove the visible entries between two products, those of one transformation if given.

    Raises LineageNotFound if there is none, and what a commit raises.
    """
    products = registry.products.read_latest(context.deadline)

    def matches(entry: LineageRecord) -> bool:
        return (
            (entry.source, entry.target) == (source, target)
            and is_visible(entry, products)
            and (transformation is None or entry.to_model().transformation == transformation)
        )

    def change(file: LineageFile) -> tuple[LineageFile, RemovedLineage]:
        ids = [entry.id for entry in file.lineage if matches(entry)]
        if not ids:
            raise LineageNotFound(source, target)
        kept = [entry for entry in file.lineage if not matches(entry)]
        return file.model_copy(update={"lineage": kept}), {"removed": len(ids), "ids": ids}

    return context.commit_audited(registry.lineage, change)


def prune_lineage(context: RequestContext, registry: Registry, *, naming: str | None = None) -> int:
    """Remove garbage; count what was removed, or only those entries that name `naming`."""
    products = registry.products.read_latest(context.deadline)

    def change(file: LineageFile) -> tuple[LineageFile, int]:
        garbage = [entry for entry in file.lineage if is_garbage(entry, products)]
        counted = sum(naming in (None, entry.source, entry.target) for entry in garbage)
        if not garbage:
            return file, 0
        kept = [entry for entry in file.lineage if not is_garbage(entry, products)]
        return file.model_copy(update={"lineage": kept}), counted

    return context.commit_audited(registry.lineage, change)
