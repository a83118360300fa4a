"""The first rows of large CSV files take few bytes, and rows that are long are read whole."""

import pytest

from datamesh.tables.scan import TEXT_READ_BYTES
from tests.conftest import Serve
from tests.lambdas import Client
from tests.tables import PATH, dataset

SCHEMA = {"n": "integer", "t": "string"}
LONG, LONGEST = 1_950_000, 1_999_990


def serve_csv(serve: Serve, text: str, encoding: str = "utf-8", most: int = 64_000_000) -> Client:
    port = {"location": "domains/sales/orders/", "format": "csv", "csv": {"encoding": encoding}}
    files = {"sales/orders/a.csv": text.encode(encoding)}
    return dataset(serve, files, SCHEMA, port, max_scan_bytes=most)


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "reads"), [("utf-8", 1), ("windows-1252", 1), ("utf-16", 2)])
def test_a_first_page_takes_as_many_bytes_in_any_encoding(
    serve: Serve, encoding: str, reads: int
) -> None:
    text = "n,t\n" + "".join(f"{number:06},thé à la menthe\n" for number in range(500_000))
    client = serve_csv(serve, text, encoding)
    page = client.get(PATH, limit=3)
    assert [(row["n"], row["t"]) for row in page.body] == [
        (number, "thé à la menthe") for number in range(3)
    ]
    assert int(page.headers["x-bytes-read"]) == reads * TEXT_READ_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(
    "lengths",
    [[LONG] * 5, [9, 700_000, 1_400_000, LONGEST, 9, LONGEST, 30_000, LONGEST], [600_000] * 9],
    ids=["long", "mixed", "of half a megabyte"],
)
@pytest.mark.parametrize("query", [{"limit": 9}, {"limit": 9, "n_gte": 0}], ids=["page", "all"])
def test_long_lines_are_read_whole(
    serve: Serve, lengths: list[int], quote: str, query: dict[str, object]
) -> None:
    """DuckDB takes a line that lies in two small buffers for several lines, or for no CSV."""
    lines = (f"{n},{quote}{'x' * length}{quote}\n" for n, length in enumerate(lengths))
    client = serve_csv(serve, "n,t\n" + "".join(lines))
    found: list[int] = []
    cursor: dict[str, object] = {}
    for _ in lengths:  # an answer has 4 MiB at most
        page = client.get(PATH, **query, **cursor)
        assert page.status == 200, page.body
        found += [len(row["t"]) for row in page.body]
        if "x-next-cursor" not in page.headers:
            break
        cursor = {"cursor": page.headers["x-next-cursor"]}
    assert found == lengths


def test_a_line_that_is_too_long_is_named_with_the_limit(serve: Serve) -> None:
    client = serve_csv(serve, f"n,t\n1,a\n2,{'x' * 2_000_000}\n")
    page = client.get(PATH, limit=2)
    assert page.status == 424
    assert page.body["message"].endswith("a.csv, line 3: the line is longer than 2000000 bytes")


def test_long_lines_keep_to_the_bounds(serve: Serve) -> None:
    text = "n,t\n" + "".join(f"{n},{'x' * LONG}\n" for n in range(9))
    page = serve_csv(serve, text, most=8_000_000).get(PATH, limit=2)
    assert page.status == 413
