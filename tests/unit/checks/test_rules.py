"""Checks from the parsed document of a contract."""

from decimal import Decimal
from typing import Any

import pytest

from datamesh.models.checks import (
    BoundOperator,
    Check,
    CheckMeasure,
    Threshold,
    ValueCondition,
    ValueRule,
)
from datamesh.services.checks.durations import measure_duration
from datamesh.services.checks.rules import map_quality, map_service_levels


def map_one(entry: Any, column: str | None = "status") -> Check:
    [found] = map_quality([entry], column)
    return found


def test_each_metric_is_a_check() -> None:
    entries = [
        {"metric": "nullValues", "mustBe": 0, "id": "no_nulls"},
        {"type": "library", "metric": "missingValues", "mustBeLessThan": 5, "unit": "percent",
         "arguments": {"missingValues": [None, "", "N/A"]}, "severity": "Warning"},
        {"metric": "invalidValues", "mustBeLessOrEqualTo": 1.5, "name": "valid",
         "arguments": {"validValues": ["a", 1, None], "pattern": "^a"}},
        {"metric": "duplicateValues", "mustBeBetween": [0, 3], "description": "few"},
    ]  # fmt: skip
    assert map_quality(entries, "status") == [
        Check("no_nulls", "nullValues", CheckMeasure.NULLS, ("status",)),
        Check(
            "missingValues of status",
            "missingValues",
            CheckMeasure.NULLS,
            ("status",),
            missing=("", "N/A"),
            thresholds=(Threshold(BoundOperator.LESS_THAN, (Decimal(5),)),),
            is_percent=True,
            severity="warning",
        ),
        Check(
            "valid",
            "invalidValues",
            CheckMeasure.INVALID,
            ("status",),
            (
                ValueCondition(ValueRule.ENUM, ("a", 1)),
                ValueCondition(ValueRule.PATTERN, ("^a",)),
            ),
            thresholds=(Threshold(BoundOperator.LESS_OR_EQUAL, (Decimal("1.5"),)),),
        ),
        Check(
            "few",
            "duplicateValues",
            CheckMeasure.DUPLICATES,
            ("status",),
            thresholds=(Threshold(BoundOperator.BETWEEN, (Decimal(0), Decimal(3))),),
        ),
    ]


def test_rules_of_an_object_are_checks_of_all_rows() -> None:
    entries = [
        {"metric": "rowCount", "mustBeGreaterThan": 10, "mustNotBe": 12},
        {"metric": "duplicateValues", "arguments": {"properties": ["a", "b"]}, "mustBe": 0},
        {"rule": "duplicateCount", "arguments": {"properties": ["a"]}, "mustBe": 0},
    ]
    rows, keys, old = map_quality(entries)
    assert (rows.measure, rows.columns) == (CheckMeasure.ROWS, ())
    assert rows.describe_expected() == "mustNotBe 12, mustBeGreaterThan 10"
    assert (keys.kind, keys.columns) == ("duplicateValues", ("a", "b"))
    assert (old.kind, old.columns) == ("duplicateValues", ("a",))


@pytest.mark.parametrize(
    ("entry", "column", "kind", "problem"),
    [
        ({"type": "sql", "query": "SELECT 1", "mustBe": 0}, None, "sql", "type 'sql' are not run"),
        ({"type": "custom", "engine": "soda"}, "a", "custom", "type 'custom' are not run"),
        ({"type": "text", "description": "be good"}, "a", "text", "type 'text' are not run"),
        ({"metric": "median", "mustBe": 1}, "a", "median", "the metric 'median' is unknown"),
        ({"type": "library"}, "a", "library", "it has no metric"),
        ({"metric": "nullValues"}, "a", "nullValues", "it does not say what must be"),
        ({"metric": "nullValues", "mustBe": "none"}, "a", "nullValues", "mustBe must be a number"),
        ({"metric": "nullValues", "mustBe": True}, "a", "nullValues", "mustBe must be a number"),
        ({"metric": "nullValues", "mustBe": float("nan")}, "a", "nullValues", "must be a number"),
        ({"metric": "nullValues", "mustBe": 0}, None, "nullValues", "it is a check of a column"),
        ({"metric": "rowCount", "mustBe": 0}, "a", "rowCount", "rows are counted of a whole"),
        ({"metric": "rowCount", "mustBe": 0, "unit": "percent"}, None, "rowCount", "no share"),
        ({"metric": "invalidValues", "mustBe": 0}, "a", "invalidValues", "neither validValues"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [[]]}}, "a",
         "invalidValues", "plain values"),
        ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": [1] * 1001}}, "a",
         "invalidValues", "validValues has 1001 values, more than 1000"),
        ({"metric": "duplicateValues", "mustBe": 0}, None, "duplicateValues", "no properties"),
        ({"metric": "nullValues", "mustBeBetween": [1]}, "a", "nullValues", "needs two numbers"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_run_says_why(
    entry: Any, column: str | None, kind: str, problem: str
) -> None:
    found = map_one(entry, column)
    assert found.kind == kind
    assert problem in str(found.problem)


def test_what_is_no_list_of_rules_has_no_checks() -> None:
    assert map_quality(None) == map_quality("x") == map_quality([1, "a"]) == []
    assert map_service_levels(None) == map_service_levels([{"property": "retention"}]) == []


def test_service_levels_are_checks_of_age() -> None:
    entries = [
        {"property": "freshness", "value": 3, "unit": "h", "element": "orders.updated_at"},
        {"property": "latency", "value": "P1DT12H"},
        {"property": "freshness", "value": 1, "element": "customers.updated_at"},
        {"property": "freshness", "value": "soon"},
    ]
    found = map_service_levels(entries, ["orders"])
    assert [(each.kind, each.columns, each.describe_expected()) for each in found[:2]] == [
        ("freshness", ("updated_at",), "mustBeLessThan 10800 seconds"),
        ("latency", (), "mustBeLessThan 129600 seconds"),
    ]
    assert "must be a number" in str(found[2].problem)
    assert len(found) == 3


@pytest.mark.parametrize("element", ["orders.at", "T_ORDERS.at", "db.T_ORDERS.at", "at"])
def test_a_level_names_its_object_as_the_contract_does(element: str) -> None:
    entry = {"property": "Freshness", "value": 1, "element": element}
    [found] = map_service_levels([entry], ["orders", "db.T_ORDERS"])
    assert (found.kind, found.columns) == ("freshness", ("at",))


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        ("P1D", None, 86400),
        ("pt15m", None, 900),
        ("PT0.5S", None, "0.5"),
        ("P1Y2M1W", None, 365 * 86400 + 60 * 86400 + 7 * 86400),
        (2, None, 172800),
        ("5", "minutes", 300),
        (1.5, "h", 5400),
    ],
)
def test_durations_are_seconds(value: object, unit: str | None, seconds: object) -> None:
    assert measure_duration(value, unit) == Decimal(str(seconds))


@pytest.mark.parametrize(
    ("value", "unit"),
    [("P", None), ("PT", None), ("1 day", None), (None, None), (True, "d"), (-1, "d"), (1, "eons"),
     (10**9, "s"), (float("inf"), "d"), ("P1", None)],
)  # fmt: skip
def test_what_is_no_duration_is_refused(value: object, unit: str | None) -> None:
    with pytest.raises(ValueError, match="must be"):
        measure_duration(value, unit)
