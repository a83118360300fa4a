"""CSV files in the form that their output port describes."""

import gzip
from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset

LOCATION = "domains/sales/orders/"
SCHEMA = {"id": "integer", "note": "string"}
MANY = "".join(f"{number};x\n" for number in range(25_000))


def csv_port(**dialect: Any) -> dict[str, Any]:
    return {"location": LOCATION, "format": "csv", "csv": dialect}


def csv_file(
    serve: Serve,
    body: bytes,
    schema: dict[str, str] = SCHEMA,
    name: str = "a.csv",
    **dialect: Any,
) -> Client:
    return dataset(serve, {f"sales/orders/{name}": body}, schema, csv_port(**dialect))


def read_rows(client: Client, **query: Any) -> list[list[Any]]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [list(row.values()) for row in answer.body]


@pytest.mark.parametrize(
    ("body", "dialect", "rows"),
    [
        (b"id;note\n1;a,b\n", {"delimiter": ";"}, [[1, "a,b"]]),
        (b"id\tnote\n1\ta b\n", {"delimiter": "\t"}, [[1, "a b"]]),
        (b"id\x01note\n1\x01x\n", {"delimiter": "\x01", "quote": None}, [[1, "x"]]),
        (
            b"id|note\n1|'a|b'\n2|'it''s'\n",
            {"delimiter": "|", "quote": "'"},
            [[1, "a|b"], [2, "it's"]],
        ),
        (b'id,note\n1,"a \\"b\\""\n', {"escape": "\\"}, [[1, 'a "b"']]),
        (b'id,note\n1,"a"b\n', {"quote": None}, [[1, '"a"b']]),
        (b"1,a\n2,b\n", {"header": False}, [[1, "a"], [2, "b"]]),
        (b"made on Monday\n\nid,note\n1,a\n", {"skip": 2}, [[1, "a"]]),
        (b"made, on, Monday\n1,a\n2,b\n", {"skip": 1, "header": False}, [[1, "a"], [2, "b"]]),
        (b'id,note\n1,\n2,""\n,x\n"",y\n', {}, [[1, None], [2, ""], [None, "x"], [None, "y"]]),
        (
            b'id,note\n1,NA\n2,"NA"\nNA,\n"NA",""\n',
            {"nulls": ["", "NA"]},
            [[1, None], [2, "NA"], [None, None], [None, ""]],
        ),
        (b"id,note\n1,NA\n", {}, [[1, "NA"]]),
        (b"id,note\n-,-\n", {"nulls": ["-"]}, [[None, None]]),
        (b"id,note\n1,\n", {"nulls": ["NA"]}, [[1, ""]]),
        (b"id,note\n1,\\N\n", {"nulls": ["\\N"], "escape": None}, [[1, None]]),
    ],
)
def test_a_file_is_read_in_its_form(
    serve: Serve, body: bytes, dialect: dict[str, Any], rows: list[list[Any]]
) -> None:
    client = csv_file(serve, body, **dialect)
    assert read_rows(client) == rows
    assert read_rows(client, order_by="id", limit=1)[0] in rows
    profile = client.get(f"{PATH}/profile").body
    assert profile["rows"] == len(rows)
    assert [column["nulls"] for column in profile["columns"]] == [
        sum(row[number] is None for row in rows) for number in range(2)
    ]
    assert profile["failures"] == []


def test_a_column_may_be_called_as_a_null_marker(serve: Serve) -> None:
    client = csv_file(serve, b"id,NA\n1,NA\n", {"id": "integer", "NA": "string"}, nulls=["", "NA"])
    assert read_rows(client) == [[1, None]]


def test_files_without_a_header_have_the_columns_of_the_schema(serve: Serve) -> None:
    port = csv_port(header=False) | {"partitions": ["day"]}
    files = {"sales/orders/day=1/a.csv": b"x,1\n", "sales/orders/day=2/a.csv": b"y,2\n"}
    client = dataset(serve, files, {"note": "string", "day": "integer", "id": "integer"}, port)
    assert read_rows(client) == [["x", 1, 1], ["y", 2, 2]]
    assert client.get(f"{PATH}/profile").body["failures"] == []
    wrong = csv_file(serve, b"1,a,b\n", header=False).get(PATH)
    assert wrong.status == 424
    assert wrong.body["message"] == (
        "domains/sales/orders/a.csv: expected 2 columns, as in the schema, found 3"
    )
    assert read_rows(csv_file(serve, b"", header=False)) == []


DATES = {"day": "date", "at": "timestamp"}
GERMAN = {"date_format": "%d.%m.%Y", "timestamp_format": "%d.%m.%Y %H:%M"}


def test_dates_are_read_in_their_format(serve: Serve) -> None:
    body = b"day,at\n31.12.2023,01.02.2023 13:45\n1.2.2024,\n"
    client = csv_file(serve, body, DATES, **GERMAN)
    assert read_rows(client) == [["2023-12-31", "2023-02-01T13:45:00Z"], ["2024-02-01", None]]
    assert read_rows(client, day="2024-02-01") == [["2024-02-01", None]]
    assert read_rows(client, order_by="-day", limit=1) == [["2024-02-01", None]]
    [day, at] = client.get(f"{PATH}/profile").body["columns"]
    assert (day["min"], day["max"], day["type"]) == ("2023-12-31", "2024-02-01", "date")
    assert at["nulls"] == 1


@pytest.mark.parametrize(
    ("text", "format", "shown"),
    [
        (
            "2023-07-01 12:00:00.123456 +0200",
            "%Y-%m-%d %H:%M:%S.%f %z",
            "2023-07-01T10:00:00.123456Z",
        ),
        ("2023-07-01T12:00:00Z", "%Y-%m-%dT%H:%M:%S%z", "2023-07-01T12:00:00Z"),
        ("07/31/23 01:05 PM", "%m/%d/%y %I:%M %p", "2023-07-31T13:05:00Z"),
        ("20230701", "%Y%m%d", "2023-07-01T00:00:00Z"),
        ("1 july 70 100%", "%d %B %y 100%%", "1970-07-01T00:00:00Z"),
    ],
)
def test_timestamps_are_read_in_their_format(
    serve: Serve, text: str, format: str, shown: str
) -> None:
    client = csv_file(serve, f"at\n{text}\n".encode(), {"at": "timestamp"}, timestamp_format=format)
    assert read_rows(client) == [[shown]]


NO_DATES = ["31.12.23", "31.12.12023", "31.2.2023", " 1.2.2023", "1.2.2023x", "infinity", "epoch"]


@pytest.mark.parametrize("text", ["2023-12-31", "32.12.2023", "31.12.2023 10:00", *NO_DATES])
def test_a_date_in_another_format_is_an_error(serve: Serve, text: str) -> None:
    answer = csv_file(serve, f"day\n1.2.2024\n{text}\n".encode(), {"day": "date"}, **GERMAN).get(
        PATH
    )
    assert answer.status == 424
    assert answer.body["message"].startswith("domains/sales/orders/a.csv, row 2, column 'day': ")
    assert text not in answer.body["message"]


BIG_ENDIAN = "utf-16-be"
TEXTS = {"utf-8": "Zoë €", "utf-16": "Zoë € 𝄞", "latin-1": "Zoë", "windows-1252": "Zoë € „x“"}


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("encoding", TEXTS)
def test_encodings_are_read(serve: Serve, encoding: str, ending: str) -> None:
    text = TEXTS[encoding]
    content = f"id;note\n{MANY}-1;{text}\n".encode(encoding)
    body = gzip.compress(content, mtime=0) if ending else content
    client = csv_file(serve, body, name=f"a.csv{ending}", delimiter=";", encoding=encoding)
    assert read_rows(client, order_by="id", limit=1) == [[-1, text]]
    assert client.get(f"{PATH}/profile").body["rows"] == 25_001


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", BIG_ENDIAN])
def test_a_byte_order_mark_is_no_part_of_a_name(serve: Serve, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == BIG_ENDIAN else b""
    named = "utf-8" if encoding == "utf-8-sig" else "utf-16"
    for text in ("id,note\n1,ü\n", '"id",note\n1,ü\n'):
        client = csv_file(serve, mark + text.encode(encoding), encoding=named)
        assert read_rows(client) == [[1, "ü"]]


@pytest.mark.parametrize(
    ("name", "body", "dialect", "message"),
    [
        (
            "a.csv",
            f"id;note\n{MANY}1;a\x81\n".encode("latin-1"),
            {"encoding": "windows-1252"},
            "a.csv, line 25002: not windows-1252, as its output port says",
        ),
        (
            "a.csv",
            "id;note\n1;a\n".encode("utf-16") + b"\x00\xd8\x00\x00",
            {"encoding": "utf-16"},
            "a.csv, line 3: not utf-16, as its output port says",
        ),
        (
            "a.csv.gz",
            gzip.compress("id;note\n1;ab".encode("utf-16")[:-1], mtime=0),
            {"encoding": "utf-16"},
            "a.csv.gz, line 2: not utf-16, as its output port says",
        ),
        (
            "a.csv.zst",
            b"x",
            {"encoding": "latin-1"},
            "a.csv.zst: a .zst file is read in utf-8 alone; compress text in another encoding as"
            " .gz",
        ),
        (
            "a.csv",
            f"id;note\n{MANY}1;a;b\n".encode(),
            {},
            "a.csv, line 25002: expected 2 columns, found 3",
        ),
        (
            "a.csv",
            b"top\nid;note\n1;a\n2\n",
            {"skip": 1},
            "a.csv, line 4: expected 2 columns, found 1",
        ),
        (
            "a.csv",
            "id;note\n1;\xe4\n".encode("utf-8-sig"),
            {"encoding": "latin-1"},
            "a.csv, line 1: not latin-1, as its output port says: it begins with the mark of utf-8",
        ),
        (
            "a.csv",
            "id;note\n1;a\n".encode("utf-32"),
            {"encoding": "utf-16"},
            "a.csv, line 1: UTF-32, which is not read; write the file in UTF-8",
        ),
        (
            "a.csv",
            "id;note\n1;\xe4;b\n".encode("latin-1"),
            {"encoding": "latin-1"},
            "a.csv, line 2: expected 2 columns, found 3",
        ),
        (
            "a.csv",
            b"id;note\n1;'a\n",
            {"quote": "'"},
            "a.csv, line 2: a quote is not closed, or not doubled within text",
        ),
    ],
)
def test_an_error_names_file_line_and_reason(
    serve: Serve, name: str, body: bytes, dialect: dict[str, Any], message: str
) -> None:
    client = csv_file(serve, body, name=name, **({"delimiter": ";"} | dialect))
    for path, query in ((PATH, {"order_by": "id"}), (f"{PATH}/profile", {})):
        answer = client.get(path, **query)
        assert answer.status == 424
        assert answer.body["message"] == f"domains/sales/orders/{message}"


def test_another_form_is_another_version(serve: Serve) -> None:
    """The same file under another form has other rows, and so another ETag."""
    body = b"id,note\n1,NA\n"
    plain = csv_file(serve, body).get(PATH)
    marked = csv_file(serve, body, nulls=["NA"]).get(PATH)
    assert plain.headers["etag"] != marked.headers["etag"]


UNEVEN = [
    "id,note\r\n1,a\n2,b\r\n",
    "id,note\n1,a\r\n2,b",
    "id,note\r1,a\n2,b\r\n",
    'id,note\r\n1,a\n2,"b"\n',
]


@pytest.mark.parametrize("text", UNEVEN)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_lines_may_end_in_several_ways(serve: Serve, text: str, ending: str) -> None:
    body = gzip.compress(text.encode(), mtime=0) if ending else text.encode()
    client = csv_file(serve, body, name=f"a.csv{ending}")
    assert read_rows(client) == [[1, "a"], [2, "b"]]
    assert read_rows(client, order_by="-id") == [[2, "b"], [1, "a"]]
    assert client.get(f"{PATH}/profile").body["rows"] == 2


def test_a_name_may_have_a_newline_that_ends_no_line(serve: Serve) -> None:
    """Excel writes a line break within a cell as `\\n`, and ends lines with `\\r\\n`."""
    client = csv_file(serve, b'id,"first\nname",note\r\n1,x,a\r\n2,y,b\r\n')
    assert read_rows(client) == [[1, "a"], [2, "b"]]


def test_lines_may_end_otherwise_far_behind(serve: Serve) -> None:
    body = f"id;note\n{MANY}".replace("\n", "\r\n") + '-1;"a\r\nb"\n-2;c\r\n'
    for encoding in ("utf-8", "utf-16"):
        client = csv_file(serve, body.encode(encoding), delimiter=";", encoding=encoding)
        assert read_rows(client, order_by="id", limit=2) == [[-2, "c"], [-1, "a\r\nb"]]


def test_an_error_in_uneven_lines_names_the_line(serve: Serve) -> None:
    answer = csv_file(serve, b"id,note\r\n1,a\n2,b,c\r\n").get(PATH)
    assert answer.status == 424
    assert answer.body["message"] == (
        "domains/sales/orders/a.csv, line 3: expected 2 columns, found 3"
    )


def test_uneven_lines_beyond_the_bound_are_no_csv(serve: Serve) -> None:
    """They are read twice; 413 would blame the query."""
    body = ("id,note\r\n" + "1,a\r\n" * 400_000).encode() + b"2,b\n"
    files = {"sales/orders/a.csv": body}
    client = dataset(serve, files, SCHEMA, csv_port(), max_scan_bytes=3_000_000)
    answer = client.get(PATH, order_by="id", limit=1)
    assert answer.status == 424
    assert "one kind of newline" in answer.body["message"]


def test_a_line_is_too_long_for_every_query(serve: Serve) -> None:
    client = csv_file(serve, b'id,note\n1,"' + b"x" * 2_000_000 + b'"\n')
    for query in ({}, {"order_by": "id"}, {"columns": "id"}):
        answer = client.get(PATH, **query)
        assert answer.status == 424
        assert answer.body["message"] == (
            "domains/sales/orders/a.csv, line 2: the line is longer than 2000000 bytes"
        )
