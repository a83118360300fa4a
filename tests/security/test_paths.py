"""Tricks in the path: none reaches another route, fails inside, or changes anything."""

import pytest

from tests.security.conftest import Target

TRICKS: list[str | bytes] = [
    # the parameter holds a separator, encoded once, twice, or in other ways
    "/product/%2F",
    "/product/%2Forders",
    "/product/orders%2F",
    "/product/a%2Fb",
    "/product/%252F",
    "/product/%252Forders",
    "/product/%5Corders",
    "/product/%EF%BC%8F",
    "/product/%C0%AF",
    # dots
    "/product/.",
    "/product/..",
    "/product/%2e%2e",
    "/product/..%2Fproducts",
    "/product/%2e%2e%2fproducts",
    "/product/%252e%252e%252fproducts",
    "/product/../products",
    "/product/./orders",
    "/../products",
    "/%2e%2e/products",
    "/docs/assets/../docs.html",
    "/docs/assets/..%2fapp.py",
    "/docs/assets/%2e%2e%2f%2e%2e%2fopenapi.json",
    "/docs/assets/..%5capp.py",
    "/docs/assets/%2Fetc%2Fpasswd",
    "/sales/orders/..%2f..%2fproducts.json",
    "/lineage/upstream/..%2fdownstream%2forders",
    # more, less, or other text than a route has
    "//products",
    "/products/",
    "/products/.",
    "/products;x=1",
    "/products%3Flimit=1",
    "/products%00",
    "/PRODUCTS",
    "/product//orders",
    "/product/",
    "/product/orders%00",
    "/product/%00",
    "/product/orders%20",
    "/product/%0D%0AX-Injected:%201",
    "/product/orders%23",
    # names of other alphabets, or none
    "/product/o%CC%88rders",
    "/product/%E2%80%AEsredro",
    "/product/%D0%BErders",
    "/product/%F0%9F%92%A9",
    "/product/%EF%BF%BF",
    "/product/%ff",
    "/product/%ED%A0%80",
    "/product/%zz",
    "/product/%",
    # long ones
    "/product/" + "a" * 10_240,
    "/product/" + "%2e%2e%2f" * 1_000,
    "/lineage/upstream/" + "a" * 10_240,
    "/" + "a/" * 5_000,
]
SENT_RAW: list[str | bytes] = [
    b"/product/\xc3\xb6rders",
    b"/product/\xff",
    b"/product/\x00",
    b"/product/or\x01ders",
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_trick_is_refused(target: Target, method: str) -> None:
    for path in [*TRICKS, *SENT_RAW]:
        body = b'{"owner": "intruder"}' if method == "PUT" else b""
        answer = target.send(method, path, body)
        assert 400 <= answer.status < 500, (path[:60], answer.status)
        assert "x-injected" not in answer.headers
        if not isinstance(path, bytes):  # the server itself answers what is no HTTP
            assert set(answer.body) <= {"success", "message", "errors"}, path[:60]
            assert len(answer.content) < 1_000 + len(path), path[:60]


def test_the_same_paths_without_the_trick_are_answered(target: Target) -> None:
    for path in ("/products", "/product/orders", "/product/%6Frders", "/lineage/upstream/bills"):
        assert target.send("GET", path).status == 200, path


def test_a_trick_does_not_get_past_the_authorizer(target: Target) -> None:
    for path in ("/product/orders%2F", "//product/orders", "/product/./orders", "/Product/orders"):
        assert target.send("DELETE", path, key="wrong").status in (403, 404), path
    assert target.send("DELETE", "/product/%6Frders", key="wrong").status == 403
    assert (
        target.send("DELETE", "/product/orders", X_HTTP_Method_Override="GET", key="").status == 401
    )
    assert target.send("GET", "/product/orders", X_HTTP_Method_Override="DELETE").status == 200
    assert target.send("GET", "/product/orders").status == 200
