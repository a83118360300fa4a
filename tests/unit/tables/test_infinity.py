"""Infinity is a number: shown by its name where a format has none for it, and found by that."""

import io
import json
from collections.abc import Callable

import nanoarrow
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset, one_file, page_through, parquet, rows_of

INF = float("inf")
VALUES = [1.5, INF, -INF, None, float("nan")]
SHOWN = [1.5, "Infinity", "-Infinity", None, None]
SCHEMA = {"i": "bigint", "x": "double"}


def parquet_of(kind: pa.DataType) -> bytes:
    out = io.BytesIO()
    columns = {"i": range(len(VALUES)), "x": pa.array(VALUES, pa.float64()).cast(kind)}
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "double.parquet": lambda: parquet_of(pa.float64()),
    "float.parquet": lambda: parquet_of(pa.float32()),
    "half.parquet": lambda: parquet_of(pa.float16()),
    "text.parquet": lambda: parquet(
        "SELECT i, ['1.5', 'inf', '-Infinity', NULL, 'nan'][i + 1] AS x FROM range(5) r(i)"
    ),
    "a.csv": lambda: b"i,x\n0,1.5\n1,inf\n2,-Infinity\n3,\n4,nan\n",
    "a.jsonl": lambda: (
        b'{"i":0,"x":1.5}\n{"i":1,"x":Infinity}\n{"i":2,"x":"-Infinity"}\n'
        b'{"i":3,"x":null}\n{"i":4,"x":NaN}\n'
    ),
}


@pytest.fixture(params=FILES)
def client(serve: Serve, request: pytest.FixtureRequest) -> Client:
    return one_file(serve, request.param, FILES[request.param](), SCHEMA)


def test_it_is_shown_by_its_name(client: Client) -> None:
    assert [row["x"] for row in client.get(PATH).body] == SHOWN
    lines = client.get(PATH, format="jsonl").content.splitlines()
    assert [json.loads(line)["x"] for line in lines] == SHOWN
    text = client.get(PATH, format="csv", columns="x").content
    assert text == b'"x"\r\n1.5\r\nInfinity\r\n-Infinity\r\n\r\n\r\n'


def test_other_formats_have_the_number(client: Client) -> None:
    expected = [1.5, INF, -INF, None, None]
    body = client.get(PATH, format="parquet").content
    assert [x for (x,) in rows_of(body, "x")] == expected
    body = client.get(PATH, format="arrow", columns="x").content
    rows = nanoarrow.ArrayStream.from_readable(body).read_all().to_pylist()
    assert [row["x"] for row in rows] == expected


def numbers(client: Client, **query: object) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return [row["i"] for row in answer.body]


def test_a_shown_value_is_a_value_of_filters(client: Client) -> None:
    assert numbers(client, x="Infinity") == [1]
    assert numbers(client, x="-Infinity") == [2]
    assert numbers(client, x_in="Infinity,1.5") == [0, 1]
    assert numbers(client, x_ne="Infinity") == [0, 2]
    assert numbers(client, x_lt="Infinity") == [0, 2]
    assert numbers(client, x_gte="-Infinity") == [0, 1, 2]
    assert numbers(client, x_gt=0) == [0, 1]
    assert client.get(PATH, x="inf").status == 422


def test_it_is_the_last_and_the_first_of_an_order(client: Client) -> None:
    assert [row["i"] for row in page_through(client, order_by="x", limit=1)][:3] == [2, 0, 1]
    assert [row["i"] for row in page_through(client, order_by="-x", limit=1)][:3] == [1, 0, 2]


def test_groups_and_profiles_show_it(client: Client) -> None:
    answer = client.get(PATH, min="x", max="x", sum="x", avg="x", x_gt=0)
    assert answer.body == [
        {"sum_x": "Infinity", "avg_x": "Infinity", "min_x": 1.5, "max_x": "Infinity"}
    ]
    column = next(c for c in client.get(f"{PATH}/profile").body["columns"] if c["name"] == "x")
    if column["type"] != "VARCHAR":
        assert (column["min"], column["max"]) == ("-Infinity", "Infinity")


def test_integers_and_decimals_are_less(serve: Serve) -> None:
    body = parquet("SELECT 1 AS i, 2.5::DECIMAL(9,2) AS x")
    client = one_file(serve, "a.parquet", body, SCHEMA)
    assert numbers(client, x_lt="Infinity") == numbers(client, x_ne="-Infinity") == [1]
    assert numbers(client, x="Infinity") == []
    assert numbers(one_file(serve, "a.parquet", body, SCHEMA), i_lt=2) == [1]


def test_it_is_shown_within_other_values(serve: Serve) -> None:
    body = parquet("SELECT {'a': 'inf'::FLOAT, 'b': ['-inf'::DOUBLE, 1.5, 'nan']} AS x")
    client = one_file(serve, "a.parquet", body, {"x": "struct"})
    shown = {"a": "Infinity", "b": ["-Infinity", 1.5, None]}
    assert client.get(PATH).body == [{"x": shown}]
    text = client.get(PATH, format="csv").content.decode()
    assert text == '"x"\r\n"{""a"":""Infinity"",""b"":[""-Infinity"",1.5,null]}"\r\n'


def test_it_is_shown_within_documents(serve: Serve) -> None:
    line = b'{"x":{"a":[Infinity,-Infinity,NaN],"t":"NaN \\"Infinity\\"","n":1e400}}\n'
    answer = one_file(serve, "a.jsonl", line, {"x": "object"}).get(PATH)
    assert answer.status == 200
    text = '{"a":["Infinity","-Infinity",null],"t":"NaN \\"Infinity\\"","n":1e400}'
    assert answer.content.decode() == f'[{{"x":{text}}}]'


def test_text_that_is_registered_shows_it(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", parquet_of(pa.float64()), {"x": "string"})
    shown = ["1.5", "Infinity", "-Infinity", None, None]
    assert [row["x"] for row in client.get(PATH).body] == shown
    assert client.get(PATH, x="Infinity").body == [{"x": "Infinity"}]


def test_a_folder_has_its_name(serve: Serve) -> None:
    files = {f"sales/orders/x={x}/a.csv": b"i\n1\n" for x in ("Infinity", "-inf", "2")}
    port = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["x"]}
    client = dataset(serve, files, SCHEMA, port)
    assert [row["x"] for row in client.get(PATH, order_by="x").body] == [
        "-Infinity",
        2.0,
        "Infinity",
    ]
    assert [row["x"] for row in client.get(PATH, x="-Infinity").body] == ["-Infinity"]
