"""The operations on products."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datamesh.errors.products import ProductNameTaken, ProductNotFound
from datamesh.errors.storage import LimitReached
from datamesh.models.products import Product, ProductStatus, ProductUpdate
from datamesh.services.products import queries, registration
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import NOON, add_product, add_products, mesh, product_body

EVERYTHING = queries.ProductFilter()


def names(registry: Registry, limit: int = 100, offset: int = 0, **filters: Any) -> list[str]:
    only = queries.ProductFilter(**filters)
    found = queries.find_products(CONTEXT, registry, only, limit=limit, offset=offset)
    return [product.name for product in found.items]


def update(registry: Registry, name: str, **changes: Any) -> Product:
    return registration.update_product(
        CONTEXT, registry, name, ProductUpdate.model_validate(changes)
    )


# register


def test_a_registered_product_has_the_servers_times(registry: Registry) -> None:
    product = add_product(registry, "orders")
    assert (product.created_at, product.updated_at) == (NOON, NOON)
    assert queries.get_product(CONTEXT, registry, "orders").to_model() == product


def test_a_name_is_taken_once(registry: Registry) -> None:
    first = add_product(registry, "orders", owner="first")
    with pytest.raises(ProductNameTaken, match="'orders' is already registered"):
        add_product(registry, "orders", owner="second")
    assert queries.get_product(CONTEXT, registry, "orders").to_model() == first


def test_names_that_differ_in_case_are_two_products(registry: Registry) -> None:
    add_products(registry, ["orders", "Orders"])
    assert names(registry) == ["orders", "Orders"]


def test_the_limit_itself_may_be_reached_and_not_passed() -> None:
    registry = mesh(max_products=2)
    add_products(registry, ["a", "b"])
    with pytest.raises(LimitReached, match="MAX_PRODUCTS is 2"):
        add_product(registry, "c")
    assert names(registry) == ["a", "b"]


def test_a_taken_name_is_reported_before_a_full_registry() -> None:
    registry = mesh(max_products=1)
    add_product(registry, "a")
    with pytest.raises(ProductNameTaken):
        add_product(registry, "a")


def test_a_deletion_makes_room() -> None:
    registry = mesh(max_products=1)
    add_product(registry, "a")
    registration.delete_product(CONTEXT, registry, "a")
    add_product(registry, "b")
    assert names(registry) == ["b"]


# update


def test_an_update_leaves_the_rest_untouched(registry: Registry) -> None:
    before = add_product(registry, "orders", tags=["gold"], version="1.2.3", domain="Sales")
    after = update(registry, "orders", status="deprecated", schema={"id": "int"})
    assert after.model_dump(exclude={"status", "schema_", "updated_at"}) == before.model_dump(
        exclude={"status", "schema_", "updated_at"}
    )
    assert (after.status, after.schema_) == (ProductStatus.DEPRECATED, {"id": "int"})
    assert queries.get_product(CONTEXT, registry, "orders").to_model() == after


def test_updated_at_is_the_time_of_the_update() -> None:
    moments = iter([NOON, NOON + timedelta(hours=1)])
    registry = mesh(now=lambda: next(moments))
    add_product(registry, "orders")
    after = update(registry, "orders", owner="new")
    assert (after.created_at, after.updated_at) == (NOON, NOON + timedelta(hours=1))


def test_updated_at_moves_though_the_clock_stands_still(registry: Registry) -> None:
    add_product(registry, "orders")
    times = [update(registry, "orders", owner=each).updated_at for each in "abc"]
    assert times == [NOON + timedelta(microseconds=n) for n in (1, 2, 3)]


def test_updated_at_moves_though_the_clock_was_set_back() -> None:
    moments = iter([NOON, NOON - timedelta(days=1)])
    registry = mesh(now=lambda: next(moments))
    add_product(registry, "orders")
    assert update(registry, "orders", owner="new").updated_at > NOON


def test_an_update_keeps_the_place_in_the_list(registry: Registry) -> None:
    add_products(registry, ["a", "b", "c"])
    update(registry, "a", owner="new")
    assert names(registry) == ["a", "b", "c"]


def test_what_is_not_registered_cannot_be_read_changed_or_deleted(registry: Registry) -> None:
    add_product(registry, "orders")
    with pytest.raises(ProductNotFound, match="'Orders' is not registered"):
        queries.get_product(CONTEXT, registry, "Orders")
    with pytest.raises(ProductNotFound):
        update(registry, "Orders", owner="new")
    with pytest.raises(ProductNotFound):
        registration.delete_product(CONTEXT, registry, "Orders")
    assert registry.products.read(NO_DEADLINE).revision == 1


# find


@pytest.fixture
def catalog(registry: Registry) -> Registry:
    add_product(registry, "z", domain="Sales", status="active", tags=["Gold", "daily"])
    add_product(registry, "a", domain="sales", status="deprecated", tags=["gold"])
    add_product(registry, "m", domain="Finance", status="active", tags=["daily"])
    add_product(registry, "b", domain="Straße", status="inactive", tags=["Straße"])
    return registry


def test_the_oldest_registration_comes_first(catalog: Registry) -> None:
    assert names(catalog) == ["z", "a", "m", "b"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"domain": "SALES"}, ["z", "a"]),
        ({"domain": " sales "}, ["z", "a"]),
        ({"domain": "sale"}, []),
        ({"domain": "STRASSE"}, ["b"]),
        ({"tag": "GOLD"}, ["z", "a"]),
        ({"tag": "Daily"}, ["z", "m"]),
        ({"tag": "go"}, []),
        ({"tag": "STRASSE"}, ["b"]),
        ({"status": ProductStatus.ACTIVE}, ["z", "m"]),
        ({"status": ProductStatus.INACTIVE}, ["b"]),
        ({"domain": "sales", "status": ProductStatus.ACTIVE, "tag": "gold"}, ["z"]),
        ({"domain": "finance", "tag": "gold"}, []),
    ],
)
def test_filters_narrow_and_do_not_mind_case(
    catalog: Registry, filters: dict[str, Any], expected: list[str]
) -> None:
    assert names(catalog, **filters) == expected


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [
        (1, 0, ["z"]),
        (2, 1, ["a", "m"]),
        (4, 0, ["z", "a", "m", "b"]),
        (4, 3, ["b"]),
        (4, 4, []),
        (4, 10**30, []),
    ],
)
def test_a_page_is_a_window_of_the_list(
    catalog: Registry, limit: int, offset: int, expected: list[str]
) -> None:
    found = queries.find_products(CONTEXT, catalog, EVERYTHING, limit=limit, offset=offset)
    assert [product.name for product in found.items] == expected
    assert found.total == 4


def test_the_total_counts_what_meets_the_filters(catalog: Registry) -> None:
    only = queries.ProductFilter(domain="sales")
    assert queries.find_products(CONTEXT, catalog, only, limit=1, offset=0).total == 2


def test_a_product_of_an_old_file_can_be_updated() -> None:
    old = product_body() | {
        "created_at": "2026-03-01T08:00:00",
        "updated_at": "2026-03-01T08:00:00",
    }
    stored = MemoryObject("products.json", json.dumps({"orders": old}).encode())
    registry = mesh(products=stored, now=lambda: NOON)
    after = update(registry, "orders", owner="new")
    assert after.created_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert after.updated_at == datetime(2026, 3, 1, 8, 0, 0, 1, tzinfo=UTC)
