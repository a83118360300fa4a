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
    ProductNotFound,
    UnknownLineageEnds,
)
from datamesh.models.bulk import BulkReport
from datamesh.models.graph import RemovedLineage, Way
from datamesh.models.lineage import (
    LineageEntry,
    LineageRegistration,
    LineageType,
    StoredLineageEntry,
)
from datamesh.services import bulk
from datamesh.services.registry import Page, Registry, page
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.rows import LineageRow


def register(registry: Registry, registration: LineageRegistration) -> LineageEntry:
    """Raises UnknownLineageEnds, LimitReached, and what a commit raises."""
    products = registry.products.read_latest()
    now, ids = registry.registered_at(), _ids(registry)

    def change(file: LineageFile) -> tuple[LineageFile, LineageEntry]:
        admission = _Admission(file, products, registry.max_lineage_entries, now, ids)
        entry = admission.admit(registration)
        return admission.file(), entry

    def recall(file: LineageFile) -> LineageEntry:
        return LineageEntry(id=ids(0), **dict(registration), timestamp=now)

    return registry.lineage.commit(change, registry.lineage_key(), recall)


def register_many(registry: Registry, items: Sequence[JsonValue], *, partial: bool) -> BulkReport:
    """Register all items in one commit or, if `partial`, those that are good.

    Raises BulkRefused and LimitReached unless `partial`, and what a commit raises.
    """
    products = registry.products.read_latest()
    now, ids = registry.registered_at(), _ids(registry)

    def before(file: LineageFile) -> LineageFile:
        others = [entry for entry in file.lineage if entry.timestamp != now]
        return file.model_copy(update={"lineage": others})

    return bulk.register(
        registry.lineage,
        registry.lineage_key(),
        bulk.parsed(LineageRegistration, items),
        lambda file: _Admission(file, products, registry.max_lineage_entries, now, ids),
        before,
        partial=partial,
    )


type Ids = Callable[[int], str]
"""Place of an entry among those of one write -> its id."""


def _ids(registry: Registry) -> Ids:
    """The same at each try of the write."""
    tried = registry.attempt
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
        self._entries.append(LineageRow.of(entry))
        self._admitted += 1
        return entry

    def _prune(self) -> None:
        self._pruned = True
        self._entries = [kept for kept in self._entries if not is_garbage(kept, self._products)]

    def file(self) -> LineageFile:
        return self._file.model_copy(update={"lineage": self._entries})


def visible_entries(registry: Registry) -> list[LineageRow]:
    """Every visible entry, oldest first."""
    products = registry.products.read()
    return visible(registry.lineage.read(), products)


def find(
    registry: Registry,
    *,
    source: str | None = None,
    target: str | None = None,
    lineage_type: LineageType | None = None,
    limit: int,
    offset: int,
) -> Page[LineageRow]:
    """Visible entries that meet every filter given, oldest first."""
    products = registry.products.read()
    found = [
        entry
        for entry in _candidates(registry, source, target)
        if (source is None or entry.source == source)
        and (target is None or entry.target == target)
        and (lineage_type is None or entry.lineage_type == lineage_type)
        and is_visible(entry, products)
    ]
    return page(found, limit, offset)


def _candidates(registry: Registry, source: str | None, target: str | None) -> Sequence[LineageRow]:
    """The entries to look at for those that have the ends given."""
    file = registry.lineage.read()
    adjacency = registry.lineage_index.of(file)
    if target is not None:
        places = adjacency.places(target, Way.UPSTREAM)
    elif source is not None:
        places = adjacency.places(source, Way.DOWNSTREAM)
    else:
        return file.lineage
    return [file.lineage[place] for place in places]


def upstream(registry: Registry, name: str) -> list[LineageRow]:
    """The entries that lead into a product. Raises ProductNotFound."""
    return _around(registry, name, Way.UPSTREAM)


def downstream(registry: Registry, name: str) -> list[LineageRow]:
    """The entries that lead out of a product. Raises ProductNotFound."""
    return _around(registry, name, Way.DOWNSTREAM)


def remove(
    registry: Registry, source: str, target: str, transformation: str | None = None
) -> RemovedLineage:
    """Remove the visible entries between two products, those of one transformation if given.

    Raises LineageNotFound if there is none, and what a commit raises.
    """
    products = registry.products.read_latest()

    def matches(entry: LineageRow) -> bool:
        return (
            (entry.source, entry.target) == (source, target)
            and is_visible(entry, products)
            and (transformation is None or entry.full().transformation == transformation)
        )

    def change(file: LineageFile) -> tuple[LineageFile, RemovedLineage]:
        ids = [entry.id for entry in file.lineage if matches(entry)]
        if not ids:
            raise LineageNotFound(source, target)
        kept = [entry for entry in file.lineage if not matches(entry)]
        return file.model_copy(update={"lineage": kept}), {"removed": len(ids), "ids": ids}

    return registry.lineage.commit(change, registry.lineage_key())


def prune(registry: Registry, *, naming: str | None = None) -> int:
    """Remove garbage; count what was removed, or only those entries that name `naming`."""
    products = registry.products.read_latest()

    def change(file: LineageFile) -> tuple[LineageFile, int]:
        garbage = [entry for entry in file.lineage if is_garbage(entry, products)]
        counted = sum(naming in (None, entry.source, entry.target) for entry in garbage)
        if not garbage:
            return file, 0
        kept = [entry for entry in file.lineage if not is_garbage(entry, products)]
        return file.model_copy(update={"lineage": kept}), counted

    return registry.lineage.commit(change, registry.lineage_key())


def visible(file: LineageFile, products: ProductsFile) -> list[LineageRow]:
    return [entry for entry in file.lineage if is_visible(entry, products)]


def is_visible(entry: LineageRow, products: ProductsFile) -> bool:
    return not entry.superseded and has_ends(entry, products)


def is_garbage(entry: LineageRow, products: ProductsFile) -> bool:
    """Whether an entry can never become visible again.

    An entry that has seen a newer revision than `products` is not judged by it: its ends may have
    been registered since.
    """
    return entry.products_revision <= products.revision and not has_ends(entry, products)


def has_ends(entry: LineageRow, products: ProductsFile) -> bool:
    """Whether both ends are registered, and are those that the entry was registered between."""
    registered = products.products
    source, target = registered.get(entry.source), registered.get(entry.target)
    if source is None or target is None:
        return False
    seen = entry.products_revision  # spelled out: a walk asks this of thousands of entries
    return source.since_revision <= seen and target.since_revision <= seen


def _around(registry: Registry, name: str, way: Way) -> list[LineageRow]:
    products = registry.products.read()
    if name not in products.products:
        raise ProductNotFound(name)
    file = registry.lineage.read()
    entries = [file.lineage[at] for at in registry.lineage_index.of(file).places(name, way)]
    return [entry for entry in entries if is_visible(entry, products)]
