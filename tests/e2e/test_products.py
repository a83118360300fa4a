"""Products over HTTP."""

from collections.abc import Callable

import pytest

from tests.e2e import parity
from tests.e2e.api import Api
from tests.e2e.local_run import product


def test_a_registered_product_reads_back(api: Api, new_product: Callable[..., str]) -> None:
    name = new_product(tags=[" Gold ", "", "DAILY"])
    found = api.get(f"/product/{name}").json()
    assert found["tags"] == ["gold", "daily"]
    assert found["status"] == "active"
    assert found["version"] == "1.0.0"
    assert found["created_at"] == found["updated_at"]
    assert "since_revision" not in found


def test_a_taken_name_is_409(api: Api, new_product: Callable[..., str]) -> None:
    name = new_product()
    answer = api.write("POST", "/register_product", product(name))
    assert answer.status_code == 409
    assert answer.json() == {"success": False, "message": f"Product '{name}' is already registered"}


def test_every_refused_field_is_named(api: Api) -> None:
    body = product("no spaces", version="1.0", schema={})
    answer = api.write("POST", "/register_product", body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"name", "version", "schema"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"name": NaN}', b"[" * 100_000, b'{"a": 1, "a": 2}', b"1e999"],
)
def test_a_bad_body_is_refused(api: Api, body: bytes) -> None:
    before = api.get("/products").headers["X-Total-Count"]
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    answer = api.call("POST", "/register_product", data=body, headers=headers)
    assert answer.status_code == (422 if body == b"" else 400)
    assert answer.json()["success"] is False
    assert api.get("/products").headers["X-Total-Count"] == before


def test_a_body_that_is_not_text_is_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    answer = api.call("POST", "/register_product", data=b"\xff\xfe", headers=headers)
    assert answer.status_code == parity.BINARY_BODY.here()


def test_filters_and_pages(api: Api, new_product: Callable[..., str]) -> None:
    names = [new_product(domain="Paging", tags=["e2e-page"]) for _ in range(3)]
    pages = [
        api.get("/products", params={"domain": "PAGING", "limit": 1, "offset": offset})
        for offset in range(4)
    ]
    assert [page.headers["X-Total-Count"] for page in pages] == ["3"] * 4
    assert [[row["name"] for row in page.json()] for page in pages] == [[n] for n in names] + [[]]
    assert len(api.get("/products", params={"tag": "E2E-Page"}).json()) == 3
    assert api.get("/products", params={"domain": "paging", "status": "inactive"}).json() == []


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "status=gone"])
def test_bad_queries_are_422(api: Api, query: str) -> None:
    answer = api.get(f"/products?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


def test_an_update_changes_what_was_given(api: Api, new_product: Callable[..., str]) -> None:
    name = new_product()
    before = api.get(f"/product/{name}").json()
    answer = api.write("PUT", f"/product/{name}", {"owner": "new", "schema": {"a": "int"}})
    assert answer.status_code == 200
    after = api.get(f"/product/{name}").json()
    assert after == answer.json()["data"]
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"owner", "schema", "updated_at"}


def test_unknown_products_are_404(api: Api) -> None:
    for method in ("GET", "DELETE"):
        answer = api.write(method, "/product/nobody")
        assert answer.status_code == 404
        assert answer.json()["message"] == "Product 'nobody' is not registered"
    assert api.write("PUT", "/product/nobody", {"owner": "new"}).status_code == 404


def test_a_browser_may_read_the_total(api: Api) -> None:
    answer = api.get("/products", headers={"Origin": "https://portal.example.com"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = answer.headers.get("Access-Control-Expose-Headers")
    expected = parity.EXPOSED_HEADERS.here()
    assert names(exposed) == names(expected)


def names(header: str | None) -> set[str]:
    return {name.strip().lower() for name in (header or "").split(",")}
