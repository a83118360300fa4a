"""Registries of the largest items that clients may register."""

from itertools import pairwise
from typing import Any

from datamesh.models.products import MAX_FIELDS
from datamesh.services.lineage.registration import register_lineage_entries
from datamesh.services.products.registration import register_products
from datamesh.services.registry.registry import Registry
from tests.contexts import CONTEXT
from tests.lambdas import Answer, Client
from tests.meshes import lineage_body, product_body

METADATA = 30_000
"""Bytes of each entry's metadata, of the 32 KiB that it may have."""
FIELDS = 300
"""Fields of each product, about 62 KB, of the 64 KiB that it may have."""


def add_large_products(registry: Registry, count: int, **changes: Any) -> list[str]:
    """Register products and return their names, in order."""
    schema = {f"field_{number:03}": "t" * 190 for number in range(FIELDS)}
    names = [f"p{number:04}" for number in range(count)]
    items = [product_body(name=name, schema=schema, **changes) for name in names]
    register_products(CONTEXT, registry, items, partial=False)
    return names


def add_large_entries(registry: Registry, count: int, text: str = "x" * METADATA) -> None:
    """Register entries from `a` to `b`, each with this text."""
    register_products(
        CONTEXT, registry, [product_body(name=name) for name in ("a", "b")], partial=False
    )
    items = [
        lineage_body(source="a", target="b", metadata={"n": number, "text": text})
        for number in range(count)
    ]
    register_lineage_entries(CONTEXT, registry, items, partial=False)


def add_widest_products(registry: Registry, count: int) -> list[str]:
    """Register products of as many fields as one may have, and return their names."""
    schema = {f"c{number}": "date" for number in range(MAX_FIELDS)}
    names = [f"p{number:04}" for number in range(count)]
    items = [product_body(name=name, schema=schema) for name in names]
    register_products(CONTEXT, registry, items, partial=False)
    return names


def add_large_names(registry: Registry, count: int) -> None:
    """Register products that are datasets of the longest names, each of its own namespace."""
    controls, quotes = "\x01" * 996, '"' * 996
    items = [
        product_body(
            name=f"p{number:04}",
            openlineage=[{"namespace": f"{number:04}{controls}", "name": f"{number:04}{quotes}"}],
        )
        for number in range(count)
    ]
    register_products(CONTEXT, registry, items, partial=False)


def add_large_chain(registry: Registry, length: int, text: str) -> list[str]:
    """Register products that feed each other in a row, and return their names."""
    names = [f"p{number:04}" for number in range(length)]
    register_products(CONTEXT, registry, [product_body(name=name) for name in names], partial=False)
    items = [
        lineage_body(source=source, target=target, metadata={"text": text})
        for source, target in pairwise(names)
    ]
    register_lineage_entries(CONTEXT, registry, items, partial=False)
    return names


def read_pages(client: Client, path: str, **query: object) -> list[Answer]:
    """Read all pages of a list, by what each says of the next."""
    offset, pages = 0, []
    while True:
        answer = client.get(path, **query, **({"offset": offset} if offset else {}))
        assert answer.status == 200, answer.content[:1000]
        pages.append(answer)
        if "x-next-offset" not in answer.headers:
            return pages
        following = int(answer.headers["x-next-offset"])
        assert following > offset
        offset = following
