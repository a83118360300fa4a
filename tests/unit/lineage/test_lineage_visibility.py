"""The rule that tells visible entries from garbage, and what a deletion does to them."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from datamesh.errors.products import ProductNotFound
from datamesh.errors.storage import StorageUnavailable
from datamesh.services.lineage.queries import find_downstream, find_upstream, list_visible_entries
from datamesh.services.lineage.registration import prune_lineage
from datamesh.services.products.registration import delete_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import InDoubt, LostRace, MemoryObject, Unreachable
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NOON, add_lineage, add_product, add_products, mesh


def visible(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in list_visible_entries(CONTEXT, registry)]


def stored(registry: Registry) -> list[tuple[str, str]]:
    return [(entry.source, entry.target) for entry in registry.lineage.read(NO_DEADLINE).lineage]


class BrokenObject(MemoryObject):
    """Storage whose PUTs fail as told."""

    failure: Exception | None = None

    def put(self, body: bytes, replaces: str | None) -> str:
        if self.failure:
            raise self.failure
        return super().put(body, replaces)


@pytest.fixture
def lineage_object() -> BrokenObject:
    return BrokenObject("lineage.json")


@pytest.fixture
def chain(lineage_object: BrokenObject) -> Registry:
    """a -> b -> c, and a -> c."""
    registry = mesh(lineage=lineage_object)
    add_products(registry, "abc")
    add_lineage(registry, "a", "b")
    add_lineage(registry, "b", "c")
    add_lineage(registry, "a", "c")
    return registry


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Attached directly: a function that was imported before has stopped propagation above."""
    logger = logging.getLogger("datamesh.services.products.registration")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


# deletion


def test_deleting_a_product_removes_every_entry_that_names_it(chain: Registry) -> None:
    deleted = delete_product(CONTEXT, chain, "b")
    assert (deleted.name, deleted.lineage_entries_removed) == ("b", 2)
    assert stored(chain) == [("a", "c")]


def test_an_entry_that_names_the_product_twice_counts_once(chain: Registry) -> None:
    add_lineage(chain, "b", "b")
    assert delete_product(CONTEXT, chain, "b").lineage_entries_removed == 3


def test_deleting_a_product_without_lineage_removes_nothing(chain: Registry) -> None:
    add_product(chain, "d")
    assert delete_product(CONTEXT, chain, "d").lineage_entries_removed == 0
    assert len(stored(chain)) == 3


def test_only_the_entries_of_the_deleted_product_are_counted(
    chain: Registry, lineage_object: BrokenObject
) -> None:
    lineage_object.failure = StorageUnavailable("403")
    delete_product(CONTEXT, chain, "b")
    lineage_object.failure = None
    assert delete_product(CONTEXT, chain, "c").lineage_entries_removed == 2  # b -> c names both
    assert stored(chain) == []


@pytest.mark.parametrize(
    "failure",
    [StorageUnavailable("403"), Unreachable("no route"), InDoubt("time-out"), LostRace()],
    ids=lambda failure: type(failure).__name__,
)
def test_entries_are_hidden_even_if_they_cannot_be_removed(
    chain: Registry,
    lineage_object: BrokenObject,
    failure: Exception,
    warnings: pytest.LogCaptureFixture,
) -> None:
    lineage_object.failure = failure
    deleted = delete_product(CONTEXT, chain, "b")
    assert (deleted.name, deleted.lineage_entries_removed) == ("b", None)
    assert visible(chain) == [("a", "c")]
    assert len(stored(chain)) == 3
    assert "the entries that name 'b' are left to the scheduled run: " in warnings.text
    assert "scheduled run: None" not in warnings.text
    lineage_object.failure = None
    assert prune_lineage(CONTEXT, chain) == 2
    assert stored(chain) == [("a", "c")]


def test_a_product_that_could_not_be_deleted_keeps_its_entries() -> None:
    products_object = BrokenObject("products.json")
    registry = mesh(products=products_object)
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")
    products_object.failure = StorageUnavailable("403")
    with pytest.raises(StorageUnavailable):
        delete_product(CONTEXT, registry, "b")
    assert visible(registry) == [("a", "b")]


# a name that comes back


@pytest.fixture
def reborn(chain: Registry, lineage_object: BrokenObject) -> Registry:
    """b was deleted, its entries could not be removed, and b was registered again."""
    lineage_object.failure = StorageUnavailable("403")
    delete_product(CONTEXT, chain, "b")
    lineage_object.failure = None
    add_product(chain, "b")
    return chain


def test_entries_of_the_former_product_stay_invisible(reborn: Registry) -> None:
    assert visible(reborn) == [("a", "c")]
    assert find_upstream(CONTEXT, reborn, "b") == []
    assert find_downstream(CONTEXT, reborn, "b") == []


def test_entries_of_the_new_product_are_visible(reborn: Registry) -> None:
    entry = add_lineage(reborn, "a", "b")
    assert [row.to_model() for row in find_upstream(CONTEXT, reborn, "b")] == [entry]


def test_pruning_removes_the_former_entries_alone(reborn: Registry) -> None:
    add_lineage(reborn, "a", "b")
    assert prune_lineage(CONTEXT, reborn) == 2
    assert len(visible(reborn)) == 2
    assert stored(reborn) == [("a", "c"), ("a", "b")]


def test_age_is_told_in_revisions_not_by_the_clock() -> None:
    moments = iter([NOON + timedelta(days=1), NOON, NOON - timedelta(days=1)])
    registry = mesh(now=lambda: next(moments))
    add_products(registry, "ab")
    add_lineage(registry, "a", "b")  # older than both its ends, says the clock
    assert visible(registry) == [("a", "b")]


# pruning


def test_pruning_counts_all_that_it_removes(chain: Registry, lineage_object: BrokenObject) -> None:
    lineage_object.failure = StorageUnavailable("403")
    delete_product(CONTEXT, chain, "a")
    lineage_object.failure = None
    assert prune_lineage(CONTEXT, chain) == 2
    assert stored(chain) == [("b", "c")]


def test_without_garbage_nothing_is_written(chain: Registry) -> None:
    before = chain.lineage.read(NO_DEADLINE).revision
    assert prune_lineage(CONTEXT, chain) == 0
    assert chain.lineage.read(NO_DEADLINE).revision == before


def test_following_a_deleted_product_is_refused(chain: Registry) -> None:
    delete_product(CONTEXT, chain, "b")
    with pytest.raises(ProductNotFound):
        find_upstream(CONTEXT, chain, "b")
