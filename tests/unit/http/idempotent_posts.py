"""POSTs with an Idempotency-Key."""

from typing import Any

from datamesh.services.registry.registry import Registry
from tests.contexts import NO_DEADLINE
from tests.lambdas import Answer, Client, api_event
from tests.meshes import product_body

KEY = "3f0e6d52"


def post_with_key(client: Client, path: str, body: Any, key: str = KEY, **more: Any) -> Answer:
    return client.send(api_event("POST", path, body, headers={"Idempotency-Key": key}, **more))


def register_with_key(client: Client, key: str = KEY, **changes: Any) -> Answer:
    return post_with_key(client, "/register_product", product_body(**changes), key)


def read_revision(registry: Registry) -> int:
    return registry.products.read_latest(NO_DEADLINE).revision
