"""Rows in the order of several columns, and their pages."""

import json
from typing import Any

import pytest

from datamesh.tables.encryption import decrypt_text, encrypt_text
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import CURSOR_KEY
from tests.tables import PATH, dataset, one_file, page_through, parquet, problem

SCHEMA = {"id": "integer", "kind": "string", "price": "decimal(9,2)", "ratio": "double"}
ROWS: list[tuple[Any, ...]] = [
    (0, "b", "1.50", 0.5),
    (1, "a", None, None),
    (2, "b", "-1.50", None),
    (3, None, "1.50", 2.0),
    (4, "a", "10.00", -2.0),
    (5, "b", "1.50", 0.25),
    (6, None, None, 2.0),
    (7, "a", "10.00", -2.0),
    (8, "b", "1.50", 0.5),
]
PARTS = (ROWS[:4], ROWS[4:5], ROWS[5:])


def write_parquet(rows: list[tuple[Any, ...]]) -> bytes:
    values = ", ".join(
        f"({key}, {f"'{kind}'" if kind else 'NULL'}, {price or 'NULL'}::DECIMAL(9,2),"
        f" '{'nan' if ratio is None else ratio}'::DOUBLE)"
        for key, kind, price, ratio in rows
    )
    return parquet(f"SELECT * FROM (VALUES {values}) v({', '.join(SCHEMA)})")


def write_csv(rows: list[tuple[Any, ...]]) -> bytes:
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    return "\n".join([",".join(SCHEMA), *lines, ""]).encode()


WRITERS = {"parquet": write_parquet, "csv": write_csv}


def serve_rows(serve: Serve, form: str) -> Client:
    files = {
        f"sales/orders/{number}.{form}": WRITERS[form](part) for number, part in enumerate(PARTS)
    }
    return dataset(serve, files, SCHEMA, {"location": "domains/sales/orders/", "format": form})


def sort_rows(order_by: str) -> list[int]:
    """The ids of the rows in an order: the last column first, as sorting is stable."""
    rows = [*ROWS]
    for name in reversed(order_by.split(",")):
        place, descending = [*SCHEMA].index(name.lstrip("-")), name.startswith("-")
        nulls = [row for row in rows if row[place] is None]
        others = [row for row in rows if row[place] is not None]
        convert = float if name.lstrip("-") == "price" else lambda value: value
        # `reverse` keeps the order of equal ones.
        others.sort(key=lambda row: convert(row[place]), reverse=descending)
        rows = others + nulls
    return [row[0] for row in rows]


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "order_by",
    ["kind,price", "kind,-price", "-kind,price,-ratio", "price,kind,-id", "-ratio,-price", "ratio"],
)
def test_pages_of_any_length_are_the_sorted_rows(serve: Serve, form: str, order_by: str) -> None:
    client = serve_rows(serve, form)
    expected = sort_rows(order_by)
    for limit in (1, 2, 3, 5, len(ROWS), len(ROWS) + 1):
        found = page_through(client, limit=limit, order_by=order_by, columns="id")
        assert [row["id"] for row in found] == expected, limit


def test_a_filter_and_several_orders_go_together(serve: Serve) -> None:
    client = serve_rows(serve, "parquet")
    query = {"kind_in": "a,b", "price_gt": "0", "order_by": "-price,-kind"}
    found = page_through(client, 20, **query, limit=1)
    assert [row["id"] for row in found] == [4, 7, 0, 5, 8]


@pytest.mark.parametrize(
    "order_by",
    ["kind,secret", "kind,kind", "kind,-kind", "kind,", "", ",".join(f"c{n}" for n in range(11))],
)
def test_an_order_names_known_columns_once(serve: Serve, order_by: str) -> None:
    schema = SCHEMA | {f"c{number}": "integer" for number in range(11)}
    client = one_file(serve, "a.csv", b"id,kind\n1,a\n", schema)
    assert problem(client.get(PATH, order_by=order_by)) == (422, "order_by")


def test_a_name_with_a_comma_is_quoted_with_its_sign(serve: Serve) -> None:
    body = b'"a,b",c\n1,1\n2,1\n3,0\n'
    client = one_file(serve, "a.csv", body, {"a,b": "integer", "c": "integer"})

    def values(order_by: str) -> list[int]:
        return [row["a,b"] for row in client.get(PATH, order_by=order_by).body]

    assert values('c,"-a,b"') == [3, 2, 1]
    assert values('c,"a,b"') == [3, 1, 2]
    assert values("-a,b") == [3, 2, 1]


def test_a_cursor_of_several_orders_is_of_them_alone(serve: Serve) -> None:
    client = serve_rows(serve, "parquet")
    query = {"order_by": "kind,price", "limit": 2}
    cursor = client.get(PATH, **query).headers["x-next-cursor"]
    for other in ("kind", "price,kind", "kind,-price"):
        answer = client.get(PATH, **query | {"order_by": other}, cursor=cursor)
        assert problem(answer) == (422, "cursor")
    identity, file, row, values = json.loads(decrypt_text(CURSOR_KEY, cursor))
    assert values == ["a", "10.00"]
    for forged in (["a"], "a", None, ["a", "much"], ["a", 1], ["a", "1", "1"]):
        text = json.dumps([identity, file, row, forged])
        answer = client.get(PATH, **query, cursor=encrypt_text(CURSOR_KEY, text))
        assert problem(answer) == (422, "cursor"), forged
