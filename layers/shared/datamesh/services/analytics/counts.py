"""Counts over the current registry."""

from collections import Counter

from datamesh.models.lineage import LineageType
from datamesh.models.responses import LineageStats
from datamesh.services.context import RequestContext
from datamesh.services.lineage import queries
from datamesh.services.registry.registry import Registry


def count_products_per_domain(context: RequestContext, registry: Registry) -> dict[str, int]:
    """Return the number of products of each domain.

    Domains that differ in case alone are one, spelled as first registered.
    """
    domains = registry.domain_index.get_domains(registry.products.read(context.deadline))
    return {products[0].domain: len(products) for products in domains.values()}


def count_lineage(context: RequestContext, registry: Registry) -> LineageStats:
    """Return counts of the visible entries, their ends and their types."""
    entries = queries.list_visible_entries(context, registry)
    types = Counter(entry.lineage_type for entry in entries)
    return LineageStats(
        total_entries=len(entries),
        unique_sources=len({entry.source for entry in entries}),
        unique_targets=len({entry.target for entry in entries}),
        lineage_types={kind: types[kind] for kind in LineageType},
    )
