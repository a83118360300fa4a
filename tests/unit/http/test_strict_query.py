"""A parameter that a route does not take is refused by name, on every route there is or will be."""

from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Query

from datamesh.http.app import create_app
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import (
    AREAS,
    Answer,
    Client,
    api_event,
    create_configured_client,
    import_app,
)
from tests.meshes import add_lineage, add_product, product_body, resources
from tests.unit.http.test_openapi import OPERATIONS

VALUES = {
    "name": "orders",
    "product": "orders",
    "product_name": "orders",
    "column": "amount",
    "domain": "sales",
    "dataset": "orders",
    "namespace": "sales",
    "version": "1.0.0",
    "request_id": "0" * 16,
    "source": "sales",
    "counted": "jobs",
    "job": "nightly",
    "tag": "pii",
    "field": "amount",
    "run_id": "run",
    "file": "docs.js",
    "grant_id": "0123456789abcdef",
    "key_id": "sales-etl",
}
FILTERED_BY_COLUMN = "/domains/{domain}/{dataset}"


def list_operations(app: FastAPI) -> list[tuple[str, str]]:
    return [
        (method, getattr(route, "path", ""))
        for route in app.routes
        for method in sorted(getattr(route, "methods", None) or ())
    ]


def fill_path(path: str) -> str:
    return path.replace(":path", "").format(**VALUES)


def refused(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422, answer.content
    assert answer.body["success"] is False
    assert all(problem["location"] == "query" for problem in answer.body["errors"])
    return [(problem["field"], problem["message"]) for problem in answer.body["errors"]]


def send_query(client: Client, method: str, path: str, query: str) -> Answer:
    event = api_event(method, path, {} if method in ("POST", "PUT") else None)
    return client.send({**event, "rawQueryString": query})


@pytest.mark.parametrize("area", AREAS)
def test_422_an_unknown_parameter_on_every_route(serve: Serve, area: str) -> None:
    client = serve(area)
    for method, path in list_operations(import_app(area)):
        if path == FILTERED_BY_COLUMN:
            continue
        [(field, message)] = refused(send_query(client, method, fill_path(path), "dry_rnu=true"))
        assert field == "dry_rnu"
        assert message.startswith("is no parameter of this route, which takes "), path


def test_422_a_misspelt_column_of_domain_data(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders", schema={"order_id": "string"})
    client = serve("domains", resources(registry))
    answer = client.get("/domains/sales/orders", order_idd="1")
    assert [field for field, _ in refused(answer)] == ["order_idd"]


def test_the_answer_names_what_the_route_takes(serve: Serve) -> None:
    answer = serve("lineage").get("/lineage", sorce="orders")
    message = (
        "is no parameter of this route, which takes "
        "as_of, limit, lineage_type, offset, source, target"
    )
    assert refused(answer) == [("sorce", message)]
    assert answer.body["message"] == f"Invalid request: sorce: {message}"


def test_the_answer_says_that_a_route_takes_none(serve: Serve) -> None:
    [(field, message)] = refused(serve("platform").get("/health", x=1))
    assert (field, message) == ("x", "is no parameter of this route, which takes none")


@pytest.mark.parametrize(
    ("area", "path", "query", "field"),
    [
        ("lineage", "/lineage", "Source=orders", "Source"),
        ("lineage", "/lineage", "source%20=orders", "source "),
        ("lineage", "/lineage", "=orders", "(no name)"),
        ("marquez", "/api/v1/lineage", "nodeId=dataset:a:b&node_id=dataset:a:b", "node_id"),
        ("marquez", "/api/v1/search", "q=a&kind=dataset", "kind"),
        ("lineage", "/lineage/graph/orders", "lineage-type=direct", "lineage-type"),
    ],
)
def test_a_name_is_what_is_documented_letter_for_letter(
    serve: Serve, area: str, path: str, query: str, field: str
) -> None:
    assert [name for name, _ in refused(send_query(serve(area), "GET", path, query))] == [field]


@pytest.mark.parametrize(
    ("area", "path"),
    [
        ("products", "/products"),
        ("domains", "/domains/sales/orders"),
        ("analytics", "/analytics/top-products"),
    ],
)
def test_422_a_parameter_given_twice(
    serve: Serve, registry: Registry, area: str, path: str
) -> None:
    add_product(registry, "orders", schema={"order_id": "string"})
    client = serve(area, resources(registry))
    answer = send_query(client, "GET", path, "limit=1&limit=2")
    assert refused(answer) == [("limit", "must be given once, was given 2 times")]


def test_long_and_many_names_are_cut(serve: Serve) -> None:
    query = "&".join(f"{'x' * 300}{number}=1" for number in range(300))
    query += "&" + "&".join(f"n{number}=1" for number in range(300))
    answer = send_query(serve("platform"), "GET", "/health", query)
    fields = [field for field, _ in refused(answer)]
    assert max(map(len, fields)) == 200
    assert len(fields) <= 20
    assert len(answer.content) < 20_000


def test_a_misspelt_parameter_removes_nothing(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders")
    add_product(registry, "revenue")
    add_lineage(registry, "orders", "revenue")
    client = serve("lineage", resources(registry))
    query = {"source": "orders", "target": "revenue", "transformaton": "join"}
    answer = client.send(api_event("DELETE", "/lineage", query=query))
    assert [field for field, _ in refused(answer)] == ["transformaton"]
    assert len(client.get("/lineage").body) == 1


def test_a_rehearsal_that_does_not_exist_registers_nothing(
    serve: Serve, registry: Registry
) -> None:
    client = serve("products", resources(registry))
    event = api_event("POST", "/register_product", product_body(), query={"dry_run": "true"})
    assert [field for field, _ in refused(client.send(event))] == ["dry_run"]
    assert client.get("/products").body == []


def test_401_comes_before_anything_is_said_about_the_query(serve: Serve) -> None:
    event = api_event("DELETE", "/product/orders", query={"x": "1"}, principal=None)
    assert serve("products").send(event).status == 401


def test_a_new_route_is_strict_by_itself(registry: Registry) -> None:
    app = create_app("New")

    @app.get("/new")
    async def new(size: Annotated[int, Query(alias="pageSize")] = 1) -> dict[str, Any]:
        return {"size": size}

    client = create_configured_client(app, resources(registry))
    assert client.get("/new", pageSize=2).body == {"size": 2}
    [(field, message)] = refused(client.get("/new", size=2))
    assert field == "size"
    assert message.endswith("takes pageSize")


def test_422_is_documented_for_every_route() -> None:
    assert [key for key, each in OPERATIONS.items() if "422" not in each["responses"]] == []


@pytest.mark.parametrize("number", ["1_0", "1.0", " 1", "+1", "1e1", "", "\uff11", "0x1"])
def test_a_whole_number_is_digits(serve: Serve, number: str) -> None:
    answer = serve("products").send(api_event("GET", "/products", query={"limit": number}))
    assert refused(answer) == [("limit", f"must be a whole number, got {number!r}")]


def test_whole_numbers_of_every_route_are_known(serve: Serve) -> None:
    for area, path, name in (
        ("lineage", "/lineage/graph/orders", "depth"),
        ("analytics", "/changes", "wait"),
        ("marquez", "/api/v1/jobs", "offset"),
        ("products", "/product/orders/versions", "before"),
    ):
        answer = serve(area).send(api_event("GET", path, query={name: "1_0"}))
        assert refused(answer) == [(name, "must be a whole number, got '1_0'")]


def test_rows_are_limited_by_digits_or_by_the_word_for_all(serve: Serve) -> None:
    for limit in ("1_0", "ALL", ""):
        answer = serve("domains").send(
            api_event("GET", "/domains/sales/orders", query={"limit": limit})
        )
        assert refused(answer) == [("limit", "must be a whole number, or `all`")]


def test_a_sign_is_left_to_the_bounds(serve: Serve) -> None:
    answer = serve("products").send(api_event("GET", "/products", query={"offset": "-1"}))
    assert refused(answer) == [("offset", "Input should be greater than or equal to 0")]
    assert serve("products").get("/products", limit="010").status == 200
