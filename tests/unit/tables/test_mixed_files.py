"""Parquet files of one dataset whose types differ: each row is the same text whatever is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset, page_through, parquet, rows_of


def publish(serve: Serve, values: Sequence[str], registered: str) -> Client:
    """A dataset of one file for each SQL value, in a column `x`."""
    files = {
        f"sales/orders/{number}.parquet": parquet(f"SELECT {value} AS x")
        for number, value in enumerate(values)
    }
    return dataset(serve, files, {"x": registered})


def read_singly(client: Client) -> list[Any]:
    """The values of all pages of one row."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        answer = client.get(PATH, limit=1, **cursor)
        assert answer.status == 200, answer.body
        found += [row["x"] for row in answer.body]
        if "x-next-cursor" not in answer.headers:
            return found
        cursor = {"cursor": answer.headers["x-next-cursor"]}
    raise AssertionError(found)


NS = "TIMESTAMP_NS '1970-01-01 00:00:00.123456789'"
SAME_TEXT: list[tuple[str, list[str], list[Any]]] = [
    ("decimal(38,2)", ["12345::DECIMAL(38,0)", "0.55::DECIMAL(38,2)"], ["12345.00", "0.55"]),
    ("number(38,2)", ["12345::DECIMAL(38,0)", "0.55::DECIMAL(4,2)"], ["12345.00", "0.55"]),
    ("decimal", ["12345::DECIMAL(38,0)", "0.55::DECIMAL(38,2)"], ["12345", "0.55"]),
    ("decimal", ["7::BIGINT", "1.50::DECIMAL(9,2)"], ["7", "1.50"]),
    ("decimal(9,2)", ["0.1::DOUBLE", "7::INTEGER"], ["0.10", "7.00"]),
    ("decimal", ["1.1::DOUBLE"], ["1.1"]),
    ("decimal", ["0.1::FLOAT", "2.50::DECIMAL(9,2)"], ["0.1", "2.50"]),
    ("decimal", ["1e-7::DOUBLE", "123456789012.125::DOUBLE"], ["0.0000001", "123456789012.125"]),
    ("decimal(38,10)", ["123456789.123::DOUBLE"], ["123456789.1230000000"]),
    ("double", ["123456.789::DECIMAL(38,18)"], [123456.789]),
    ("bigint", ["9007199254740993::BIGINT", "2::DOUBLE"], [9007199254740993, 2]),
    ("uint64", ["9223372036854775807::BIGINT", f"{2**64 - 1}::UBIGINT"], [2**63 - 1, 2**64 - 1]),
    ("hugeint", ["1::BIGINT", f"{2**64 - 1}::UBIGINT"], [1, 2**64 - 1]),
    ("double", ["1::INTEGER", "0.5::DOUBLE", "2.25::DECIMAL(9,2)"], [1.0, 0.5, 2.25]),
    ("double", ["9007199254740992::BIGINT", "0.5::FLOAT"], [9007199254740992.0, 0.5]),
    ("timestamp", ["TIMESTAMP '9999-12-31'", NS],
     ["9999-12-31T00:00:00", "1970-01-01T00:00:00.123456789"]),
    ("timestamp", ["TIMESTAMP '2020-01-01'", "TIMESTAMPTZ '2020-01-02 00:00:00+00'"],
     ["2020-01-01T00:00:00", "2020-01-02T00:00:00Z"]),
    ("timestamptz", ["TIMESTAMP '2020-01-01'", "TIMESTAMPTZ '2020-01-02 00:00:00+00'"],
     ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]),
    ("timestamp_ntz", ["TIMESTAMP '2020-01-01'", "TIMESTAMPTZ '2020-01-02 00:00:00+00'"],
     ["2020-01-01T00:00:00", "2020-01-02T00:00:00"]),
    ("timestamp_ntz", ["DATE '2020-01-01'", "TIMESTAMP_S '2020-01-02 00:00:01'"],
     ["2020-01-01T00:00:00", "2020-01-02T00:00:01"]),
    ("date", ["DATE '2020-01-01'", "TIMESTAMP '2020-01-02'"], ["2020-01-01", "2020-01-02"]),
    ("time", ["TIME '01:00:00'", "TIME_NS '02:00:00.000000001'"],
     ["01:00:00", "02:00:00.000000001"]),
    ("boolean", ["true", "0::INTEGER", "'false'"], [True, False, False]),
    ("string", ["5::BIGINT", "'x'", "TIMESTAMP '2020-01-01'", "1.50::DECIMAL(9,2)"],
     ["5", "x", "2020-01-01T00:00:00", "1.50"]),
    ("integer", ["'07'", "1::TINYINT"], [7, 1]),
    ("whatever", ["1::BIGINT", "0.5::DOUBLE"], [1, 0.5]),
    ("whatever", ["1::DECIMAL(9,0)", "0.55::DECIMAL(9,2)"], ["1", "0.55"]),
    ("whatever", ["5::BIGINT", "'x'"], [5, "x"]),
    ("whatever", ["[1::INTEGER]", "[2::BIGINT, NULL]"], [[1], [2, None]]),
]  # fmt: skip


@pytest.mark.parametrize(("registered", "values", "expected"), SAME_TEXT)
def test_a_row_is_the_same_text_whatever_other_files_there_are(
    serve: Serve, registered: str, values: list[str], expected: list[Any]
) -> None:
    client = publish(serve, values, registered)
    answer = client.get(PATH)
    assert answer.status == 200, answer.body
    assert [row["x"] for row in answer.body] == expected
    assert [type(row["x"]) for row in answer.body] == [*map(type, expected)]
    assert read_singly(client) == expected


@pytest.mark.parametrize(
    ("registered", "values", "problem"),
    [
        ("decimal(9,2)", ["0.55::DECIMAL(9,2)", "0.555::DECIMAL(9,3)"], "DECIMAL(9,3)"),
        ("decimal(38,2)", ["0.55::DECIMAL(9,2)", f"{10**37}::DECIMAL(38,0)"], "DECIMAL(38,0)"),
        ("decimal", [f"1.{'1' * 30}::DECIMAL(38,30)", f"{10**20}::DECIMAL(38,2)"], "DECIMAL(38,2)"),
        ("double", ["0.5::DOUBLE", "9007199254740993::BIGINT"], "BIGINT"),
        ("bigint", ["1::BIGINT", "0.5::DOUBLE"], "DOUBLE"),
        ("bigint", ["1::BIGINT", f"{2**64 - 1}::UBIGINT"], "UBIGINT"),
        ("uint64", ["1::UBIGINT", "-1::BIGINT"], "BIGINT"),
        ("date", ["DATE '2020-01-01'", "TIMESTAMP '2020-01-01 12:00:00'"], "TIMESTAMP"),
        ("timestamp(6)", ["TIMESTAMP '2020-01-01'", NS], "TIMESTAMP_NS"),
        ("integer", ["1::BIGINT", "'a'"], "VARCHAR"),
        ("boolean", ["true", "2::INTEGER"], "INTEGER"),
        ("date", ["DATE '2020-01-01'", "'x'::BLOB"], "BLOB"),
    ],
)
def test_what_would_be_rounded_names_the_place_and_both_types(
    serve: Serve, registered: str, values: list[str], problem: str
) -> None:
    client = publish(serve, values, registered)
    queries: list[Mapping[str, Any]] = [{}, {"order_by": "x"}, {"order_by": "-x", "limit": 1}]
    for query in queries:
        answer = client.get(PATH, **query)
        assert answer.status == 424
        assert answer.body["message"] == (
            f"domains/sales/orders/1.parquet, row 1, column 'x': the value, which the file has as"
            f" {problem}, cannot be read as '{registered}' without loss"
        )
    assert client.get(PATH, limit=1).status == 200


MOMENTS = ["TIMESTAMP '9999-12-31'", NS, "TIMESTAMP '1970-01-01 00:00:00.123456'", "NULL::DATE"]


def test_moments_of_all_units_are_ordered_and_compared(serve: Serve) -> None:
    client = publish(serve, MOMENTS, "timestamp")
    early, fine, late = (
        "1970-01-01T00:00:00.123456",
        "1970-01-01T00:00:00.123456789",
        "9999-12-31T00:00:00",
    )
    for order, expected in (("x", [early, fine, late, None]), ("-x", [late, fine, early, None])):
        found: list[Any] = []
        cursor: dict[str, str] = {}
        for _ in expected:
            answer = client.get(PATH, order_by=order, limit=1, **cursor)
            found += [row["x"] for row in answer.body]
            cursor = {"cursor": answer.headers.get("x-next-cursor", "")}
        assert found == expected
    assert [row["x"] for row in client.get(PATH, x_lt="2000-01-01").body] == [fine, early]
    assert [row["x"] for row in client.get(PATH, x_gte="9999-12-31").body] == [late]


def test_answers_in_parquet_have_the_registered_type(serve: Serve) -> None:
    cases = {
        "uint64": (["9223372036854775807::BIGINT", f"{2**64 - 1}::UBIGINT"], "UBIGINT"),
        "bigint": (["1::TINYINT", "2::INTEGER"], "BIGINT"),
        "hugeint": (["1::TINYINT", f"{2**64 - 1}::UBIGINT"], "DECIMAL(38,0)"),
        "decimal(38,2)": (["1::DECIMAL(38,0)", "0.55::DECIMAL(9,2)"], "DECIMAL(38,2)"),
        "double": (["1::INTEGER", "0.5::FLOAT"], "DOUBLE"),
    }
    for registered, (values, expected) in cases.items():
        client = publish(serve, values, registered)
        for limit in (1, 10):
            body = client.get(PATH, limit=limit, format="parquet").content
            assert {kind for (kind,) in rows_of(body, "typeof(x)")} == {expected}, registered


def test_files_whose_types_alternate_keep_their_order(serve: Serve) -> None:
    values = [f"{n}::{'INTEGER' if n % 2 else 'BIGINT'}" for n in range(10)]
    client = publish(serve, values, "integer")
    assert [row["x"] for row in client.get(PATH).body] == [*range(10)]
    assert [row["x"] for row in client.get(PATH, x_gte=3, limit=4).body] == [3, 4, 5, 6]


def test_the_profile_of_mixed_files_tells_the_type_that_is_wrong(serve: Serve) -> None:
    def describe(values: list[str], registered: str) -> tuple[Any, ...]:
        found = publish(serve, [*values, "NULL"], registered).get(f"{PATH}/profile").body
        [column] = found["columns"]
        wrong = [failure["assertion"] for failure in found["failures"]]
        return column["type"], column["nulls"], column["min"], column["max"], wrong

    type_fails = ["column_has_registered_type"]
    assert describe(["1::TINYINT", "2::BIGINT"], "integer") == ("BIGINT", 1, "1", "2", [])
    assert describe(["1::BIGINT", "'x'"], "integer") == ("VARCHAR", 1, "1", "1", type_fails)
    assert describe(["1.5::DECIMAL(9,1)", "0.55::DECIMAL(9,2)"], "decimal(9,2)") == (
        "DECIMAL(9,2)", 1, "0.55", "1.50", [],
    )  # fmt: skip
    assert describe(MOMENTS[:2], "timestamp") == (
        "TIMESTAMP_NS", 1, "1970-01-01T00:00:00.123456789", "9999-12-31T00:00:00", [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("registered", "values"),
    [
        ("foo", ["'x'", "'y'", "DATE '2020-01-01'", "5", "'z'"]),
        ("any", ["5", "DATE '2020-01-01'", "'y'", "TIME '01:02:03'"]),
        ("string", ["'x'", "'y'", "[1]", "'z'"]),
    ],
)
def test_text_beside_other_types_is_the_same_text_on_every_page(
    serve: Serve, registered: str, values: Sequence[str]
) -> None:
    client = publish(serve, values, registered)
    expected = ["x", "y", "2020-01-01", 5, "z", [1], "01:02:03"]
    whole = [row["x"] for row in client.get(PATH).body]
    assert all(value in expected for value in whole)
    for limit in range(1, len(values)):
        assert [row["x"] for row in page_through(client, limit=limit)] == whole, limit
