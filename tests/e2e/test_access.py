"""The key that a write needs."""

import pytest

from tests.e2e import parity
from tests.e2e.api import Api
from tests.e2e.local_run import product

WRITES = [
    ("POST", "/register_product"),
    ("PUT", "/product/orders"),
    ("DELETE", "/product/orders"),
    ("POST", "/register_lineage"),
]


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_no_key_is_401(api: Api, method: str, path: str, headers: dict[str, str]) -> None:
    answer = api.call(method, path, json=product("intruder"), headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized"}


@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic eDp5", "Bearer {key}x"])
def test_any_other_key_is_403(api: Api, method: str, path: str, header: str) -> None:
    headers = {"Authorization": header.format(key=api.key)}
    answer = api.call(method, path, json=product("intruder"), headers=headers)
    assert answer.status_code == 403
    assert answer.json() == parity.DENIED.here()
    assert api.get("/product/intruder").status_code == 404
    assert api.get("/product/orders").status_code == 200


@pytest.mark.parametrize("path", ["/products", "/product/orders", "/sales/orders", "/changes"])
@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic eDp5", "Bearer {key}x"])
def test_a_read_with_another_key_is_403_even_where_reads_are_open(
    api: Api, path: str, header: str
) -> None:
    """Whoever thinks to be signed in should hear that he is not."""
    for method in ("GET", "HEAD"):
        headers = {"Authorization": header.format(key=api.key)}
        answer = api.call(method, path, headers=headers)
        assert answer.status_code == 403
        assert method == "HEAD" or answer.json() == parity.DENIED.here()


@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}])
def test_a_read_without_a_key_is_open_here(api: Api, headers: dict[str, str]) -> None:
    answer = api.get("/products", headers=headers)
    assert answer.status_code == 200
    assert "cache-control" not in answer.headers


def test_a_read_with_the_key_is_kept_by_no_cache(api: Api) -> None:
    answer = api.get("/products", headers={"Authorization": f"Bearer {api.key}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json"])
def test_health_and_documentation_ask_for_nothing(api: Api, path: str) -> None:
    headers = {"Authorization": "Bearer wrong"}
    assert api.get(path, headers=headers).status_code == 200


def test_an_unknown_route_is_404(api: Api) -> None:
    assert api.get("/nowhere").status_code == parity.UNKNOWN_ROUTE.here()
    assert api.write("DELETE", "/products").status_code == parity.UNKNOWN_ROUTE.here()


def test_a_browser_may_ask_before_it_writes(api: Api) -> None:
    headers = {"Origin": "https://portal.example.com", "Access-Control-Request-Method": "PUT"}
    answer = api.call("OPTIONS", "/product/orders", headers=headers)
    assert answer.status_code == parity.PREFLIGHT.here()
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
