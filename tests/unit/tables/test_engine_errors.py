"""Errors of data: they name file, line or row, and column, and quote none of the data."""

import gzip
import logging

import pytest

from datamesh.tables.engine_errors import cut_text, describe_fault
from tests.conftest import Serve
from tests.tables import PATH, dataset, one_file, parquet

SECRET = "hunter2"
MANY = "".join(f"{number},x\n" for number in range(25_000))
SCHEMA = {"id": "integer", "day": "date", "n": "string"}
UNCLOSED = "a quote is not closed, or not doubled within text"
PARQUET = parquet("SELECT i AS id, 'hunter2' || i AS note FROM range(3000) t(i)")


def jsonl(*lines: str) -> bytes:
    return "\n".join((*lines, "")).encode()


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.csv", f"id,n\n1,2\n3,4,{SECRET}\n", "line 3: expected 2 columns, found 3"),
        ("a.csv", f"id,n\n1,2\n{SECRET}\n", "line 3: expected 2 columns, found 1"),
        ("a.csv", f"id,n\n{MANY}1,2,{SECRET}\n", "line 25002: expected 2 columns, found 3"),
        ("a.csv", f"id,n\n{MANY}{SECRET}\n", "line 25002: expected 2 columns, found 1"),
        ("a.csv", f"id,n\n{SECRET},2,\n3,4\n", "line 2: expected 2 columns, found 3"),
        ("a.csv", f'id,n\n1,"x\n{SECRET}"\n2,3\n4,,,\n', "line 5: expected 2 columns, found 4"),
        ("a.csv", f'id,n\n1,"{SECRET}\n', f"line 2: {UNCLOSED}"),
        ("a.csv", f'id,n\n{MANY}1,"{SECRET}\n2,3\n', f"line 25002: {UNCLOSED}"),
        ("a.csv", f'id,n\n{MANY}1,"{SECRET}"x\n', f"line 25002: {UNCLOSED}"),
        ("a.csv", f"id,n\n1,{SECRET}\xe9\n".encode("latin-1"), "line 2: not UTF-8"),
        ("a.csv", f"id,n\n{MANY}1,{SECRET}\xe9\n".encode("latin-1"), "line 25002: not UTF-8"),
        (
            "a.csv",
            f'id,n\n{MANY}1,"{SECRET}{"x" * 2_000_000}"\n',
            "line 25002: the line is longer than 2000000 bytes",
        ),
        ("a.csv", f"id,n\n1,x\n{SECRET},x\n", "row 2, column 'id'"),
        ("a.csv", f'id,n\n1,"x\ny"\n\n{SECRET},x\n', "row 2, column 'id'"),
        ("a.csv", f"id,day\n1,2023-07-01\n2,{SECRET}\n", "row 2, column 'day'"),
        (
            "a.csv.gz",
            gzip.compress(f"id,n\n{MANY}1,2,{SECRET}\n".encode(), mtime=0),
            "line 25002: expected",
        ),
        ("a.csv.gz", f"id\n{SECRET}\n", "not gzip"),
        ("a.csv.zst", f"id\n{SECRET}\n", "not zstd"),
        (
            "a.csv.gz",
            gzip.compress(f"id,n\n{MANY}".encode(), mtime=0)[:-20],
            "gzip stream is damaged",
        ),
        ("a.jsonl", jsonl('{"id": 1}', f'["{SECRET}"]'), "row 2: not a JSON object"),
        ("a.jsonl", jsonl('{"id": 1}', "", f'{{"id": "{SECRET}'), "row 2, byte "),
        (
            "a.jsonl",
            jsonl('{"id": 1}', "", f'{{"id": 1, "n": "{SECRET}", "id": 2}}'),
            "row 2: the same key twice",
        ),
        ("a.jsonl", jsonl(SECRET), "row 1, byte 1: not valid JSON"),
        ("a.jsonl", jsonl('{"id": 1}', f'{{"id": "{SECRET}"}}'), "row 2, column 'id'"),
        ("a.jsonl", jsonl(f'{{"id": {{"{SECRET}": 1}}}}'), "row 1, column 'id'"),
        ("a.jsonl", f'{{"id": 1, "n": "{SECRET}\xe9"}}\n'.encode("latin-1"), "not UTF-8"),
        ("a.jsonl.zst", jsonl(f'{{"id": "{SECRET}"}}'), "not zstd"),
        ("a.parquet", SECRET * 10, "not a Parquet file"),
        ("a.parquet", PARQUET[:-100], "not a Parquet file"),
        ("a.parquet", PARQUET[:-60] + b"\xff" * 40 + PARQUET[-20:], ""),
    ],
)
def test_no_message_quotes_the_data(
    serve: Serve, caplog: pytest.LogCaptureFixture, name: str, body: str | bytes, message: str
) -> None:
    content = body.encode() if isinstance(body, str) else body
    client = one_file(serve, name, content, SCHEMA)
    caplog.set_level(logging.DEBUG)
    answer = client.get(PATH, order_by="id", columns="id,day,n")
    assert answer.status == 424
    assert answer.body["message"].startswith(f"domains/sales/orders/{name}")
    assert message in answer.body["message"]
    for path in (f"{PATH}/profile", PATH):
        more = client.get(path)
        assert SECRET not in more.content.decode() or more.status == 200
    assert SECRET not in answer.content.decode()
    assert SECRET not in caplog.text
    assert [record.levelname for record in caplog.records if record.name.startswith("datamesh")]


@pytest.mark.parametrize("query", [{}, {"id": 1}, {"order_by": "id"}])
def test_a_long_line_is_one_however_the_file_is_read(
    serve: Serve, query: dict[str, object]
) -> None:
    body = f'id,n\n1,"{"x" * 2_000_000}"\n'.encode()
    answer = one_file(serve, "a.csv", body, SCHEMA).get(PATH, **query)
    assert answer.status == 424
    assert answer.body["message"] == (
        "domains/sales/orders/a.csv, line 2: the line is longer than 2000000 bytes"
    )


def test_the_file_with_the_bad_value_is_named(serve: Serve) -> None:
    files = {f"sales/orders/{n}.csv": b"id\n1\n" for n in range(20)}
    files["sales/orders/11.csv"] = b"id\n1\n2\nhunter2\n"
    answer = dataset(serve, files, SCHEMA).get(PATH, id_gt=0)
    assert answer.body["message"] == (
        "domains/sales/orders/11.csv, row 3, column 'id': the value cannot be read as 'integer'"
        " without loss"
    )


def test_a_columns_name_is_told_as_it_is(serve: Serve) -> None:
    name = "it's: a \"name\"': x"
    client = one_file(
        serve, "a.csv", f'"{name.replace(chr(34), chr(34) * 2)}"\nx\n'.encode(), {name: "int"}
    )
    assert f"row 1, column '{name}': the value" in client.get(PATH).body["message"]


def test_what_is_not_known_is_not_repeated() -> None:
    fault = describe_fault("Conversion Error: Could not convert string 'hunter2' to INT64")
    assert fault.describe("a.csv").startswith("a.csv: a value cannot be read as")
    assert describe_fault("Some Error: hunter2").describe("a.csv") == "a.csv: cannot be read"


@pytest.mark.parametrize(
    "text",
    ["File 'mesh://0' is encrypted, but 'encryption_config' was", "File is encrypted but no file"],
)
def test_an_encrypted_file_is_called_so(text: str) -> None:
    fault = describe_fault(f"Invalid Input Error: {text}")
    assert fault.describe("a.parquet") == (
        "a.parquet: it is encrypted, wholly or in part, which is not read"
    )


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("Conversion Error: Could not convert string 'hunter2' to", "Could not convert string"),
        (
            "Invalid Input Error: CSV Error on Line: 7\nOriginal Line: hunter2",
            "CSV Error on Line: #",
        ),
        ("Conversion Error: Type INT64 with value 4711 can't be cast", "Type INT# with"),
        ('Error: got ["hunter2"]', "Error: got"),
    ],
)
def test_the_log_has_the_beginning_of_what_the_engine_said(text: str, logged: str) -> None:
    assert cut_text(text).endswith(logged)
