"""The format of a page of rows that its address names, and the name of the file."""

import json
from typing import Any

import pytest

from datamesh.http.dataset_pages import build_disposition
from datamesh.models.datasets import PageFormat
from tests.conftest import Serve
from tests.lambdas import Client, api_event
from tests.tables import PATH, one_file

FORMATS = {
    "json": ("application/json", "json"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "jsonl": ("application/x-ndjson", "jsonl"),
    "parquet": ("application/vnd.apache.parquet", "parquet"),
    "arrow": ("application/vnd.apache.arrow.stream", "arrows"),
}


@pytest.fixture
def client(serve: Serve) -> Client:
    schema = {"a": "bigint", "format": "string"}
    return one_file(serve, "a.csv", b"a,format\n1,x\n2,y\n3,x\n", schema)


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_wins_over_accept_and_names_the_file(client: Client, format: str) -> None:
    headers = {"accept": "text/csv" if format == "json" else "application/json"}
    query = {"format": format, "limit": 1}
    answer = client.send(
        api_event("GET", PATH, query=query, principal="anonymous", headers=headers)
    )
    media_type, extension = FORMATS[format]
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    name = PATH.rpartition("/")[2]
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.{extension}"'
    accepted = client.send(
        api_event(
            "GET", PATH, query={"limit": 1}, principal="anonymous", headers={"accept": media_type}
        )
    )
    assert accepted.content == answer.content
    assert accepted.headers["etag"] == answer.headers["etag"]
    assert "content-disposition" not in accepted.headers


def test_another_format_is_refused_with_those_that_there_are(client: Client) -> None:
    answer = client.get(PATH, format="xlsx")
    assert answer.status == 422
    [error] = answer.body["errors"]
    assert (error["field"], error["location"]) == ("format", "query")
    assert [name for name in FORMATS if f"'{name}'" not in error["message"]] == []


def test_a_format_given_twice_is_refused(client: Client) -> None:
    event: Any = api_event("GET", PATH, principal="anonymous")
    event["rawQueryString"] = "format=csv&format=json"
    assert client.send(event).status == 422


def test_pages_go_on_in_any_format(client: Client) -> None:
    first = client.get(PATH, format="jsonl", columns="a", limit=2)
    cursor = first.headers["x-next-cursor"]
    last = client.get(PATH, format="csv", columns="a", limit=2, cursor=cursor)
    assert [json.loads(line) for line in first.content.splitlines()] == [{"a": 1}, {"a": 2}]
    assert last.content == b'"a"\r\n3\r\n'
    assert "x-next-cursor" not in last.headers


def test_a_column_called_format_is_filtered_by_an_operator(client: Client) -> None:
    assert [row["a"] for row in client.get(PATH, format_in="x").body] == [1, 3]


@pytest.mark.parametrize(
    ("dataset", "disposition"),
    [
        ("orders", 'attachment; filename="orders.csv"'),
        ("a-b_c.d", 'attachment; filename="a-b_c.d.csv"'),
        ('a"b', "attachment; filename=\"a_b.csv\"; filename*=UTF-8''a%22b.csv"),
        ("a b;c\\", "attachment; filename=\"a_b_c_.csv\"; filename*=UTF-8''a%20b%3Bc%5C.csv"),
        ("../x\r\ny", "attachment; filename=\".._x__y.csv\"; filename*=UTF-8''..%2Fx%0D%0Ay.csv"),
        ("ä€", "attachment; filename=\"__.csv\"; filename*=UTF-8''%C3%A4%E2%82%AC.csv"),
    ],
)
def test_any_name_of_a_dataset_is_safe_in_a_header(dataset: str, disposition: str) -> None:
    assert build_disposition(dataset, PageFormat.CSV) == disposition
