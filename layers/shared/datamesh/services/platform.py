"""Is the registry alive?"""

from datamesh import __version__
from datamesh.models.responses import Health
from datamesh.services import lineage
from datamesh.services.registry import Registry


def health(registry: Registry) -> Health:
    """Ask storage, whatever CACHE_SECONDS says. Raises StorageUnavailable."""
    products = registry.products.read_latest()
    entries = lineage.visible(registry.lineage.read_latest(), products)
    return Health(
        timestamp=registry.now(),
        version=__version__,
        total_products=len(products.products),
        total_lineage_entries=len(entries),
    )
