"""Columns of Parquet files whose type is JSON: the same as these values in JSON Lines."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, one_file, page_through, parquet

CELLS = ["null", '"b"', None, '{"a":1}', '"null"', "3", '"B, C"']
SHOWN = [None, "b", None, {"a": 1}, "null", 3, "B, C"]
VALUES = ", ".join("NULL" if cell is None else f"'{cell}'" for cell in CELLS)
FILE = parquet(f"SELECT i, CAST([{VALUES}][i + 1] AS JSON) AS t FROM range({len(CELLS)}) r(i)")
LINES = "".join(
    f'{{"i":{number},"t":{cell or "null"}}}\n' for number, cell in enumerate(CELLS)
).encode()
ORDER = [5, 6, 1, 4, 3, 0, 2]
"""The rows in the order of their texts: `3`, `B, C`, `b`, `null` and `{"a":1}`, and then nulls."""
REVERSED = [3, 4, 1, 6, 5, 0, 2]


@pytest.fixture(params=["a.parquet", "a.jsonl"])
def client(serve: Serve, request: pytest.FixtureRequest) -> Client:
    body = FILE if request.param == "a.parquet" else LINES
    return one_file(serve, request.param, body, {"i": "bigint", "t": "string"})


def numbers(client: Client, **query: object) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["i"] for row in answer.body]


def test_filters_take_what_is_shown(client: Client) -> None:
    assert numbers(client, t="b") == [1]
    assert numbers(client, t="null") == [4]
    assert numbers(client, t="3") == [5]
    assert numbers(client, t_in="b,3") == [1, 5]
    assert numbers(client, t_ne="b") == [3, 4, 5, 6]
    assert numbers(client, t_gte="b") == [1, 3, 4]
    assert numbers(client, t_starts_with="B") == [6]
    assert numbers(client, t_contains='"') == [3]
    assert numbers(client, t_is="null") == [0, 2]
    assert numbers(client, t_is="not_null") == [1, 3, 4, 5, 6]


@pytest.mark.parametrize(("order", "expected"), [("t", ORDER), ("-t", REVERSED)])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_the_order_is_that_of_what_is_shown(
    client: Client, order: str, expected: list[int], limit: int
) -> None:
    assert [row["i"] for row in page_through(client, order_by=order, limit=limit)] == expected


def test_nulls_are_one_group_and_one_number(client: Client) -> None:
    found = client.get(PATH, group_by="t", count="true").body
    assert [row["count"] for row in found] == [1, 1, 1, 1, 1, 2]
    assert found[-1]["t"] is None
    columns = client.get(f"{PATH}/profile").body["columns"]
    assert [column["nulls"] for column in columns] == [0, 2]


def test_text_in_csv_is_as_in_json(client: Client) -> None:
    answer = client.get(PATH, format="csv", columns="t").content.decode()
    assert answer.split("\r\n")[1:6] == ["", '"b"', "", '"{""a"":1}"', '"null"']
    assert answer.split("\r\n")[7] == '"B, C"'


@pytest.mark.parametrize("registered", ["string", "object"])
def test_documents_are_shown(serve: Serve, registered: str) -> None:
    client = one_file(serve, "a.parquet", FILE, {"i": "bigint", "t": registered})
    assert [row["t"] for row in client.get(PATH).body] == SHOWN


def json_file(*cells: str) -> bytes:
    out = io.BytesIO()
    stored = pa.ExtensionArray.from_storage(pa.json_(), pa.array(cells))
    pq.write_table(pa.table({"i": range(len(cells)), "t": stored}), out)
    return out.getvalue()


def test_blanks_around_a_null_do_not_matter(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", json_file(" null ", ' "b"'), {"t": "string"})
    assert [row["t"] for row in client.get(PATH, order_by="t").body] == ["b", None]


def test_what_is_no_json_is_refused(serve: Serve) -> None:
    answer = one_file(serve, "a.parquet", json_file("{", "1"), {"t": "string"}).get(PATH)
    assert answer.status == 424
    assert "a.parquet" in answer.body["message"]
