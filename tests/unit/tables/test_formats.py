"""Values through every format of files and answers: exact, and nothing lost."""

import csv
import gzip
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import nanoarrow
import pytest

from datamesh.tables.engine_errors import NOT_UTF_8
from datamesh.tables.json_sample import NOT_AN_OBJECT, NOT_JSON
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.tables import PATH, dataset, one_file, parquet, rows_of

CSV = (
    b"id,amount,price,day,at,ok,ratio,text\n"
    b"9007199254740993,1.10,5.123456789012345678,2023-07-01,2023-07-01T12:00:00+02:00,true,0.5,a\n"
    b'2,,,,,,,"=1+1"\n'
    b'3,-0.05,7,2023-07-02,2023-07-02 00:00:00,false,-1e3," b, ""c""\r\nd"\n'
)
SCHEMA = {
    "id": "bigint",
    "amount": "decimal(10,2)",
    "price": "decimal",
    "day": "date",
    "at": "timestamp",
    "ok": "boolean",
    "ratio": "double",
    "text": "string",
}
ROWS = [
    {
        "id": 9007199254740993,
        "amount": "1.10",
        "price": "5.123456789012345678",
        "day": "2023-07-01",
        "at": "2023-07-01T10:00:00Z",
        "ok": True,
        "ratio": 0.5,
        "text": "a",
    },
    dict.fromkeys(SCHEMA) | {"id": 2, "text": "=1+1"},
    {
        "id": 3,
        "amount": "-0.05",
        "price": "7",
        "day": "2023-07-02",
        "at": "2023-07-02T00:00:00Z",
        "ok": False,
        "ratio": -1000.0,
        "text": ' b, "c"\r\nd',
    },
]


def json_lines() -> bytes:
    """The same rows. Decimals may be numbers as far as a double holds them, and text beyond."""
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n"
    for bare in ("1.10", "-0.05", "7"):
        text = text.replace(f'"{bare}"', bare)
    return text.encode()


def accepting(client: Client, media_type: str, **query: object) -> Answer:
    headers = {"accept": media_type}
    return client.send(api_event("GET", PATH, query=query, principal="anonymous", headers=headers))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv", CSV),
        ("a.csv.gz", gzip.compress(CSV, mtime=0)),
        ("b/c=1/a.csv", b"\xef\xbb\xbf" + CSV),
        ("a.jsonl", json_lines()),
        ("a.ndjson.gz", gzip.compress(json_lines(), mtime=0)),
    ],
)
def test_text_files_are_read_by_the_types_of_the_schema(
    serve: Serve, name: str, body: bytes
) -> None:
    answer = one_file(serve, name, body, SCHEMA).get(PATH)
    assert answer.body == ROWS, answer.body
    assert b"9007199254740993" in answer.content


def test_zstd_is_read_too(serve: Serve, tmp_path: Path) -> None:
    for name, options in (("a.csv.zst", "FORMAT csv"), ("a.jsonl.zst", "FORMAT json")):
        file = tmp_path / name
        duckdb.execute(f"COPY (SELECT 7 AS id) TO '{file}' ({options}, COMPRESSION zstd)")
        assert file.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
        client = one_file(serve, name, file.read_bytes(), {"id": "integer"})
        assert client.get(PATH).body == [{"id": 7}]


NATIVE: dict[str, tuple[str, Any]] = {
    "huge": ("'" + "9" * 38 + "'::DECIMAL(38,0)", "9" * 38),
    "large": ("18446744073709551615::UBIGINT", 18446744073709551615),
    "scaled": ("1.500::DECIMAL(9,3)", "1.500"),
    "short": ("0.1::FLOAT", pytest.approx(0.1)),
    "long": ("0.1::DOUBLE", 0.1),
    "none": ("'nan'::DOUBLE", None),
    "naive": ("TIMESTAMP '2023-07-01 12:00:00.123456'", "2023-07-01T12:00:00.123456"),
    "zoned": ("TIMESTAMPTZ '2023-07-01 12:00:00.5+02'", "2023-07-01T10:00:00.5Z"),
    "nano": ("TIMESTAMP_NS '2023-07-01 00:00:00.123456789'", "2023-07-01T00:00:00.123456789"),
    "clock": ("TIME '10:00:00'", "10:00:00"),
    "bytes": ("'ab'::BLOB", "YWI="),
    "uuid": (
        "'00000000-0000-0000-0000-00000000000a'::UUID",
        "00000000-0000-0000-0000-00000000000a",
    ),
    "letter": ("'x'::ENUM('x', 'y')", "x"),
    "nested": (
        "{'a': 1.50::DECIMAL(4,2), 'b': [DATE '2023-07-01', NULL],"
        " 'we\"ird': {'c': TIMESTAMPTZ '2023-07-01 00:00:00+00'}}",
        {"a": "1.50", "b": ["2023-07-01", None], 'we"ird': {"c": "2023-07-01T00:00:00Z"}},
    ),
    "map": ("MAP {'k': 1.5::DECIMAL(4,2)}", [{"key": "k", "value": "1.50"}]),
    "lists": ("[[1], NULL, []]", [[1], None, []]),
    "absent": ("NULL::STRUCT(a INTEGER)", None),
    "json": ("""'{"j": [1, 2.0]}'::JSON""", {"j": [1, 2.0]}),
    "old": ("DATE '0044-03-15 (BC)'", "-0043-03-15"),
}
"""Column -> an SQL value, and what JSON says of it."""


def test_parquet_keeps_the_types_of_its_own(serve: Serve) -> None:
    """Nested values, moments with and without a zone, and all of a number's digits."""
    body = parquet("SELECT " + ", ".join(f"{sql} AS {name}" for name, (sql, _) in NATIVE.items()))
    client = one_file(serve, "a.parquet", body, dict.fromkeys(NATIVE, "any"))
    [row] = client.get(PATH).body
    assert row == {name: expected for name, (_, expected) in NATIVE.items()}
    assert len(accepting(client, "text/csv").content.splitlines()) == 2
    for media_type in ("application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"):
        assert accepting(client, media_type).status == 200


@pytest.fixture
def client(serve: Serve) -> Client:
    return one_file(serve, "a.csv", CSV, SCHEMA)


def test_json_lines_are_the_rows_one_by_one(client: Client) -> None:
    answer = accepting(client, "application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in answer.content.splitlines()] == ROWS


def test_csv_tells_null_from_empty_and_defuses_formulas(serve: Serve, client: Client) -> None:
    answer = accepting(client, "text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.decode() == (
        '"id","amount","price","day","at","ok","ratio","text"\r\n'
        "9007199254740993,1.10,5.123456789012345678,2023-07-01,2023-07-01T10:00:00Z,true,0.5,"
        '"a"\r\n'
        """2,,,,,,,"'=1+1"\r\n"""
        '3,-0.05,7,2023-07-02,2023-07-02T00:00:00Z,false,-1000.0," b, ""c""\r\nd"\r\n'
    )
    values = [
        "",
        "@SUM(1)",
        "+1",
        "-1",
        "\t=1",
        "\r=1",
        "=cmd|' /C calc'!A0",
        "a=1",
        "'=1",
        " =1",
        "\uff1d1",
    ]
    select = " UNION ALL ".join(
        f"SELECT {i} AS i, '{v.replace(chr(39), chr(39) * 2)}' AS \"=t\""
        for i, v in enumerate(values)
    )
    hostile = one_file(serve, "a.parquet", parquet(select), {"i": "integer", "=t": "string"})
    text = accepting(hostile, "text/csv", order_by="i").content.decode()
    [header, *rows] = csv.reader(io.StringIO(text, newline=""))
    assert header == ["i", "'=t"]
    assert [row[1] for row in rows] == [
        f"'{value}" if value.strip()[:1] in ("=", "@", "+", "-", "\uff1d") else value
        for value in values
    ]


def test_parquet_and_arrow_carry_the_types(client: Client) -> None:
    answer = accepting(client, "application/vnd.apache.parquet")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    columns = "id, amount, price, day"
    first, *others = rows_of(answer.content, columns)
    assert first[:3] == (9007199254740993, Decimal("1.10"), Decimal("5.123456789012345678"))
    assert len(others) == 2
    answer = accepting(client, "application/vnd.apache.arrow.stream", columns="id,amount,at,text")
    stream = nanoarrow.ArrayStream.from_readable(io.BytesIO(answer.content))
    assert "amount: decimal128(10, 2), at: timestamp('us', 'UTC')" in str(stream.schema)
    [batch] = stream.read_all().to_pylist()[:1]
    assert batch["id"] == 9007199254740993
    assert batch["amount"] == Decimal("1.10")


DECIMALS = ("0.50", "+07.10", "1.", "-0.000", "3.000000000000000000000", "12", "")
"""The decimals as they are written in a file, the last one a null."""
SHOWN_DECIMALS = ("0.50", "7.10", "1", "-0.000", "3.000000000000000000000", "12", None)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("registered", ["decimal", "numeric", "decimal(99,2)"])
def test_a_decimal_without_a_scale_is_shown_as_it_is_written(
    serve: Serve, name: str, registered: str
) -> None:
    lines = [f"{i},{text}" for i, text in enumerate(DECIMALS)]
    objects = [json.dumps({"id": i, "x": text or None}) for i, text in enumerate(DECIMALS)]
    body = "\n".join(["id,x", *lines] if name == "a.csv" else objects).encode()
    client = one_file(serve, name, body, {"id": "integer", "x": registered, "gone": "decimal"})
    assert [row["x"] for row in client.get(PATH).body] == [*SHOWN_DECIMALS]
    text = accepting(client, "text/csv", columns="x,gone").content.decode()
    assert text == "".join(f"{x or ''},\r\n" for x in ('"x"', *SHOWN_DECIMALS)).replace(
        '"x",', '"x","gone"'
    )
    lines = accepting(client, "application/x-ndjson", columns="x").content.decode().splitlines()
    assert [json.loads(line)["x"] for line in lines] == [*SHOWN_DECIMALS]
    ordered = client.get(PATH, columns="id", order_by="-x", x_gte="0.5").body
    assert [row["id"] for row in ordered] == [5, 1, 4, 2, 0]
    answer = accepting(client, "application/vnd.apache.parquet", columns="x", x="0.5")
    assert rows_of(answer.content) == [(Decimal("0.5"),)]


def test_a_decimal_of_a_folder_is_shown_as_it_is_written(serve: Serve) -> None:
    port = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["price"]}
    files = {
        f"sales/orders/price={price}/a.parquet": parquet("SELECT 1 AS id")
        for price in ("0.50", "10.00")
    }
    client = dataset(serve, files, {"id": "integer", "price": "decimal"}, port)
    assert [row["price"] for row in client.get(PATH).body] == ["0.50", "10.00"]
    found = client.get(f"{PATH}/profile").body["columns"][1]
    assert (found["min"], found["max"]) == ("0.50", "10.00")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/json"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.1, application/x-ndjson;q=0.2", "application/x-ndjson"),
        ("application/json;q=0, */*;q=0.1", "text/csv"),
        ("APPLICATION/JSON", "application/json"),
        ("application/vnd.apache.parquet, */*;q=0.1", "application/vnd.apache.parquet"),
    ],
)
def test_the_client_chooses_the_format(client: Client, accept: str, expected: str) -> None:
    answer = accepting(client, accept)
    assert answer.status == 200
    assert answer.headers["content-type"].partition(";")[0] == expected


@pytest.mark.parametrize("accept", ["image/png", "text/html", "*/*;q=0", "text/csv;q=x", ";;"])
def test_406_names_what_can_be_had(client: Client, accept: str) -> None:
    answer = accepting(client, accept)
    assert answer.status == 406
    assert "text/csv" in answer.body["message"]


LOSS = "row {}, column 'id': the value cannot be read as '{}' without loss"


@pytest.mark.parametrize(
    ("name", "body", "schema", "reason"),
    [
        ("a.csv", b"id\nx\n", {"id": "integer"}, LOSS.format(1, "integer")),
        ("a.csv", b"id\n1\n1.5\n", {"id": "integer"}, LOSS.format(2, "integer")),
        ("a.csv", b"id\n9223372036854775808\n", {"id": "integer"}, LOSS.format(1, "integer")),
        ("a.csv", b"id\n1.239\n", {"id": "decimal(9,2)"}, LOSS.format(1, "decimal(9,2)")),
        ("a.csv", b"id\nNA\n", {"id": "double"}, LOSS.format(1, "double")),
        ("a.csv", b"id\n2023-02-30\n", {"id": "date"}, LOSS.format(1, "date")),
        ("a.csv", b"id\nyesterday\n", {"id": "timestamp"}, LOSS.format(1, "timestamp")),
        ("a.csv", b"id,b\n1,2\n1\n", {"id": "integer"}, "line 3: expected 2 columns, found 1"),
        ("a.csv", b"\xff\xfe\n1\n", {"id": "integer"}, f"line 1: {NOT_UTF_8}"),
        ("a.csv.gz", b"id\n1\n", {"id": "integer"}, "not gzip, though its name says so"),
        ("a.csv.zst", b"id\n1\n", {"id": "integer"}, "not zstd, though its name says so"),
        (
            "a.csv.gz",
            gzip.compress(b"id\n1\n" * 9999, mtime=0)[:-30],
            {"id": "integer"},
            "its gzip stream is damaged, or ends early",
        ),
        ("a.jsonl", b'{"id": 1}\n{"id"\n', {"id": "integer"}, f"row 2, byte 7: {NOT_JSON}"),
        ("a.jsonl", b"[1]\n", {"id": "integer"}, f"row 1: {NOT_AN_OBJECT}"),
        ("a.jsonl", b'{"id": {"x": 1}}\n', {"id": "integer"}, LOSS.format(1, "integer")),
        ("a.parquet", b"none", {"id": "integer"}, "not a Parquet file, or cut off"),
    ],
)
def test_what_does_not_read_as_its_type_is_an_error(
    serve: Serve, name: str, body: bytes, schema: Mapping[str, str], reason: str
) -> None:
    answer = one_file(serve, name, body, schema).get(PATH)
    assert answer.status == 424
    end = reason if reason[:4] in ("row ", "line") else f": {reason}"
    name = f"domains/sales/orders/{name}"
    assert answer.body["message"] == f"{name}, {end}".replace(", :", ":")


def test_a_column_that_nobody_asks_for_need_not_be_right(serve: Serve) -> None:
    schema = {"id": "integer", "day": "date"}
    client = one_file(serve, "a.csv", b"id,day\n1,never\n", schema)
    assert client.get(PATH, columns="id").body == [{"id": 1}]
    assert client.get(PATH).status == 424


def test_what_the_schema_does_not_have_is_not_served(serve: Serve) -> None:
    for name, body in [
        ("a.csv", b"id,secret\n1,2\n"),
        ("a.jsonl", b'{"id": 1, "secret": 2}\n'),
        ("a.parquet", parquet("SELECT 1 AS id, 2 AS secret")),
    ]:
        client = one_file(serve, name, body, {"id": "integer", "later": "date"})
        assert client.get(PATH).body == [{"id": 1, "later": None}]
        assert client.get(PATH, columns="secret").status == 422


def test_columns_that_only_folders_have_need_no_others(serve: Serve) -> None:
    port = {"location": "domains/sales/orders/", "format": "jsonl", "partitions": ["day"]}
    files = {"sales/orders/day=2023-07-01/a.jsonl": b'{"id": 1}\n{"id": 2}\n'}
    client = dataset(serve, files, {"id": "integer", "day": "date"}, port)
    assert client.get(PATH, columns="day").body == [{"day": "2023-07-01"}] * 2


def test_nested_values_of_json_lines_stay_as_they_are(serve: Serve) -> None:
    body = b'{"x": {"a": [1, 9007199254740993, {"b": null}]}, "y": "z"}\n{"x": 1.5}\n{"y": "q"}\n'
    client = one_file(serve, "a.jsonl", body, {"x": "object", "y": "string"})
    answer = client.get(PATH)
    assert answer.body[0] == {"x": {"a": [1, 9007199254740993, {"b": None}]}, "y": "z"}
    assert answer.body[1] == {"x": 1.5, "y": None}
    assert answer.body[2] == {"x": None, "y": "q"}


@pytest.mark.parametrize(
    ("registered", "value", "expected"),
    [
        ("text", "a", "a"),
        ("date", "2023-07-01", "2023-07-01"),
        ("integer", "07", 7),
        ("boolean", "true", True),
        ("timestamp", "2023-07-01T00:00:00Z", "2023-07-01T00:00:00Z"),
        ("decimal(9,2)", "1.5", "1.50"),
    ],
)
def test_text_of_parquet_is_read_by_the_registered_type(
    serve: Serve, registered: str, value: str, expected: object
) -> None:
    client = one_file(serve, "a.parquet", parquet(f"SELECT '{value}' AS x"), {"x": registered})
    assert client.get(PATH).body == [{"x": expected}]
    assert client.get(PATH, x=value.removeprefix("0")).body == [{"x": expected}]


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP_NS", "TIMESTAMP_S"])
def test_moments_are_compared_in_utc(serve: Serve, kind: str) -> None:
    body = parquet(f"SELECT '2023-07-01 12:00:00'::{kind} AS x")
    client = one_file(serve, "a.parquet", body, {"x": "timestamp"})
    for value in ("2023-07-01T12:00:00", "2023-07-01T14:00:00+02:00", "2023-07-01T12:00:00Z"):
        assert len(client.get(PATH, x=value).body) == 1, value
    assert client.get(PATH, x_gt="2023-07-01T12:00:00Z").body == []
    assert len(client.get(PATH, x_gte="2023-07-01").body) == 1


def test_a_float_equals_what_it_is_written_as(serve: Serve) -> None:
    body = parquet("SELECT 0.1::FLOAT AS x")
    client = one_file(serve, "a.parquet", body, {"x": "float"})
    assert len(client.get(PATH, x="0.1").body) == 1
    assert len(client.get(PATH, x_in="0.1,0.2").body) == 1
