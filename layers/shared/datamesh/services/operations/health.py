"""The health check."""

from datamesh import __version__
from datamesh.models.responses import Health
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import read_latest_files
from datamesh.services.lineage.visibility import get_visible_entries
from datamesh.services.registry.registry import Registry
from datamesh.storage.write_probe import WriteProbe

UNBUILT = "local"
"""The text in place of a build's digest where sources run that nobody has built."""


def check_health(
    context: RequestContext, registry: Registry, probe: WriteProbe, build: str = UNBUILT
) -> Health:
    """Return counts read from storage, ignoring CACHE_SECONDS.

    Raises StorageUnavailable if storage cannot be read, or cannot be written.
    """
    lineage, products = read_latest_files(context, registry)
    probe.check_writes(context.deadline)
    return Health(
        timestamp=registry.now(),
        version=__version__,
        build=build,
        total_products=len(products.products),
        total_lineage_entries=len(get_visible_entries(registry, lineage, products)),
    )
