"""The health check."""

from datamesh import __version__
from datamesh.models.responses import Health
from datamesh.services.context import RequestContext
from datamesh.services.lineage import visibility
from datamesh.services.registry.registry import Registry


def check_health(context: RequestContext, registry: Registry) -> Health:
    """Return counts read from storage, ignoring CACHE_SECONDS. Raises StorageUnavailable."""
    products = registry.products.read_latest(context.deadline)
    entries = visibility.select_visible(registry.lineage.read_latest(context.deadline), products)
    return Health(
        timestamp=registry.now(),
        version=__version__,
        total_products=len(products.products),
        total_lineage_entries=len(entries),
    )
