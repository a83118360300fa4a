"""The statements of a registry's lineage and products, to compare."""

from typing import Any

from datamesh.models.products import Product
from datamesh.services.lineage.renames import follow_renames
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT, NO_DEADLINE


def graph(registry: Registry) -> dict[str, Any]:
    """The stored entries by id, but for the revision in which their ends were seen."""
    return {
        entry.id: entry.to_model().model_dump(exclude={"products_revision"})
        for entry in follow_renames(
            registry.lineage.read_latest(NO_DEADLINE), registry.products.read_latest(NO_DEADLINE)
        ).lineage
    }


def show(registry: Registry) -> Any:
    """Return what of products and lineage is to be the same."""
    products = registry.products.read_latest(NO_DEADLINE).products.values()
    fields = {"name", "domain", "owner", "description", "schema_", "openlineage", "status", "tags"}
    fields |= {"quality", "checks"}
    shown = {
        each.name: each.to_model().model_dump(include=fields)
        | {
            "lifecycle_state": each.to_model().lifecycle_state,
            "columns": [column.model_dump() for column in each.to_model().columns],
        }
        for each in products
    }
    return shown, graph(registry)


def edges(registry: Registry) -> set[tuple[str, str]]:
    """The visible ones, by products' names up to their digest."""
    from datamesh.services.lineage.queries import list_visible_entries

    return {
        (slug(entry.source), slug(entry.target))
        for entry in list_visible_entries(CONTEXT, registry)
    }


def slug(product: str) -> str:
    name, _, digest = product.rpartition("-")
    return name if len(digest) == 16 else product


def named(registry: Registry, name: str) -> Product:
    """Return the product of a name, up to a digest."""
    [found] = [
        product
        for product in registry.products.read_latest(NO_DEADLINE).products.values()
        if slug(product.name) == name
    ]
    return found.to_model()
