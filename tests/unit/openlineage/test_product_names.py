"""Names of the products that datasets become."""

import re
from itertools import permutations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from datamesh.models.products import DatasetName
from datamesh.services.openlineage.ingest import EventPipeline
from datamesh.services.registry.product_naming import build_product_name, list_product_names
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.files import ProductsFile
from tests.contexts import NO_DEADLINE
from tests.events import WAREHOUSE, dataset, dataset_event, run_event, send
from tests.meshes import add_product, event_pipeline, mesh, store_product
from tests.unit.openlineage.graphs import edges, slug

TEXT = st.text(min_size=1, max_size=30)


@pytest.fixture
def into() -> EventPipeline:
    return event_pipeline()


@given(TEXT, TEXT, TEXT, TEXT)
def test_names_are_acceptable_and_differ(ns1: str, name1: str, ns2: str, name2: str) -> None:
    first, second = (DatasetName(namespace=ns1, name=name1), DatasetName(namespace=ns2, name=name2))
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", build_product_name(first))
    assert (build_product_name(first) == build_product_name(second)) == (first == second)


@pytest.mark.parametrize(
    ("name", "slug_of_it"),
    [
        ("shop.public.orders", "shop-public-orders"),
        ("/warehouse/db/Orders_2026", "warehouse-db-Orders_2026"),
        ("größe", "gr-e"),
        ("订单", "dataset"),
        ("a" * 30 + "/" + "b" * 79, "b" * 79),
    ],
)
def test_a_name_is_readable(name: str, slug_of_it: str) -> None:
    assert slug(build_product_name(DatasetName(namespace="n", name=name))) == slug_of_it


@pytest.mark.parametrize(
    ("namespace", "name", "names"),
    [
        (
            "duckdb://lake",
            "bikes.main.rides_by_member",
            [
                "rides_by_member",
                "main-rides_by_member",
                "bikes-main-rides_by_member",
                "lake-bikes-main-rides_by_member",
                "duckdb-lake-bikes-main-rides_by_member",
            ],
        ),
        ("s3://lake", "/raw/orders.parquet", ["orders-parquet", "raw-orders-parquet"]),
        ("s3://lake", "orders/day=2026-01-31", ["orders-day-2026-01-31"]),
        ("kafka://k:9092", "shop.orders.v1", ["orders-v1", "shop-orders-v1"]),
        ("n", "1.2", []),
        ("n", "订单", []),
    ],
)
def test_a_product_is_called_by_the_words_of_its_dataset(
    namespace: str, name: str, names: list[str]
) -> None:
    found = list_product_names(DatasetName(namespace=namespace, name=name))
    assert found[: len(names)] == names
    assert found[-1] == build_product_name(DatasetName(namespace=namespace, name=name))
    assert names or len(found) == 1


@given(TEXT, TEXT)
def test_all_names_are_acceptable(namespace: str, name: str) -> None:
    for each in list_product_names(DatasetName(namespace=namespace, name=name)):
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", each)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_names_that_two_may_have_are_nobodys(order: tuple[int, ...]) -> None:
    """Whoever comes first: the one that had the short name is found by it all the same."""
    told = [
        dataset_event(dataset("crm.orders"), minute=0),
        dataset_event(dataset("shop.orders"), minute=1),
        dataset_event(dataset("crm.orders", "hive://meta"), minute=2),
    ]
    registry, into = mesh(), event_pipeline()
    for number in order:
        send(registry, into, told[number])
    found = registry.products.read(NO_DEADLINE)
    assert sorted(found.products) == ["db-5432-crm-orders", "meta-crm-orders", "shop-orders"]
    first = told[order[0]]["dataset"]
    by_short_name = found.products[find_new_name(found, "orders") or ""].to_model()
    assert by_short_name.openlineage == [DatasetName.model_validate(first)]


def test_the_name_of_a_product_of_a_person_is_never_taken(
    registry: Registry, into: EventPipeline
) -> None:
    add_product(registry, "orders")
    send(registry, into, dataset_event(dataset("crm.orders")))
    assert [*registry.products.read(NO_DEADLINE).products] == ["orders", "crm-orders"]


def test_a_name_and_a_domain_that_a_person_has_set_stay(
    registry: Registry, into: EventPipeline
) -> None:
    send(registry, into, dataset_event(dataset("shop.t")))
    update = {"domain": "ours", "edited": ("domain", "name")}

    def edit(file: ProductsFile) -> tuple[ProductsFile, None]:
        return file.with_product(file.products["t"].to_model().model_copy(update=update)), None

    registry.products.commit(edit, NO_DEADLINE)
    send(registry, into, run_event([], ["shop.t", "crm.t"]))
    found = registry.products.read(NO_DEADLINE).products
    assert {name: each.domain for name, each in found.items()} == {
        "t": "ours",
        "crm-t": "scheduler",
    }


def test_a_product_of_an_earlier_version_gets_a_name_that_people_can_say(
    registry: Registry, into: EventPipeline
) -> None:
    name = build_product_name(DatasetName(namespace=WAREHOUSE, name="shop.orders"))
    store_product(registry, name, openlineage=[dataset("shop.orders")], observed={})
    send(registry, into, run_event(["shop.orders"], ["out"]))
    assert edges(registry) == {("orders", "out")}
    assert find_new_name(registry.products.read(NO_DEADLINE), name) == "orders"


@pytest.mark.parametrize(
    "alike", [("a.b", "a-b"), ("a/b", "a.b"), ("a..b", "a.b"), ("A", "a"), ("x" * 90, "x" * 91)]
)
def test_names_that_slug_alike_are_two_products(
    alike: tuple[str, str], into: EventPipeline
) -> None:
    registry = mesh()
    send(registry, into, run_event([alike[0]], [alike[1]]))
    assert len(registry.products.read(NO_DEADLINE).products) == 2
    assert len(registry.lineage.read(NO_DEADLINE).lineage) == 1


def test_the_documented_name_stays_what_it_is() -> None:
    """It is in other people's links: a change of the rule is a change of the API."""
    name = DatasetName(namespace="postgres://db.example.com:5432", name="shop.public.orders")
    assert build_product_name(name) == "shop-public-orders-d16aaad4c9befe12"
