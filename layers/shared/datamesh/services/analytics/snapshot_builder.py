"""Build the daily snapshot: counts of products, lineage and storage at one moment."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import fsum

from datamesh.models.lineage import LineageType
from datamesh.models.products import UNOWNED, Product, ProductStatus
from datamesh.models.snapshot import (
    MAX_LISTED_NAMES,
    Completeness,
    Dependence,
    FileFigures,
    LineageFigures,
    Named,
    ProductFigures,
    Ranking,
    Snapshot,
    StorageFigures,
    Usage,
)
from datamesh.services.analytics.dependence import measure_dependence
from datamesh.services.context import RequestContext
from datamesh.services.lineage import queries
from datamesh.services.lineage.cycles import find_cycles
from datamesh.services.lineage.renames import read_registry_files
from datamesh.services.lineage.visibility import get_visible_entries, has_ends
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord
from datamesh.storage.registry_file import RegistryFile

TOP = 20
"""The most products in the ranking of a snapshot."""


def build_snapshot(
    context: RequestContext,
    registry: Registry,
    at: datetime,
    *,
    stale_days: int,
    pruned: int,
    usage: Usage | None,
) -> Snapshot:
    """Return the snapshot of the registry now, dated by `at`, the time the run was due.

    A product is stale if it was last updated more than `stale_days` before that.
    """
    lineage_file, products_file = read_registry_files(context, registry)
    products = [record.to_model() for record in products_file.products.values()]
    entries = get_visible_entries(registry, lineage_file, products_file)
    return Snapshot(
        date=at.date(),
        at=at,
        products=_build_product_figures(products, at - timedelta(days=stale_days), stale_days),
        lineage=_build_lineage_figures([product.name for product in products], entries),
        storage=_build_storage_figures(products_file, lineage_file),
        usage=usage,
        pruned_lineage_entries=pruned,
    )


def rank_products(
    context: RequestContext, registry: Registry, by: Ranking, limit: int
) -> list[Dependence]:
    """Return the products that rank highest, equals by name. Products that rank 0 are left out."""
    products = registry.products.read(context.deadline)
    entries = queries.list_visible_entries(context, registry)
    return _rank(_measure_dependence(list(products.products), entries), by, limit)


def _build_product_figures(
    products: Sequence[Product], since: datetime, stale_days: int
) -> ProductFigures:
    domains = Counter(product.domain for product in products)
    return ProductFigures(
        total=len(products),
        by_domain=dict(domains),
        by_status={
            status: sum(product.status == status for product in products)
            for status in ProductStatus
        },
        by_owner=dict(Counter(product.owner for product in products)),
        complete=Completeness(
            owner=sum(product.owner != UNOWNED for product in products),
            description=sum(bool(product.description) for product in products),
            schema=sum(bool(product.schema_) for product in products),
            tags=sum(bool(product.tags) for product in products),
            quality=sum(product.quality is not None for product in products),
        ),
        stale=_build_named(product.name for product in products if product.updated_at < since),
        stale_days=stale_days,
    )


def _build_storage_figures(products: ProductsFile, lineage: LineageFile) -> StorageFigures:
    """Return the sizes of what everybody sees: those of the files would tell of the rest."""
    ends = [entry for entry in lineage.lineage if has_ends(entry, products)]
    return StorageFigures(
        products=_build_file_figures(products.model_copy(update={"concealed": ()})),
        lineage=_build_file_figures(lineage.model_copy(update={"lineage": ends})),
    )


def _build_file_figures(file: RegistryFile) -> FileFigures:
    shown = file.model_copy(update={"recent": (), "revision": 0, "committed_at": None})
    return FileFigures(revision=file.revision, bytes=len(shown.encode()))


def _build_lineage_figures(
    names: Sequence[str], entries: Sequence[LineageRecord]
) -> LineageFigures:
    ends = [(entry.source, entry.target) for entry in entries]
    connected = {name for pair in ends for name in pair}
    confidences = [entry.confidence for entry in entries]
    types = Counter(entry.lineage_type for entry in entries)
    return LineageFigures(
        total=len(entries),
        by_type={kind: types[kind] for kind in LineageType},
        mean_confidence=fsum(confidences) / len(confidences) if confidences else None,
        lowest_confidence=min(confidences, default=None),
        orphans=_build_named(name for name in names if name not in connected),
        cycles=len(find_cycles(names, ends)),
        most_depended_upon=_rank(_measure_dependence(names, entries), Ranking.REACH, TOP),
    )


def _measure_dependence(names: Sequence[str], entries: Iterable[LineageRecord]) -> list[Dependence]:
    return measure_dependence(names, ((entry.source, entry.target) for entry in entries))


def _rank(found: Iterable[Dependence], by: Ranking, limit: int) -> list[Dependence]:
    def get_rank(each: Dependence) -> int:
        return int(getattr(each, by))

    ranked = sorted(found, key=lambda each: (-get_rank(each), each.name))
    return [each for each in ranked[:limit] if get_rank(each)]


def _build_named(names: Iterable[str]) -> Named:
    found = sorted(names)
    return Named(count=len(found), names=found[:MAX_LISTED_NAMES])
