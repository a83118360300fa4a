"""Bounds that keep one request from becoming everybody's trouble."""

import json

import pytest
from pydantic import ValidationError

from datamesh.errors import MalformedBody
from datamesh.http.strict_json import MAX_VALUES, parse_json
from datamesh.models.lineage import MAX_METADATA_BYTES, LineageRegistration
from datamesh.models.products import MAX_FIELDS, ProductRegistration
from tests.conftest import Serve
from tests.meshes import lineage_body, product_body


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
    with pytest.raises(ValidationError, match="at most 1000 items"):
        ProductRegistration.model_validate(product_body(schema={**most, "one": "more"}))


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
