"""Registries in memory, and the bodies that fill them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from datamesh.http.runtime import Resources
from datamesh.models.lineage import LineageEntry, LineageRegistration
from datamesh.models.products import Product, ProductRegistration
from datamesh.services import lineage, products
from datamesh.services.datasets import DataAccess
from datamesh.services.registry import Registry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.folders import Folder, MemoryFolder
from datamesh.storage.objects import ConditionalObject, MemoryObject

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

NO_WAIT = Backoff(Deadline(10), attempts=3, sleep=lambda seconds: None)


def mesh(
    *,
    products: ConditionalObject | None = None,
    lineage: ConditionalObject | None = None,
    max_products: int = 1000,
    max_lineage_entries: int = 10_000,
    now: Callable[[], datetime] = lambda: NOON,
) -> Registry:
    """A registry whose clock stands still and whose storage is in memory unless given."""
    return Registry(
        products=Document(products or MemoryObject("products.json"), ProductsFile, NO_WAIT),
        lineage=Document(lineage or MemoryObject("lineage.json"), LineageFile, NO_WAIT),
        max_products=max_products,
        max_lineage_entries=max_lineage_entries,
        now=now,
    )


def resources(
    registry: Registry | None = None,
    files: Mapping[str, bytes] | None = None,
    max_scan_bytes: int = 10_000_000,
) -> Resources:
    """What a function works on. `files`: `<domain>/<dataset>/<file name>`, or `s3://...` in full,
    -> content."""

    def folder(location: str) -> Folder:
        prefix = location.removeprefix("domains/")
        found = {
            path.removeprefix(prefix): body
            for path, body in (files or {}).items()
            if path.startswith(prefix)
        }
        return MemoryFolder(location, found)

    records: dict[str, MemoryObject] = {}

    def key_record(digest: str) -> ConditionalObject:
        return records.setdefault(digest, MemoryObject(digest))

    data = DataAccess(folder, max_scan_bytes)
    return Resources(registry=registry or mesh(), data=data, key_record=key_record)


def product_body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "orders",
        "domain": "sales",
        "owner": "sales-team",
        "description": "One row per order line",
        "schema": {"order_id": "string"},
        **changes,
    }


def lineage_body(**changes: Any) -> dict[str, Any]:
    return {
        "source": "orders",
        "target": "revenue",
        "transformation": "SUM(amount)",
        **changes,
    }


def add_product(registry: Registry, name: str, **changes: Any) -> Product:
    body = product_body(name=name, **changes)
    return products.register(registry, ProductRegistration.model_validate(body))


def add_products(registry: Registry, names: Iterable[str]) -> None:
    for name in names:
        add_product(registry, name)


def add_lineage(registry: Registry, source: str, target: str, **changes: Any) -> LineageEntry:
    body = lineage_body(source=source, target=target, **changes)
    return lineage.register(registry, LineageRegistration.model_validate(body))
