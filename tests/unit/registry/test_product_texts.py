"""The texts of products: read once for each version of the file, and kept no longer than it."""

import gc
from weakref import ref

import pytest

from datamesh.services.products.queries import ProductFilter, find_products
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.text_index import TextIndex
from datamesh.storage.records import ProductRecord
from tests.contexts import CONTEXT
from tests.meshes import add_product


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the products whose texts are read."""
    found: list[str] = []
    read = ProductRecord.read_texts

    def noted(product: ProductRecord) -> list[str]:
        found.append(product.name)
        return read(product)

    monkeypatch.setattr(ProductRecord, "read_texts", noted)
    return found


def search(registry: Registry, text: str, domain: str | None = None) -> list[str]:
    only = ProductFilter(text=text, domain=domain)
    page = find_products(CONTEXT, registry, only, limit=10, offset=0)
    return [product.name for product in page.items]


def test_texts_are_read_once_for_a_version(registry: Registry, reads: list[str]) -> None:
    add_product(registry, "a", description="Straße")
    add_product(registry, "b", domain="finance", description="strasse")
    assert search(registry, "STRASSE") == ["a", "b"]
    assert search(registry, "straße", domain="Finance") == ["b"]
    assert search(registry, "nowhere") == []
    assert reads == ["a", "b"]
    add_product(registry, "c", description="street")
    assert search(registry, "street") == ["c"]
    assert reads == ["a", "b", "a", "b", "c"]


def test_they_go_with_their_file(registry: Registry) -> None:
    """Beside the texts of the next version they would take the memory of both."""
    add_product(registry, "a")
    search(registry, "a")
    texts: ref[TextIndex] = ref(registry.product_texts._texts)
    add_product(registry, "b")
    gc.collect()
    assert texts() is None


def test_another_version_in_between_is_searched_itself(registry: Registry) -> None:
    add_product(registry, "a")
    old = registry.products.read(CONTEXT.deadline)
    add_product(registry, "b")
    new = registry.products.read(CONTEXT.deadline)
    texts = registry.product_texts
    asked = [texts.find_names(file, "sales-team") for file in (new, old, new)]
    assert asked == [{"a", "b"}, {"a"}, {"a", "b"}]


def test_nothing_is_found_by_what_stands_between_texts(registry: Registry) -> None:
    add_product(registry, "a", description="clicks")
    for text in ("\0", "a\0", "\0clicks"):
        assert search(registry, text) == []
