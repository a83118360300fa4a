"""Checks of data agree with those of datacontract-cli, check by check, on the same files.

Both are given the same contracts: ours imports each, and checks the data of its product.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from datamesh.models.values import utc_now
from tests.conftest import Serve
from tests.meshes import mesh, resources
from tests.tables import parquet

CLI = Path(__file__).parents[2] / ".venv-datacontract/bin/python"
RUN = """
import sys
from datacontract.data_contract import DataContract
for name in sys.argv[1:]:
    print(DataContract(data_contract_file=name).test().model_dump_json())
"""
ROWS = """
    SELECT * FROM (VALUES
        (1, 'ab', 1.5, DATE '2026-01-01'), (2, 'cd', NULL, DATE '2026-01-02'),
        (2, 'N/A', 11.0, NULL), (NULL, NULL, 0.0, NULL), (5, 'é🙂', 10.0, NULL),
        (6, 'toolong', -1.0, NULL), (6, 'ab', 2.0, NULL), (6, 'A', 2.0, NULL)
    ) AS rows(id, s, n, day)
"""
CSV = (
    "id,s,n,day\n1,ab,1.5,2026-01-01\n2,cd,,2026-01-02\n2,N/A,11,\n,,0,\n5,é🙂,10,\n"
    "6,toolong,-1,\n6,ab,2,\n6,A,2,\n"
)
NESTED = """
    SELECT * FROM (VALUES
        ({'city': 'Bonn', 'zip': '53111'}, [{'sku': 'A', 'n': 1}, {'sku': 'B', 'n': 2}]),
        ({'city': 'Ulm', 'zip': '8'}, [{'sku': NULL, 'n': 1}]), ({'city': 'Köln', 'zip': NULL}, [])
    ) AS rows(address, lines)
"""
NESTED_PROPERTIES: list[dict[str, Any]] = [
    {
        "name": "address",
        "logicalType": "object",
        "properties": [
            {"name": "city", "logicalType": "string", "required": True, "unique": True},
            {
                "name": "zip",
                "logicalType": "string",
                "required": True,
                "logicalTypeOptions": {"pattern": "^[0-9]{5}$", "maxLength": 5},
            },
        ],
    },
    {
        "name": "lines",
        "logicalType": "array",
        "logicalTypeOptions": {"minItems": 1, "maxItems": 2},
        "items": {
            "logicalType": "object",
            "properties": [
                {"name": "sku", "logicalType": "string", "required": True},
                {
                    "name": "n",
                    "logicalType": "integer",
                    "logicalTypeOptions": {"minimum": 1, "maximum": 1},
                },
            ],
        },
    },
]
COLUMNS: list[dict[str, Any]] = [
    {"name": "id", "type": "integer", "required": True, "unique": True},
    {
        "name": "s",
        "type": "string",
        "enum": ["ab", "cd", "é🙂"],
        "options": {"min_length": 2, "max_length": 5, "pattern": "^[a-z]"},
    },
    {
        "name": "n",
        "type": "double",
        "options": {"minimum": 0, "maximum": 10},
    },
    {"name": "day", "type": "date", "required": True},
]
OPERATORS: list[dict[str, Any]] = [
    {"mustBe": 1},
    {"mustNotBe": 1},
    {"mustBeLessThan": 2},
    {"mustBeLessOrEqualTo": 0},
    {"mustBeGreaterThan": 1},
    {"mustBeGreaterOrEqualTo": 2},
    {"mustBeBetween": [1, 2]},
    {"mustNotBeBetween": [1, 2]},
    {"mustBeLessThan": 12.5, "unit": "percent"},
    {"mustBeLessOrEqualTo": 12.5, "unit": "percent"},
]
MISSING = {"missingValues": [None, "N/A", ""]}
VALID = {"validValues": ["ab", "cd"], "pattern": "^a"}
KEYS = [["s", "n"], ["id", "day"], ["n"]]


def build_rules(number: int) -> dict[str, list[dict[str, Any]]]:
    """Column, or nothing for all rows -> rules with one of the operators.

    datacontract-cli takes a metric of a column once.
    """
    bound = OPERATORS[number]
    rules: dict[str, list[dict[str, Any]]] = {
        "id": [],
        "s": [
            {"metric": "nullValues", **bound},
            {"metric": "missingValues", "arguments": MISSING, **bound},
            {"metric": "invalidValues", "arguments": VALID, **bound},
        ],
        "n": [{"metric": "invalidValues", "mustBe": 0}],
        "": [],
    }
    if "unit" not in bound:
        keys = {"properties": KEYS[number % len(KEYS)]}
        rules["id"].append({"metric": "duplicateValues", **bound})
        rules[""].append({"metric": "rowCount", **bound})
        rules[""].append({"metric": "duplicateValues", "arguments": keys, **bound})
    return rules


def build_level(number: int) -> dict[str, Any]:
    days = 1 if number % 2 else 40_000
    return {"property": "freshness", "value": days, "unit": "d", "element": "orders.day"}


ORACLE_NAMES = {
    "field_required": "required",
    "field_unique": "unique",
    "field_enum": "enum",
    "field_regex": "pattern",
    "field_min_length": "minLength",
    "field_max_length": "maxLength",
    "field_minimum": "minimum",
    "field_maximum": "maximum",
    "field_min_items": "minItems",
    "field_max_items": "maxItems",
}
"""Check of datacontract-cli -> ours; those of quality rules come in the same order in both."""


def build_columns(number: int) -> dict[str, Any]:
    """A contract of the flat columns, with rules that have one of the operators."""
    rules = build_rules(number)
    names = {"min_length": "minLength", "max_length": "maxLength"}
    properties = [
        {
            "name": each["name"],
            "logicalType": {"double": "number"}.get(each["type"], each["type"]),
            **{key: each[key] for key in ("required", "unique") if key in each},
            "enum": [{"value": value} for value in each.get("enum", [])] or None,
            "logicalTypeOptions": {
                names.get(key, key): value for key, value in each.get("options", {}).items()
            },
            "quality": rules.get(each["name"], []),
        }
        for each in COLUMNS
    ]
    for each in properties:
        if each["enum"] is None:
            del each["enum"]
    return {
        "schema": [{"name": "orders", "properties": properties, "quality": rules[""]}],
        "slaProperties": [build_level(number)],
    }


def build_contract(file: Path, parts: dict[str, Any]) -> dict[str, Any]:
    form = file.suffix.removeprefix(".")
    server = {"server": "local", "type": "local", "path": str(file), "format": form}
    return {
        "apiVersion": "v3.1.0" if "enum" not in str(parts) else "v3.2.0",
        "kind": "DataContract",
        "id": "orders",
        "name": "orders",
        "domain": "sales",
        "version": "1.0.0",
        "status": "active",
        "servers": [server],
        **parts,
    }


def ask_oracle(folder: Path, contracts: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The checks of datacontract-cli for each contract. One process: it is slow to start."""
    names = [f"{number}.odcs.yaml" for number in range(len(contracts))]
    for name, contract in zip(names, contracts, strict=True):
        (folder / name).write_text(json.dumps(contract, ensure_ascii=False))
    run = subprocess.run(
        [CLI, "-c", RUN, *names],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
    return [json.loads(line)["checks"] for line in lines]


def run_ours(serve: Serve, file: Path, contract: dict[str, Any]) -> list[dict[str, Any]]:
    """The checks of the product that a contract is imported as."""
    name = f"sales/orders/{file.name}"
    held = resources(mesh(now=utc_now), {name: file.read_bytes()})
    sent = json.dumps(contract, ensure_ascii=False)
    imported = serve("contracts", held).post("/contracts", sent)
    assert imported.status == 200, imported.body
    answer = serve("domains", held).post("/domains/sales/orders/check", None)
    found: list[dict[str, Any]] = answer.body["data"]["checks"]
    return found


@pytest.mark.skipif(not CLI.exists(), reason="make .venv-datacontract/ready installs it")
def test_checks_agree_with_datacontract_cli(tmp_path: Path, serve: Serve) -> None:
    files = {"orders.csv": CSV.encode(), "orders.parquet": parquet(ROWS)}
    tried = [(name, build_columns(number)) for name in files for number in range(len(OPERATORS))]
    files["nested.parquet"] = parquet(NESTED)
    tried.append(
        ("nested.parquet", {"schema": [{"name": "orders", "properties": NESTED_PROPERTIES}]})
    )
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    contracts = [build_contract(tmp_path / name, parts) for name, parts in tried]
    said = {"passed": "passed", "failed": "failed", "warning": "skipped"}
    found = ask_oracle(tmp_path, contracts)
    assert len(found) == len(tried)
    for (name, _), contract, theirs in zip(tried, contracts, found, strict=True):
        ours = run_ours(serve, tmp_path / name, contract)
        known = [each for each in theirs if each["type"] in ORACLE_NAMES]
        assert sorted(
            f"{each['kind']} {each['column']} {each['result']}"
            for each in ours
            if each["kind"] in ORACLE_NAMES.values()
        ) == sorted(
            f"{ORACLE_NAMES[each['type']]} {each['field']} {said[each['result']]}" for each in known
        )
        others = [each for each in ours if each["kind"] not in ORACLE_NAMES.values()]
        for category, is_age in (("quality", False), ("servicelevel", True)):
            assert [
                each["result"] for each in others if (each["kind"] == "freshness") is is_age
            ] == [said[each["result"]] for each in theirs if each["category"] == category], contract
