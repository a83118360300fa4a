"""The functions that the tests of contracts send requests to."""

import pytest

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import Bucket, resources


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    return serve("contracts", resources(registry, bucket=bucket))


@pytest.fixture
def products(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))
