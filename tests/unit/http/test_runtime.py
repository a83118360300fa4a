"""The surroundings of an app: its time for storage, and settings that keep it from starting."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest

from datamesh.errors.base import InvalidSettings
from datamesh.errors.storage import StorageUnavailable
from datamesh.http import entrypoint
from datamesh.http.entrypoint import create_lambda_handler, create_task_handler
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import MemoryObject
from tests.contexts import NO_DEADLINE
from tests.lambdas import ENVIRONMENT, Client, LambdaContext, assert_problem, import_app
from tests.meshes import NO_WAIT, add_product, mesh

SPENT = "products.json cannot be reached: the time for the request is spent"


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch, imported_functions: None) -> None:
    """Whatever would call S3 comes too late, so that nothing is called."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(entrypoint, "STORAGE_SECONDS", 0.0)


def test_a_request_has_its_time_for_storage(no_time: None) -> None:
    client = Client(create_lambda_handler(import_app("products"), ENVIRONMENT))
    for _ in range(2):
        assert_problem(client.get("/products"), 503, SPENT)


def test_a_write_that_has_no_time_left_wrote_nothing(no_time: None) -> None:
    client = Client(create_lambda_handler(import_app("products"), ENVIRONMENT))
    assert_problem(client.delete("/product/orders"), 503, SPENT)


def test_domain_data_has_the_time_of_the_request_too(no_time: None) -> None:
    app = import_app("domains")
    client = Client(create_lambda_handler(app, ENVIRONMENT))
    in_bucket = app.state.resources
    products = Document(MemoryObject("products.json"), ProductsFile, NO_WAIT, cache_seconds=60)
    registry = replace(mesh(), products=products)
    add_product(registry, "orders")
    products.read(NO_DEADLINE)  # from now on it is answered without a call to storage
    app.state.resources = replace(in_bucket, registry=registry)
    answer = client.get("/sales/orders")
    assert_problem(answer, 503, SPENT.replace("products.json", "domains/sales/orders/"))


def test_a_scheduled_run_has_its_time_for_storage(no_time: None) -> None:
    scheduled = import_module("functions.analytics.app").scheduled
    handler = create_task_handler(scheduled, ENVIRONMENT)
    with pytest.raises(StorageUnavailable, match="the time for the request is spent"):
        handler({}, LambdaContext())


@pytest.mark.parametrize("build", [create_lambda_handler, create_task_handler])
def test_a_function_with_bad_settings_does_not_start(build: Any) -> None:
    environ = ENVIRONMENT | {"MAX_PRODUCTS": "0"}
    with pytest.raises(InvalidSettings, match=r"^MAX_PRODUCTS: "):
        build(None, environ)
