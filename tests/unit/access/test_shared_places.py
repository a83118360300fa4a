"""Several products over the same files: what one conceals, the others do not show."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from datamesh.http.gateway import ANONYMOUS
from datamesh.models.stored_products import StoredProduct
from datamesh.storage.files import ProductsFile
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_product, mesh, product_body, resources
from tests.unit.contracts.documents import write_contract

COLUMNS = {"id": "string", "email": "string"}
PORT = {"location": "domains/sales/orders/", "format": "jsonl"}
ROWS = b'{"id": "1", "email": "a@example.com"}\n'
FILES = {"sales/orders/part/a.jsonl": ROWS}
EMAIL = b"a@example.com"


class Caller:
    """Whoever has a role in a domain."""

    def __init__(self, client: Client, role: str, domain: str = "sales") -> None:
        self.client, self.grants = client, [{"role": role, "domain": domain}]

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        caller: dict[str, Any] = {"principal": "key:etl", "grants": self.grants}
        return self.client.send(api_event(method, path, body, **caller))


@pytest.mark.parametrize("location", ["domains/sales/orders/", "domains/sales/orders/part/"])
def test_a_restricted_column_is_restricted_in_all_products_of_its_files(
    serve: Serve, location: str
) -> None:
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS, restricted_columns=["email"])
    port = {**PORT, "location": location}
    add_product(registry, "copy", schema={"id": "string", "EMAIL": "string"}, output_port=port)
    add_product(registry, "other", schema=COLUMNS, output_port=port)
    client = serve("domains", resources(registry, FILES))
    reader, steward = Caller(client, "contributor"), Caller(client, "steward")
    for name in ("copy", "other"):
        path = f"/domains/sales/{name}"
        assert reader.send("GET", path).body == [{"id": "1"}]
        assert EMAIL not in reader.send("GET", f"{path}/profile").content
        assert reader.send("GET", f"{path}/files").status == 403
        assert steward.send("GET", f"{path}/files").status == 200
    assert EMAIL in steward.send("GET", "/domains/sales/other").content


def test_checks_of_a_column_that_another_product_restricts_are_skipped(serve: Serve) -> None:
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS, restricted_columns=["email"])
    asked: dict[str, Any] = {
        "id": {"type": "string", "required": True},
        "EMAIL": {"type": "string", "options": {"pattern": "^b"}},
    }
    asked["alias"] = {"type": "string", "physical_name": "email", "enum": ["b"]}
    add_product(registry, "copy", schema=asked, output_port=PORT)
    client = serve("domains", resources(registry, FILES))
    answer = Caller(client, "contributor").send("POST", "/domains/sales/copy/check")
    found = {each["column"]: each for each in answer.body["data"]["checks"]}
    assert found["id"]["result"] == "passed"
    for each in ("EMAIL", "alias"):
        assert found[each]["result"] == "skipped"
        assert "restricted in another product" in found[each]["reason"]


ASKING: Mapping[str, Mapping[str, Any]] = {
    "a pattern": {"schema": {**COLUMNS, "email": {"type": "string", "options": {"pattern": "^a"}}}},
    "values": {"schema": {**COLUMNS, "email": {"type": "string", "enum": ["a@example.com"]}}},
    "another name of it": {
        "schema": {**COLUMNS, "x": {"type": "string", "physical_name": "email", "enum": ["a"]}}
    },
    "its newest": {"sla": {"freshness": "P1D", "element": "email"}},
}


@pytest.mark.parametrize("how", ASKING)
def test_checks_of_a_restricted_column_are_for_stewards_to_set(serve: Serve, how: str) -> None:
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS, restricted_columns=["email"])
    client = serve("products", resources(registry))
    asked = ("PUT", "/product/orders", ASKING[how])
    contributor = Caller(client, "contributor")
    assert contributor.send(*asked).status == 403
    described = {"email": {"type": "string", "description": "Where to write"}, "id": "string"}
    assert contributor.send("PUT", "/product/orders", {"schema": described}).status == 200
    assert Caller(client, "steward").send(*asked).status == 200


def test_a_contract_over_a_restricted_column_is_for_stewards_to_set(serve: Serve) -> None:
    registry = mesh()
    add_product(
        registry, "orders", schema={"parcel_id": "string"}, restricted_columns=["parcel_id"]
    )
    client = serve("contracts", resources(registry))
    given: tuple[str, str, dict[str, Any]]
    given = ("PUT", "/product/orders/contract", yaml.safe_load(write_contract(domain=None)))
    assert Caller(client, "contributor").send(*given).status == 403
    assert Caller(client, "steward").send(*given).status == 200


@pytest.fixture
def products(serve: Serve) -> Client:
    registry = mesh()
    add_product(registry, "pay", visibility="private", schema=COLUMNS, output_port=PORT)
    add_product(registry, "mine", schema=COLUMNS)
    return serve("products", resources(registry, FILES))


def register(**more: Any) -> tuple[str, str, Mapping[str, Any]]:
    return "POST", "/register_product", product_body(name="copy", schema=COLUMNS, **more)


SHOWING = {
    "over the same folder": register(output_port=PORT),
    "over a folder in it": register(output_port={**PORT, "location": "domains/sales/orders/a/"}),
    "by its name": ("POST", "/register_product", product_body(name="orders")),
    "by a new name": ("PUT", "/product/mine", {"name": "orders"}),
    "in bulk": ("POST", "/products/bulk", {"items": [product_body(name="orders")]}),
}


@pytest.mark.parametrize("how", SHOWING)
def test_private_rows_are_shown_by_other_products_if_a_steward_says_so(
    products: Client, how: str
) -> None:
    assert Caller(products, "contributor").send(*SHOWING[how]).status == 403
    assert Caller(products, "steward").send(*SHOWING[how]).status == 200


def test_who_does_not_see_a_private_product_may_have_no_data_in_its_place(serve: Serve) -> None:
    registry = replace(mesh(), data_locations={"*": ["s3://lake/"]})
    port = {**PORT, "location": "s3://lake/pay/"}
    add_product(registry, "pay", domain="hr", visibility="private", output_port=port)
    client = serve("products", resources(registry))
    answer = Caller(client, "steward").send(*register(output_port=port))
    assert answer.status == 422
    assert b"s3://lake/pay/ is no location" in answer.content
    assert b"hr" not in answer.content


def test_anonymous_callers_hear_nothing_of_restricted_columns(serve: Serve) -> None:
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS, restricted_columns=["email"])
    add_product(registry, "copy", schema=COLUMNS, output_port=PORT)
    client = serve("domains", resources(registry, FILES))
    answer = client.send(api_event("GET", "/domains/sales/copy", principal=ANONYMOUS))
    assert answer.body == [{"id": "1"}]


def test_a_product_that_has_a_folder_by_its_name_alone_shows_no_private_rows(serve: Serve) -> None:
    """Events register products as well, and name them after what jobs write."""
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS)
    add_product(registry, "pay", domain="hr", schema=COLUMNS)
    private = {"visibility": "private", "restricted_columns": ["email"], "output_port": PORT}
    CONTEXT.commit_audited(registry.products, lambda file: (make(file, "pay", private), None))
    add_product(registry, "shown", schema=COLUMNS, output_port=PORT)
    client = serve("domains", resources(registry, FILES))
    reader = Caller(client, "steward")
    assert reader.send("GET", "/domains/sales/orders").status == 404
    assert reader.send("GET", "/domains/sales/orders/profile").status == 404
    assert reader.send("GET", "/domains/sales/shown").body == [{"id": "1"}]
    refused = reader.send("GET", "/domains/sales/shown/files")
    assert refused.status == 403
    assert b"hr" not in refused.content
    own = Caller(client, "steward", "hr")
    assert own.send("GET", "/domains/sales/orders").status == 200


def make(file: ProductsFile, name: str, fields: Mapping[str, Any]) -> ProductsFile:
    """Return the file with a product changed as no request could."""
    body = {**file.products[name].to_model().model_dump(by_alias=True), **fields}
    return file.with_product(StoredProduct.model_validate(body))


@pytest.mark.parametrize("field", [{"visibility": "private"}, {"restricted_columns": ["email"]}])
def test_what_conceals_a_folder_by_its_name_is_renamed_by_stewards(
    serve: Serve, field: Mapping[str, Any]
) -> None:
    """Its former name, and with it the folder, would be for everybody to take."""
    registry = mesh()
    add_product(registry, "orders", schema=COLUMNS, **field)
    add_product(
        registry,
        "elsewhere",
        schema=COLUMNS,
        output_port=PORT | {"location": "domains/sales/else/"},
        **field,
    )
    client = serve("products", resources(registry, FILES))
    renamed = ("PUT", "/product/orders", {"name": "new"})
    contributor = Caller(client, "contributor")
    assert contributor.send(*renamed).status == 403
    assert contributor.send("PUT", "/product/elsewhere", {"name": "other"}).status == 200
    assert Caller(client, "steward").send(*renamed).status == 200
