"""An answer fits into what Lambda lets a function return, whatever legal items it is made of."""

import json
from typing import Any

import pytest

from datamesh.http.answer_bounds import measure_answer
from datamesh.models.answer_size import (
    MAX_ANSWER_BYTES,
    MAX_PAGE_BYTES,
    measure_json,
    measure_text,
    take_page,
)
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import LambdaContext, api_event, assert_problem
from tests.large import add_large_chain, add_large_entries, add_large_products, read_pages
from tests.meshes import add_lineage, add_product, add_products, resources

QUOTES = '"' * 15_000
"""Takes 30 kB in JSON, and 60 kB in what a function returns."""
LETTERS = "é" * 15_000


def count_returned(registry: Registry, serve: Serve, area: str, path: str, **query: Any) -> int:
    """Return the bytes that Lambda sees of a function's answer."""
    client = serve(area, resources(registry))
    answer = client.handler(api_event("GET", path, query=query), LambdaContext())
    return len(json.dumps(answer, ensure_ascii=False).encode())


@pytest.mark.parametrize("text", ["x" * 30_000, QUOTES, LETTERS], ids=["plain", "quotes", "utf8"])
@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/lineage", 1000),
        ("/lineage", 250),
        ("/lineage/upstream/b", None),
        ("/lineage/downstream/a", None),
    ],
)
def test_all_pages_of_large_entries_are_the_list(
    serve: Serve, registry: Registry, path: str, limit: int | None, text: str
) -> None:
    add_large_entries(registry, 260, text)
    query = {"limit": limit} if limit else {}
    pages = read_pages(serve("lineage", resources(registry)), path, **query)
    found = [entry["metadata"]["n"] for page in pages for entry in page.body]
    assert found == list(range(260))
    assert {page.headers["x-total-count"] for page in pages} == {"260"}
    assert len(pages) >= 2
    assert [page.headers.get("x-truncated") for page in pages[:-1]] == ["true"] * (len(pages) - 1)
    assert "x-truncated" not in pages[-1].headers
    assert count_returned(registry, serve, "lineage", path, **query) <= MAX_PAGE_BYTES + 10_000


@pytest.mark.parametrize(
    ("area", "path", "query"),
    [
        ("products", "/products", {}),
        ("products", "/products", {"domain": "Sales"}),
        ("products", "/products", {"tag": "gold", "status": "active"}),
        ("products", "/products", {"as_of": "2026-01-31T12:00:00Z"}),
        ("domains", "/domains/sales", {}),
    ],
)
def test_all_pages_of_large_products_are_the_list(
    serve: Serve, registry: Registry, area: str, path: str, query: dict[str, str]
) -> None:
    names = add_large_products(registry, 200, tags=["gold"])
    pages = read_pages(serve(area, resources(registry)), path, **query, limit=1000)
    assert [product["name"] for page in pages for product in page.body] == names
    assert [len(page.content) <= MAX_PAGE_BYTES for page in pages] == [True] * 3
    assert [page.headers.get("x-truncated") for page in pages] == ["true", "true", None]


def test_a_page_that_its_limit_ends_is_not_called_cut(serve: Serve, registry: Registry) -> None:
    add_products(registry, ["a", "b", "c"])
    client = serve("products", resources(registry))
    first = client.get("/products", limit=2)
    assert first.headers["x-next-offset"] == "2"
    assert "x-truncated" not in first.headers
    for last in (client.get("/products", limit=2, offset=2), client.get("/products", offset=9)):
        assert "x-next-offset" not in last.headers


def test_one_hop_is_paged_as_other_lists_are(serve: Serve, registry: Registry) -> None:
    add_products(registry, ["a", "b"])
    for number in range(3):
        add_lineage(registry, "a", "b", transformation=f"t{number}")
    client = serve("lineage", resources(registry))
    for path in ("/lineage/upstream/b", "/lineage/downstream/a"):
        whole = client.get(path)
        assert (len(whole.body), whole.headers["x-total-count"]) == (3, "3")
        page = client.get(path, limit=1, offset=1)
        assert [entry["transformation"] for entry in page.body] == ["t1"]
        assert (page.headers["x-total-count"], page.headers["x-next-offset"]) == ("3", "2")
        assert client.get(path, limit=0).status == 422


def test_304_says_where_the_next_page_begins(serve: Serve, registry: Registry) -> None:
    add_products(registry, ["a", "b"])
    client = serve("products", resources(registry))
    etag = client.get("/products", limit=1).headers["etag"]
    event = api_event("GET", "/products", query={"limit": 1}, headers={"if-none-match": etag})
    unchanged = client.send(event)
    assert (unchanged.status, unchanged.headers["x-next-offset"]) == (304, "1")


def test_what_cannot_be_cut_is_413_and_names_what_to_lower(
    serve: Serve, registry: Registry
) -> None:
    names = add_large_chain(registry, 51, QUOTES)
    client = serve("lineage", resources(registry))
    answer = client.get("/lineage/path", source=names[0], target=names[50])
    size = int(answer.body["message"].split()[3])
    assert size > MAX_ANSWER_BYTES
    message = f"The answer takes {size} bytes; at most 6000000 may be: lower `depth`"
    assert_problem(answer, 413, message)
    assert client.get("/lineage/path", source=names[0], target=names[40]).status == 200


@pytest.mark.parametrize("text", ['{"a":"b\\""}', "plain", '"\\"', "é🙂"])
def test_a_text_is_measured_as_json_writes_it(text: str) -> None:
    expected = len(json.dumps(text, ensure_ascii=False).encode()) - 2
    assert (measure_text(text.encode()), measure_json(text.encode())) == (expected, expected)


def test_control_characters_of_other_formats_are_measured_too() -> None:
    text = "a,b\r\n\x01\t"
    assert measure_text(text.encode()) == len(json.dumps(text)) - 2
    assert measure_answer(text.encode(), "text/csv; charset=utf-8") == len(json.dumps(text)) - 2


def test_bytes_are_measured_in_base64() -> None:
    assert measure_answer(b"1234", "application/vnd.apache.parquet") == 8


def test_a_page_has_at_least_one_item_and_takes_no_item_that_it_does_not_need() -> None:
    asked: list[int] = []

    def items() -> Any:
        for number in range(5):
            asked.append(number)
            yield b"1" * MAX_PAGE_BYTES

    assert len(take_page(items())) == 1
    assert asked == [0, 1]
    assert take_page([b'"' * MAX_PAGE_BYTES, b"1"]) == [b'"' * MAX_PAGE_BYTES]
    assert take_page([]) == []


def test_a_page_is_filled_up_to_its_last_byte() -> None:
    half = b"1" * (MAX_PAGE_BYTES // 2 - 1)
    assert len(take_page([half, half])) == 2
    assert len(take_page([half, half + b"1"])) == 1


def test_a_product_of_the_largest_size_is_answered(serve: Serve, registry: Registry) -> None:
    add_product(registry, "large", description='"' * 500, schema={"f": '"' * 200})
    assert serve("products", resources(registry)).get("/products").status == 200
