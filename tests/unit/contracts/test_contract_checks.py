"""Checks that the contract behind a product asks for, run on its data."""

import json
from typing import Any

import pytest
import yaml

from datamesh.models.contracts import ContractReference
from datamesh.models.products import ProductRegistration
from datamesh.models.redaction_markers import MARKER, PLAIN_MARKER
from datamesh.services.contracts.asked_checks import list_contract_checks
from datamesh.services.products.column_edits import build_product
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import NOON, Bucket, product_body, resources

ROWS = b"order_id,amount\nO1,1\nO1,2\n,30\n"
AMOUNT = {
    "name": "amount",
    "logicalType": "integer",
    "quality": [{"metric": "invalidValues", "arguments": {"validValues": [1, 2]}, "mustBe": 0}],
}
QUALITY: list[dict[str, Any]] = [
    {"metric": "nullValues", "mustBeLessOrEqualTo": 1},
    {"metric": "missingValues", "arguments": {"missingValues": ["O1"]}, "mustBe": 0},
    {"metric": "duplicateValues", "mustBe": 0, "severity": "warning"},
    {"type": "sql", "query": "SELECT 1", "mustBe": 1},
    {"type": "custom", "engine": "soda", "implementation": "-"},
    {"type": "text", "description": "Is complete"},
]


def build_contract(**changes: Any) -> dict[str, Any]:
    order = {"name": "order_id", "logicalType": "string", "quality": QUALITY}
    return {
        "kind": "DataContract",
        "apiVersion": "v3.1.0",
        "id": "orders-contract",
        "name": "orders",
        "domain": "sales",
        "version": "1.0.0",
        "status": "active",
        "schema": [
            {
                "name": "orders",
                "properties": [order, AMOUNT],
                "quality": [{"metric": "rowCount", "mustBeGreaterThan": 3}],
            }
        ],
        **changes,
    }


@pytest.fixture
def mesh(serve: Serve, registry: Registry) -> dict[str, Client]:
    bucket = Bucket()
    held = resources(registry, {"sales/orders/a.csv": ROWS}, bucket=bucket)
    return {area: serve(area, held) for area in ("contracts", "products", "domains")}


def register(mesh: dict[str, Client], document: dict[str, Any]) -> None:
    answer = mesh["contracts"].post("/contracts", json.dumps(document))
    assert answer.status == 200, answer.body


def check(mesh: dict[str, Client]) -> dict[str, Any]:
    answer = mesh["domains"].post("/domains/sales/orders/check", None)
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.body["data"]
    return data


def summarize(quality: dict[str, Any]) -> list[tuple[str, str, int | None]]:
    return [(each["kind"], each["result"], each["failing_rows"]) for each in quality["checks"]]


def test_the_rules_of_a_contract_are_run(mesh: dict[str, Client]) -> None:
    register(mesh, build_contract())
    quality = check(mesh)
    assert summarize(quality) == [
        ("nullValues", "passed", 1),
        ("missingValues", "failed", 3),
        ("duplicateValues", "failed", 2),
        ("sql", "skipped", None),
        ("custom", "skipped", None),
        ("text", "skipped", None),
        ("invalidValues", "failed", 1),
        ("rowCount", "failed", None),
    ]
    assert [each["assertion"] for each in quality["failures"]] == [
        "missingValues",
        "invalidValues",
        "rowCount",
    ]


def test_what_is_not_run_says_why(mesh: dict[str, Client]) -> None:
    register(mesh, build_contract())
    skipped = [each for each in check(mesh)["checks"] if each["result"] == "skipped"]
    assert [each["reason"] for each in skipped] == [
        "checks of type 'sql' are not run",
        "checks of type 'custom' are not run",
        "checks of type 'text' are not run",
    ]


def test_rules_of_a_column_that_is_gone_are_skipped(mesh: dict[str, Client]) -> None:
    register(mesh, build_contract())
    mesh["products"].put("/product/orders", {"schema": {"order_id": "string"}})
    [invalid] = [each for each in check(mesh)["checks"] if each["kind"] == "invalidValues"]
    assert (invalid["result"], invalid["reason"]) == ("skipped", "the product has no such column")


def test_a_bound_of_zero_is_a_bound(mesh: dict[str, Client]) -> None:
    bounds = {"minimum": 0, "maximum": 0, "multipleOf": 1}
    amount = {"name": "amount", "logicalType": "integer", "logicalTypeOptions": bounds}
    register(mesh, build_contract(schema=[{"name": "orders", "properties": [amount]}]))
    assert summarize(check(mesh))[:3] == [
        ("minimum", "passed", 0),
        ("maximum", "failed", 3),
        ("multipleOf", "passed", 0),
    ]


ADDRESS = {
    "name": "order_id",
    "logicalType": "object",
    "properties": [
        {"name": "street", "logicalType": "string", "quality": [QUALITY[0]]},
        {"name": "at", "logicalType": "string", "logicalTypeOptions": {"format": "date-time"}},
    ],
}


def test_rules_within_columns_are_run_where_files_have_such_values(
    serve: Serve, registry: Registry
) -> None:
    document = build_contract(schema=[{"name": "orders", "properties": [ADDRESS, AMOUNT]}])
    lines = b'{"order_id": {"street": null, "at": "2026-01-31"}, "amount": 1}\n'
    held = resources(registry, {"sales/orders/a.jsonl": lines})
    areas = {area: serve(area, held) for area in ("contracts", "domains")}
    register(areas, document)
    found = [(each["kind"], each["column"], each["result"]) for each in check(areas)["checks"]]
    assert found[:2] == [
        ("format", "order_id.at", "failed"),
        ("nullValues", "order_id.street", "passed"),
    ]


def test_rules_within_columns_are_skipped_of_csv(mesh: dict[str, Client]) -> None:
    register(mesh, build_contract(schema=[{"name": "orders", "properties": [ADDRESS, AMOUNT]}]))
    [nested] = [each for each in check(mesh)["checks"] if each["column"] == "order_id.street"]
    assert nested["result"] == "skipped"
    assert nested["reason"] == "values of the column have nothing within them in these files"


def test_an_age_is_promised_once(mesh: dict[str, Client]) -> None:
    level = {"property": "freshness", "value": 1, "unit": "d"}
    register(mesh, build_contract(slaProperties=[level]))
    ages = [each for each in check(mesh)["checks"] if each["kind"] == "freshness"]
    assert [each["name"] for each in ages] == ["freshness of the newest file"]


def test_the_rules_of_an_object_whose_name_was_redacted_are_run() -> None:
    """In YAML another marker stands in the place of the text than in the product."""
    [found] = build_contract()["schema"]
    source = yaml.safe_dump(build_contract(schema=[{**found, "name": f"of {PLAIN_MARKER}"}]))
    reference = ContractReference(
        id="orders-contract",
        version="1.0.0",
        api_version="v3.1.0",
        media_type="application/yaml",
        digest="0" * 64,
        size=len(source),
        object=f"of {MARKER}",
    )
    registration = ProductRegistration.model_validate(product_body())
    product = build_product(registration, NOON, 1, None).model_copy(update={"contract": reference})
    checks = list_contract_checks(product, source.encode(), ())
    assert checks[-1].kind == "rowCount"
    assert len(checks) == len(QUALITY) + 2


def test_a_level_without_an_element_is_about_that_of_all(mesh: dict[str, Client]) -> None:
    day = {"name": "day", "logicalType": "date"}
    named = {"name": "orders", "physicalName": "t_orders", "properties": [day]}
    levels = [
        {"property": "latency", "value": 1, "unit": "d"},
        {"property": "freshness", "value": 2, "unit": "d", "element": "t_orders.day"},
        {"property": "freshness", "value": 3, "unit": "d", "element": "t_orders.other"},
        {"property": "latency", "value": 4, "unit": "d", "element": "others.day"},
    ]
    more = {"slaDefaultElement": "orders.day", "slaProperties": levels, "schema": [named]}
    register(mesh, build_contract(**more))
    ages = [each["name"] for each in check(mesh)["checks"]]
    assert ages == ["freshness of day", "latency of day", "freshness of other"]
