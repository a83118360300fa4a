import pytest

from dev.gateway.routing import RouteTable
from dev.stack import Route

ROUTES = [
    Route("GET", "/product/{name}", "Read"),
    Route("PUT", "/product/{name}", "Write"),
    Route("GET", "/product/new", "New"),
    Route("GET", "/{area}/orders", "Orders"),
    Route("GET", "/sales/{what}", "Sales"),
    Route("ANY", "/product/{name}", "Any"),
    Route("GET", "/", "Root"),
    Route("GET", "/files", "Files"),
    Route("GET", "/files/{path+}", "Below"),
    Route("GET", "/files/{name}", "File"),
    Route("GET", "/files/deep/{rest+}", "Deep"),
    Route("ANY", "/files/{path+}", "AnyBelow"),
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
        ("GET", "/files", "Files", {}),
        ("GET", "/files/a", "File", {"name": "a"}),
        ("GET", "/files/a/b", "Below", {"path": "a/b"}),
        ("GET", "/files/s3://bucket/a b/datasets", "Below", {"path": "s3://bucket/a b/datasets"}),
        ("GET", "/files/a/", "Below", {"path": "a/"}),
        ("GET", "/files/deep/a", "Deep", {"rest": "a"}),
        ("POST", "/files/a", "AnyBelow", {"path": "a"}),
    ],
)
def test_the_most_specific_route_is_met(
    method: str, path: str, function: str, parameters: dict[str, str]
) -> None:
    found = RouteTable(ROUTES).match(method, path)
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
        ("GET", "/files/"),
    ],
)
def test_nothing_else_is_met(method: str, path: str) -> None:
    assert RouteTable(ROUTES).match(method, path) is None
