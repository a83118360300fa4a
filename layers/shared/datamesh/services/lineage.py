"""Register and follow lineage; which entries are visible, and which are garbage.

Products and lineage are two objects, and S3 has no commit across two. Products are the authority:
an entry is visible only while both its ends are registered and neither is younger than the entry.
Age is told in revisions of `products.json`, a clock that neither skews nor repeats
(docs/adr/0003-lineage-visibility.md).
"""

from datamesh.errors import LimitReached, ProductNotFound, UnknownLineageEnds
from datamesh.models.lineage import (
    LineageEntry,
    LineageRegistration,
    LineageType,
    StoredLineageEntry,
)
from datamesh.services.registry import Page, Registry, page
from datamesh.storage.files import LineageFile, ProductsFile


def register(registry: Registry, registration: LineageRegistration) -> LineageEntry:
    """Raises UnknownLineageEnds, LimitReached, and what a commit raises."""
    products = registry.products.read_latest()
    ends = dict.fromkeys((registration.source, registration.target))
    if unknown := [name for name in ends if name not in products.products]:
        raise UnknownLineageEnds(unknown)
    entry = StoredLineageEntry(
        **dict(registration),
        timestamp=registry.now(),
        products_revision=products.revision,
    )

    def change(file: LineageFile) -> tuple[LineageFile, LineageEntry]:
        entries = file.lineage
        if len(entries) >= registry.max_lineage_entries:
            entries = [kept for kept in entries if not is_garbage(kept, products)]
        if len(entries) >= registry.max_lineage_entries:
            raise LimitReached("MAX_LINEAGE_ENTRIES", registry.max_lineage_entries)
        return file.model_copy(update={"lineage": [*entries, entry]}), entry

    return registry.lineage.commit(change)


def visible_entries(registry: Registry) -> list[StoredLineageEntry]:
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
) -> Page[LineageEntry]:
    """Visible entries that meet every filter given, oldest first."""
    found = [
        entry
        for entry in visible_entries(registry)
        if (source is None or entry.source == source)
        and (target is None or entry.target == target)
        and (lineage_type is None or entry.lineage_type == lineage_type)
    ]
    return page(found, limit, offset)


def upstream(registry: Registry, name: str) -> list[LineageEntry]:
    """The entries that lead into a product. Raises ProductNotFound."""
    return [entry for entry in _around(registry, name) if entry.target == name]


def downstream(registry: Registry, name: str) -> list[LineageEntry]:
    """The entries that lead out of a product. Raises ProductNotFound."""
    return [entry for entry in _around(registry, name) if entry.source == name]


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

    return registry.lineage.commit(change)


def visible(file: LineageFile, products: ProductsFile) -> list[StoredLineageEntry]:
    return [entry for entry in file.lineage if is_visible(entry, products)]


def is_visible(entry: StoredLineageEntry, products: ProductsFile) -> bool:
    ends = (products.products.get(entry.source), products.products.get(entry.target))
    return all(end and end.since_revision <= entry.products_revision for end in ends)


def is_garbage(entry: StoredLineageEntry, products: ProductsFile) -> bool:
    """Whether an entry can never become visible again.

    An entry that has seen a newer revision than `products` is not judged by it: its ends may have
    been registered since.
    """
    return entry.products_revision <= products.revision and not is_visible(entry, products)


def _around(registry: Registry, name: str) -> list[StoredLineageEntry]:
    products = registry.products.read()
    if name not in products.products:
        raise ProductNotFound(name)
    return visible(registry.lineage.read(), products)
