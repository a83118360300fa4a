"""Versions of products through their function's handler."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datamesh.models.products import ProductUpdate
from datamesh.services.context import RequestContext
from datamesh.services.product_versions import keeping
from datamesh.services.product_versions.keeping import ProductVersions
from datamesh.services.products.registration import update_product
from datamesh.services.registry.registry import Registry
from datamesh.storage.objects import MemoryObject, StoredObject, Unreachable
from tests.conftest import Serve
from tests.contexts import CONTEXT, NoAuditTrail
from tests.lambdas import Client, api_event
from tests.meshes import NO_WAIT, Bucket, product_body, resources, store_product

PLAIN = {"order_id": "string", "amount": "integer"}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def client(serve: Serve, registry: Registry, bucket: Bucket) -> Client:
    client = serve("products", resources(registry, bucket=bucket))
    client.post("/register_product", product_body(schema=PLAIN))
    return client


def change(client: Client, **fields: Any) -> dict[str, Any]:
    answer = client.put("/product/orders", fields)
    assert answer.status == 200, answer.body
    product: dict[str, Any] = answer.body["data"]
    return product


def list_kept(bucket: Bucket) -> list[str]:
    return [key for key, stored in bucket.items() if key.startswith("versions/") and stored.get()]


def read_versions(client: Client, **query: Any) -> list[tuple[int, str]]:
    answer = client.get("/product/orders/versions", **query)
    assert answer.status == 200, answer.body
    return [(each["number"], each["version"]) for each in answer.body["versions"]]


def test_every_change_of_the_schema_is_a_version(client: Client, bucket: Bucket) -> None:
    change(client, schema={**PLAIN, "paid": "boolean"})
    change(client, schema={**PLAIN, "paid": {"type": "boolean", "description": "In full"}})
    assert read_versions(client) == [(3, "1.0.0"), (2, "1.0.0"), (1, "1.0.0")]
    assert len(list_kept(bucket)) == 2


def test_other_changes_store_nothing(client: Client, bucket: Bucket) -> None:
    change(client, description="Another one")
    change(client, schema=PLAIN)
    change(client, owner="others")
    assert read_versions(client) == [(1, "1.0.0")]
    assert list_kept(bucket) == []


def test_who_has_a_key_learns_who_made_a_version(client: Client) -> None:
    change(client, version="1.1.0")
    read = client.send(api_event("GET", "/product/orders/versions"))
    assert [each["by"] for each in read.body["versions"]] == ["key:key-1", "key:key-1"]
    times = [each["at"] for each in read.body["versions"]]
    assert times == ["2026-01-31T12:00:00.000001Z", "2026-01-31T12:00:00Z"]
    anonymous = client.get("/product/orders/versions").body
    assert [each["by"] for each in anonymous["versions"]] == [None, None]


def test_a_version_is_read_by_its_name_or_its_digest(client: Client) -> None:
    change(client, schema={"order_id": "string"}, version="2.0.0")
    [_, first] = client.get("/product/orders/versions").body["versions"]
    by_name = client.get("/product/orders/versions/1.0.0").body
    assert by_name == {
        **first,
        "product": "orders",
        "schema": PLAIN,
        "columns": [],
        "contract": None,
    }
    assert client.get(f"/product/orders/versions/{first['digest']}").body == by_name


def test_content_that_comes_back_has_its_digest_again(client: Client) -> None:
    change(client, schema={"order_id": "string"})
    change(client, schema=PLAIN)
    digests = [each["digest"] for each in client.get("/product/orders/versions").body["versions"]]
    assert digests[0] == digests[2] != digests[1]


def test_two_versions_are_compared(client: Client) -> None:
    change(client, schema={"amount": "decimal", "order_id": "string"}, version="2.0.0")
    compared = client.get("/product/orders/versions/2.0.0", diff="1.0.0").body["diff"]
    assert (compared["against"]["version"], compared["bump"]) == ("1.0.0", "major")
    assert compared["changes"] == [
        {"path": "columns.amount.type", "before": "integer", "after": "decimal", "bump": "major"},
        {"path": "version", "before": "1.0.0", "after": "2.0.0", "bump": "none"},
    ]


def test_a_version_that_never_was_is_404(client: Client) -> None:
    answer = client.get("/product/orders/versions/9.9.9")
    message = "Product 'orders' has no version '9.9.9'; GET /product/orders/versions lists them"
    assert (answer.status, answer.body["message"]) == (404, message)
    assert client.get("/product/orders/versions/1.0.0", diff="9.9.9").status == 404
    assert client.get("/product/orders/versions/one").status == 422


def test_more_versions_than_one_object_remembers_are_listed_in_pages(client: Client) -> None:
    for number in range(60):
        change(client, schema={f"c{number}": "string"})
    page = client.get("/product/orders/versions", limit=57).body
    assert [each["number"] for each in page["versions"]] == [*range(61, 4, -1)]
    assert page["next"] == 5
    rest = client.get("/product/orders/versions", limit=57, before=5).body
    assert [each["number"] for each in rest["versions"]] == [4, 3, 2, 1]
    assert rest["next"] is None


def test_versions_follow_a_product_to_its_new_name(client: Client) -> None:
    change(client, version="1.1.0")
    client.put("/product/orders", {"name": "sold", "schema": {"order_id": "string"}})
    listed = client.get("/product/sold/versions").body
    assert [each["version"] for each in listed["versions"]] == ["1.1.0", "1.1.0", "1.0.0"]
    assert client.get("/product/sold/versions/1.0.0").body["product"] == "orders"


def test_a_product_that_is_registered_anew_has_no_versions_of_the_other(client: Client) -> None:
    change(client, version="1.1.0")
    client.delete("/product/orders")
    client.post("/register_product", product_body(version="0.1.0"))
    assert read_versions(client) == [(1, "0.1.0")]
    assert client.get("/product/orders/versions/1.1.0").status == 404


def test_what_a_product_was_while_it_was_private_stays_hidden(client: Client) -> None:
    change(client, visibility="private")
    change(client, version="1.1.0")
    change(client, visibility="internal")
    change(client, version="1.2.0")
    own = client.send(api_event("GET", "/product/orders/versions")).body["versions"]
    assert [each["version"] for each in own] == ["1.2.0", "1.1.0", "1.0.0"]
    assert read_versions(client) == [(3, "1.2.0"), (2, "1.1.0")]
    assert client.get("/product/orders/versions/1.0.0").status == 404


def test_a_refused_change_makes_no_version(client: Client) -> None:
    answer = client.put("/product/orders", {"schema": {"a": "string"}, "version": "0.9.0"})
    message = (
        "version of 'orders' is 1.0.0 and must not go down, got 0.9.0; give a higher one, or `auto`"
    )
    assert (answer.status, answer.body["message"]) == (422, message)
    assert [each["field"] for each in answer.body["errors"]] == ["version"]
    assert read_versions(client) == [(1, "1.0.0")]


@pytest.mark.parametrize(
    ("fields", "version"),
    [
        ({}, "1.4.2"),
        ({"description": "Another one"}, "1.4.3"),
        ({"schema": {**PLAIN, "order_id": {"type": "string", "description": "Its id"}}}, "1.4.3"),
        ({"schema": {**PLAIN, "paid": "boolean"}}, "1.5.0"),
        ({"schema": {**PLAIN, "amount": {"type": "integer", "required": True}}}, "1.5.0"),
        ({"schema": {**PLAIN, "amount": {"type": "integer", "enum": [1, 2]}}}, "1.5.0"),
        ({"schema": {"order_id": "string"}}, "2.0.0"),
        ({"schema": {**PLAIN, "amount": "string"}}, "2.0.0"),
        ({"restricted_columns": ["amount"]}, "2.0.0"),
    ],
)
def test_the_next_version_is_computed(client: Client, fields: dict[str, Any], version: str) -> None:
    change(client, version="1.4.2")
    assert change(client, **fields, version="auto")["version"] == version


@pytest.mark.parametrize(
    ("before", "after", "version"),
    [
        ({"required": True}, {}, "2.0.0"),
        ({"enum": [1, 2]}, {"enum": [1]}, "1.1.0"),
        ({"enum": [1]}, {"enum": [1, 2]}, "2.0.0"),
        ({"options": {"maximum": 9}}, {"options": {"maximum": 8}}, "1.1.0"),
        ({"options": {"maximum": 9}}, {"options": {"maximum": 10}}, "2.0.0"),
        ({"options": {"minimum": 9}}, {}, "2.0.0"),
        ({"primary_key": 1}, {}, "2.0.0"),
        ({"deprecated": True}, {}, "1.0.1"),
    ],
)
def test_what_readers_lose_is_a_major_version(
    client: Client, before: dict[str, Any], after: dict[str, Any], version: str
) -> None:
    change(client, schema={**PLAIN, "amount": {"type": "integer", **before}})
    schema = {**PLAIN, "amount": {"type": "integer", **after}}
    assert change(client, schema=schema, version="auto")["version"] == version


def test_a_product_of_older_files_has_its_versions_from_its_first_change_on(
    serve: Serve, registry: Registry
) -> None:
    store_product(registry, schema=PLAIN)
    client = serve("products", resources(registry))
    assert read_versions(client) == [(1, "1.0.0")]
    change(client, schema={"order_id": "string"})
    assert read_versions(client) == [(2, "1.0.0"), (1, "1.0.0")]


def lose(bucket: Bucket, *numbers: int) -> None:
    """Take the objects of versions of these numbers out of the bucket."""
    for key in list_kept(bucket):
        kept = bucket[key].get()
        assert isinstance(kept, StoredObject)
        if json.loads(kept.body)["number"] in numbers:
            del bucket[key]


def test_a_lost_version_blocks_no_change(client: Client, bucket: Bucket) -> None:
    change(client, version="1.1.0")
    lose(bucket, 1)
    change(client, version="1.2.0")
    change(client, version="1.3.0")
    assert read_versions(client) == [(4, "1.3.0"), (3, "1.2.0"), (2, "1.1.0")]
    assert read_versions(client, limit=2, before=4) == [(3, "1.2.0"), (2, "1.1.0")]


def test_a_lost_version_itself_is_410(client: Client, bucket: Bucket) -> None:
    for number in range(1, 4):
        change(client, version=f"1.{number}.0")
    lose(bucket, 2)
    assert read_versions(client) == [(4, "1.3.0"), (3, "1.2.0"), (2, "1.1.0"), (1, "1.0.0")]
    answer = client.get("/product/orders/versions/1.1.0")
    message = "Product 'orders' has no version '1.1.0' that is still kept"
    assert (answer.status, answer.body["message"]) == (410, message)
    assert client.get("/product/orders/versions/1.3.0", diff="1.1.0").status == 410
    assert client.get("/product/orders/versions/1.0.0").status == 200
    assert client.get("/product/orders/versions/9.9.9").status == 404
    lose(bucket, 1, 3)
    assert client.get("/product/orders/versions/1.0.0").status == 410
    assert read_versions(client) == [(4, "1.3.0")]


def test_a_version_that_is_back_is_read_again(client: Client, bucket: Bucket) -> None:
    change(client, version="1.1.0")
    [key] = list_kept(bucket)
    lost = bucket.pop(key)
    change(client, version="1.2.0")
    bucket[key] = lost
    assert read_versions(client) == [(3, "1.2.0"), (2, "1.1.0"), (1, "1.0.0")]
    assert client.get("/product/orders/versions/1.0.0").status == 200


def test_versions_are_listed_over_those_that_are_lost(
    client: Client, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_EARLIER", 3)
    for number in range(9):
        change(client, schema={f"c{number}": "string"})
    # The object of 9 remembers 8 to 6: that of 5 is read next, or else what 6, 7 or 8 remember.
    for number in (5, 6, 2, 1):
        lose(bucket, number)
        assert [number for number, _ in read_versions(client)] == [*range(10, 0, -1)]


class OutOfReach(MemoryObject):
    """An object that storage cannot be asked for."""

    def get(self, known_etag: str | None = None) -> None:
        raise Unreachable("no answer")


def test_a_version_out_of_reach_is_503_and_nothing_is_changed(
    client: Client, bucket: Bucket
) -> None:
    change(client, version="1.1.0")
    [key] = list_kept(bucket)
    kept, bucket[key] = bucket[key], OutOfReach(key)
    assert client.put("/product/orders", {"version": "1.2.0"}).status == 503
    assert client.get("/product/orders/versions").status == 503
    assert client.get("/product/orders/versions/1.0.0").status == 503
    bucket[key] = kept
    assert read_versions(client) == [(2, "1.1.0"), (1, "1.0.0")]


class Rival(NoAuditTrail):
    """Another writer, who comes first once."""

    def __init__(self, write: Callable[[], object]) -> None:
        self._write = write
        self._has_written = False

    def announce_commit(self, *proposed: object) -> None:
        if not self._has_written:
            self._has_written = True
            self._write()


def test_a_change_that_loses_its_race_keeps_the_version_that_it_replaces(
    client: Client, registry: Registry, bucket: Bucket
) -> None:
    versions = ProductVersions(bucket.__getitem__, NO_WAIT)
    rival = replace(CONTEXT, open_versions=lambda: versions)
    loser = replace(rival, audit=Rival(lambda: update(rival, registry, "1.1.0")))
    update(loser, registry, "1.2.0")
    assert read_versions(client) == [(3, "1.2.0"), (2, "1.1.0"), (1, "1.0.0")]


def update(context: RequestContext, registry: Registry, version: str) -> None:
    update_product(context, registry, "orders", ProductUpdate(version=version))
