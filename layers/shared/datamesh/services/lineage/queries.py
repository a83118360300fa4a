"""Queries over lineage entries: lists, and the entries one hop from a product."""

from collections.abc import Sequence

from datamesh.errors import ProductNotFound
from datamesh.models.graph import Way
from datamesh.models.lineage import LineageType
from datamesh.services.context import RequestContext
from datamesh.services.lineage.visibility import is_visible, select_visible
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.storage.records import LineageRecord


def list_visible_entries(context: RequestContext, registry: Registry) -> list[LineageRecord]:
    """Return every visible entry, oldest first."""
    products = registry.products.read(context.deadline)
    return select_visible(registry.lineage.read(context.deadline), products)


def find_lineage(
    context: RequestContext,
    registry: Registry,
    *,
    source: str | None = None,
    target: str | None = None,
    lineage_type: LineageType | None = None,
    limit: int,
    offset: int,
) -> Page[LineageRecord]:
    """Return the visible entries that meet every filter given, oldest first."""
    products = registry.products.read(context.deadline)
    found = [
        entry
        for entry in _find_candidates(context, registry, source, target)
        if (source is None or entry.source == source)
        and (target is None or entry.target == target)
        and (lineage_type is None or entry.lineage_type == lineage_type)
        and is_visible(entry, products)
    ]
    return cut_page(found, limit, offset)


def _find_candidates(
    context: RequestContext, registry: Registry, source: str | None, target: str | None
) -> Sequence[LineageRecord]:
    """Return a list that holds all entries with the ends given, and may hold others."""
    file = registry.lineage.read(context.deadline)
    adjacency = registry.lineage_index.get_adjacency(file)
    if target is not None:
        positions = adjacency.find_positions(target, Way.UPSTREAM)
    elif source is not None:
        positions = adjacency.find_positions(source, Way.DOWNSTREAM)
    else:
        return file.lineage
    return [file.lineage[position] for position in positions]


def find_upstream(context: RequestContext, registry: Registry, name: str) -> list[LineageRecord]:
    """Return the visible entries that lead into a product. Raises ProductNotFound."""
    return _find_one_hop(context, registry, name, Way.UPSTREAM)


def find_downstream(context: RequestContext, registry: Registry, name: str) -> list[LineageRecord]:
    """Return the visible entries that lead out of a product. Raises ProductNotFound."""
    return _find_one_hop(context, registry, name, Way.DOWNSTREAM)


def _find_one_hop(
    context: RequestContext, registry: Registry, name: str, way: Way
) -> list[LineageRecord]:
    products = registry.products.read(context.deadline)
    if name not in products.products:
        raise ProductNotFound(name)
    file = registry.lineage.read(context.deadline)
    positions = registry.lineage_index.get_adjacency(file).find_positions(name, way)
    entries = [file.lineage[position] for position in positions]
    return [entry for entry in entries if is_visible(entry, products)]
