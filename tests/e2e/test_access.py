"""Who may write."""

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


def test_reads_are_open_whatever_key_they_carry(api: Api) -> None:
    assert api.get("/products", headers={"Authorization": "Bearer wrong"}).status_code == 200


def test_an_unknown_route_is_404(api: Api) -> None:
    assert api.get("/nowhere").status_code == parity.UNKNOWN_ROUTE.here()
    assert api.write("DELETE", "/products").status_code == parity.UNKNOWN_ROUTE.here()


def test_a_browser_may_ask_before_it_writes(api: Api) -> None:
    headers = {"Origin": "https://portal.example.com", "Access-Control-Request-Method": "PUT"}
    answer = api.call("OPTIONS", "/product/orders", headers=headers)
    assert answer.status_code == parity.PREFLIGHT.here()
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
