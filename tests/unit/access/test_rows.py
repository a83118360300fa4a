"""Rows: who reads them, by mode, visibility and role; and restricted columns."""

from collections.abc import Mapping

import pytest

from datamesh.http.gateway import ANONYMOUS
from datamesh.models.read_access import ReadAccess
from tests.lambdas import Answer, api_event, create_configured_client, import_app
from tests.meshes import add_product, mesh, resources

pytestmark = pytest.mark.usefixtures("imported_functions")


@pytest.mark.parametrize("mode", ReadAccess)
@pytest.mark.parametrize("visibility", ["public", "internal", "private"])
def test_rows_are_of_readers_unless_everybody_may_have_them(mode: str, visibility: str) -> None:
    """Who has no grant, a reader of another domain, a reader of the domain, a steward of it."""
    registry = mesh()
    add_product(
        registry, "orders", visibility=visibility, schema={"id": "string", "email": "string"}
    )
    files = {"sales/orders/a.jsonl": b'{"id": "1", "email": "a@example.com"}\n'}
    client = create_configured_client(
        import_app("domains"), resources(registry, files), READ_ACCESS=mode
    )

    def ask(*grants: Mapping[str, object], principal: str = "key:etl") -> int:
        event = api_event("GET", "/domains/sales/orders", principal=principal, grants=grants)
        profile = api_event(
            "GET", "/domains/sales/orders/profile", principal=principal, grants=grants
        )
        status = client.send(event).status
        assert client.send(profile).status == status
        return status

    hidden = 404 if visibility == "private" else 403
    anonymous = {
        "open": 404 if visibility == "private" else 200,
        "catalog": {"public": 200, "internal": 401, "private": 404}[visibility],
        "keyed": 401,
    }
    assert ask(principal=ANONYMOUS) == anonymous[mode]
    is_open = visibility == "public" or (mode == "open" and visibility == "internal")
    assert ask({"role": "steward", "domain": "finance"}) == (200 if is_open else hidden)
    assert ask({"role": "reader", "domain": "Sales"}) == 200


def test_restricted_columns_are_of_stewards() -> None:
    registry = mesh()
    columns = {"id": "string", "email": "string"}
    add_product(registry, "orders", schema=columns, restricted_columns=["email"])
    files = {"sales/orders/a.jsonl": b'{"id": "1", "email": "a@example.com"}\n'}
    client = create_configured_client(
        import_app("domains"), resources(registry, files), READ_ACCESS="open"
    )

    def ask(path: str, role: str, **query: object) -> Answer:
        grants = [{"role": role, "domain": "sales"}]
        return client.send(api_event("GET", path, query=query, principal="key:etl", grants=grants))

    path = "/domains/sales/orders"
    assert ask(path, "contributor").body == [{"id": "1"}]
    assert ask(path, "steward").body == [{"id": "1", "email": "a@example.com"}]
    profile = ask(f"{path}/profile", "reader").body
    assert [each["name"] for each in profile["columns"]] == ["id"]
    for refused in (
        {"email": "a@example.com"},
        {"order_by": "email"},
        {"columns": "email"},
        {"group_by": "email", "count": "true"},
        {"email__gt": "a"},
    ):
        answer = ask(path, "reader", **refused)
        assert answer.status == 422, refused
        assert b"a@example.com" not in answer.content
    assert ask(path, "steward", email="a@example.com").status == 200
    assert ask(f"{path}/files", "reader").status == 403
    assert ask(path, "reader").headers["etag"] != ask(path, "steward").headers["etag"]


def test_a_restricted_folder_column_is_left_out_as_well() -> None:
    registry = mesh()
    port = {"location": "domains/sales/orders/", "format": "jsonl", "partitions": ["region"]}
    columns = {"id": "string", "region": "string"}
    add_product(registry, "orders", schema=columns, restricted_columns=["region"], output_port=port)
    files = {"sales/orders/region=eu/a.jsonl": b'{"id": "1"}\n'}
    client = create_configured_client(
        import_app("domains"), resources(registry, files), READ_ACCESS="open"
    )

    def ask(role: str, **query: object) -> Answer:
        grants = [{"role": role, "domain": "sales"}]
        path = "/domains/sales/orders"
        return client.send(api_event("GET", path, query=query, principal="key:etl", grants=grants))

    assert ask("steward").body == [{"id": "1", "region": "eu"}]
    assert ask("reader").body == [{"id": "1"}]
    assert ask("reader", region="eu").status == 422
    assert ask("reader", id="1").body == [{"id": "1"}]
