"""The rule that tells visible lineage entries from garbage.

Products and lineage are two objects, and S3 has no commit across two. Products are the authority:
an entry is visible only while both its ends are registered and neither is younger than the entry.
Age is measured in revisions of `products.json`, a clock that neither skews nor repeats
(docs/adr/0003-lineage-visibility.md).
"""

from collections.abc import Sequence

from datamesh.models.lineage import Evidence
from datamesh.services.lineage.renames import follow_renames
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


def select_visible(file: LineageFile, products: ProductsFile) -> list[LineageRecord]:
    """Return the visible entries of a file, oldest first, under the names of now."""
    entries = follow_renames(file, products).lineage
    return [entry for entry in entries if is_visible(entry, products)]


def get_visible_entries(
    registry: Registry, lineage: LineageFile, products: ProductsFile
) -> Sequence[LineageRecord]:
    """Return what `select_visible` returns of two files that were read from the registry.

    They are looked through once for each revision.
    """
    return registry.revision_cache.get(select_visible, lineage, products)


def is_visible(entry: LineageRecord, products: ProductsFile) -> bool:
    """Return whether readers see an entry: it is not superseded, and both its ends stand."""
    return not entry.superseded and has_ends(entry, products)


def has_own_columns(entry: LineageRecord, products: ProductsFile) -> bool:
    """Return whether an entry says which columns of a product are made from others of it.

    It is no edge between products, so that it is not visible, and is read for columns alone.
    """
    is_own = entry.source == entry.target and entry.evidence == Evidence.COLUMNS
    return is_own and has_ends(entry, products)


def is_garbage(entry: LineageRecord, products: ProductsFile) -> bool:
    """Return whether an entry can never become visible again.

    An entry that was registered at a newer revision than that of `products` is not garbage: its
    ends may have been registered since.
    """
    return entry.products_revision <= products.revision and not has_ends(entry, products)


def has_ends(entry: LineageRecord, products: ProductsFile) -> bool:
    """Return whether both ends are registered, and were registered before the entry."""
    registered = products.products
    source, target = registered.get(entry.source), registered.get(entry.target)
    if source is None or target is None:
        return False
    seen = entry.products_revision  # not a loop: a walk asks this of thousands of entries
    return source.since_revision <= seen and target.since_revision <= seen
