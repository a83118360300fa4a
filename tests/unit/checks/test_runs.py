"""Running checks of a product's data: results, records, history."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from datamesh.errors.access import Forbidden
from datamesh.models.checks import (
    BoundOperator,
    Check,
    CheckMeasure,
    Threshold,
    ValueCondition,
    ValueRule,
    skip_check,
)
from datamesh.models.ports import DataFormat
from datamesh.models.products import Product
from datamesh.models.quality import CheckResult
from datamesh.services.checks.evaluation import decide_check
from datamesh.services.checks.rules import check_age
from datamesh.services.checks.runs import CheckRun, check_quality, run_checks
from datamesh.services.permissions import Permissions
from datamesh.storage.folders import MemoryFolder
from datamesh.tables.budget import ScanBudget
from datamesh.tables.check_counts import CheckCount
from datamesh.tables.scan import Scan
from datamesh.wiring.resources import Resources
from tests.conftest import Serve
from tests.contexts import CONTEXT
from tests.meshes import NOON, add_product, mesh, product_body, resources

SCHEMA = {"order_id": "string", "amount": "integer"}
CSV = b"order_id,amount\nO1,1\nO1,2\n,30\n"
REQUIRED = Check("order_id is required", "required", CheckMeasure.NULLS, ("order_id",))
UNIQUE = Check("order_id is unique", "unique", CheckMeasure.DUPLICATES, ("order_id",))
POSITIVE = Check(
    "amount is not too small",
    "minimum",
    CheckMeasure.INVALID,
    ("amount",),
    (ValueCondition(ValueRule.MINIMUM, (0,)),),
)
ROWS = Check(
    "rows",
    "rowCount",
    CheckMeasure.ROWS,
    thresholds=(Threshold(BoundOperator.GREATER_THAN, (Decimal(3),)),),
)
SQL = skip_check("no refunds", "sql", (), "checks of type 'sql' are not run")


def run(*checks: Check, body: bytes | None = CSV, **more: Any) -> CheckRun:
    registry = mesh()
    product = add_product(registry, "orders", schema=SCHEMA, **more)
    files = {} if body is None else {"sales/orders/a.csv": body}
    access = resources(registry, files).data
    return run_checks(CONTEXT, registry, access, product, checks, NOON)


def test_each_check_has_a_result() -> None:
    found = run(REQUIRED, UNIQUE, POSITIVE, ROWS, SQL)
    assert [each.model_dump(exclude={"name"}) for each in found.quality.checks] == [
        {"column": "order_id", "kind": "required", "result": "failed", "failing_rows": 1,
         "total_rows": 3, "expected": "mustBe 0", "reason": "1 of 3 rows have no value"},
        {"column": "order_id", "kind": "unique", "result": "failed", "failing_rows": 2,
         "total_rows": 3, "expected": "mustBe 0", "reason": "1 values are in 2 of 3 rows"},
        {"column": "amount", "kind": "minimum", "result": "passed", "failing_rows": 0,
         "total_rows": 3, "expected": "mustBe 0", "reason": None},
        {"column": None, "kind": "rowCount", "result": "failed", "failing_rows": None,
         "total_rows": 3, "expected": "mustBeGreaterThan 3", "reason": "there are 3 rows"},
        {"column": None, "kind": "sql", "result": "skipped", "failing_rows": None,
         "total_rows": None, "expected": None, "reason": "checks of type 'sql' are not run"},
    ]  # fmt: skip
    assert found.quality.status == "failed"
    assert [(each.assertion, each.column) for each in found.quality.failures] == [
        ("required", "order_id"),
        ("unique", "order_id"),
        ("rowCount", None),
    ]


def test_a_warning_that_fails_does_not_fail_the_data() -> None:
    found = run(replace(REQUIRED, severity="warning"), SQL)
    [warning, _] = found.quality.checks
    assert (warning.result, warning.severity) == ("failed", "warning")
    assert (found.quality.status, found.quality.failures) == ("passed", [])


def test_data_that_cannot_be_read_skips_all_checks() -> None:
    found = run(REQUIRED, SQL, body=b'order_id,amount\n"O1,1\n')
    assert [each.result for each in found.quality.checks] == ["skipped", "skipped"]
    assert found.quality.checks[0].reason == "the data cannot be read"
    assert [each.assertion for each in found.quality.failures] == ["dataset_is_readable"]


def test_without_files_there_are_no_rows_and_nothing_is_passed() -> None:
    found = run(REQUIRED, ROWS, check_age("freshness", Decimal(60), None), body=None)
    assert [(each.result, each.reason) for each in found.quality.checks] == [
        ("skipped", "there are no files"),
        ("failed", "there are 0 rows"),
        ("failed", "there are no files"),
    ]
    empty = run(REQUIRED, ROWS, body=b"order_id,amount\n").quality.checks
    assert [(each.result, each.total_rows) for each in empty] == [("passed", 0), ("failed", 0)]


def test_a_column_that_no_file_has_fails() -> None:
    [found, other] = run(replace(REQUIRED, columns=("gone",)), POSITIVE).quality.checks
    assert (found.result, found.reason, found.failing_rows) == (
        "failed",
        "no file has the column",
        3,
    )
    assert other.result == "passed"


def test_checks_beyond_the_bound_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datamesh.services.checks.runs.MAX_CHECKS", 2)
    found = run(POSITIVE, POSITIVE, POSITIVE).quality.checks
    assert [each.result for each in found] == ["passed", "passed", "skipped"]
    assert "beyond the 1000 checks" in str(found[2].reason)


def open_spent(scan: Scan) -> Scan:
    """A scan without any time left."""
    again = Scan(scan._folder, scan.files, DataFormat.CSV, ScanBudget(10_000, max_seconds=0))
    again.stop()
    return again


def test_checks_that_take_more_than_a_scan_may_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datamesh.tables.scan.WHOLE_FILE_BYTES", 1)
    monkeypatch.setattr("datamesh.tables.scan.Scan.open_again", open_spent)
    [found] = run(POSITIVE).quality.checks
    assert found.result == "skipped"
    assert "took too long" in str(found.reason)


def decide(check: Check, count: CheckCount, total: int = 200, **more: Any) -> CheckResult:
    return decide_check(check, total, count, more.get("now", NOON), more.get("hidden", set()))


@pytest.mark.parametrize(
    ("operator", "bounds", "passed"),
    [
        ("mustBe", "0.5", True),
        ("mustNotBe", "0.5", False),
        ("mustBeLessThan", "0.5", False),
        ("mustBeLessOrEqualTo", "0.5", True),
        ("mustBeGreaterThan", "0.5", False),
        ("mustBeGreaterOrEqualTo", "0.5", True),
        ("mustBeBetween", "0.5 1", True),
        ("mustNotBeBetween", "0.5 1", False),
    ],
)
def test_a_share_of_rows_is_compared_exactly(operator: str, bounds: str, passed: bool) -> None:
    threshold = Threshold(BoundOperator(operator), tuple(map(Decimal, bounds.split())))
    check = replace(REQUIRED, thresholds=(threshold,), is_percent=True)
    found = decide(check, CheckCount(1, 1))
    assert (found.result == "passed") is passed
    if not passed:
        assert found.reason == "1 of 200 rows have no value, 0.5 percent"


def test_the_age_of_the_newest_value_is_compared_with_the_bound() -> None:
    check = check_age("freshness", Decimal(60), "at")
    at = int(NOON.timestamp()) * 1_000_000
    assert decide(check, CheckCount(at - 59_999_999)).result == "passed"
    assert decide(check, CheckCount(at + 10**12)).result == "passed"
    old = decide(check, CheckCount(at - 60_000_000))
    assert (old.result, old.reason) == ("failed", "the newest value is 60 seconds old")
    hidden = decide(check, CheckCount(at - 10**9), hidden={"at"})
    assert (hidden.result, hidden.reason) == ("failed", "the newest value is too old")
    none = decide(check, CheckCount(None))
    assert (none.result, none.reason) == ("failed", "there is no value")


@pytest.mark.parametrize(
    ("modified", "result"),
    [("2026-01-31T11:59:00.001Z", "passed"), ("2026-01-31T11:58:00Z", "failed"), ("", "skipped")],
)
def test_without_a_column_the_newest_file_is_what_counts(modified: str, result: str) -> None:
    registry = mesh()
    product = add_product(registry, "orders", schema=SCHEMA)
    access = replace(
        resources(registry).data,
        open_folder=lambda location, deadline: MemoryFolder(location, {"a.csv": CSV}, modified),
    )
    newest = check_age("latency", Decimal(60), None)
    [found] = run_checks(CONTEXT, registry, access, product, [newest], NOON).quality.checks
    assert found.result == result


def create_clock() -> Callable[[], datetime]:
    """A clock that goes on by a minute whenever it is asked."""
    minutes = count()
    return lambda: NOON + timedelta(minutes=next(minutes))


def check(held: Resources, product: Product, *checks: Check) -> CheckRun:
    runs = held.open_quality_runs()
    return check_quality(
        CONTEXT, held.registry, held.data, runs, product, lambda context, product: checks
    )


def test_a_check_is_kept_and_the_product_has_no_more_than_its_result(serve: Serve) -> None:
    registry = mesh(now=create_clock())
    product = add_product(registry, "orders", schema=SCHEMA)
    held = resources(registry, {"sales/orders/a.csv": CSV})
    first = check(held, product, REQUIRED, SQL)
    second = check(held, product, POSITIVE)
    client = serve("products", held)
    shown = client.get("/product/orders").body["quality"]
    assert shown == json.loads(second.quality.model_dump_json(exclude={"checks"}))
    since = (first.quality.checked_at - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    until = (second.quality.checked_at + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    page = client.get("/product/orders/quality", since=since, until=until)
    assert page.status == 200, page.body
    found = [
        (run["status"], [each["result"] for each in run["checks"]]) for run in page.body["runs"]
    ]
    assert found == [("failed", ["failed", "skipped"]), ("passed", ["passed"])]
    assert page.body["next"] is None
    one = client.get("/product/orders/quality", since=since, until=until, limit=1).body
    assert [run["status"] for run in one["runs"]] == ["failed"]
    rest = client.get(
        "/product/orders/quality", since=since, until=until, limit=1, cursor=one["next"]
    ).body
    assert [run["status"] for run in rest["runs"]] == ["passed"]
    assert rest["next"] is None
    assert client.get("/product/orders/quality", since=until).body["runs"] == []


def test_the_history_follows_a_product_to_its_new_name_and_is_no_other_products(
    serve: Serve,
) -> None:
    registry = mesh(now=create_clock())
    product = add_product(registry, "orders", schema=SCHEMA)
    held = resources(registry, {"sales/orders/a.csv": CSV})
    check(held, product, POSITIVE)
    client = serve("products", held)
    assert client.put("/product/orders", {"name": "sold"}).status == 200
    add_product(registry, "orders", schema=SCHEMA)
    since = "2000-01-01T00:00:00Z"
    assert len(client.get("/product/sold/quality", since=since).body["runs"]) == 1
    assert client.get("/product/orders/quality", since=since).body["runs"] == []


def test_whoever_is_no_contributor_checks_nothing() -> None:
    registry = mesh()
    product = add_product(registry, "orders", schema=SCHEMA)
    held = resources(registry, {"sales/orders/a.csv": CSV})
    context = replace(CONTEXT, permissions=Permissions("someone"))
    with pytest.raises(Forbidden):
        check_quality(
            context, registry, held.data, held.open_quality_runs(), product, lambda *_: [REQUIRED]
        )


COLUMNS = {
    "order_id": {"type": "string", "required": True, "primary_key": 1},
    "amount": {"type": "integer", "options": {"minimum": 0, "maximum": 10}, "enum": [1, 2]},
    "status": {"type": "string", "unique": True, "options": {"pattern": "^(?:new|sold)$"}},
    "lines": {"type": "array", "items": {"type": "struct", "required": True}},
}


def test_columns_are_checked_as_the_registration_describes_them(serve: Serve) -> None:
    registry = mesh(now=create_clock())
    files = {
        "sales/orders/a.jsonl": b'{"order_id": "O1", "amount": 1, "status": "new"}\n'
        b'{"order_id": "O1", "amount": 30, "status": "sold"}\n'
        b'{"order_id": null, "amount": 2, "status": null}\n'
    }
    held = resources(registry, files)
    body = product_body(name="orders", schema=COLUMNS)
    assert serve("products", held).post("/register_product", body).status == 200
    answer = serve("domains", held).post("/domains/sales/orders/check", None)
    assert answer.status == 200, answer.body
    assert answer.body["data"]["status"] == "failed"
    found = answer.body["data"]["checks"]
    assert [
        (each["kind"], each["column"], each["result"], each["failing_rows"]) for each in found
    ] == [
        ("required", "order_id", "failed", 1),
        ("enum", "amount", "failed", 1),
        ("minimum", "amount", "passed", 0),
        ("maximum", "amount", "failed", 1),
        ("unique", "status", "passed", 0),
        ("pattern", "status", "passed", 0),
        ("required", "lines[]", "passed", 0),
        ("primaryKey", "order_id", "failed", 3),
    ]
    assert "30" not in str([each["reason"] for each in found])
    runs = serve("products", held).get("/product/orders/quality", since="2026-01-01T00:00:00Z")
    assert [run["checks"] for run in runs.body["runs"]] == [found]


def test_a_level_of_service_is_checked_by_its_column(serve: Serve) -> None:
    registry = mesh()
    files = {"sales/orders/a.jsonl": b'{"order_id": "O1", "at": "2026-01-31T11:00:00Z"}\n'}
    held = resources(registry, files)
    body = product_body(
        name="orders",
        schema={"order_id": "string", "at": "timestamp"},
        sla={"freshness": "PT2H", "latency": "PT30M", "element": "at"},
    )
    assert serve("products", held).post("/register_product", body).status == 200
    found = serve("domains", held).post("/domains/sales/orders/check", None).body["data"]["checks"]
    assert [(each["kind"], each["column"], each["result"], each["reason"]) for each in found] == [
        ("freshness", "at", "passed", None),
        ("latency", "at", "failed", "the newest value is 3600 seconds old"),
    ]
