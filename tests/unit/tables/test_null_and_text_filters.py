"""Filters for nulls, and for a part of a text."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import dataset, one_file, parquet

SCHEMA = {"id": "integer", "note": "string", "ratio": "double", "tags": "list", "x_is": "string"}
ROWS = [
    (1, "50% off", 0.5, "[1]", "a"),
    (2, "50x off", None, None, "b"),
    (3, None, float("nan"), "[]", None),
    (4, "a_b\\c", 1.5, "[2]", "d"),
    (5, "A_B%", 2.5, "[3]", "e"),
]


def quote(value: Any) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'"


PARQUET = parquet(
    "SELECT id, note, ratio::DOUBLE AS ratio, tags::INTEGER[] AS tags, x_is FROM (VALUES "
    + ", ".join(f"({', '.join(map(quote, row))})" for row in ROWS)
    + ") v(id, note, ratio, tags, x_is)"
)
JSONL = "".join(
    json.dumps(
        dict(
            zip(
                SCHEMA,
                (key, note, ratio if ratio == ratio else None, tags and json.loads(tags), x_is),
                strict=True,
            )
        )
    )
    + "\n"
    for key, note, ratio, tags, x_is in ROWS
).encode()
FILES = {"a.parquet": PARQUET, "a.jsonl": JSONL}


def ids(client: Client, **query: str) -> list[int]:
    answer = client.get("/domains/sales/orders", columns="id", **query)
    assert answer.status == 200, answer.body
    return [int(row["id"]) for row in answer.body]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"note_is": "null"}, [3]),
        ({"note_is": "not_null"}, [1, 2, 4, 5]),
        ({"ratio_is": "null"}, [2, 3]),
        ({"ratio_is": "not_null"}, [1, 4, 5]),
        ({"tags_is": "null"}, [2]),
        ({"tags_is": "not_null"}, [1, 3, 4, 5]),
        ({"x_is": "a"}, [1]),
        ({"x_is_is": "null"}, [3]),
        ({"note_contains": "%"}, [1, 5]),
        ({"note_contains": "0% o"}, [1]),
        ({"note_contains": "_b"}, [4]),
        ({"note_contains": "\\"}, [4]),
        ({"note_contains": "OFF"}, []),
        ({"note_starts_with": "50"}, [1, 2]),
        ({"note_starts_with": "50%"}, [1]),
        ({"note_starts_with": "off"}, []),
        ({"note_starts_with": "50", "ratio_is": "null"}, [2]),
        ({"note_contains": "'"}, []),
    ],
)
def test_rows_are_found_by_nulls_and_parts_of_text(
    serve: Serve, name: str, query: dict[str, str], expected: list[int]
) -> None:
    client = one_file(serve, name, FILES[name], SCHEMA)
    assert ids(client, **query) == expected
    assert ids(client, order_by="-id", **query) == expected[::-1]


def test_folders_are_found_by_nulls_and_parts_of_text(serve: Serve) -> None:
    days = ("2023-07-01", "2023-08-01", "__HIVE_DEFAULT_PARTITION__")
    files = {
        f"sales/orders/day={day}/a.parquet": parquet(f"SELECT {number} AS id")
        for number, day in enumerate(days)
    }
    port = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["day"]}
    client = dataset(serve, files, {"id": "integer", "day": "string"}, port)
    assert ids(client, day_is="null") == [2]
    assert ids(client, day_is="not_null") == [0, 1]
    assert ids(client, day_contains="-08-") == [1]
    answer = client.get("/domains/sales/orders", day_starts_with="2023-07")
    assert answer.headers["x-files-read"] == "1"


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"note_is": ""}, "note_is", "must be null or not_null"),
        ({"note_is": "NULL"}, "note_is", "must be null or not_null"),
        ({"ratio_contains": "1"}, "ratio_contains", "'ratio' is no text"),
        ({"id_starts_with": "1"}, "id_starts_with", "'id' is no text"),
        ({"note_contains": ""}, "note_contains", "must have a character"),
        ({"tags_contains": "1"}, "tags_contains", "'tags' is of a type that has no order"),
        ({"other_is": "null"}, "other_is", "there is no column 'other'"),
        ({"note_contains": "x" * 1001}, "note_contains", "must be text"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(
    serve: Serve, query: dict[str, str], field: str, message: str
) -> None:
    answer = one_file(serve, "a.parquet", PARQUET, SCHEMA).get("/domains/sales/orders", **query)
    assert answer.status == 422
    [problem] = answer.body["errors"]
    assert (problem["field"], problem["message"]) == (field, message)
