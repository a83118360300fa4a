"""Footers whose least and greatest values say nothing, or the wrong thing."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.conftest import Serve
from tests.footers import OLD_WRITER, Bounds, Stored, int96, one_column, signed
from tests.tables import PATH, one_file, page_through, parquet

MOMENTS = ["2022-11-22T00:01:00.871", "2022-11-22T00:01:07.67", "2022-11-22T00:01:20.2"]
WORDS = ["Z", "a", "z", "\u00e9"]
FLOATS = [-1.5, 0.0, 2.0]


def moments() -> bytes:
    """Return moments as parquet-mr wrote them for Hive and Kinesis Firehose: bounds of bytes with a
    sign."""
    cells = [int96(text) for text in MOMENTS]
    bounds = Bounds(min(cells, key=signed), max(cells, key=signed), deprecated=True)
    assert bounds.least != cells[0]
    return one_column(Stored.INT96, cells, bounds)


def words(least: str, greatest: str, *, deprecated: bool, created_by: str = OLD_WRITER) -> bytes:
    bounds = Bounds(least.encode(), greatest.encode(), deprecated)
    return one_column(Stored.BYTES, [word.encode() for word in WORDS], bounds, created_by)


def floats(least: float, greatest: float) -> bytes:
    least_bytes, greatest_bytes, *cells = (
        struct.pack("<d", each) for each in (least, greatest, *FLOATS)
    )
    return one_column(Stored.DOUBLE, cells, Bounds(least_bytes, greatest_bytes))


NAN = float("nan")
FILES: Mapping[str, tuple[bytes, str, Sequence[Any]]] = {
    "int96": (moments(), "timestamp", MOMENTS),
    "deprecated text": (words("\u00e9", "z", deprecated=True), "string", WORDS),
    "reversed text": (words("\u00e9", "Z", deprecated=False), "string", WORDS),
    "an order of words": (
        words("a", "Z", deprecated=False, created_by="Parquet.Net v4.23.4"),
        "string",
        WORDS,
    ),
    "reversed floats": (floats(2.0, -1.5), "double", FLOATS),
    "nan as a bound": (floats(NAN, NAN), "double", FLOATS),
}


@pytest.mark.parametrize("name", FILES)
def test_no_row_is_lost_by_wrong_statistics(serve: Serve, name: str) -> None:
    body, kind, values = FILES[name]
    client = one_file(serve, "a.parquet", body, {"x": kind})

    def find(**query: object) -> list[Any]:
        answer = client.get(PATH, **query)
        assert answer.status == 200, answer.body
        return [row["x"] for row in answer.body]

    for number, value in enumerate(values):
        assert find(x=value) == [value]
        assert find(x_in=value) == [value]
        assert find(x_gte=value) == values[number:]
        assert find(x_lt=value) == values[:number]
    assert page_through(client, limit=1, order_by="x") == [{"x": value} for value in values]
    assert page_through(client, limit=1, order_by="-x") == [{"x": value} for value in values[::-1]]


def test_a_profile_is_of_the_values(serve: Serve) -> None:
    body, kind, values = FILES["deprecated text"]
    client = one_file(serve, "a.parquet", body, {"x": kind})
    [column] = client.get(f"{PATH}/profile").body["columns"]
    assert (column["min"], column["max"], column["distinct"]) == (values[0], values[-1], 4)


LARGE = parquet(
    "SELECT i, format('{:07d}', i) AS text, i::DOUBLE AS number,"
    " md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS filler FROM range(200000) r(i)",
    ", ROW_GROUP_SIZE 10240",
)


@pytest.mark.parametrize(
    "query",
    [
        {"i": "150000"},
        {"text": "0150000"},
        {"number": "150000"},
        {"number_gte": "199999"},
        {"number_in": "5,7"},
    ],
)
def test_row_groups_are_skipped_by_right_statistics(serve: Serve, query: dict[str, str]) -> None:
    """Of floats too: what NaN is in a row group matters to no filter."""
    schema = {"i": "bigint", "text": "string", "number": "double", "filler": "string"}
    client = one_file(serve, "a.parquet", LARGE, schema)
    answer = client.get(PATH, **query)
    assert len(answer.body) in (1, 2)
    assert int(answer.headers["x-bytes-read"]) < len(LARGE) / 4
