"""Counts over the registry, and its health."""

import pytest

from datamesh import __version__
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.lineage import LineageType
from datamesh.services.analytics import counts
from datamesh.services.operations import health
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.write_probe import WriteProbe
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NO_WAIT, NOON, add_lineage, add_product, add_products, mesh

PROBE = WriteProbe(MemoryObject("health"), NO_WAIT)


def test_an_empty_registry_has_no_domains(registry: Registry) -> None:
    assert counts.count_products_per_domain(CONTEXT, registry) == {}


def test_products_are_counted_by_domain_as_first_spelled(registry: Registry) -> None:
    for name, domain in [("a", "Sales"), ("b", "finance"), ("c", "SALES"), ("d", " sales ")]:
        add_product(registry, name, domain=domain)
    assert counts.count_products_per_domain(CONTEXT, registry) == {"Sales": 3, "finance": 1}


def test_without_lineage_all_counts_are_there_and_zero(registry: Registry) -> None:
    assert counts.count_lineage(CONTEXT, registry).model_dump() == {
        "total_entries": 0,
        "unique_sources": 0,
        "unique_targets": 0,
        "lineage_types": {"direct": 0, "derived": 0, "aggregated": 0},
    }


def test_lineage_is_counted_by_ends_and_type(registry: Registry) -> None:
    add_products(registry, "abc")
    add_lineage(registry, "a", "c")
    add_lineage(registry, "b", "c", lineage_type="derived")
    add_lineage(registry, "a", "b", lineage_type="derived")
    stats = counts.count_lineage(CONTEXT, registry)
    assert (stats.total_entries, stats.unique_sources, stats.unique_targets) == (3, 2, 2)
    assert stats.lineage_types == {
        LineageType.DIRECT: 1,
        LineageType.DERIVED: 2,
        LineageType.AGGREGATED: 0,
    }


def test_only_visible_lineage_is_counted(registry: Registry) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    registry.products.commit(
        lambda file: (file.model_copy(update={"products": {}}), None), NO_DEADLINE
    )
    assert counts.count_lineage(CONTEXT, registry).total_entries == 0
    assert health.check_health(CONTEXT, registry, PROBE).total_lineage_entries == 0


def test_health_counts_what_is_registered(registry: Registry) -> None:
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    registration.delete_product(CONTEXT, registry, "b")
    assert health.check_health(CONTEXT, registry, PROBE).model_dump() == {
        "status": "healthy",
        "timestamp": NOON,
        "version": __version__,
        "build": "local",
        "total_products": 1,
        "total_lineage_entries": 0,
    }


class Gone(MemoryObject):
    gone = False

    def get(self, known_etag: str | None = None) -> None:
        if self.gone:
            raise StorageUnavailable(f"GetObject of {self.name} answered 403 AccessDenied")


@pytest.mark.parametrize("lost", ["products.json", "lineage.json"])
def test_health_asks_storage_whatever_is_cached(lost: str) -> None:
    objects = [Gone("products.json"), Gone("lineage.json")]
    registry = Registry(
        products=Document(objects[0], ProductsFile, NO_WAIT, cache_seconds=3600, clock=lambda: 0.0),
        lineage=Document(objects[1], LineageFile, NO_WAIT, cache_seconds=3600, clock=lambda: 0.0),
        now=mesh().now,
    )
    health.check_health(CONTEXT, registry, PROBE)
    next(found for found in objects if found.name == lost).gone = True
    with pytest.raises(StorageUnavailable, match=lost):
        health.check_health(CONTEXT, registry, PROBE)
