import pytest

from dev.routing import match
from dev.stack import Route

ROUTES = [
    Route("GET", "/product/{name}", "Read"),
    Route("PUT", "/product/{name}", "Write"),
    Route("GET", "/product/new", "New"),
    Route("GET", "/{area}/orders", "Orders"),
    Route("GET", "/sales/{what}", "Sales"),
    Route("ANY", "/product/{name}", "Any"),
    Route("GET", "/", "Root"),
]


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/product/a", "Read", {"name": "a"}),
        ("PUT", "/product/a b", "Write", {"name": "a b"}),
        ("DELETE", "/product/a", "Any", {"name": "a"}),
        ("GET", "/product/new", "New", {}),
        ("GET", "/sales/orders", "Sales", {"what": "orders"}),
        ("GET", "/finance/orders", "Orders", {"area": "finance"}),
        ("GET", "/", "Root", {}),
    ],
)
def test_the_most_specific_route_is_met(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    found = match(ROUTES, method, path)
    assert found is not None
    assert (found.route.function, found.parameters) == (function, parameters)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/product"),
        ("GET", "/product/"),
        ("GET", "/product/a/"),
        ("GET", "/product/a/b"),
        ("GET", "//product/a"),
        ("GET", "/Product/a"),
        ("POST", "/"),
        ("HEAD", "/"),
    ],
)
def test_nothing_else_is_met(method: str, path: str) -> None:
    assert match(ROUTES, method, path) is None
