"""Folders' values obey the rules of the registered type, whether they are shown or filtered by."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.tables import PATH, dataset, page_through, parquet


def publish(serve: Serve, folder: str, registered: str) -> Any:
    port = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["d"]}
    files = {f"sales/orders/d={folder}/x.parquet": parquet("SELECT 1::BIGINT AS a")}
    return dataset(serve, files, {"a": "bigint", "d": registered}, port)


@pytest.mark.parametrize(
    ("registered", "folder", "asked", "shown"),
    [
        ("bigint", "07", "7", 7),
        ("bigint", "+5", "5", 5),
        ("bigint", "2024.0", "2024", 2024),
        ("boolean", "True", "true", True),
        ("boolean", "FALSE", "false", False),
        ("decimal(10,2)", "1.5", "1.50", "1.50"),
        ("decimal(10,2)", "1.500", "1.5", "1.50"),
        ("number(38,0)", "12345678901234567890", "12345678901234567890", "12345678901234567890"),
        ("date", "2020-01-02", "2020-01-02", "2020-01-02"),
        ("date", "2020-1-2", "2020-01-02", "2020-01-02"),
        ("date", "2020-01-02 00%3A00%3A00", "2020-01-02", "2020-01-02"),
        ("double", "1.5", "1.5", 1.5),
        ("varchar(20)", "a%20b", "a b", "a b"),
        ("string", "+49", "+49", "+49"),
        ("string", "%2B", "+", "+"),
    ],
)
def test_a_folders_value_is_shown_and_found(
    serve: Serve, registered: str, folder: str, asked: str, shown: Any
) -> None:
    client = publish(serve, folder, registered)
    assert client.get(PATH).body == [{"a": 1, "d": shown}]
    assert client.get(PATH, d=asked).body == [{"a": 1, "d": shown}]


@pytest.mark.parametrize(
    ("registered", "folder", "asked"),
    [
        ("bigint", "1.6", "2"),
        ("bigint", str(2**63), "1"),
        ("bigint", "9007199254740993.0", "9007199254740993"),
        ("uint64", "-1", "1"),
        ("decimal(10,2)", "1.129", "1.13"),
        ("decimal(3,2)", "10", "10"),
        ("boolean", "yes", "true"),
        ("date", "2020-01-01 12%3A00%3A00", "2020-01-01"),
        ("date", "2020-13-01", "2020-01-01"),
        ("time", "x", "12:00"),
    ],
)
def test_a_folders_value_that_would_be_rounded_is_an_error(
    serve: Serve, registered: str, folder: str, asked: str
) -> None:
    client = publish(serve, folder, registered)
    plain, filtered = client.get(PATH), client.get(PATH, d=asked)
    assert (plain.status, filtered.status) == (424, 424)
    end = f"x.parquet, column 'd': its folder's value cannot be read as '{registered}' without loss"
    assert plain.body["message"].endswith(end)
    assert filtered.body["message"] == plain.body["message"]
    assert client.get(PATH, columns="a").body == [{"a": 1}]


def test_a_folders_value_that_is_no_text_is_an_error(serve: Serve) -> None:
    """Each such byte would be the same character, and two folders one value."""
    answer = publish(serve, "%E9", "string").get(PATH)
    assert answer.status == 424
    assert "d=%E9/x.parquet, column 'd': its folder's value is not UTF-8" in answer.body["message"]


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_pages_in_the_order_of_folders_are_the_sorted_rows(serve: Serve, form: str) -> None:
    body = {"parquet": parquet("SELECT unnest([1, 2]) AS x"), "csv": b"x\n1\n2\n"}[form]
    folders = ("a", "__HIVE_DEFAULT_PARTITION__", "c", "b")
    files = {f"sales/orders/d={folder}/0.{form}": body for folder in folders}
    port = {"location": "domains/sales/orders/", "format": form, "partitions": ["d"]}
    client = dataset(serve, files, {"x": "bigint", "d": "string"}, port)
    for order, names in (("d", "abc"), ("-d", "cba")):
        rows = page_through(client, order_by=order, limit=1)
        expected = [(d, x) for d in (*names, None) for x in (1, 2)]
        assert [(row["d"], row["x"]) for row in rows] == expected
