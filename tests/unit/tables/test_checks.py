"""Checks of rows, counted in one pass: compared with the same rules written in Python."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.models.checks import Check, CheckMeasure, ValueCondition, ValueRule, skip_check
from datamesh.models.ports import DataFormat
from datamesh.storage.folders import MemoryFolder
from datamesh.tables.budget import ScanBudget
from datamesh.tables.check_counts import CheckCount
from datamesh.tables.checks import ABSENT
from datamesh.tables.engine import count_checks
from datamesh.tables.files import DataFile
from datamesh.tables.scan import Scan
from datamesh.tables.table import Column, Table
from tests.tables import parquet

FORMATS = {".csv": DataFormat.CSV, ".jsonl": DataFormat.JSONL, ".parquet": DataFormat.PARQUET}


def count(
    files: Mapping[str, bytes],
    schema: Mapping[str, str],
    *checks: Check,
    physical: Mapping[str, str] | None = None,
) -> tuple[int, list[CheckCount]]:
    """Return what checks count in files, all of one format."""
    folder = MemoryFolder("domains/sales/orders/", files)
    suffix = "." + next(iter(files)).rpartition(".")[2]
    table = Table(FORMATS[suffix], tuple(Column(name, kind) for name, kind in schema.items()))
    listed = folder.list_files()
    scan = Scan(folder, listed, table.format, ScanBudget(10_000_000))
    return count_checks(scan, table, [DataFile(file) for file in listed], checks, physical or {})


def measure(
    files: Mapping[str, bytes], schema: Mapping[str, str], *checks: Check
) -> list[int | None]:
    return [each.measured for each in count(files, schema, *checks)[1]]


NULLS = Check("", "required", CheckMeasure.NULLS, ("a",))
UNIQUE = Check("", "unique", CheckMeasure.DUPLICATES, ("a",))
KEY = Check("", "primaryKey", CheckMeasure.KEY, ("a",))
ROWS = Check("", "rowCount", CheckMeasure.ROWS)
NEWEST = Check("", "freshness", CheckMeasure.AGE, ("a",))


def meets(rule: ValueRule, *values: Any) -> Check:
    return Check("", rule, CheckMeasure.INVALID, ("a",), (ValueCondition(rule, values),))


def write_csv(values: Sequence[Any]) -> dict[str, bytes]:
    rows = ["id,a", *(f"{n},{'' if each is None else each}" for n, each in enumerate(values))]
    return {"a.csv": "\n".join(rows).encode()}


def write_json(values: Sequence[Any]) -> dict[str, bytes]:
    rows = [json.dumps({"id": n, "a": each}) for n, each in enumerate(values)]
    return {"a.jsonl": "\n".join(rows).encode()}


def write_parquet(values: Sequence[Any], kind: str) -> dict[str, bytes]:
    listed = ", ".join(write_literal(each) for each in values)
    return {"a.parquet": parquet(f"SELECT unnest(CAST([{listed}] AS {kind}[])) AS a")}


def write_literal(value: Any) -> str:
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


TEXTS = st.lists(
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=4)
    | st.sampled_from(["a", "é", "e\u0301", "A", "ab", " a", "🙂"]),
    max_size=12,
)  # fmt: skip
NUMBERS = st.lists(
    st.none()
    | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 0.0, 1.0, 1.5, 0.1, 1e300])
    | st.floats(width=32),
    max_size=12,
)
INTEGERS = st.lists(st.none() | st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1), max_size=12)


def count_invalid(values: Sequence[Any], is_met: Callable[[Any], bool]) -> int:
    return sum(not is_met(each) for each in values if each is not None)


def count_repeated(values: Sequence[Any]) -> tuple[int, int]:
    found = [n for n in Counter(each for each in values if each is not None).values() if n > 1]
    return len(found), sum(found)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(values=TEXTS, as_parquet=st.booleans())
def test_checks_of_text_agree_with_a_model(values: list[str | None], as_parquet: bool) -> None:
    files = write_parquet(values, "VARCHAR") if as_parquet else write_json(values)
    checks = [
        NULLS,
        meets(ValueRule.ENUM, "a", "é", "ab"),
        meets(ValueRule.MIN_LENGTH, 1),
        meets(ValueRule.MAX_LENGTH, 2),
        meets(ValueRule.PATTERN, "^[a-zé]"),
        UNIQUE,
        KEY,
        ROWS,
        replace(NULLS, missing=("", "A")),
    ]
    total, found = count(files, {"a": "string"}, *checks)
    nulls, (repeated, spanned) = values.count(None), count_repeated(values)
    assert total == len(values)
    assert [each.measured for each in found] == [
        nulls,
        count_invalid(values, lambda each: each in ("a", "é", "ab")),
        count_invalid(values, lambda each: len(each) >= 1),
        count_invalid(values, lambda each: len(each) <= 2),
        count_invalid(values, lambda each: re.search("^[a-zé]", each) is not None),
        repeated,
        repeated + nulls,
        len(values),
        nulls + values.count("") + values.count("A"),
    ]
    assert [each.failing_rows for each in found[5:7]] == [spanned, spanned + nulls]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(values=NUMBERS, as_parquet=st.booleans())
def test_checks_of_floats_agree_with_a_model(values: list[float | None], as_parquet: bool) -> None:
    """NaN is a null, as it is shown."""
    files = write_parquet(values, "DOUBLE") if as_parquet else write_csv(values)
    checks = [
        NULLS,
        meets(ValueRule.MINIMUM, 0),
        meets(ValueRule.EXCLUSIVE_MAXIMUM, 1.5),
        meets(ValueRule.ENUM, 0, 0.1, "x"),
        UNIQUE,
    ]
    values = [None if each is None or math.isnan(each) else each for each in values]
    total, found = count(files, {"a": "double"}, *checks)
    assert total == len(values)
    assert [each.measured for each in found] == [
        values.count(None),
        count_invalid(values, lambda each: each >= 0),
        count_invalid(values, lambda each: each < 1.5),
        count_invalid(values, lambda each: each in (0, 0.1)),
        count_repeated(values)[0],
    ]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(values=INTEGERS, as_parquet=st.booleans())
def test_checks_of_integers_agree_with_a_model(values: list[int | None], as_parquet: bool) -> None:
    files = write_parquet(values, "BIGINT") if as_parquet else write_csv(values)
    checks = [
        NULLS,
        meets(ValueRule.MINIMUM, Decimal("-0.5")),
        meets(ValueRule.EXCLUSIVE_MAXIMUM, 2**63),
        meets(ValueRule.ENUM, 1, 2, Decimal("2.5")),
        meets(ValueRule.MULTIPLE_OF, 2),
        UNIQUE,
    ]
    total, found = count(files, {"a": "bigint"}, *checks)
    assert total == len(values)
    assert [each.measured for each in found] == [
        values.count(None),
        count_invalid(values, lambda each: each >= 0),
        0,
        count_invalid(values, lambda each: each in (1, 2)),
        count_invalid(values, lambda each: each % 2 == 0),
        count_repeated(values)[0],
    ]


def test_a_value_that_is_not_of_its_type_is_invalid_and_is_no_null() -> None:
    files = {"a.csv": b"a,b\n1,\nx,\n,\nx,\n01,\n"}
    checks = [NULLS, meets(ValueRule.MINIMUM, 0), meets(ValueRule.ENUM, 1), UNIQUE]
    assert measure(files, {"a": "integer"}, *checks) == [1, 2, 2, 2]


def test_a_key_of_several_columns_is_unique_as_a_whole() -> None:
    files = {"a.csv": b"a,b\n1,x\n1,y\n1,x\n,x\n,x\n2,\n"}
    columns = ("a", "b")
    checks = [replace(UNIQUE, columns=columns), replace(KEY, columns=columns)]
    total, found = count(files, {"a": "integer", "b": "string"}, *checks)
    assert total == 6
    assert [(each.measured, each.failing_rows) for each in found] == [(1, 2), (4, 5)]


def test_keys_are_counted_over_all_files_and_folders_of_one_pass() -> None:
    files = dict.fromkeys(("a.csv", "b.csv", "c.csv"), b"a\n1\n2\n")
    total, [found] = count(files, {"a": "integer"}, UNIQUE)
    assert (total, found.measured, found.failing_rows) == (6, 2, 6)


def test_decimals_are_compared_exactly() -> None:
    files = write_parquet(["0.10", "0.1000000000", "0.10000000000000000555"], "DECIMAL(30,20)")
    checks = [meets(ValueRule.ENUM, Decimal("0.1")), meets(ValueRule.MAXIMUM, 0.1), UNIQUE]
    assert measure(files, {"a": "decimal(30,20)"}, *checks) == [1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("TIMESTAMP", ["2026-01-31 10:00:00", "infinity", None], 1769853600_000000),
        ("TIMESTAMPTZ", ["2026-01-31 10:00:00+02:00"], 1769846400_000000),
        ("TIMESTAMP_NS", ["2026-01-31 10:00:00.123456789"], 1769853600_123456),
        ("DATE", ["2026-01-31", "2026-01-30"], 1769817600_000000),
        ("DATE", [None], None),
    ],
)
def test_the_newest_moment_is_found_in_utc(
    kind: str, values: list[str | None], expected: int | None
) -> None:
    files = write_parquet(values, kind)
    schema = {"a": "date" if kind == "DATE" else "timestamp"}
    assert measure(files, schema, NEWEST) == [expected]
    assert measure(files, schema, NEWEST, UNIQUE)[0] == expected


def test_a_column_that_no_file_has_fails_and_a_key_of_json_is_null() -> None:
    _, [found] = count({"a.csv": b"b\n1\n"}, {"a": "integer", "b": "integer"}, NULLS)
    assert (found.problem, found.is_failure) == (ABSENT, True)
    schema = {"a": "integer", "b": "integer"}
    assert measure({"a.jsonl": b'{"b": 1}\n'}, schema, NULLS, UNIQUE) == [1, 0]


def test_a_file_without_rows_has_nothing_that_fails() -> None:
    assert count({"a.csv": b"a\n"}, {"a": "integer"}, NULLS, UNIQUE, ROWS)[0] == 0
    assert measure({"a.csv": b"a\n"}, {"a": "integer"}, NULLS, UNIQUE, ROWS) == [0, 0, 0]


@pytest.mark.parametrize(
    ("check", "kind", "problem"),
    [
        (meets(ValueRule.PATTERN, "(?=a)b"), "string", "none of RE2"),
        (meets(ValueRule.MINIMUM, 1), "string", "minimum is for numbers"),
        (meets(ValueRule.MINIMUM, "x"), "integer", "minimum is not of the column's type"),
        (meets(ValueRule.MAX_LENGTH, -1), "string", "maxLength is not an integer"),
        (meets(ValueRule.MIN_ITEMS, 1), "string", "minItems is for lists"),
        (meets(ValueRule.MULTIPLE_OF, 0.5), "double", "multipleOf is checked of integers"),
        (NEWEST, "integer", "no dates or timestamps"),
        (skip_check("", "sql", ("a",), "no SQL is run"), "string", "no SQL is run"),
    ],
)
def test_what_cannot_be_checked_says_why(check: Check, kind: str, problem: str) -> None:
    _, [found, rows] = count({"a.csv": b"a\n1\n"}, {"a": kind}, check, ROWS)
    assert found.measured is None
    assert problem in str(found.problem)
    assert not found.is_failure
    assert rows.measured == 1


def test_items_of_lists_are_counted() -> None:
    files = {"a.parquet": parquet("SELECT unnest([[1, 2], [1, 1], [NULL, NULL], [], NULL]) AS a")}
    checks = [
        meets(ValueRule.MIN_ITEMS, 1),
        meets(ValueRule.MAX_ITEMS, 1),
        meets(ValueRule.UNIQUE_ITEMS, True),
    ]
    assert measure(files, {"a": "array"}, *checks, UNIQUE) == [1, 3, 2, 0]


def test_a_character_of_a_pattern_may_be_named_as_in_javascript() -> None:
    check = meets(ValueRule.PATTERN, "^\\u00e9$")
    assert measure({"a.csv": "a\né\nx\n".encode()}, {"a": "string"}, check) == [1]


def test_more_conditions_than_an_integer_has_bits_are_counted() -> None:
    checks = [meets(ValueRule.MINIMUM, n) for n in range(130)]
    files = {"a.csv": b"a\n50\n100\n100\n"}
    found = measure(files, {"a": "integer"}, *checks, UNIQUE)
    assert found == [*[0] * 51, *[1] * 50, *[3] * 29, 1]
    assert measure(files, {"a": "integer"}, *checks) == found[:-1]


def test_names_of_columns_are_no_sql() -> None:
    name = 'a"; DROP TABLE marks; --'
    body = f'SELECT 1 AS "{name.replace(chr(34), chr(34) * 2)}"'
    check = replace(UNIQUE, columns=(name,))
    assert measure({"a.parquet": parquet(body)}, {name: "integer"}, check) == [0]


def test_a_column_is_read_by_the_name_that_files_have() -> None:
    files = {"a.csv": b"A_ID,b\n1,x\n1,y\n"}
    schema = {"a": "integer", "b": "string"}
    _, [found] = count(files, schema, UNIQUE, physical={"a": "A_ID", "b": "B"})
    assert found.measured == 1
    _, [found] = count({"a.csv": b"a\n1\n1\n"}, schema, UNIQUE, physical={"a": "A_ID"})
    assert found.measured == 1
