"""Pages of more bytes than an answer may have are shorter, and a cursor leads on; `limit=all`."""

import json
from typing import Any

import pytest

from datamesh.tables.budget import ScanBudget
from datamesh.tables.encodings import MAX_ANSWER_BYTES
from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import dataset, one_file, parquet, rows_of

SCHEMA = {"id": "bigint", "text": "string"}
WIDE = parquet(
    "SELECT i AS id, CASE WHEN i % 2 = 0 THEN repeat('x', 9000) ELSE repeat('\"', 9000) END AS text"
    " FROM range(1000) r(i)"
)
"""A file of 9 MB as JSON, in which every second text takes twice as much again when it is
returned."""
RANDOM = parquet(
    "SELECT i AS id, string_agg(md5((i * 1000 + j)::VARCHAR), '') AS text"
    " FROM range(1000) r(i), range(300) s(j) GROUP BY i ORDER BY i"
)
"""A file that zstd does not make smaller than an answer may be."""


def walk(client: Client, **query: Any) -> tuple[list[int], list[str | None]]:
    """Return the ids of all pages, and what each page says of being cut."""
    found: list[int] = []
    cut: list[str | None] = []
    cursor = None
    for _ in range(50):
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        answer = client.get("/domains/sales/orders", **query, **more)
        assert answer.status == 200, answer.body
        assert len(answer.content) <= MAX_ANSWER_BYTES
        form = query.get("format", "json")
        if form == "parquet":
            found += [row[0] for row in rows_of(answer.content)]
        elif form == "csv":
            found += [int(line.split(b",")[0]) for line in answer.content.splitlines()[1:]]
        else:
            rows = answer.content.splitlines() if form == "jsonl" else [answer.content]
            for row in rows:
                read = json.loads(row)
                found += [each["id"] for each in (read if form == "json" else [read])]
        cut.append(answer.headers.get("x-truncated"))
        cursor = answer.headers.get("x-next-cursor")
        if not cursor:
            return found, cut
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("form", ["json", "csv", "jsonl"])
@pytest.mark.parametrize("order", [{}, {"order_by": "-id"}])
def test_the_pages_of_wide_rows_are_shorter(serve: Serve, form: str, order: dict[str, str]) -> None:
    client = one_file(serve, "a.parquet", WIDE, SCHEMA)
    found, cut = walk(client, limit=1000, format=form, **order)
    assert found == [*range(1000)][:: -1 if order else 1]
    assert len(cut) > 2
    assert cut == ["true"] * (len(cut) - 1) + [None]


def test_the_pages_of_a_binary_format_are_shorter(serve: Serve) -> None:
    client = one_file(serve, "a.parquet", RANDOM, SCHEMA, max_scan_bytes=100_000_000)
    found, cut = walk(client, limit=1000, format="parquet")
    assert found == [*range(1000)]
    assert len(cut) > 1


def test_a_row_that_no_answer_holds_is_refused(serve: Serve) -> None:
    body = parquet("SELECT 1 AS id, repeat('x', 5_000_000) AS text")
    answer = one_file(serve, "a.parquet", body, SCHEMA).get("/domains/sales/orders", limit=10)
    assert answer.status == 413
    assert "larger than 4194304 bytes" in answer.body["message"]


@pytest.mark.parametrize("form", ["json", "csv", "jsonl", "parquet"])
def test_all_rows_come_at_once_if_they_fit(serve: Serve, form: str) -> None:
    files = {
        f"sales/orders/{name}.parquet": parquet(
            f"SELECT i AS id, 'x' AS text FROM range({begin}, {begin + 1500}) r(i)"
        )
        for name, begin in (("a", 0), ("b", 1500))
    }
    client = dataset(serve, files, SCHEMA)
    assert walk(client, limit="all", format=form) == ([*range(3000)], [None])
    assert walk(client, limit="all", format=form, id_gte=10)[0] == [*range(10, 3000)]


def test_all_rows_end_where_the_budget_of_a_request_does(serve: Serve) -> None:
    body = parquet("SELECT i AS id, md5(i::VARCHAR) AS text FROM range(1000) r(i)")
    files = {f"sales/orders/{number}.parquet": body for number in range(8)}
    for budget in (ScanBudget(1_000_000, max_files=3), ScanBudget(3 * len(body) + 10)):
        client = dataset(serve, files, SCHEMA, anonymous_budget=budget)
        found, cut = walk(client, limit="all")
        assert found == [*range(1000)] * 8
        assert cut == ["true"] * (len(cut) - 1) + [None]
        assert 3 <= len(cut) <= 4


@pytest.mark.parametrize("limit", ["ALL", "", "0", "-1", "1001", "all ", "1.5"])
def test_another_limit_is_refused(serve: Serve, limit: str) -> None:
    client = one_file(serve, "a.parquet", parquet("SELECT 1 AS id, 'x' AS text"), SCHEMA)
    answer = client.get("/domains/sales/orders", limit=limit)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "limit")
