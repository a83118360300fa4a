"""`Idempotency-Key` through the functions' handlers: the second POST is not done again."""

from dataclasses import replace
from typing import Any

import pytest

from datamesh.http.idempotency.store import IdempotencyRecord
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import StoredObject
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import Client
from tests.meshes import add_products, lineage_body, mesh, product_body, resources
from tests.unit.http.idempotent_posts import post_with_key, read_revision, register_with_key
from tests.unit.storage.faults import (
    FaultyObject,
    request_is_lost,
)


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    return serve("products", resources(registry))


def test_the_same_request_is_answered_the_same_and_done_once(
    client: Client, registry: Registry
) -> None:
    first = register_with_key(client)
    second = register_with_key(client)
    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert read_revision(registry) == 1


def test_without_a_key_a_repetition_is_another_request(client: Client) -> None:
    assert client.post("/register_product", product_body()).status == 200
    assert client.post("/register_product", product_body()).status == 409


def test_another_key_is_another_request(client: Client) -> None:
    assert register_with_key(client).status == 200
    assert register_with_key(client, key="another").status == 409


def test_lineage_is_appended_once(serve: Serve, registry: Registry) -> None:
    add_products(registry, ["orders", "revenue"])
    client = serve("lineage", resources(registry))
    body = lineage_body(source="orders", target="revenue")
    answers = [post_with_key(client, "/register_lineage", body).body for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert client.get("/lineage").headers["x-total-count"] == "1"


def test_bulk_is_done_once(client: Client, registry: Registry) -> None:
    body = {"items": [product_body(name="a"), product_body(name="b")]}
    answers = [post_with_key(client, "/products/bulk", body).body for _ in range(2)]
    assert answers[0] == answers[1]
    assert read_revision(registry) == 1


def test_the_same_key_with_another_body_is_422(client: Client, registry: Registry) -> None:
    register_with_key(client)
    answer = register_with_key(client, name="another")
    assert answer.status == 422
    assert answer.body["errors"] == [
        {
            "field": "Idempotency-Key",
            "location": "header",
            "message": "was used with another body",
        }
    ]
    assert read_revision(registry) == 1


def test_keys_of_two_principals_or_routes_are_two_keys(serve: Serve, registry: Registry) -> None:
    client = serve("products", resources(registry))
    assert register_with_key(client).status == 200
    other = post_with_key(client, "/register_product", product_body(name="b"), principal="key-2")
    assert other.status == 200
    bulk = post_with_key(client, "/products/bulk", {"items": [product_body(name="c")]})
    assert bulk.status == 200


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_of_another_length_is_422(client: Client, registry: Registry, key: str) -> None:
    answer = register_with_key(client, key=key)
    assert answer.status == 422
    assert answer.body["errors"][0]["field"] == "Idempotency-Key"
    assert read_revision(registry) == 0


def test_a_refused_request_may_be_mended_under_its_key(client: Client) -> None:
    assert register_with_key(client, owner="").status == 422
    assert register_with_key(client, owner="me").status == 200


def test_a_key_changes_nothing_about_who_may_write(client: Client, registry: Registry) -> None:
    answer = post_with_key(client, "/register_product", product_body(), principal=None)
    assert answer.status == 401
    assert read_revision(registry) == 0


# records


@pytest.fixture
def stored() -> FaultyObject:
    return FaultyObject()


@pytest.fixture
def used_resources(stored: FaultyObject) -> Resources:
    """Resources whose products are `stored`, already read once."""
    registry = mesh(products=stored)
    registry.products.read_latest(NO_DEADLINE)
    return resources(registry)


def only_record(used_resources: Resources, key: str) -> StoredObject:
    found = used_resources.open_key_record(key).get()
    assert isinstance(found, StoredObject)
    return found


class Watched:
    """Remembers which records were opened."""

    def __init__(self, used_resources: Resources) -> None:
        self.digests: list[str] = []
        self._open = used_resources.open_key_record

    def __call__(self, digest: str) -> Any:
        self.digests.append(digest)
        return self._open(digest)


@pytest.fixture
def watched(used_resources: Resources) -> Watched:
    return Watched(used_resources)


def with_records(used_resources: Resources, watched: Any) -> Resources:
    return replace(used_resources, open_key_record=watched)


def edit(used_resources: Resources, digest: str, **changes: Any) -> None:
    stored = used_resources.open_key_record(digest)
    found = only_record(used_resources, digest)
    record = IdempotencyRecord.model_validate_json(found.body).model_copy(update=changes)
    stored.put(record.model_dump_json().encode(), found.etag)


def test_a_request_in_progress_is_409(
    serve: Serve, used_resources: Resources, watched: Watched
) -> None:
    client = serve("products", with_records(used_resources, watched))
    register_with_key(client)
    edit(used_resources, watched.digests[0], status="INPROGRESS", in_progress_expiry=10**15)
    answer = register_with_key(client)
    assert answer.status == 409
    assert answer.body == {
        "success": False,
        "message": "A request with this Idempotency-Key is still in progress",
    }


def test_a_request_whose_function_died_is_found_out_by_its_repetition(
    serve: Serve, used_resources: Resources, watched: Watched
) -> None:
    client = serve("products", with_records(used_resources, watched))
    first = register_with_key(client)
    edit(used_resources, watched.digests[0], status="INPROGRESS", in_progress_expiry=1, response="")
    second = register_with_key(client)
    assert second.body == first.body
    assert read_revision(used_resources.registry) == 1


def test_an_expired_key_may_be_used_again(
    serve: Serve, used_resources: Resources, watched: Watched
) -> None:
    client = serve("products", with_records(used_resources, watched))
    register_with_key(client)
    edit(used_resources, watched.digests[0], expiry=1)
    assert register_with_key(client, name="another").status == 200


def test_a_key_that_cannot_be_recorded_is_503_and_nothing_is_done(
    serve: Serve, used_resources: Resources
) -> None:
    broken = FaultyObject()
    broken.put_faults.append(request_is_lost)
    client = serve("products", with_records(used_resources, lambda digest: broken))
    answer = register_with_key(client)
    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert read_revision(used_resources.registry) == 0


def test_an_answer_that_cannot_be_recorded_is_given_and_found_again(
    serve: Serve, used_resources: Resources
) -> None:
    record = FaultyObject()
    client = serve("products", with_records(used_resources, lambda digest: record))

    def lands_then_fails(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.put_faults.append(request_is_lost)
        return stored.land(body, replaces)

    record.put_faults.append(lands_then_fails)
    assert register_with_key(client).status == 200
    assert (
        register_with_key(client).status == 409
    )  # in progress, until the time of the function is over
    assert read_revision(used_resources.registry) == 1
