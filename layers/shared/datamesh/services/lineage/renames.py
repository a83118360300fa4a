"""Lineage of products that have another name now, read and stored under that name.

An entry that names a product by a name that it has given up is one of the product's, if it was
registered while the product had that name (docs/adr/0026-names-that-move.md). `follow_renames` is
a view: readers see entries under the names of now from the very commit that renames, and whoever
writes lineage next stores what it has seen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from datamesh.models.graph import Way
from datamesh.models.lineage import StoredLineageEntry
from datamesh.services.context import RequestContext
from datamesh.services.lineage.joining import (
    EntryGroup,
    build_own_columns,
    compute_entry_id,
    get_group,
    is_derived,
    is_evidence_marker,
    rank_entries,
    reduce_claims,
)
from datamesh.services.registry.lineage_index import Adjacency
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


def read_registry_files(
    context: RequestContext, registry: Registry
) -> tuple[LineageFile, ProductsFile]:
    """Return the lineage, under the names of now, and the products.

    Lineage is read first, so that no entry is newer than the products: one that was stored under a
    new name is so never read beside products that have the old one.
    """
    lineage = registry.lineage.read(context.deadline)
    products = registry.products.read(context.deadline)
    return registry.renames_cache.get_view(lineage, products, follow_renames), products


def read_latest_files(
    context: RequestContext, registry: Registry
) -> tuple[LineageFile, ProductsFile]:
    """Return what `read_registry_files` does of the newest revisions, ignoring CACHE_SECONDS."""
    lineage = registry.lineage.read_latest(context.deadline)
    products = registry.products.read_latest(context.deadline)
    return registry.renames_cache.get_view(lineage, products, follow_renames), products


def get_adjacency(registry: Registry, lineage: LineageFile, products: ProductsFile) -> Adjacency:
    """Return the adjacency of a file that `read_registry_files` has returned.

    Only a rename gives an entry other ends under its old id, which takes time to look for.
    """
    return registry.lineage_index.get_adjacency(lineage, check_ends=bool(products.renamed))


def follow_renames(
    file: LineageFile, products: ProductsFile, adjacency: Adjacency | None = None
) -> LineageFile:
    """Return the lineage with each entry under the names that its products have now.

    Entries that so become one are joined, and an entry between two products that are one now is
    gone. Returns `file` itself if no entry names a product by a name of before. With the
    `adjacency` of the file, only entries of names that products gave up are looked at.
    """
    entries = rename_entries(file.lineage, products, adjacency)
    return file if entries is file.lineage else file.model_copy(update={"lineage": entries})


def store_renames(context: RequestContext, registry: Registry) -> None:
    """Store lineage under the names of now; nothing is written if it is. Raises as a commit."""
    products = registry.products.read(context.deadline)
    if products.renamed:
        context.commit_derived(
            registry.lineage, lambda file: (follow_renames(file, products), None)
        )


def rename_entries(
    entries: list[LineageRecord], products: ProductsFile, adjacency: Adjacency | None = None
) -> list[LineageRecord]:
    """Return the entries as `follow_renames` does; `entries` itself if none is concerned."""
    if not products.renamed:
        return entries
    found = {
        position: ends
        for position in _find_named(entries, products.renamed, adjacency)
        if (ends := _find_new_ends(entries[position], products)) is not None
    }
    if not found:
        return entries
    return _EntryRenaming(entries, products, found).rename_all()


def _find_named(
    entries: list[LineageRecord], names: Mapping[str, object], adjacency: Adjacency | None
) -> Iterable[int]:
    """Return the positions of the entries that name one of some products, in order."""
    if adjacency is None:
        return (
            position
            for position, entry in enumerate(entries)
            if entry.source in names or entry.target in names
        )
    positions = (adjacency.get_positions(way) for way in Way)
    return sorted({at for of in positions for name in of.keys() & names for at in of[name]})


@dataclass(frozen=True)
class _NewEnds:
    """The ends of an entry under their names of now, and the revision in which both are known."""

    source: str
    target: str
    revision: int


def _find_new_ends(entry: LineageRecord, products: ProductsFile) -> _NewEnds | None:
    """Return the ends that an entry is read with; None if they are the ones it has, or are gone."""
    ends: list[str] = []
    revision = seen = entry.products_revision
    for name in (entry.source, entry.target):
        redirect = products.renamed.get(name)
        if redirect and redirect.since <= seen < redirect.revision:
            product = products.products.get(redirect.to)
            if product is None:
                return None
            revision = max(revision, product.since_revision)
        else:
            product = products.products.get(name)
            if product is None or product.since_revision > seen:
                return None
        ends.append(product.name)
    if revision == seen and ends == [entry.source, entry.target]:
        return None
    return _NewEnds(ends[0], ends[1], revision)


@dataclass
class _EntryRenaming:
    """The entries of a file, while some of them get other ends."""

    entries: Sequence[LineageRecord]
    products: ProductsFile
    found: dict[int, _NewEnds]
    """The position of an entry -> the ends that it gets."""
    groups: dict[EntryGroup, list[StoredLineageEntry]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """The derived entries of each job and target that are concerned."""
    places: dict[str, int] = field(default_factory=dict)
    """The id of a derived entry -> the first position of those that it is made of."""

    def rename_all(self) -> list[LineageRecord]:
        """Return the entries with their new ends, each at the first place of those it is made of.

        An entry that is left out was one between two products that are one now.
        """
        after: dict[int, LineageRecord | None] = {}
        for position, ends in self.found.items():
            entry = _rename_entry(self.entries[position].to_model(), ends)
            after[position] = None
            if entry is None:
                continue
            if is_derived(entry):
                self._add_to_group(position, entry)
            else:
                after[position] = LineageRecord.from_model(entry)
        self._add_neighbours(after)
        for group in self.groups.values():
            for entry in rank_entries(reduce_claims(group)):
                after[self.places[entry.id]] = LineageRecord.from_model(entry)
        renamed = (after.get(at, entry) for at, entry in enumerate(self.entries))
        return [entry for entry in renamed if entry is not None]

    def _add_to_group(self, position: int, entry: StoredLineageEntry) -> None:
        self.groups[get_group(entry)].append(entry)
        place = self.places.setdefault(entry.id, position)
        self.places[entry.id] = min(place, position)

    def _add_neighbours(self, after: dict[int, LineageRecord | None]) -> None:
        """Add the other entries of the groups: a marker denies, and equal ones are joined.

        What garbage says counts no longer.
        """
        targets = {target for _, target in self.groups}
        registered = self.products.products
        for position, record in enumerate(self.entries):
            if position in self.found or record.target not in targets or not is_derived(record):
                continue
            ends = (registered.get(record.source), registered.get(record.target))
            is_alive = all(end and end.since_revision <= record.products_revision for end in ends)
            if is_alive and get_group(record) in self.groups:
                after[position] = None
                self._add_to_group(position, record.to_model())


def _rename_entry(entry: StoredLineageEntry, ends: _NewEnds) -> StoredLineageEntry | None:
    """Return an entry with other ends; None if it leads from one product to itself by now.

    Columns that are made from others of what is one product now stay.
    """
    update: dict[str, object] = {
        "source": ends.source,
        "target": ends.target,
        "products_revision": ends.revision,
    }
    if is_derived(entry):
        update["id"] = compute_entry_id(entry.job, ends.source, ends.target)
    renamed = entry.model_copy(update=update)
    if ends.source != ends.target or is_evidence_marker(entry):
        return renamed
    if not is_derived(entry):
        return renamed if entry.source == entry.target else None
    own = build_own_columns(renamed)
    return own if own.columns else None
