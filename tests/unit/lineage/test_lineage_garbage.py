"""The rule that tells visible entries from garbage, and two writers at once."""

from collections.abc import Callable

import pytest

from datamesh.models.lineage import StoredLineageEntry
from datamesh.models.stored_products import StoredProduct
from datamesh.services.lineage import queries, visibility
from datamesh.services.products import registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import MemoryObject
from datamesh.storage.records import LineageRecord
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NOON, add_lineage, add_product, add_products, mesh


def visible(registry: Registry) -> list[tuple[str, str]]:
    return [
        (entry.source, entry.target) for entry in queries.list_visible_entries(CONTEXT, registry)
    ]


def stored(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in registry.lineage.read(NO_DEADLINE).lineage]


def entry(seen: int) -> LineageRecord:
    stored = StoredLineageEntry(
        source="a", target="b", transformation="t", timestamp=NOON, products_revision=seen
    )
    return LineageRecord.from_model(stored)


def product(name: str, since: int) -> StoredProduct:
    return StoredProduct(
        name=name,
        domain="d",
        owner="o",
        description="d",
        schema={"id": "int"},
        created_at=NOON,
        updated_at=NOON,
        since_revision=since,
    )


def products_file(revision: int, **since: int) -> ProductsFile:
    found = [product(name, number) for name, number in since.items()]
    return ProductsFile.from_models(found, revision=revision)


@pytest.mark.parametrize(
    ("seen", "file", "is_visible", "is_garbage"),
    [
        (2, products_file(2, a=1, b=2), True, False),
        (5, products_file(9, a=1, b=5), True, False),
        (5, products_file(9, a=1, b=6), False, True),
        (5, products_file(9, a=6, b=1), False, True),
        (5, products_file(9, a=1), False, True),
        (5, products_file(9, b=1), False, True),
        (5, products_file(5, a=1), False, True),
        # It saw a newer revision than this copy: its ends may have been registered since.
        (6, products_file(5, a=1), False, False),
        (6, products_file(5), False, False),
        (6, products_file(5, a=1, b=2), True, False),
        # Files of before the envelope.
        (0, products_file(0, a=0, b=0), True, False),
        (0, products_file(3, a=0, b=0), True, False),
        (0, products_file(3, a=0, b=3), False, True),
        (0, products_file(0, a=0), False, True),
    ],
)
def test_visible_and_garbage(
    seen: int, file: ProductsFile, is_visible: bool, is_garbage: bool
) -> None:
    assert visibility.is_visible(entry(seen), file) is is_visible
    assert visibility.is_garbage(entry(seen), file) is is_garbage


class OneMoreWriter(MemoryObject):
    """Runs `meanwhile` between a commit's read and its PUT."""

    meanwhile: Callable[[], None] | None = None

    def put(self, body: bytes, replaces: str | None) -> str:
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
        return super().put(body, replaces)


def test_pruning_spares_an_entry_of_a_product_that_came_meanwhile() -> None:
    products_object = MemoryObject("products.json")
    lineage_object = OneMoreWriter("lineage.json")
    rival = mesh(products=products_object, lineage=lineage_object)
    registry = mesh(products=products_object, lineage=lineage_object)
    add_products(registry, "abc")
    add_lineage(registry, "a", "c")

    def register_d() -> None:
        add_product(rival, "d")
        add_lineage(rival, "a", "d")

    lineage_object.meanwhile = register_d
    assert registration.delete_product(CONTEXT, registry, "c").lineage_entries_removed == 1
    assert stored(registry) == [("a", "d")]
    assert visible(registry) == [("a", "d")]


def test_lineage_of_a_product_deleted_meanwhile_is_never_visible() -> None:
    products_object = MemoryObject("products.json")
    lineage_object = OneMoreWriter("lineage.json")
    rival = mesh(products=products_object, lineage=lineage_object)
    registry = mesh(products=products_object, lineage=lineage_object)
    add_products(registry, "ab")

    def replace_b() -> None:
        registration.delete_product(CONTEXT, rival, "b")
        add_product(rival, "b")

    lineage_object.meanwhile = replace_b
    add_lineage(registry, "a", "b")
    assert stored(registry) == [("a", "b")]
    assert visible(registry) == []
