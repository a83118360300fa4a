import pytest

from datamesh.storage.objects import ConditionalObject, MemoryObject, StoredObject
from tests.object_contract import ObjectContract


class TestMemoryObject(ObjectContract):
    @pytest.fixture
    def stored(self) -> ConditionalObject:
        return MemoryObject("products.json")


def test_it_may_begin_with_a_body() -> None:
    found = MemoryObject("products.json", b"{}").get()
    assert isinstance(found, StoredObject)
    assert found.body == b"{}"
