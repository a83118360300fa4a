"""Files that a product reads in another form than the one that restricts a column of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from datamesh.http.gateway import ANONYMOUS
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.meshes import add_product, mesh, resources
from tests.unit.access.test_shared_places import Caller

LOCATION = "domains/sales/people/"
FILES = {
    "sales/people/a.csv": b"id,email\n1,a@example.com\n",
}
ASKED = {"type": "string", "enum": ["b@example.com"]}
TEXT = {"x": ASKED, "y": ASKED}
FORMS: Mapping[str, Mapping[str, Any]] = {
    "without a header": {"schema": TEXT, "csv": {"header": False}},
    "behind its header": {"schema": TEXT, "csv": {"header": False, "skip": 1}},
    "with whole lines as cells": {"schema": {"id,email": ASKED}, "csv": {"delimiter": "|"}},
}


def build_client(serve: Serve, schema: Mapping[str, Any], csv: Mapping[str, Any]) -> Client:
    registry = mesh()
    port = {"location": LOCATION, "format": "csv"}
    columns = {"id": "string", "email": "string"}
    more = {"schema": columns, "restricted_columns": ["email"], "output_port": port}
    add_product(registry, "people", **more)
    add_product(registry, "copy", schema=schema, output_port={**port, "csv": csv})
    return serve("domains", resources(registry, FILES))


@pytest.mark.parametrize("form", FORMS)
def test_another_form_shows_no_restricted_column(serve: Serve, form: str) -> None:
    client = build_client(serve, **FORMS[form])
    reader, steward = Caller(client, "contributor"), Caller(client, "steward")
    for path in ("copy", "copy/profile", "copy/files"):
        assert reader.send("GET", f"/domains/sales/{path}").status == 403
    counted: dict[str, Any] = {
        "query": {"count": "true"},
        "principal": "key:etl",
        "grants": reader.grants,
    }
    assert client.send(api_event("GET", "/domains/sales/copy", **counted)).status == 403
    anonymous = client.send(api_event("GET", "/domains/sales/copy", principal=ANONYMOUS))
    assert anonymous.status == 401
    assert b"a@example.com" in steward.send("GET", "/domains/sales/copy").content
    checked = reader.send("POST", "/domains/sales/copy/check").body["data"]["checks"]
    assert {each["result"] for each in checked} == {"skipped"}


def test_another_form_of_values_alone_shows_the_other_columns(serve: Serve) -> None:
    client = build_client(serve, {"id": "string", "email": "string"}, {"nulls": ["", "NA"]})
    assert Caller(client, "contributor").send("GET", "/domains/sales/copy").body == [{"id": "1"}]


def test_the_folder_of_a_restricted_value_has_no_rows_for_others(serve: Serve) -> None:
    registry = mesh()
    port = {"location": "domains/sales/parts/", "format": "csv", "partitions": ["email"]}
    columns = {"id": "string", "email": "string"}
    more = {"schema": columns, "restricted_columns": ["email"], "output_port": port}
    add_product(registry, "parts", **more)
    below = {"location": "domains/sales/parts/email=a/", "format": "csv"}
    add_product(registry, "one", schema={"id": "string"}, output_port=below)
    files = {"sales/parts/email=a/a.csv": b"id\n1\n"}
    client = serve("domains", resources(registry, files))
    assert Caller(client, "contributor").send("GET", "/domains/sales/one").status == 403
    assert Caller(client, "steward").send("GET", "/domains/sales/one").body == [{"id": "1"}]
    assert Caller(client, "contributor").send("GET", "/domains/sales/parts").body == [{"id": "1"}]


def test_samples_of_another_form_take_a_steward(serve: Serve) -> None:
    """The first line of it would be shown as names."""
    client = build_client(serve, TEXT, {"header": False})
    reader, steward = Caller(client, "contributor"), Caller(client, "steward")
    other = {"location": LOCATION, "format": "csv", "csv": {"skip": 1}}
    for path in ("/domains/sales/people/infer", "/domains/sales/new/infer"):
        refused = reader.send("POST", path, other)
        assert (refused.status, b"a@example.com" in refused.content) == (403, False)
        assert b"a@example.com" in steward.send("POST", path, other).content
    found = reader.send("POST", "/domains/sales/people/infer", {}).body
    assert [each["name"] for each in found["columns"]] == ["id", "email"]


def test_samples_show_no_row_of_what_the_caller_may_not_see(serve: Serve) -> None:
    registry = replace(mesh(), data_locations={"*": ["domains/hr/"]})
    port = {"location": "domains/hr/pay/", "format": "csv"}
    add_product(registry, "pay", domain="hr", visibility="private", output_port=port)
    client = serve("domains", resources(registry, {"hr/pay/a.csv": b"grade\nA13\n"}))
    answer = Caller(client, "steward").send(
        "POST", "/domains/sales/x/infer", {**port, "csv": {"skip": 1}}
    )
    assert (answer.status, b"A13" in answer.content) == (422, False)


def test_restricted_columns_of_files_without_a_header_stay_where_they_are(serve: Serve) -> None:
    registry = mesh()
    port = {"location": LOCATION, "format": "csv", "csv": {"header": False, "skip": 1}}
    more = {"restricted_columns": ["email"], "output_port": port}
    add_product(registry, "people", schema={"email": "string", "id": "string"}, **more)
    files = {"sales/people/a.csv": b"\na@example.com,1\n"}
    held = resources(registry, files)
    reader = Caller(serve("domains", held), "contributor")
    assert reader.send("GET", "/domains/sales/people").body == [{"id": "1"}]
    assert b"email" not in reader.send("GET", "/domains/sales/people/profile").content
    contributor = Caller(serve("products", held), "contributor")
    moved = ("PUT", "/product/people", {"schema": {"id": "string", "email": "string"}})
    assert contributor.send(*moved).status == 403
    longer = {"schema": {"email": "string", "id": "integer", "city": "string"}}
    assert contributor.send("PUT", "/product/people", longer).status == 200
    assert Caller(contributor.client, "steward").send(*moved).status == 200
