"""A private product is not told as the replacement of others, now or in the past."""

from typing import Any

from datamesh.services.registry.views import hide_products
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, mesh, resources


def test_who_is_made_private_is_no_replacement_of_what_others_see(serve: Serve) -> None:
    registry = mesh()
    client = serve("products", resources(registry))
    add_product(registry, "next", domain="hr")
    for name, fields in (
        ("old", {}),
        ("older", {"domain": "hr", "visibility": "private"}),
        ("other", {"domain": "sales", "visibility": "private"}),
    ):
        ends = {"replacement": "next", "reason": "wrong"}
        add_product(registry, name, deprecation=ends, **fields)
    before = registry.products.read(CONTEXT.deadline)

    def read(name: str) -> object:
        answer = client.send(api_event("GET", f"/product/{name}"))
        return answer.body["deprecation"].get("replacement")

    def put(**changes: Any) -> Answer:
        return client.put("/product/newest", changes)

    assert client.put("/product/next", {"name": "newest"}).status == 200
    assert put(owner="me").status == 200
    assert read("old") == "next"
    assert put(visibility="private").status == 200
    assert read("old") is None
    assert client.get("/product/old").body["deprecation"]["reason"] == "wrong"
    assert read("other") is None
    assert read("older") == "next"
    assert put(domain="sales").status == 200
    assert read("older") is None
    assert b"next" in before.products["old"].public_json
    assert b"next" not in hide_products(before, ["next"]).products["old"].public_json


def test_a_file_of_the_past_does_not_name_what_is_hidden_by_an_earlier_name(serve: Serve) -> None:
    registry = mesh()
    client = serve("products", resources(registry))
    add_product(registry, "next")
    add_product(registry, "old", deprecation={"replacement": "next"})
    client.put("/product/next", {"name": "newest"})
    file = registry.products.read_latest(CONTEXT.deadline)
    assert b"next" in file.products["old"].public_json
    assert b"next" not in hide_products(file, ["newest"]).products["old"].public_json
