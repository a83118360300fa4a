"""Bounds that keep one request from becoming everybody's trouble."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from datamesh.errors.requests import MalformedBody
from datamesh.http.strict_json import MAX_VALUES, parse_json
from datamesh.models.lineage import MAX_METADATA_BYTES, LineageRegistration
from datamesh.models.products import (
    MAX_FIELD_LENGTH,
    MAX_FIELDS,
    MAX_PRODUCT_BYTES,
    ProductRegistration,
    ProductUpdate,
)
from datamesh.models.stored_products import StoredProduct
from tests.conftest import Serve
from tests.contexts import NO_DEADLINE
from tests.lambdas import api_event
from tests.meshes import add_product, lineage_body, mesh, product_body, resources


def test_a_body_has_a_largest_number_of_values() -> None:
    most = [0] * (MAX_VALUES - 1)  # the list itself is one
    assert parse_json(json.dumps(most).encode()) == most
    with pytest.raises(MalformedBody, match="more than 100000 values"):
        parse_json(json.dumps([*most, 0]).encode())


def test_metadata_has_a_largest_size() -> None:
    most = {"a": "x" * (MAX_METADATA_BYTES - 8)}
    assert LineageRegistration.model_validate(lineage_body(metadata=most)).metadata == most
    with pytest.raises(ValidationError, match="at most 32768 bytes of JSON, got 32769"):
        LineageRegistration.model_validate(lineage_body(metadata={"a": most["a"] + "x"}))


def test_a_schema_has_a_largest_number_of_fields() -> None:
    most = {f"f{number}": "string" for number in range(MAX_FIELDS)}
    assert len(ProductRegistration.model_validate(product_body(schema=most)).schema_) == MAX_FIELDS
    with pytest.raises(ValidationError, match="must have at most 1000 fields, got 1001"):
        ProductRegistration.model_validate(product_body(schema={**most, "one": "more"}))
    with pytest.raises(ValidationError, match="must have at least one field"):
        ProductRegistration.model_validate(product_body(schema={}))


def test_an_answer_names_twenty_refused_fields_and_counts_the_others(serve: Serve) -> None:
    body = product_body() | {f"unknown{number}": 0 for number in range(25)}
    answer = serve("products").post("/register_product", body)
    assert answer.status == 422
    assert len(answer.body["errors"]) == 20
    assert answer.body["message"].endswith("; and 5 more")


def test_the_name_of_a_refused_field_is_cut(serve: Serve) -> None:
    answer = serve("products").post("/register_product", product_body() | {"x" * 1000: 0})
    [problem] = answer.body["errors"]
    assert problem["field"] == "x" * 200


def test_a_bulk_answer_names_twenty_refused_items(serve: Serve) -> None:
    answer = serve("products").post("/products/bulk", {"items": ["no"] * 25})
    assert answer.status == 422
    assert answer.body["message"] == "Nothing was registered: 25 of 25 items are refused"
    assert len(answer.body["errors"]) == 20


LONGEST = "x" * MAX_FIELD_LENGTH
TOO_LONG = [{"a": LONGEST + "x"}, {LONGEST + "x": "string"}, {LONGEST: "a" + " " * 11_000 + "!"}]


def test_names_and_types_of_fields_have_a_largest_length() -> None:
    longest = {LONGEST: LONGEST, "  b  ": f"  {LONGEST}  "}
    product = ProductRegistration.model_validate(product_body(schema=longest))
    assert product.schema_ == {LONGEST: LONGEST, "b": LONGEST}
    for schema in TOO_LONG:
        for model in (ProductRegistration, ProductUpdate):
            body = (
                product_body(schema=schema) if model is ProductRegistration else {"schema": schema}
            )
            with pytest.raises(ValidationError, match="must have at most 200 characters, got"):
                model.model_validate(body)


@pytest.mark.parametrize("schema", TOO_LONG)
def test_a_refusal_names_the_field_that_is_too_long(serve: Serve, schema: dict[str, str]) -> None:
    registry = mesh()
    add_product(registry, "orders")
    client = serve("products", resources(registry))
    [name] = schema
    item = product_body(name="other", schema=schema)
    single = client.post("/register_product", item)
    update = client.put("/product/orders", {"schema": schema})
    bulk = client.post("/products/bulk", {"items": [item]})
    for answer, path in ((single, "schema."), (update, "schema."), (bulk, "items.0.schema.")):
        assert answer.status == 422
        [problem] = answer.body["errors"]
        assert problem["field"].startswith(path + name[:150])
        assert problem["message"].startswith("must have at most 200 characters, got ")


def large_schema(size: int) -> dict[str, str]:
    return {f"{number:03}": "t" * 190 for number in range(size // 200)}


def test_a_product_has_a_largest_size(serve: Serve) -> None:
    registry = mesh()
    client = serve("products", resources(registry))
    fits, large = large_schema(MAX_PRODUCT_BYTES - 1000), large_schema(MAX_PRODUCT_BYTES + 400)
    assert client.post("/register_product", product_body(name="fits", schema=fits)).status == 200
    body = product_body(name="large", schema=large)
    bulk = client.post("/products/bulk", {"items": [body]})
    for answer in (
        client.post("/register_product", body),
        client.put("/product/fits", {"schema": large}),
        bulk,
    ):
        assert answer.status == 422
        [problem] = answer.body["errors"]
        assert "bytes as stored; at most 65536 may be" in problem["message"]
    assert list(registry.products.read_latest(NO_DEADLINE).products) == ["fits"]


def test_a_product_that_is_larger_already_is_read_and_mended(serve: Serve) -> None:
    registry = mesh()
    add_product(registry, "orders")

    def enlarge(file: Any) -> Any:
        product = file.products["orders"].to_model()
        assert isinstance(product, StoredProduct)
        large = {"x" * 5000: "y" * 200_000, "z" * 300: "string"}
        return file.with_product(product.model_copy(update={"schema_": large})), None

    registry.products.commit(enlarge, NO_DEADLINE)
    client = serve("products", resources(registry))
    assert len(client.get("/product/orders").body["schema"]) == 2
    assert client.put("/product/orders", {"owner": "me"}).status == 200
    assert client.put("/product/orders", {"description": "x" * 500}).status == 422
    assert client.put("/product/orders", {"schema": {"a": "string"}}).status == 200
    assert client.put("/product/orders", {"description": "x" * 500}).status == 200


def test_a_report_names_ten_problems_of_an_item(serve: Serve) -> None:
    item = product_body(schema={f"f{number}": "" for number in range(50)})
    answer = serve("products").send(
        api_event("POST", "/products/bulk", {"items": [item]}, query={"partial": "true"})
    )
    assert answer.status == 200
    assert len(answer.body["data"]["items"][0]["errors"]) == 10
