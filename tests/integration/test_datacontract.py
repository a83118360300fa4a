"""Checks of data agree with those of datacontract-cli, check by check, on the same files."""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from datamesh.models.described_columns import DescribedColumn
from datamesh.services.checks.columns import map_columns
from datamesh.services.checks.rules import map_quality, map_service_levels
from datamesh.services.checks.runs import run_checks
from tests.contexts import CONTEXT
from tests.meshes import add_product, mesh, resources
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
}
"""Check of datacontract-cli -> ours; those of quality rules come in the same order in both."""


def write_contract(folder: Path, form: str, number: int) -> str:
    rules = build_rules(number)
    names = {"min_length": "minLength", "max_length": "maxLength"}  # fmt: skip
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
    contract = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": "orders",
        "name": "orders",
        "version": "1.0.0",
        "status": "active",
        "servers": [{"server": "local", "type": "local", "path": f"orders.{form}", "format": form}],
        "schema": [{"name": "orders", "properties": properties, "quality": rules[""]}],
        "slaProperties": [build_level(number)],
    }
    path = folder / f"orders{number}.odcs.yaml"
    for each in properties:
        if each["enum"] is None:
            del each["enum"]
    path.write_text(json.dumps(contract, ensure_ascii=False))
    return path.name


def ask_oracle(folder: Path, form: str) -> list[list[dict[str, Any]]]:
    """The checks of datacontract-cli for each of the operators."""
    names = [write_contract(folder, form, number) for number in range(len(OPERATORS))]
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


def run_ours(name: str, body: bytes, number: int) -> tuple[list[str], list[str]]:
    """The results of columns, sorted, and those of rules, in the order of the contract."""
    described = TypeAdapter(list[DescribedColumn]).validate_python(COLUMNS)
    columns = map_columns(described)
    rules = [
        each for name, entries in build_rules(number).items()
        for each in map_quality(entries, name or None)
    ]  # fmt: skip
    checks = [*columns, *rules, *map_service_levels([build_level(number)], "orders")]
    registry = mesh()
    schema = {each["name"]: each["type"] for each in COLUMNS}
    product = add_product(registry, "orders", schema=schema)
    access = resources(registry, {f"sales/orders/{name}": body}).data
    found = run_checks(CONTEXT, registry, access, product, checks, datetime.now(UTC)).quality.checks
    own = [f"{each.kind} {each.column} {each.result}" for each in found[: len(columns)]]
    return sorted(own), [each.result for each in found[len(columns) :]]


@pytest.mark.skipif(not CLI.exists(), reason="make .venv-datacontract/ready installs it")
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_checks_agree_with_datacontract_cli(tmp_path: Path, form: str) -> None:
    body = CSV.encode() if form == "csv" else parquet(ROWS)
    (tmp_path / f"orders.{form}").write_bytes(body)
    said = {"passed": "passed", "failed": "failed", "warning": "skipped"}
    found = ask_oracle(tmp_path, form)
    assert len(found) == len(OPERATORS)
    for number, theirs in enumerate(found):
        columns, rules = run_ours(f"a.{form}", body, number)
        known = [each for each in theirs if each["type"] in ORACLE_NAMES]
        assert columns == sorted(
            f"{ORACLE_NAMES[each['type']]} {each['field']} {said[each['result']]}" for each in known
        )
        others = [each for each in theirs if each["category"] in ("quality", "servicelevel")]
        assert rules == [said[each["result"]] for each in others], OPERATORS[number]
