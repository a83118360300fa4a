"""Every row of the error table: status, body and headers, through the real handlers."""

import pytest

from datamesh.errors.base import InvalidSettings, MeshError
from datamesh.http.errors import DESCRIPTIONS, STATUS
from datamesh.models.products import NAME_PATTERN
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import AREAS, api_event, assert_marquez_problem, assert_problem
from tests.meshes import (
    add_lineage,
    add_product,
    add_products,
    lineage_body,
    mesh,
    product_body,
    resources,
)

# 400


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"not json", "The body is not JSON: Expecting value at line 1 column 1"),
        (b"{}{}", "The body is not JSON: Extra data at line 1 column 3"),
        ('{"name": "größe"}'.encode("latin-1"), "The body is not UTF-8"),
        (b"[" * 100_000, "The body is nested deeper than 64 levels"),
        (b'{"confidence": NaN}', "The body is not JSON: NaN is not a number"),
        (b'{"n": 1e309}', "The number 1e309 is too large"),
        (b'{"n": 9223372036854775808}', "The number 9223372036854775808 is too large"),
        (b'{"name": "a", "name": "b"}', "The body has the key 'name' twice in one object"),
        (b'{"name": "\\ud800"}', "The body has a string with a lone surrogate"),
    ],
)
@pytest.mark.parametrize(
    ("area", "method", "path"),
    [
        ("products", "POST", "/register_product"),
        ("products", "PUT", "/product/orders"),
        ("lineage", "POST", "/register_lineage"),
    ],
)
def test_400_a_malformed_body(
    serve: Serve, area: str, method: str, path: str, body: bytes, message: str
) -> None:
    assert_problem(serve(area).send(api_event(method, path, body)), 400, message)


def test_400_lineage_of_unknown_products(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders")
    answer = serve("lineage", resources(registry)).post("/register_lineage", lineage_body())
    assert_problem(answer, 400, "Lineage names unknown products: 'revenue'")


@pytest.mark.parametrize("path", ["/sales/orders", "/finance/transactions"])
def test_400_an_inverted_range(serve: Serve, path: str) -> None:
    answer = serve("domains").get(path, start_date="1997-01-02", end_date="1997-01-01")
    assert_problem(answer, 400, "start_date 1997-01-02 is after end_date 1997-01-01")


# 404, 405


@pytest.mark.parametrize(
    ("area", "method", "path"),
    [
        ("products", "GET", "/product/orders"),
        ("products", "DELETE", "/product/orders"),
        ("lineage", "GET", "/lineage/upstream/orders"),
        ("lineage", "GET", "/lineage/downstream/orders"),
        ("lineage", "GET", "/lineage/graph/orders"),
        ("lineage", "GET", "/lineage/impact/orders"),
        ("lineage", "GET", "/lineage/columns/orders"),
        ("lineage", "GET", "/lineage/columns/orders/amount"),
    ],
)
def test_404_an_unknown_product(serve: Serve, area: str, method: str, path: str) -> None:
    answer = serve(area).send(api_event(method, path))
    assert_problem(answer, 404, "Product 'orders' is not registered")


def test_404_an_update_of_an_unknown_product(serve: Serve) -> None:
    answer = serve("products").put("/product/orders", {"owner": "new"})
    assert_problem(answer, 404, "Product 'orders' is not registered")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/lineage/path", {"source": "orders", "target": "bills"}),
        ("/lineage/path", {"source": "bills", "target": "orders"}),
        ("/lineage/export", {"format": "dot", "product": "orders"}),
    ],
)
def test_404_an_unknown_product_of_the_query(
    serve: Serve, registry: Registry, path: str, query: dict[str, object]
) -> None:
    add_product(registry, "bills")
    answer = serve("lineage", resources(registry)).get(path, **query)
    assert_problem(answer, 404, "Product 'orders' is not registered")


def test_404_lineage_that_is_not_there(serve: Serve, registry: Registry) -> None:
    add_products(registry, ["orders", "bills"])
    add_lineage(registry, "bills", "orders")
    query = {"source": "orders", "target": "bills"}
    client = serve("lineage", resources(registry))
    answer = client.send(api_event("DELETE", "/lineage", query=query))
    assert_problem(answer, 404, "There is no such lineage 'orders' -> 'bills'")


def test_404_an_unknown_asset(serve: Serve) -> None:
    for name in ("app.py", "openapi.json", "%2e%2e%2fapp.py", ".."):
        answer = serve("platform").get(f"/docs/assets/{name}")
        assert (answer.status, answer.body["success"]) == (404, False)


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("path", ["//", "/unknown", "/products/", "/health/", "/docs/assets/a/b"])
def test_404_an_unknown_path(serve: Serve, area: str, path: str) -> None:
    assert_alike = assert_marquez_problem if area.startswith("marquez") else assert_problem
    assert_alike(serve(area).get(path), 404, "Not Found")


@pytest.mark.parametrize(
    ("area", "method", "path"),
    [
        ("products", "PATCH", "/product/orders"),
        ("products", "POST", "/products"),
        ("lineage", "PUT", "/lineage"),
        ("domains", "PUT", "/sales/orders"),
        ("analytics", "POST", "/analytics/domains"),
        ("platform", "POST", "/health"),
    ],
)
def test_405_another_method(serve: Serve, area: str, method: str, path: str) -> None:
    answer = serve(area).send(api_event(method, path, {}))
    assert_problem(answer, 405, "Method Not Allowed")
    assert "GET" in answer.headers["allow"]


# 409, 422, 429


def test_409_a_taken_name(serve: Serve, registry: Registry) -> None:
    add_product(registry, "orders")
    answer = serve("products", resources(registry)).post("/register_product", product_body())
    assert_problem(answer, 409, "Product 'orders' is already registered")


def test_422_names_every_field_that_breaks_its_constraint(serve: Serve) -> None:
    body = product_body(name="two words", schema={"id": ""}, tags=[str(n) for n in range(11)])
    answer = serve("products").post("/register_product", body)
    assert answer.status == 422
    assert answer.body == {
        "success": False,
        "message": f"Invalid request: name: String should match pattern '{NAME_PATTERN}'; "
        "schema.id: String should have at least 1 character; tags: at most 10 tags, got 11",
        "errors": [
            {
                "field": "name",
                "location": "body",
                "message": f"String should match pattern '{NAME_PATTERN}'",
            },
            {
                "field": "schema.id",
                "location": "body",
                "message": "String should have at least 1 character",
            },
            {"field": "tags", "location": "body", "message": "at most 10 tags, got 11"},
        ],
    }


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/register_product"), ("PUT", "/product/orders")]
)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "Field required"),
        (b"", "Field required"),
        (b"null", "Input should be a valid dictionary or object to extract fields from"),
        (b"[]", "Input should be a valid dictionary or object to extract fields from"),
        (b'"text"', "Input should be a valid dictionary or object to extract fields from"),
    ],
)
def test_422_a_body_that_is_no_object(
    serve: Serve, method: str, path: str, body: bytes | None, message: str
) -> None:
    answer = serve("products").send(api_event(method, path, body))
    assert answer.status == 422
    assert answer.body["errors"] == [{"field": "body", "location": "body", "message": message}]


def test_422_an_empty_update(serve: Serve) -> None:
    answer = serve("products").put("/product/orders", {})
    assert answer.status == 422
    [problem] = answer.body["errors"]
    assert problem["message"].startswith("give at least one of name, domain,")


def test_429_a_full_registry_of_products(serve: Serve) -> None:
    registry = mesh(max_products=1)
    add_product(registry, "a")
    answer = serve("products", resources(registry)).post("/register_product", product_body())
    assert_problem(answer, 429, "The registry is full: MAX_PRODUCTS is 1")


def test_429_a_full_registry_of_lineage(serve: Serve) -> None:
    registry = mesh(max_lineage_entries=1)
    add_products(registry, ["orders", "revenue"])
    add_lineage(registry, "revenue", "orders")
    answer = serve("lineage", resources(registry)).post("/register_lineage", lineage_body())
    assert_problem(answer, 429, "The registry is full: MAX_LINEAGE_ENTRIES is 1")


# the table itself


def all_errors(kind: type[MeshError] = MeshError) -> list[type[MeshError]]:
    below = kind.__subclasses__()
    return below + [found for each in below for found in all_errors(each)]


def test_every_error_of_the_mesh_has_a_status() -> None:
    """But for the one that keeps a function from starting at all."""
    assert set(all_errors()) - set(STATUS) == {InvalidSettings}
    assert set(STATUS.values()) <= set(DESCRIPTIONS)
