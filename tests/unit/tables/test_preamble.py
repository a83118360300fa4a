"""Lines of CSV files before the header or the first row."""

import gzip
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.models.csv_dialect import CsvDialect
from datamesh.tables.preamble import TooFewLines, drop_preamble
from tests.conftest import Serve
from tests.tables import PATH
from tests.unit.tables.test_compressed import pack_zstd
from tests.unit.tables.test_csv_dialects import csv_file, read_rows

TEXTS = {"a": "string", "b": "string"}
ROW = [["x", "y"]]
QUOTE_IN_TITLE = b'Pipes, "5 inch\na,b\nx,y\n'


@pytest.mark.parametrize(
    ("name", "body", "dialect"),
    [
        ("a.csv", b"\na,b\nx,y\n", {}),
        ("a.csv.gz", b"\r\n\r\na,b\r\nx,y\r\n", {}),
        ("a.csv", b"\xef\xbb\xbf\n\na,b\nx,y\n", {}),
        ("a.csv.gz", QUOTE_IN_TITLE, {"skip": 1}),
        ("a.csv", b'"Pipes\nof "5" inch\na,b\nx,y\n', {"skip": 2}),
        ("a.csv", b"made on Monday\n\na,b\r\nx,y\r\n", {"skip": 1}),
        ("a.csv", b'"Pipes\nx,y\n', {"skip": 1, "header": False}),
        ("a.csv", '\n"P\na,b\nx,y\n'.encode("utf-16"), {"skip": 2, "encoding": "utf-16"}),
    ],
)
def test_they_are_no_header_and_hide_no_row(
    serve: Serve, name: str, body: bytes, dialect: dict[str, Any]
) -> None:
    stored = gzip.compress(body) if name.endswith(".gz") else body
    client = csv_file(serve, stored, TEXTS, name, **dialect)
    assert read_rows(client) == ROW
    assert read_rows(client, order_by="a", b="y") == ROW
    assert client.get(f"{PATH}/profile").body["rows"] == 1


@pytest.mark.parametrize(
    ("body", "dialect", "message"),
    [
        (b'"t\n\na,b\nx,y\nz\n', {"skip": 2}, "line 5: expected 2 columns, found 1"),
        (b"\n\na,b\nx,y\nz\n", {}, "line 5: expected 2 columns, found 1"),
        (b"a\nb", {"skip": 3}, "it has 2 lines, fewer than the 3 to `skip` (csv.skip)"),
    ],
)
def test_they_count_where_a_line_is_named(
    serve: Serve, tmp_path: Path, body: bytes, dialect: dict[str, Any], message: str
) -> None:
    answer = csv_file(serve, body, TEXTS, **dialect).get(PATH)
    assert answer.status == 424
    assert message in answer.body["message"]


@pytest.mark.parametrize(
    ("body", "dialect", "message"),
    [
        (b"\na,b\nx,y\n", {}, "line 1: an empty line stands before the header"),
        (b"t\n\na,b\nx,y\n", {"skip": 1}, "line 2: an empty line stands before the header"),
        (QUOTE_IN_TITLE, {"skip": 1}, "the lines to `skip` have quotes in them"),
    ],
)
def test_in_zstd_they_are_refused_where_rows_would_be_wrong(
    serve: Serve, tmp_path: Path, body: bytes, dialect: dict[str, Any], message: str
) -> None:
    answer = csv_file(serve, pack_zstd(body, str(tmp_path)), TEXTS, "a.csv.zst", **dialect).get(
        PATH
    )
    assert answer.status == 424
    assert message in answer.body["message"]


def test_in_zstd_they_are_skipped_where_all_are_right(serve: Serve, tmp_path: Path) -> None:
    client = csv_file(serve, pack_zstd(b"t\na,b\nx,y\n", str(tmp_path)), TEXTS, "a.csv.zst", skip=1)
    assert read_rows(client) == ROW


@given(
    st.lists(st.sampled_from(["\r", "\n", "a", '"', "\ufeff"]), max_size=12),
    st.integers(1, 4),
    st.integers(0, 3),
    st.booleans(),
)
def test_pieces_make_no_difference(parts: list[str], size: int, skip: int, header: bool) -> None:
    text, dialect = "".join(parts).encode(), CsvDialect(skip=skip, header=header)
    pieces = (text[begin : begin + size] for begin in range(0, len(text), size))
    lines = re.split("\r\n?|\n", text.decode().removeprefix("\ufeff"))
    counts: list[int] = []
    try:
        found = b"".join(drop_preamble(pieces, dialect, counts.append)).decode()
    except TooFewLines:
        assert len(lines) - (not lines[-1]) < skip
        return
    left = re.split("\r\n?|\n", found)
    assert left == (lines[counts[0] :] or [""])
    assert counts[0] >= skip
    assert not header or left[0] or left == ["", ""][: len(left)]
