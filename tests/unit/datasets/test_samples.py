"""Samples of text files for inference are read as their rows are."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Answer
from tests.meshes import resources


def infer(serve: Serve, name: str, content: bytes, body: Any = None) -> Answer:
    client = serve("domains", resources(files={f"sales/orders/{name}": content}))
    return client.post("/domains/sales/orders/infer", body)


def test_numbers_that_json_lines_have_beside_json_are_sampled(serve: Serve) -> None:
    content = b'{"x": NaN, "y": Infinity, "z": NaN}\n{"x": 1.5, "y": 2.5, "z": NaN}\n'
    columns = infer(serve, "a.jsonl", content).body["columns"]
    assert [(each["name"], each["type"], each["nullable"]) for each in columns] == [
        ("x", "double", True),
        ("y", "double", False),
        ("z", "string", True),
    ]


def test_a_byte_order_mark_of_json_lines_is_passed_over(serve: Serve) -> None:
    [column] = infer(serve, "a.jsonl", b'\xef\xbb\xbf{"x": 1}\n').body["columns"]
    assert (column["name"], column["type"]) == ("x", "bigint")


@pytest.mark.parametrize(
    ("content", "csv", "message"),
    [
        (b'a,b\n1,"x\ny"\n3\n', None, "line 4: expected 2 columns, found 1"),
        (
            b"Title\na;b\n1;2;3\n",
            {"delimiter": ";", "skip": 1},
            "line 3: expected 2 columns, found 3",
        ),
    ],
)
def test_the_line_with_another_number_of_cells_is_named(
    serve: Serve, content: bytes, csv: Any, message: str
) -> None:
    answer = infer(serve, "a.csv", content, csv and {"csv": csv})
    assert answer.status == 424
    assert answer.body["message"] == f"domains/sales/orders/a.csv: {message}"


@pytest.mark.parametrize(
    ("content", "csv"),
    [
        (b"a,b\n1,'x,y'\n", {"quote": "'"}),
        (b'a,b\n1,"x\n', {"quote": None}),
        (b'a,b\n1,"x\\",y"\n', {"escape": "\\"}),
    ],
)
def test_quotes_are_those_that_the_request_names(serve: Serve, content: bytes, csv: Any) -> None:
    answer = infer(serve, "a.csv", content, {"csv": csv})
    assert answer.status == 200, answer.body
    assert [(each["name"], each["type"]) for each in answer.body["columns"]] == [
        ("a", "bigint"),
        ("b", "string"),
    ]
