"""A CSV answer of the registry, stored and registered as CSV, has the same rows again."""

import json
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from datamesh.models.spreadsheets import escape_formula
from tests.conftest import Serve
from tests.tables import PATH, one_file

SCHEMA = {
    "t": "string",
    "i": "bigint",
    "d": "decimal(12,3)",
    "x": "double",
    "b": "boolean",
    "day": "date",
    "at": "timestamp",
}
PORT = {"location": "domains/sales/orders/", "format": "csv"}
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MARKED = ["", " ", "NA", "null", "007", "1e5", "true", "2023-07-01", "#", "=1+1", "'=1", "-"]
PUNCTUATED = ['"', '""', '"a"', "a,b", "a\nb", "\r\n", "a\r", "\\", "\\N", '\\"', "\t", "\ufeff"]
TRICKY = st.sampled_from([*MARKED, *PUNCTUATED, "é€𝄞", "x " * 50])
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "t": TEXTS | TRICKY,
    "i": st.integers(-(2**63), 2**63 - 1),
    "d": st.decimals(-999_999_999, 999_999_999, places=3, allow_nan=False).map(str),
    "x": st.floats(allow_nan=False, width=32),
    "b": st.booleans(),
    "day": st.dates().map(str),
    "at": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
}
NULL = dict.fromkeys(SCHEMA)
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | cell for name, cell in CELLS.items()}),
    min_size=1,
    max_size=20,
)


def guard(row: dict[str, Any]) -> dict[str, Any]:
    """The row as its CSV answer has it: text that a spreadsheet would evaluate begins with `'`."""
    return row if row["t"] is None else row | {"t": escape_formula(row["t"])}


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([NULL, NULL | {"t": ""}, NULL | {"t": "007"}, NULL | {"t": "a\r\nb"}])
@example([NULL | {"t": 'say "x"\n,;'}, NULL | {"t": "=1+1"}, NULL | {"t": "'=1+1"}])
@given(ROWS)
def test_rows_are_read_back(serve: Serve, rows: list[dict[str, Any]]) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    first = one_file(serve, "a.jsonl", lines, SCHEMA)
    shown = first.get(PATH, limit=1000)
    assert shown.status == 200, shown.body
    answer = first.get(PATH, limit=1000, format="csv")
    assert answer.status == 200
    again = one_file(serve, "a.csv", answer.content, SCHEMA, port=PORT).get(PATH, limit=1000)
    assert again.status == 200, again.body
    assert again.body == [guard(row) for row in shown.body]


@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example([None, "", "x", None])
@given(st.lists(st.none() | TEXTS | TRICKY, min_size=1, max_size=10))
def test_the_rows_of_one_column_are_read_back(serve: Serve, texts: list[str | None]) -> None:
    """A null is an empty line there."""
    schema = {"t": "string"}
    lines = "".join(json.dumps({"t": text}) + "\n" for text in texts).encode()
    body = one_file(serve, "a.jsonl", lines, schema).get(PATH, format="csv").content
    again = one_file(serve, "a.csv", body, schema, port=PORT).get(PATH)
    assert again.status == 200, again.body
    assert again.body == [guard({"t": text}) for text in texts]
