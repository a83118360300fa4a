"""Rows of domain data: formats, types, ranges, and files that are not what they say."""

import gzip
import json
from collections.abc import Mapping
from datetime import date

import pytest

from datamesh.errors import InvalidQuery, UnreadableDataset
from datamesh.models.datasets import Row
from datamesh.services.datasets.legacy_views import (
    ALL_ROWS,
    ColumnValue,
    build_date_range,
    read_rows,
)
from datamesh.storage.folders import MemoryFolder


class WatchedFolder(MemoryFolder):
    """Remembers which files were read."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__("domains/sales/orders/", files)
        self.read_names: list[str] = []

    def read_file(self, name: str) -> bytes:
        self.read_names.append(name)
        return super().read_file(name)


def all_rows(files: Mapping[str, bytes]) -> list[Row]:
    return read_rows(WatchedFolder(files), 1000, ALL_ROWS)


def ids(files: Mapping[str, bytes]) -> list[object]:
    return [row["id"] for row in all_rows(files)]


# formats


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", b"id,city\n1,Rome\n2,Oslo\n"),
        ("a.csv", b"id,city\r\n1,Rome\r\n2,Oslo"),
        ("a.csv", b"id,city\r1,Rome\r2,Oslo"),
        ("a.csv", b'\xef\xbb\xbfid,city\n\n1,"Rome"\n\n2,Oslo\n\n'),
        ("a.csv.gz", gzip.compress(b"id,city\n1,Rome\n2,Oslo\n", mtime=0)),
        ("a.jsonl", b'{"id": 1, "city": "Rome"}\n{"id": 2, "city": "Oslo"}\n'),
        ("a.jsonl", b'\xef\xbb\xbf{"id": 1, "city": "Rome"}\r\n\r\n{"id": 2, "city": "Oslo"}'),
        ("a.ndjson", b'{"id": 1, "city": "Rome"}\n{"id": 2, "city": "Oslo"}\n'),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"id": 1, "city": "Rome"}\n{"id": 2, "city": "Oslo"}\n', mtime=0),
        ),
        ("part=1/a.v2.csv", b"id,city\n1,Rome\n2,Oslo\n"),
    ],
)
def test_each_format_gives_the_same_rows(name: str, body: bytes) -> None:
    assert all_rows({name: body}) == [{"id": 1, "city": "Rome"}, {"id": 2, "city": "Oslo"}]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("0", 0),
        ("-7", -7),
        ("999999999999999999", 10**18 - 1),
        ("1000000000000000000", "1000000000000000000"),
        ("0.5", 0.5),
        ("-12.50", -12.5),
        ("0.123456789012345", 0.123456789012345),
        ("0.1234567890123456", "0.1234567890123456"),
        ("00123", "00123"),
        ("+1", "+1"),
        ("1.", "1."),
        (".5", ".5"),
        ("1e3", "1e3"),
        ("NaN", "NaN"),
        ("Infinity", "Infinity"),
        (" 1", " 1"),
        ("1\u0660", "1\u0660"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("", None),
        ("null", "null"),
        ("1997-01-01", "1997-01-01"),
        ('"a, ""b""\nc"', 'a, "b"\nc'),
    ],
)
def test_a_csv_cell_has_the_type_that_it_reads_as(cell: str, value: object) -> None:
    [row] = all_rows({"a.csv": f"id,cell\n1,{cell}\n".encode()})
    assert row["cell"] == value
    assert type(row["cell"]) is type(value)


@pytest.mark.parametrize("body", [b"", b"\n", b"id,city\n", b"\n\n"])
def test_an_empty_file_has_no_rows(body: bytes) -> None:
    assert all_rows({"a.csv": body, "b.jsonl": b"", "c.jsonl": b"\n \n"}) == []


def test_a_line_end_within_a_quoted_cell_stays_as_it_is() -> None:
    assert all_rows({"a.csv": b'id,text\n1,"a\r\nb"\n'}) == [{"id": 1, "text": "a\r\nb"}]


def test_a_line_separator_within_a_string_does_not_end_a_json_line() -> None:
    row = {"id": 1, "text": "a\u2028b\x85c"}
    body = json.dumps(row, ensure_ascii=False).encode() + b"\n"
    assert all_rows({"a.jsonl": body}) == [row]


# files that are not what they say


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("a.csv", b"id,city\n1,Rome\n2\n", "a.csv, line 3: 1 cells under 2 columns"),
        ("a.csv", b"id\n1,2\n", "a.csv, line 2: 2 cells under 1 columns"),
        ("a.csv", b"id,text\n" + b'1,"' + b"x" * 200_000, "a.csv, line 2: field larger"),
        ("a.csv", b"id\n\xff\n", "a.csv: .*utf-8"),
        ("a.csv.gz", b"id\n1\n", "a.csv.gz: Not a gzipped file"),
        ("a.csv.gz", gzip.compress(b"id\n1\n", mtime=0)[:-9], "a.csv.gz: "),
        ("a.csv.gz", gzip.compress(b"id\n1\n" * 99, mtime=0)[:12] + b"\xff" * 20, "a.csv.gz: "),
        ("a.jsonl", b'{"id": 1}\n\n{"id": 2,}\n', "a.jsonl, line 3: "),
        ("a.jsonl", b'{"id": NaN}\n', "a.jsonl, line 1: "),
        ("a.jsonl", b"[1]\n", "a.jsonl, line 1: not a JSON object"),
        ("a.jsonl", b'{"id": 1}\nnull\n', "a.jsonl, line 2: not a JSON object"),
        ("a.parquet", b"PAR1", "a.parquet is neither .csv nor .jsonl"),
        ("data", b"", "data is neither .csv nor .jsonl"),
        ("a.CSV", b"", "a.CSV is neither"),
        ("a.gz", gzip.compress(b"", mtime=0), "a.gz is neither"),
    ],
)
def test_an_unreadable_file_is_named_with_its_line(name: str, body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDataset, match=f"^domains/sales/orders/{reason}"):
        all_rows({name: body})


def test_rows_before_a_bad_line_can_be_served() -> None:
    folder = WatchedFolder({"a.jsonl": b'{"id": 1}\n{"id": \n'})
    assert read_rows(folder, 1, ALL_ROWS) == [{"id": 1}]


# which files, in which order, and how many


def test_files_are_read_in_the_order_of_their_names() -> None:
    files = {"b.csv": b"id\n3\n", "a/z.csv": b"id\n1\n", "a0.jsonl": b'{"id": 2}'}
    assert ids(files) == [1, 2, 3]


@pytest.mark.parametrize(
    "name", ["_SUCCESS", ".hidden.csv", "part=1/_SUCCESS", "part=1/.x.csv", "part=1/", "_a.csv"]
)
def test_markers_and_hidden_files_are_not_data(name: str) -> None:
    folder = WatchedFolder({name: b"garbage", "a.csv": b"id\n1\n"})
    assert read_rows(folder, 10, ALL_ROWS) == [{"id": 1}]
    assert folder.read_names == ["a.csv"]


def test_no_more_files_are_read_than_the_limit_takes() -> None:
    files = {f"{number}.csv": b"id\n1\n2\n" for number in range(5)}
    folder = WatchedFolder(files)
    assert len(read_rows(folder, 4, ALL_ROWS)) == 4
    assert folder.read_names == ["0.csv", "1.csv"]


def test_the_limit_counts_the_rows_that_are_kept() -> None:
    folder = WatchedFolder({"a.csv": b"id\n1\n2\n1\n2\n", "b.csv": b"id\n2\n"})
    assert read_rows(folder, 2, ColumnValue("id", 2)) == [{"id": 2}, {"id": 2}]
    assert folder.read_names == ["a.csv"]


def test_a_dataset_without_files_has_no_rows() -> None:
    assert all_rows({}) == []


# which rows

DAYS = ["1997-01-01", "1997-01-02T23:59:59Z", "1997-01-03", None, 19970102, ""]


def within(start: date | None, end: date | None) -> list[object]:
    keep = build_date_range("day", start, end)
    return [day for day in DAYS if keep.is_match({"day": day})]


FIRST, SECOND, THIRD = date(1997, 1, 1), date(1997, 1, 2), date(1997, 1, 3)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, DAYS),
        (FIRST, THIRD, DAYS[:3]),
        (SECOND, None, DAYS[1:3]),
        (None, SECOND, DAYS[:2]),
        (SECOND, SECOND, DAYS[1:2]),
        (date(1997, 1, 4), None, []),
        (None, date(1996, 12, 31), []),
        (date(1, 1, 1), date(9999, 12, 31), DAYS[:3]),
    ],
)
def test_a_range_includes_both_its_days(
    start: date | None, end: date | None, expected: list[object]
) -> None:
    assert within(start, end) == expected


def test_a_row_without_the_column_is_in_no_range() -> None:
    assert not build_date_range("day", FIRST, None).is_match({"other": "1997-01-01"})


def test_an_inverted_range_is_refused() -> None:
    with pytest.raises(InvalidQuery, match="start_date 1997-01-02 is after end_date 1997-01-01"):
        build_date_range("day", SECOND, FIRST)


def test_having_compares_the_column() -> None:
    keep = ColumnValue("status", "active").is_match
    assert [keep({"status": "active"}), keep({"status": "Active"}), keep({})] == [
        True,
        False,
        False,
    ]
