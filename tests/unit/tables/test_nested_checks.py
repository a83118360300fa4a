"""Checks of what is within columns, and of formats, each counted in rows."""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from datamesh.models.checks import Check, CheckMeasure, Step, ValueRule, write_path
from datamesh.tables.check_counts import CheckCount
from datamesh.tables.check_formats import build_date_pattern
from tests.tables import parquet
from tests.unit.tables.test_checks import NEWEST, NULLS, UNIQUE, count, measure, meets

ROWS: list[Any] = [
    {"city": "Bonn", "lines": [{"sku": "A1", "n": 1}, {"sku": "B2", "n": 0}], "day": "2026-01-02"},
    {"city": None, "lines": [{"sku": "A1", "n": 2}, {"sku": None, "n": None}], "day": "2026-01-01"},
    {"city": "Bonn", "lines": [], "day": None},
    {"city": "Köln", "lines": None, "day": None},
    None,
    {"city": "B", "lines": [{"sku": "zz", "n": 5}], "day": None},
]
ABSENT, ITEMS = "no file has the field", "items of different rows are not compared"
FLAT = "values of the column have nothing within them in these files"
STRUCT = "STRUCT(city VARCHAR, lines STRUCT(sku VARCHAR, n INTEGER)[], day DATE)"
FILES = {
    "parquet": {
        "a.parquet": parquet(
            f"SELECT unnest(CAST(from_json('{json.dumps(ROWS, ensure_ascii=False)}'::JSON,"
            f" '[\"JSON\"]') AS {STRUCT}[])) AS a"
        )
    },
    "jsonl": {"a.jsonl": "\n".join(json.dumps({"a": row}) for row in ROWS).encode()},
}


def within(check: Check, kind: str, *path: Step) -> Check:
    return replace(check, path=path, type=kind)


COUNTED = [
    (within(NULLS, "string", "city"), 1),
    (within(NULLS, "array", "lines"), 1),
    (within(NULLS, "string", "lines", None, "sku"), 1),
    (within(NULLS, "struct", "lines", None), 0),
    (within(meets(ValueRule.ENUM, "Bonn"), "string", "city"), 2),
    (within(meets(ValueRule.MIN_LENGTH, 2), "string", "city"), 1),
    (within(meets(ValueRule.PATTERN, "^[A-Z]"), "string", "lines", None, "sku"), 1),
    (within(meets(ValueRule.MINIMUM, 1), "integer", "lines", None, "n"), 1),
    (within(meets(ValueRule.MAXIMUM, 4), "integer", "lines", None, "n"), 1),
    (within(UNIQUE, "string", "city"), 1),
    (within(NEWEST, "date", "day"), 1_767_312_000_000_000),
]


@pytest.mark.parametrize("form", FILES)
def test_rows_are_counted_that_have_such_a_value_within(form: str) -> None:
    found = measure(FILES[form], {"a": "struct"}, *(check for check, _ in COUNTED))
    assert found == [expected for _, expected in COUNTED]


def test_lists_within_lists_are_looked_through() -> None:
    check = within(meets(ValueRule.MINIMUM, 0), "integer", None, None)
    rows: list[Any] = [[[1, 2], [3]], [[1], [-2]], [[], None], None]
    body = "\n".join(json.dumps({"a": row}) for row in rows).encode()
    assert measure({"a.jsonl": body}, {"a": "array"}, check) == [1]
    kept = {"a.parquet": parquet("SELECT unnest([[[1, 2], [3]], [[1], [-2]], [[], NULL]]) AS a")}
    assert measure(kept, {"a": "array"}, check) == [1]


@pytest.mark.parametrize(
    ("form", "check", "expected"),
    [
        ("parquet", within(NULLS, "string", "gone"), CheckCount(problem=ABSENT, is_failure=True)),
        ("jsonl", within(NULLS, "string", "gone"), CheckCount(5, 5)),
        ("parquet", within(NULLS, "string", "city", "x"), CheckCount(problem=FLAT)),
        ("jsonl", within(UNIQUE, "string", "lines", None), CheckCount(problem=ITEMS)),
    ],
)
def test_what_is_not_there_or_cannot_be_looked_at_says_so(
    form: str, check: Check, expected: CheckCount
) -> None:
    assert count(FILES[form], {"a": "struct"}, check)[1] == [expected]


def test_cells_of_csv_files_have_nothing_within() -> None:
    [found] = count({"a.csv": b"a\nx\n"}, {"a": "struct"}, within(NULLS, "string", "city"))[1]
    assert (found.measured, found.is_failure) == (None, False)


def test_names_of_fields_are_no_sql() -> None:
    rows = [{"a": {"x'\"/~": 1}}, {"a": {}}]
    body = "\n".join(map(json.dumps, rows)).encode()
    assert measure({"a.jsonl": body}, {"a": "struct"}, within(NULLS, "integer", "x'\"/~")) == [1]
    assert write_path("a", ("b", None, "c")) == "a.b[].c"


def is_address(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return "%" not in text


ADDRESSES = [
    *("1.2.3.4", "255.255.255.255", "256.1.1.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", ""),
    *("::", "::1", "1::", "fe80::1%eth0", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8"),
    *("1:2:3:4:5:6:7:8:9", "1::2::3", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "12345::", "g::"),
    *("1:2:3:4::6:7:8", "1:2:3::5:6:7:8", "1:2:3:4:5:6:7", ":1", "1:", "1::2:3:4:5:6:7:8"),
]
GOOD_AND_BAD: dict[str, tuple[list[str], list[str]]] = {
    "email": (
        ["a@b", "first.last+tag@a.co.uk", '"a b"@a.org', "x@[127.0.0.1]", "x@[IPv6:::1]"],
        ["a", "@b", "a@", "a..b@c", ".a@c", "a@-b.c", "a b@c", "a@b@c", "a" * 65 + "@c", "é@b.c"],
    ),
    "uuid": (
        ["00000000-0000-0000-0000-000000000000", "F47AC10B-58cc-4372-a567-0e02b2c3d479"],
        ["f47ac10b58cc4372a5670e02b2c3d479", "{f47ac10b-58cc-4372-a567-0e02b2c3d479}", "x"],
    ),
    "uri": (
        [
            *("http://a", "https://u:p@h.de:80/p/%20?q=1/?#f", "mailto:x@y.z", "urn:isbn:1"),
            *("file:///a", "http://[::1]:8080/", "a:", "s3://bucket/key-1", "http://a-b.c"),
        ],
        ["", "a", "/a/b", "http://a b", "http://[::1", "1a:b", "http://a/%zz", "http://é", "//a"],
    ),
    "hostname": (
        ["a", "a-b.example.com", "1.2"],
        ["-a", "a-", "a..b", "a_b", "a" * 64, "a." * 127 + "a"],
    ),
    "ipv4": ([], []),
    "ipv6": ([], []),
    "byte": (["", "YQ==", "YWI=", "YWJj"], ["YQ=", "YQ", "Y===", "YW-j"]),
    "date": (["2024-02-29", "0001-01-01"], ["2023-02-29", "2024-13-01", "2024-2-29", "x"]),
    "date-time": (
        ["2024-02-29T23:59:59Z", "2024-01-01t00:00:00.123456789+05:30"],
        [
            "2024-01-01 00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00",
            "2023-02-29T00:00Z",
        ],
    ),
    "time": (["00:00:00Z", "23:59:59.5-01:00"], ["24:00:00Z", "1:00:00Z", "00:00:00"]),
}


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_texts_have_a_format_or_not(name: str) -> None:
    good, bad = GOOD_AND_BAD[name]
    if name in ("ipv4", "ipv6"):
        kind = {"ipv4": ipaddress.IPv4Address, "ipv6": ipaddress.IPv6Address}[name]
        good = [each for each in ADDRESSES if is_address(kind, each)]
        bad = [each for each in ADDRESSES if each not in good]
        assert len(good) > 1
    body = "\n".join(json.dumps({"a": text}) for text in [*good, *bad]).encode()
    checks = [meets(ValueRule.FORMAT, name)]
    assert measure({"a.jsonl": body}, {"a": "string"}, *checks) == [len(bad)]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("i8", "integer", 1),
        ("u8", "integer", 2),
        ("i64", "integer", 0),
        ("int32", "integer", "the format 'int32' of integers is unknown"),
        ("password", "string", "the format 'password' says nothing that a text can be checked by"),
        ("f32", "double", "formats are those of text, integers, dates and times"),
    ],
)
def test_formats_of_numbers_are_bounds(name: str, kind: str, expected: int | str) -> None:
    [found] = count({"a.csv": b"a\n1\n-1\n300\n"}, {"a": kind}, meets(ValueRule.FORMAT, name))[1]
    assert (found.problem or found.measured) == expected


def test_dates_of_text_files_are_compared_with_their_format() -> None:
    files = {"a.csv": b"a\n2026-01-31\n2026-1-31\n20260131\n"}
    checks = [meets(ValueRule.FORMAT, "yyyy-MM-dd"), meets(ValueRule.FORMAT, "EEE")]
    dated, unknown = count(files, {"a": "date"}, *checks)[1]
    assert dated.measured == 2
    assert unknown.problem == "the format 'EEE' of dates is unknown"
    stored = {"a.parquet": parquet("SELECT DATE '2026-01-31' AS a")}
    [found] = count(stored, {"a": "date"}, checks[0])[1]
    assert "no text that has a format" in str(found.problem)


def test_patterns_of_java_are_read() -> None:
    assert build_date_pattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX") is not None
    assert build_date_pattern("d MMM yy") is None


def test_a_check_of_all_rows_is_not_within_a_column() -> None:
    assert Check("", "rowCount", CheckMeasure.ROWS).column is None
