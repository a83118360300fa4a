"""Bulk registration through the functions' handlers."""

from typing import Any

import pytest

from datamesh.errors.products import DatasetNameTaken
from datamesh.services.registry.dataset_names import DatasetNameIndex
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_lineage, add_product, add_products, mesh, product_body, resources
from tests.unit.storage.faults import FaultyObject, reply_is_lost


def products(*names: str) -> dict[str, Any]:
    return {"items": [product_body(name=name) for name in names]}


def entry(source: str, target: str, **more: object) -> dict[str, object]:
    return {"source": source, "target": target, "transformation": "copy", **more}


def statuses(answer: Answer) -> list[str]:
    return [item["status"] for item in answer.body["data"]["items"]]


def post_partial(client: Client, path: str, body: object) -> Answer:
    return client.send(api_event("POST", path, body, query={"partial": "true"}))


def registered(registry: Registry) -> list[str]:
    return list(registry.products.read_latest(NO_DEADLINE).products)


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def test_all_products_are_registered_in_one_commit(client: Client, registry: Registry) -> None:
    answer = client.post("/products/bulk", products("a", "b", "c"))
    assert answer.status == 200
    assert answer.body["message"] == "3 products registered"
    assert answer.body["data"] == {
        "registered": 3,
        "refused": 0,
        "items": [{"index": n, "status": "registered", "errors": []} for n in range(3)],
    }
    assert registered(registry) == ["a", "b", "c"]
    assert registry.products.read_latest(NO_DEADLINE).revision == 1
    assert client.get("/product/b").body["description"] == product_body()["description"]


def test_one_refused_product_refuses_all_and_every_problem_is_named(
    client: Client, registry: Registry
) -> None:
    add_product(registry, "taken")
    items: list[object] = [product_body(name=name) for name in ("good", "taken", "", "good")]
    items.append("not an object")
    answer = client.post("/products/bulk", {"items": items})
    assert answer.status == 422
    assert answer.body["message"] == "Nothing was registered: 4 of 5 items are refused"
    assert [problem["field"] for problem in answer.body["errors"]] == [
        "items.1.name",
        "items.2.name",
        "items.3.name",
        "items.4",
    ]
    assert registered(registry) == ["taken"]


def test_partial_keeps_the_good_ones_and_reports_the_others(
    client: Client, registry: Registry
) -> None:
    items = [product_body(name="a"), product_body(name="no good"), product_body(name="a")]
    answer = post_partial(client, "/products/bulk", {"items": items})
    assert answer.status == 200
    assert statuses(answer) == ["registered", "refused", "refused"]
    assert answer.body["data"]["items"][2]["errors"] == [
        {"field": "name", "message": "Product 'a' is already registered"}
    ]
    assert (answer.body["data"]["registered"], answer.body["data"]["refused"]) == (1, 2)
    assert registered(registry) == ["a"]


def test_partial_without_a_good_one_writes_nothing(client: Client, registry: Registry) -> None:
    answer = post_partial(client, "/products/bulk", {"items": [{}]})
    assert (answer.status, statuses(answer)) == (200, ["refused"])
    assert registry.products.read_latest(NO_DEADLINE).revision == 0


@pytest.mark.parametrize("count", [1, 1000])
def test_up_to_a_thousand_items_are_taken(client: Client, count: int) -> None:
    answer = client.post("/products/bulk", products(*(f"p{n}" for n in range(count))))
    assert answer.body["data"]["registered"] == count


def datasets(*names: str) -> list[dict[str, str]]:
    return [{"namespace": "warehouse", "name": name} for name in names]


def test_a_dataset_is_of_one_product_within_a_bulk_too(client: Client, registry: Registry) -> None:
    add_product(registry, "before", openlineage=datasets("t1", "t2"))
    items = [
        product_body(name="a", openlineage=datasets("t3")),
        product_body(name="b", openlineage=datasets("t4", "t3")),
        product_body(name="c", openlineage=datasets("t2", "t1", "t3")),
        product_body(name="d"),
    ]
    answer = post_partial(client, "/products/bulk", {"items": items})
    assert statuses(answer) == ["registered", "refused", "refused", "registered"]
    problems = [item["errors"] for item in answer.body["data"]["items"][1:3]]
    assert problems == [
        [{"field": "openlineage", "message": str(DatasetNameTaken("warehouse", "t3", "a"))}],
        [{"field": "openlineage", "message": str(DatasetNameTaken("warehouse", "t1", "before"))}],
    ]


def test_the_datasets_of_all_products_are_looked_through_once(
    client: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_products(registry, (f"p{number}" for number in range(10)))
    added: list[str] = []
    add = DatasetNameIndex.add_product

    def note(index: DatasetNameIndex, product: ProductRecord) -> None:
        added.append(product.name)
        add(index, product)

    monkeypatch.setattr(DatasetNameIndex, "add_product", note)
    items = [product_body(name=f"q{n}", openlineage=datasets(f"t{n}")) for n in range(20)]
    assert client.post("/products/bulk", {"items": items}).body["data"]["registered"] == 20
    assert added == registered(registry)


def test_the_file_is_not_copied_for_each_product_of_datasets(
    client: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[int] = []
    copy = ProductsFile.model_copy

    def note(file: ProductsFile, *, update: Any = None, deep: bool = False) -> ProductsFile:
        if update and "products" in update:
            copies.append(len(update["products"]))
        return copy(file, update=update, deep=deep)

    monkeypatch.setattr(ProductsFile, "model_copy", note)
    items = [product_body(name=f"q{n}", openlineage=datasets(f"t{n}")) for n in range(20)]
    assert client.post("/products/bulk", {"items": items}).body["data"]["registered"] == 20
    assert copies == [20]


def test_datasets_are_not_looked_through_for_products_that_are_none(
    client: Client, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_products(registry, "ab")
    monkeypatch.setattr(DatasetNameIndex, "add_product", None)
    assert client.post("/products/bulk", products("c", "d")).body["data"]["registered"] == 2


@pytest.mark.parametrize("items", [[], [{}] * 1001, {}, None])
def test_other_numbers_of_items_are_refused(client: Client, items: object) -> None:
    answer = client.post("/products/bulk", {"items": items})
    assert answer.status == 422
    assert [problem["field"] for problem in answer.body["errors"]] == ["items"]


def test_beyond_the_limit_all_are_refused(serve: Serve) -> None:
    registry = mesh(max_products=2)
    answer = serve("products", resources(registry)).post("/products/bulk", products("a", "b", "c"))
    assert answer.status == 429
    assert registered(registry) == []


def test_partial_fills_up_to_the_limit(serve: Serve) -> None:
    registry = mesh(max_products=2)
    client = serve("products", resources(registry))
    answer = post_partial(client, "/products/bulk", products("a", "b", "c"))
    assert statuses(answer) == ["registered", "registered", "refused"]
    assert registered(registry) == ["a", "b"]


def test_a_bulk_whose_reply_was_lost_counts_once(serve: Serve) -> None:
    stored = FaultyObject()
    stored.put_faults.append(reply_is_lost)
    registry = mesh(products=stored)
    answer = serve("products", resources(registry)).post("/products/bulk", products("a", "b"))
    assert answer.body["data"]["registered"] == 2
    assert registry.products.read_latest(NO_DEADLINE).revision == 1


# lineage


@pytest.fixture
def lineage(serve: Serve, registry: Registry) -> Client:
    add_products(registry, ["a", "b"])
    return serve("lineage", resources(registry))


def test_all_entries_are_registered_in_one_commit(lineage: Client, registry: Registry) -> None:
    body = {"items": [entry("a", "b"), entry("b", "a", lineage_type="derived")]}
    answer = lineage.post("/lineage/bulk", body)
    assert answer.body["message"] == "2 lineage entries registered"
    assert [row["source"] for row in lineage.get("/lineage").body] == ["a", "b"]
    assert registry.lineage.read_latest(NO_DEADLINE).revision == 1


def test_an_unknown_end_refuses_all(lineage: Client) -> None:
    answer = lineage.post("/lineage/bulk", {"items": [entry("a", "b"), entry("a", "nobody")]})
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "items.1",
            "location": "body",
            "message": "Lineage names unknown products: 'nobody'",
        }
    ]
    assert lineage.get("/lineage").body == []


def test_partial_keeps_the_good_entries(lineage: Client) -> None:
    items = [entry("a", "nobody"), entry("a", "b"), entry("a", "b", confidence=2)]
    answer = post_partial(lineage, "/lineage/bulk", {"items": items})
    assert statuses(answer) == ["refused", "registered", "refused"]
    assert lineage.get("/lineage").headers["x-total-count"] == "1"


def test_garbage_makes_room_for_a_bulk(serve: Serve) -> None:
    registry = mesh(max_lineage_entries=2)
    add_products(registry, ["a", "b", "gone"])
    add_lineage(registry, "a", "gone")
    registry.products.commit(
        lambda file: (
            file.model_copy(
                update={"products": {k: v for k, v in file.products.items() if k != "gone"}}
            ),
            None,
        ),
        NO_DEADLINE,
    )
    lineage = serve("lineage", resources(registry))
    body = {"items": [entry("a", "b"), entry("b", "a"), entry("a", "a")]}
    assert lineage.post("/lineage/bulk", body).status == 429
    answer = post_partial(lineage, "/lineage/bulk", body)
    assert statuses(answer) == ["registered", "registered", "refused"]
