"""Products through their function's handler."""

from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.large import add_large_products, read_pages
from tests.meshes import add_lineage, add_product, add_products, product_body, resources

REGISTERED: dict[str, Any] = {
    "name": "orders",
    "domain": "sales",
    "owner": "sales-team",
    "description": "One row per order line",
    "schema": {"order_id": "string"},
    "status": "active",
    "version": "1.0.0",
    "tags": [],
    "openlineage": [],
    "output_port": None,
    "quality": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:00Z",
}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def names(answer: Answer) -> list[str]:
    return [product["name"] for product in answer.body]


def refused(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422
    assert answer.body["success"] is False
    return [(problem["location"], problem["field"]) for problem in answer.body["errors"]]


def test_a_registration_is_answered_with_the_product(client: Client) -> None:
    answer = client.post("/register_product", product_body())
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Product 'orders' registered",
        "data": REGISTERED,
    }


def test_a_product_is_read_as_a_bare_object(client: Client) -> None:
    client.post("/register_product", product_body())
    answer = client.get("/product/orders")
    assert (answer.status, answer.body) == (200, REGISTERED)


def test_a_list_is_a_bare_array_of_what_is_registered(client: Client) -> None:
    client.post("/register_product", product_body())
    answer = client.get("/products")
    assert (answer.status, answer.body) == (200, [REGISTERED])
    assert answer.headers["x-total-count"] == "1"


def test_an_empty_list_has_a_total_too(client: Client) -> None:
    answer = client.get("/products")
    assert (answer.body, answer.headers["x-total-count"]) == ([], "0")


@pytest.mark.parametrize("field", ["created_at", "updated_at", "since_revision", "anything"])
def test_what_the_server_sets_is_not_taken_from_the_client(client: Client, field: str) -> None:
    body = product_body(**{field: "2020-01-01T00:00:00Z"})
    assert refused(client.post("/register_product", body)) == [("body", field)]
    assert refused(client.put("/product/orders", {"owner": "me", field: 1})) == [("body", field)]
    assert client.get("/products").body == []


@pytest.mark.parametrize(
    "content_type",
    [None, "application/x-www-form-urlencoded", "text/plain", "application/json; charset=latin-1"],
)
def test_the_content_type_is_not_looked_at(client: Client, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    event = api_event("POST", "/register_product", product_body(), headers=headers)
    assert client.send(event).status == 200


def test_a_body_may_arrive_base64_encoded(client: Client) -> None:
    body = b'{"name": "orders", "domain": "s", "owner": "gr\xc3\xb6\xc3\x9fe", '
    body += b'"description": "d", "schema": {"id": "int"}}'
    event = api_event("POST", "/register_product", body)
    assert event["isBase64Encoded"] is True
    assert client.send(event).body["data"]["owner"] == "größe"


# update


def test_an_update_changes_what_is_given_and_nothing_else(client: Client) -> None:
    client.post("/register_product", product_body())
    answer = client.put("/product/orders", {"status": "deprecated", "tags": [" A ", "b"]})
    changed = REGISTERED | {
        "status": "deprecated",
        "tags": ["a", "b"],
        "updated_at": "2026-01-31T12:00:00.000001Z",
    }
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Product 'orders' updated",
        "data": changed,
    }
    assert client.get("/product/orders").body == changed


def test_an_update_moves_updated_at_though_the_clock_stands_still(client: Client) -> None:
    client.post("/register_product", product_body())
    times = [
        client.put("/product/orders", {"owner": owner}).body["data"]["updated_at"] for owner in "ab"
    ]
    assert times == ["2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00.000002Z"]


def test_an_update_to_the_same_values_changes_nothing(client: Client) -> None:
    client.post("/register_product", product_body())
    etag = client.get("/product/orders").headers["etag"]
    answer = client.put("/product/orders", {"owner": "sales-team"})
    assert (answer.body["data"], answer.headers["etag"]) == (REGISTERED, etag)


@pytest.mark.parametrize("body", [{}, {"owner": None}, {"name": None}, {"quality": {}}])
def test_a_refused_update_changes_nothing(client: Client, body: dict[str, Any]) -> None:
    client.post("/register_product", product_body())
    assert refused(client.put("/product/orders", body))
    assert client.get("/product/orders").body == REGISTERED


# delete


def test_a_deletion_says_how_much_lineage_went_with_it(client: Client, registry: Registry) -> None:
    add_products(registry, ["orders", "revenue"])
    add_lineage(registry, "orders", "revenue")
    answer = client.delete("/product/orders")
    assert answer.status == 200
    assert answer.body == {
        "success": True,
        "message": "Product 'orders' deleted",
        "data": {"name": "orders", "lineage_entries_removed": 1},
    }
    assert client.get("/product/orders").status == 404
    assert client.delete("/product/orders").status == 404


# find


@pytest.fixture
def many(client: Client, registry: Registry) -> Client:
    add_product(registry, "z", domain="Sales", tags=["gold"])
    add_product(registry, "a", domain="sales", status="inactive")
    add_product(registry, "m", domain="finance", tags=["gold", "new"])
    return client


@pytest.mark.parametrize(
    ("query", "expected", "total"),
    [
        ({}, ["z", "a", "m"], "3"),
        ({"domain": "SALES"}, ["z", "a"], "2"),
        ({"status": "active"}, ["z", "m"], "2"),
        ({"tag": "GOLD"}, ["z", "m"], "2"),
        ({"tag": "gold", "domain": "finance", "status": "active"}, ["m"], "1"),
        ({"limit": 1}, ["z"], "3"),
        ({"limit": 1, "offset": 1}, ["a"], "3"),
        ({"offset": 3}, [], "3"),
        ({"tag": "gold", "offset": 1}, ["m"], "2"),
        ({"domain": "nowhere"}, [], "0"),
    ],
)
def test_filters_and_pages(
    many: Client, query: dict[str, object], expected: list[str], total: str
) -> None:
    answer = many.get("/products", **query)
    assert (names(answer), answer.headers["x-total-count"]) == (expected, total)


@pytest.mark.parametrize(
    ("query", "expected", "total"),
    [
        ({"owner": "Ada@Example.com "}, ["returns"], "1"),
        ({"owner": "ada"}, [], "0"),
        ({"q": "RETURN"}, ["returns"], "1"),  # name
        ({"q": "sent back"}, ["returns"], "1"),  # description
        ({"q": "ada@"}, ["returns"], "1"),  # owner
        ({"q": "gold"}, ["returns", "stock"], "2"),  # tag
        ({"q": "returned_ON"}, ["returns"], "1"),  # field
        ({"q": " strasse "}, ["stock"], "1"),  # as Unicode folds ß
        ({"q": "timestamp"}, [], "0"),  # the types of fields are no text
        ({"q": "returnsorders"}, [], "0"),  # one text at a time
        ({"q": "gold", "limit": 1}, ["returns"], "2"),
        ({"q": "gold", "limit": 1, "offset": 1}, ["stock"], "2"),
        ({"q": "gold", "domain": "logistics"}, ["stock"], "1"),
        ({"q": "gold", "owner": "ada@example.com", "tag": "gold"}, ["returns"], "1"),
        ({"q": "gold", "status": "deprecated"}, [], "0"),
    ],
)
def test_products_are_found_by_owner_and_by_text(
    client: Client, registry: Registry, query: dict[str, object], expected: list[str], total: str
) -> None:
    returns = {"returned_on": "timestamp", "order_id": "string"}
    add_product(
        registry,
        "returns",
        owner="ada@example.com",
        description="Orders that were sent back",
        schema=returns,
        tags=["gold"],
    )
    add_product(
        registry, "stock", domain="logistics", description="Lager Hauptstraße", tags=["Gold", "eu"]
    )
    answer = client.get("/products", **query)
    assert (names(answer), answer.headers["x-total-count"]) == (expected, total)


def test_a_text_is_found_in_large_products(serve: Serve, registry: Registry) -> None:
    found = add_large_products(registry, 120)
    client = serve("products", resources(registry))
    pages = read_pages(client, "/products", q="FIELD_299", limit=1000)
    assert [product["name"] for page in pages for product in page.body] == found
    assert len(pages) == 2


@pytest.mark.parametrize("text", ["", " ", "x" * 201])
def test_a_text_that_is_blank_or_too_long_is_refused(client: Client, text: str) -> None:
    assert refused(client.get("/products", q=text)) == [("query", "q")]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": -1},
        {"limit": "ten"},
        {"limit": ""},
        {"limit": 1.5},
        {"offset": -1},
        {"offset": "x"},
        {"status": "Active"},
        {"status": ""},
    ],
)
def test_a_parameter_beyond_its_limits_is_refused(client: Client, query: dict[str, object]) -> None:
    [parameter] = query
    assert refused(client.get("/products", **query)) == [("query", parameter)]


@pytest.mark.parametrize(
    "query", [{"limit": 1}, {"limit": 1000}, {"offset": 0}, {"offset": 10**20}]
)
def test_a_parameter_at_its_limits_is_accepted(client: Client, query: dict[str, object]) -> None:
    assert client.get("/products", **query).status == 200


def test_a_page_has_100_products_unless_told(client: Client, registry: Registry) -> None:
    add_products(registry, [f"p{number}" for number in range(101)])
    answer = client.get("/products")
    assert names(answer) == [f"p{number}" for number in range(100)]
    assert answer.headers["x-total-count"] == "101"


def test_two_pages_make_the_whole(client: Client, registry: Registry) -> None:
    add_products(registry, "zyxab")
    pages = [names(client.get("/products", limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert pages == [["z", "y"], ["x", "a"], ["b"]]
