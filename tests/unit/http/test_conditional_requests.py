"""ETag, If-None-Match and If-Match through the functions' handlers."""

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_lineage, add_product, product_body, resources


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    add_product(registry, "orders")
    return serve("products", resources(registry))


def send(client: Client, method: str, path: str, body: object = None, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.send(api_event(method, path, body, headers=named))


def etag(client: Client, path: str = "/product/orders") -> str:
    return client.get(path).headers["etag"]


def test_a_product_keeps_its_etag_until_it_changes(client: Client) -> None:
    first = etag(client)
    assert first == etag(client)
    assert first.startswith('"')
    client.put("/product/orders", {"owner": "another"})
    assert etag(client) != first


def test_an_update_answers_the_new_etag(client: Client) -> None:
    answer = client.put("/product/orders", {"owner": "another"})
    assert answer.headers["etag"] == etag(client)


@pytest.mark.parametrize("copies", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
def test_a_current_copy_is_304_without_a_body(client: Client, copies: str) -> None:
    current = etag(client)
    answer = send(client, "GET", "/product/orders", if_none_match=copies.format(etag=current))
    assert answer.status == 304
    assert answer.content == b""
    assert answer.headers["etag"] == current


@pytest.mark.parametrize("copies", ['"other"', "", "nonsense"])
def test_another_copy_is_answered_in_full(client: Client, copies: str) -> None:
    answer = send(client, "GET", "/product/orders", if_none_match=copies)
    assert answer.status == 200
    assert answer.body["name"] == "orders"


def test_a_list_is_304_until_a_product_is_added(client: Client) -> None:
    known = etag(client, "/products")
    unchanged = send(client, "GET", "/products", if_none_match=known)
    assert (unchanged.status, unchanged.headers["x-total-count"]) == (304, "1")
    client.post("/register_product", product_body(name="more"))
    assert send(client, "GET", "/products", if_none_match=known).status == 200


def test_a_page_is_another_one_when_the_total_changes(client: Client) -> None:
    known = client.get("/products", limit=1).headers["etag"]
    client.post("/register_product", product_body(name="more"))
    answer = client.get("/products", limit=1)
    assert [product["name"] for product in answer.body] == ["orders"]
    assert answer.headers["etag"] != known


def test_lineage_is_another_one_when_an_end_goes(serve: Serve, registry: Registry) -> None:
    for name in ("orders", "revenue"):
        add_product(registry, name)
    add_lineage(registry, "orders", "revenue")
    lineage = serve("lineage", resources(registry))
    known = etag(lineage, "/lineage")
    assert send(lineage, "GET", "/lineage", if_none_match=known).status == 304
    serve("products", resources(registry)).delete("/product/revenue")
    assert send(lineage, "GET", "/lineage", if_none_match=known).status == 200


def test_errors_have_no_etag(client: Client) -> None:
    answer = send(client, "GET", "/product/nobody", if_none_match="*")
    assert answer.status == 404
    assert "etag" not in answer.headers


@pytest.mark.parametrize("expected", ["{etag}", '"other", {etag}', "*"])
def test_a_change_of_the_expected_product_is_made(client: Client, expected: str) -> None:
    if_match = expected.format(etag=etag(client))
    answer = send(client, "PUT", "/product/orders", {"owner": "new"}, if_match=if_match)
    assert (answer.status, answer.body["data"]["owner"]) == (200, "new")


@pytest.mark.parametrize("expected", ['"other"', "W/{etag}", "nonsense", ""])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_of_another_product_is_412(client: Client, method: str, expected: str) -> None:
    before = client.get("/product/orders").body
    if_match = expected.format(etag=etag(client))
    body = {"owner": "new"} if method == "PUT" else None
    answer = send(client, method, "/product/orders", body, if_match=if_match)
    assert answer.status == 412
    assert answer.body == {
        "success": False,
        "message": "Product 'orders' has changed since; read it again",
    }
    assert client.get("/product/orders").body == before


def test_of_two_changes_to_one_version_the_second_is_412(client: Client) -> None:
    version = etag(client)
    first = send(client, "PUT", "/product/orders", {"owner": "first"}, if_match=version)
    second = send(client, "PUT", "/product/orders", {"owner": "second"}, if_match=version)
    assert (first.status, second.status) == (200, 412)
    assert client.get("/product/orders").body["owner"] == "first"


def test_the_expected_product_may_be_deleted(client: Client) -> None:
    version = etag(client)
    assert send(client, "DELETE", "/product/orders", if_match=version).status == 200
    assert client.get("/product/orders").status == 404


def test_an_unknown_product_is_404_whatever_is_expected(client: Client) -> None:
    assert send(client, "DELETE", "/product/nobody", if_match="*").status == 404


def test_every_answer_forbids_guessing_its_type(client: Client) -> None:
    for answer in (client.get("/products"), client.get("/product/nobody"), client.get("/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
