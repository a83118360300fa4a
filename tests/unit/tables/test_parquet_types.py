"""Every type that Parquet files have: as it is shown, compared and profiled."""

import csv
import io
import json
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from datamesh.tables.exact_casts import measure_nesting
from datamesh.tables.file_columns import _find_type
from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, one_file, parquet, rows_of


def publish(serve: Serve, value: str, registered: str) -> Client:
    return one_file(serve, "a.parquet", parquet(f"SELECT {value} AS x"), {"x": registered})


SHOWN = [
    ("timestamp", "TIMESTAMPTZ_NS '1970-01-01 00:00:00.000000001+00'",
     "1970-01-01T00:00:00.000000001Z"),
    ("timestamp", "TIMESTAMP_NS '2020-01-01 00:00:00.123456789'", "2020-01-01T00:00:00.123456789"),
    ("timestamp", "TIMESTAMP '2020-01-01 12:00:00.5'", "2020-01-01T12:00:00.5"),
    ("time", "TIMETZ '12:00:00+00'", "12:00:00Z"),
    ("time", "TIME_NS '12:00:00.000000001'", "12:00:00.000000001"),
    ("uuid", "'00000000-0000-0000-0000-00000000000a'::UUID",
     "00000000-0000-0000-0000-00000000000a"),
    ("string", "'00000000-0000-0000-0000-00000000000a'::UUID",
     "00000000-0000-0000-0000-00000000000a"),
    ("decimal(10,2)", "1.10::DECIMAL(10,2)", "1.10"),
    ("number(38,0)", "12345678901234567890::DECIMAL(38,0)", "12345678901234567890"),
    ("double", "0.1::DOUBLE", 0.1),
    ("integer", "5::UTINYINT", 5),
    ("object", "'a'", "a"),
    ("boolean", "true", True),
]  # fmt: skip


@pytest.mark.parametrize(("registered", "value", "expected"), SHOWN)
def test_a_value_that_is_shown_is_accepted_as_a_filter(
    serve: Serve, registered: str, value: str, expected: Any
) -> None:
    client = publish(serve, value, registered)
    assert client.get(PATH).body == [{"x": expected}]
    text = str(expected).lower() if isinstance(expected, bool) else str(expected)
    for comparison in ("x", "x_in", "x_gte", "x_lte"):
        answer = client.get(PATH, **{comparison: text})
        assert (answer.status, answer.body) == (200, [{"x": expected}]), comparison
    for comparison in ("x_ne", "x_gt", "x_lt"):
        assert client.get(PATH, **{comparison: text}).body == [], comparison
    profile = client.get(f"{PATH}/profile").body
    assert profile["failures"] == []
    assert profile["columns"][0]["min"] is not None
    for form in ("parquet", "arrow", "csv", "jsonl"):
        assert client.get(PATH, format=form).status == 200, form


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("DATE '0044-03-15 (BC)'", "-0043-03-15"),
        ("DATE '0001-03-15 (BC)'", "0000-03-15"),
        ("TIMESTAMP '0045-03-15 (BC) 10:00:00'", "-0044-03-15T10:00:00"),
        ("TIMESTAMPTZ '0045-03-15 (BC) 10:00:00+00'", "-0044-03-15T10:00:00Z"),
    ],
)
def test_years_before_the_first_are_negative(serve: Serve, value: str, expected: str) -> None:
    assert publish(serve, value, "any").get(PATH).body == [{"x": expected}]


@pytest.mark.parametrize(
    ("value", "filters", "met"),
    [
        ("1.10::DECIMAL(10,2)", {"x_lt": "9" * 38}, True),
        ("1.10::DECIMAL(10,2)", {"x_gt": "-" + "9" * 38}, True),
        ("1.10::DECIMAL(10,2)", {"x_gt": "9" * 38}, False),
        ("1.10::DECIMAL(10,2)", {"x": "1." + "0" * 36 + "1"}, False),
        ("1.10::DECIMAL(10,2)", {"x_ne": "1.101"}, True),
        ("1.10::DECIMAL(10,2)", {"x_in": "1.101,1.1"}, True),
        ("1.10::DECIMAL(10,2)", {"x_in": "1.101"}, False),
        ("1.10::DECIMAL(10,2)", {"x_lt": "1.101"}, True),
        ("1.10::DECIMAL(10,2)", {"x_lte": "1.099"}, False),
        ("1.10::DECIMAL(10,2)", {"x_gt": "1.099"}, True),
        ("1.10::DECIMAL(10,2)", {"x_gte": "1.101"}, False),
        ("-1.10::DECIMAL(10,2)", {"x_lt": "-1.099"}, True),
        ("NULL::DECIMAL(10,2)", {"x_lt": "9" * 38}, False),
    ],
)
def test_a_bound_beyond_a_decimals_range_or_scale_is_compared(
    serve: Serve, value: str, filters: dict[str, str], met: bool
) -> None:
    answer = publish(serve, value, "decimal(10,2)").get(PATH, **filters)
    assert answer.status == 200, answer.body
    assert bool(answer.body) is met


@pytest.mark.parametrize(
    ("registered", "value", "filters", "met"),
    [
        ("integer", "5::INTEGER", {"x_lt": "9" * 38}, True),
        ("integer", "5::INTEGER", {"x_gt": "9" * 38}, False),
        ("integer", "5::TINYINT", {"x_gt": "-1000"}, True),
        ("timestamp", "TIMESTAMP_NS '2020-01-01'", {"x_lt": "9999-12-31"}, True),
        ("timestamp", "TIMESTAMP_NS '2020-01-01'", {"x_gte": "9999-12-31"}, False),
        ("timestamp", "TIMESTAMP_NS '2020-01-01'", {"x_gt": "0001-01-01"}, True),
        ("timestamp", "TIMESTAMP '2020-01-01'", {"x_lt": "2020-01-01T00:00:00.000000001"}, True),
        ("timestamp", "TIMESTAMP '2020-01-01'", {"x": "2020-01-01T00:00:00.000000001"}, False),
        ("timestamp", "TIMESTAMP '2020-01-01'", {"x_gt": "2019-12-31T23:59:59.999999999"}, True),
        ("uuid", "'00000000-0000-0000-0000-00000000000a'::UUID", {"x_ne": "x"}, True),
        ("real", "0.5::FLOAT", {"x_lt": "1e300"}, True),
        ("time", "TIMETZ '12:00:00+00'", {"x_lt": "12:00:01"}, True),
        ("time", "TIME '12:00:00'", {"x": "14:00:00+02:00"}, True),
    ],
)
def test_bounds_that_a_type_cannot_hold_are_compared(
    serve: Serve, registered: str, value: str, filters: dict[str, str], met: bool
) -> None:

    answer = publish(serve, value, registered).get(PATH, **filters)
    assert answer.status == 200, answer.body
    assert bool(answer.body) is met


def test_a_variant_is_json(serve: Serve) -> None:
    rows = """
        SELECT {'age': 30, 'name': 'alice', 'tags': ['a']}::VARIANT AS x
        UNION ALL SELECT '[comedy]'::VARIANT UNION ALL SELECT ['comedy']::VARIANT
        UNION ALL SELECT NULL UNION ALL SELECT 'nan'::DOUBLE::VARIANT
    """
    client = one_file(serve, "a.parquet", parquet(rows), {"x": "variant"})
    expected = [{"age": 30, "name": "alice", "tags": ["a"]}, "[comedy]", ["comedy"], None, None]
    assert [row["x"] for row in client.get(PATH).body] == expected
    found = rows_of(client.get(PATH, format="parquet").content, "x::VARCHAR")
    assert json.loads(found[0][0]) == expected[0]
    assert client.get(PATH, format="arrow").status == 200


def test_a_geometry_is_one_cell_of_csv(serve: Serve) -> None:
    client = publish(serve, "'LINESTRING (30 10, 10 30)'::GEOMETRY", "geometry")
    assert client.get(PATH).body == [{"x": "LINESTRING (30 10, 10 30)"}]
    text = client.get(PATH, format="csv").content.decode()
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["x"], ["LINESTRING (30 10, 10 30)"]]


def test_deep_lists_have_a_bound(serve: Serve) -> None:
    deep = "[" * 20 + "1" + "]" * 20
    answer = publish(serve, deep, "array").get(PATH)
    assert answer.body == [{"x": json.loads(deep)}]
    client = publish(serve, f"{'[' * 9}1.5::DOUBLE{']' * 9}", "array")
    answer = client.get(PATH)
    assert answer.status == 424
    assert "'x': its values are nested deeper than 8 lists" in answer.body["message"]
    assert client.get(PATH, format="parquet").status == 200
    answer = publish(serve, f"{'[' * 40}1{']' * 40}", "array").get(PATH)
    assert answer.status == 424
    assert "'x': its values are nested deeper than 20 levels" in answer.body["message"]


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        ("INTEGER", 0),
        ("DECIMAL(9,2)[]", 2),
        ("INTEGER[][]", 2),
        ("STRUCT(a INTEGER[], b STRUCT(c VARCHAR))", 2),
        ('STRUCT("a[[((" INTEGER[])[]', 3),
        ("STRUCT(a INTEGER, b INTEGER[], c INTEGER[])", 2),
        ("MAP(VARCHAR, INTEGER[])", 2),
    ],
)
def test_how_deep_a_type_is_nested(name: str, depth: int) -> None:
    assert measure_nesting(name) == depth


def test_mixed_cells_are_plain_in_csv(serve: Serve) -> None:
    from tests.tables import dataset

    files = {
        "sales/orders/1.parquet": parquet("SELECT 5::BIGINT AS x"),
        "sales/orders/2.parquet": parquet("SELECT 'a,b' AS x"),
    }
    client = dataset(serve, files, {"x": "whatever"})
    assert client.get(PATH, format="csv").content == b'"x"\r\n5\r\n"a,b"\r\n'


def test_an_encoding_that_is_not_read_is_named(serve: Serve) -> None:
    cells = pyarrow.array([b"ab", b"cd"], pyarrow.binary(2))
    written = io.BytesIO()
    pyarrow.parquet.write_table(
        pyarrow.table({"v": cells}),
        written,
        use_dictionary=False,
        column_encoding={"v": "BYTE_STREAM_SPLIT"},
    )
    answer = one_file(serve, "a.parquet", written.getvalue(), {"v": "binary"}).get(PATH)
    assert (answer.status, "encoding BYTE_STREAM_SPLIT" in answer.body["message"]) == (424, True)


def test_timestamps_of_before_logical_types_are_in_utc() -> None:
    legacy = _find_type("INT64", "TIMESTAMP", "TIMESTAMP_MILLIS", None, None)
    assert legacy.is_utc
    stated = "TimestampType(isAdjustedToUTC=0, unit=TimeUnit(MILLIS=MilliSeconds()))"
    assert not _find_type("INT64", "TIMESTAMP", "TIMESTAMP_MILLIS", stated, None).is_utc


def test_a_decimal_of_more_than_38_digits_is_refused() -> None:
    assert _find_type("FIXED_LEN_BYTE_ARRAY", "DOUBLE", "DECIMAL", None, 50).precision == 50
    assert _find_type("FIXED_LEN_BYTE_ARRAY", "DECIMAL(38,2)", "DECIMAL", None, 38).precision == 0
