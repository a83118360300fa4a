"""The figures of a moment: what the scheduled run keeps of each day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import fsum

from datamesh.models.lineage import LineageType
from datamesh.models.products import Product, ProductStatus
from datamesh.models.snapshot import (
    LISTED,
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
from datamesh.services.analytics.dependence import dependences
from datamesh.services.lineage import visibility
from datamesh.services.lineage.cycles import find_cycles
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import RegistryFile
from datamesh.storage.records import LineageRecord

TOP = 20
UNOWNED = "unowned"
"""Who owns a product that events have registered without an owner."""


def taken(
    registry: Registry, at: datetime, *, stale_days: int, pruned: int, usage: Usage | None
) -> Snapshot:
    """The figures of this moment, under the day on which the run was due."""
    products_file, lineage_file = registry.products.read(), registry.lineage.read()
    products = [row.to_model() for row in products_file.products.values()]
    entries = visibility.select_visible(lineage_file, products_file)
    return Snapshot(
        date=at.date(),
        at=at,
        products=_of_products(products, at - timedelta(days=stale_days), stale_days),
        lineage=_of_lineage([product.name for product in products], entries),
        storage=StorageFigures(products=_of_file(products_file), lineage=_of_file(lineage_file)),
        usage=usage,
        pruned_lineage_entries=pruned,
    )


def top_products(registry: Registry, by: Ranking, limit: int) -> list[Dependence]:
    """Those that rank highest, by name where they are equal; without those that have nothing."""
    products = registry.products.read()
    entries = visibility.select_visible(registry.lineage.read(), products)
    return _most(_dependences(list(products.products), entries), by, limit)


def _of_products(products: Sequence[Product], since: datetime, stale_days: int) -> ProductFigures:
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
        stale=_named(product.name for product in products if product.updated_at < since),
        stale_days=stale_days,
    )


def _of_file(file: RegistryFile) -> FileFigures:
    return FileFigures(revision=file.revision, bytes=len(file.encode()))


def _of_lineage(names: Sequence[str], entries: Sequence[LineageRecord]) -> LineageFigures:
    ends = [(entry.source, entry.target) for entry in entries]
    connected = {name for pair in ends for name in pair}
    confidences = [entry.confidence for entry in entries]
    types = Counter(entry.lineage_type for entry in entries)
    return LineageFigures(
        total=len(entries),
        by_type={kind: types[kind] for kind in LineageType},
        mean_confidence=fsum(confidences) / len(confidences) if confidences else None,
        lowest_confidence=min(confidences, default=None),
        orphans=_named(name for name in names if name not in connected),
        cycles=len(find_cycles(names, ends)),
        most_depended_upon=_most(_dependences(names, entries), Ranking.REACH, TOP),
    )


def _dependences(names: Sequence[str], entries: Iterable[LineageRecord]) -> list[Dependence]:
    return dependences(names, ((entry.source, entry.target) for entry in entries))


def _most(found: Iterable[Dependence], by: Ranking, limit: int) -> list[Dependence]:
    def figure(each: Dependence) -> int:
        return int(getattr(each, by))

    ranked = sorted(found, key=lambda each: (-figure(each), each.name))
    return [each for each in ranked[:limit] if figure(each)]


def _named(names: Iterable[str]) -> Named:
    found = sorted(names)
    return Named(count=len(found), names=found[:LISTED])
