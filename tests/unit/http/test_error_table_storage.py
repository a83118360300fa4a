"""The rows of the error table that storage is behind, through the real handlers."""

from collections.abc import Callable
from typing import Any

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.objects import InDoubt, LostRace, MemoryObject, Unreachable
from datamesh.storage.write_probe import WriteProbe
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.lambdas import Answer, assert_problem
from tests.meshes import NO_WAIT, add_product, mesh, product_body, resources


class Failing(MemoryObject):
    """An object whose GETs and PUTs fail as told."""

    def __init__(
        self, name: str, *, get: Exception | None = None, put: Exception | None = None
    ) -> None:
        super().__init__(name)
        self._get_failure, self._put_failure = get, put

    def get(self, known_etag: str | None = None) -> Any:
        if self._get_failure:
            raise self._get_failure
        return super().get(known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        if self._put_failure:
            raise self._put_failure
        return super().put(body, replaces)


def products_failing(**failures: Exception) -> Resources:
    return resources(mesh(products=Failing("products.json", **failures)))


def test_409_too_many_writers(serve: Serve) -> None:
    client = serve("products", products_failing(put=LostRace()))
    answer = client.post("/register_product", product_body())
    assert_problem(answer, 409, "Too many writers on products.json; nothing was written, try again")


def test_424_unreadable_domain_data(serve: Serve) -> None:
    registry = mesh()
    add_product(registry, "orders", schema={"id": "integer"})
    worked_on = resources(registry, {"sales/orders/a.csv": b"id\n1,2\n"})
    message = "domains/sales/orders/a.csv, line 2: expected 1 columns, found 2"
    for path in ("/sales/orders", "/domains/sales/orders"):
        assert_problem(serve("domains", worked_on).get(path), 424, message)


def unknown_outcome(serve: Serve) -> Answer:
    client = serve("products", products_failing(put=InDoubt("read timeout")))
    return client.post("/register_product", product_body())


def unreachable_write(serve: Serve) -> Answer:
    client = serve("products", products_failing(get=Unreachable("connect timeout")))
    return client.post("/register_product", product_body())


def refused_read(serve: Serve) -> Answer:
    failure = StorageUnavailable("GetObject answered 403 AccessDenied")
    return serve("products", products_failing(get=failure)).get("/products")


def unhealthy(serve: Serve) -> Answer:
    failure = StorageUnavailable("GetObject answered 404 NoSuchBucket")
    return serve("platform", products_failing(get=failure)).get("/health")


def unwritable(serve: Serve) -> Answer:
    failure = StorageUnavailable("PutObject answered 403 AccessDenied")
    probe = WriteProbe(Failing("health", put=failure), NO_WAIT)
    return serve("platform", resources(write_probe=probe)).get("/health")


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            unknown_outcome,
            "Whether the write to products.json took effect is unknown; read before you retry",
        ),
        (unreachable_write, "products.json cannot be reached: connect timeout"),
        (refused_read, "GetObject answered 403 AccessDenied"),
        (unhealthy, "GetObject answered 404 NoSuchBucket"),
        (unwritable, "Unhealthy: writes fail. PutObject answered 403 AccessDenied"),
    ],
)
def test_503_says_when_to_try_again(
    serve: Serve, ask: Callable[[Serve], Answer], message: str
) -> None:
    answer = ask(serve)
    assert_problem(answer, 503, message)
    assert int(answer.headers["retry-after"]) >= 1
