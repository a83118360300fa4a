"""Queries over lineage entries: lists, and the entries one hop from a product."""

from collections.abc import Sequence

from datamesh.models.graph import Way
from datamesh.models.lineage import LineageType
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import get_adjacency, read_registry_files
from datamesh.services.lineage.visibility import get_visible_entries, is_visible
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.services.registry.renames import require_product_record
from datamesh.storage.records import LineageRecord


def list_visible_entries(context: RequestContext, registry: Registry) -> Sequence[LineageRecord]:
    """Return every visible entry, oldest first."""
    lineage, products = read_registry_files(context, registry)
    return get_visible_entries(registry, lineage, products)


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
    found = _find_between(context, registry, source, target)
    if lineage_type is not None:
        found = [entry for entry in found if entry.lineage_type == lineage_type]
    return cut_page(found, limit, offset)


def _find_between(
    context: RequestContext, registry: Registry, source: str | None, target: str | None
) -> Sequence[LineageRecord]:
    """Return the visible entries with the ends given."""
    file, products = read_registry_files(context, registry)
    if target is not None:
        end, way = target, Way.UPSTREAM
    elif source is not None:
        end, way = source, Way.DOWNSTREAM
    else:
        return get_visible_entries(registry, file, products)
    positions = get_adjacency(registry, file, products).find_positions(end, way)
    return [
        entry
        for entry in (file.lineage[position] for position in positions)
        if source in (None, entry.source) and is_visible(entry, products)
    ]


def find_upstream(context: RequestContext, registry: Registry, name: str) -> list[LineageRecord]:
    """Return the visible entries that lead into a product. Raises ProductNotFound."""
    return _find_one_hop(context, registry, name, Way.UPSTREAM)


def find_downstream(context: RequestContext, registry: Registry, name: str) -> list[LineageRecord]:
    """Return the visible entries that lead out of a product. Raises ProductNotFound."""
    return _find_one_hop(context, registry, name, Way.DOWNSTREAM)


def _find_one_hop(
    context: RequestContext, registry: Registry, name: str, way: Way
) -> list[LineageRecord]:
    file, products = read_registry_files(context, registry)
    require_product_record(products, name)
    positions = get_adjacency(registry, file, products).find_positions(name, way)
    entries = [file.lineage[position] for position in positions]
    return [entry for entry in entries if is_visible(entry, products)]
