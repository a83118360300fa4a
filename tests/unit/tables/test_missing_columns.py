"""A column that files lack is null and said; files with no column of the schema are an error."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Answer
from tests.tables import PATH, dataset, one_file, parquet

BODIES = {
    "parquet": parquet("SELECT 1 AS id"),
    "csv": b"id\n1\n",
    "jsonl": b'{"id": 1}\n',
}
SCHEMA = {"id": "integer", "amount": "decimal(9,2)", "a,b": "string"}


def find_missing(answer: Answer) -> str | None:
    assert answer.status == 200, answer.body
    return answer.headers.get("x-missing-columns")


@pytest.mark.parametrize("ending", BODIES)
def test_columns_that_files_lack_are_null_and_said(serve: Serve, ending: str) -> None:
    client = one_file(serve, f"a.{ending}", BODIES[ending], SCHEMA)
    answer = client.get(PATH)
    assert answer.body == [{"id": 1, "amount": None, "a,b": None}]
    assert find_missing(answer) == "amount,a%2Cb"
    assert find_missing(client.get(PATH, columns="id")) is None
    assert find_missing(client.get(PATH, columns="id", order_by="amount")) == "amount"
    filtered = client.get(PATH, columns="id", amount_gt="0")
    assert (filtered.body, find_missing(filtered)) == ([], "amount")
    assert find_missing(client.get(PATH, columns="amount")) == "amount"
    failures = client.get(f"{PATH}/profile").body["failures"]
    assert [(each["assertion"], each["column"]) for each in failures] == [
        ("column_is_present", "amount"),
        ("column_is_present", "a,b"),
    ]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_column_of_some_files_is_missing_once_another_is_read(serve: Serve, ending: str) -> None:
    more = {"parquet": parquet("SELECT 2 AS id, 'x' AS note"), "csv": b"id,note\n2,x\n"}[ending]
    files = {f"sales/orders/1.{ending}": more, f"sales/orders/2.{ending}": BODIES[ending]}
    client = dataset(serve, files, {"id": "integer", "note": "string"})
    assert find_missing(client.get(PATH, limit=1)) is None
    assert find_missing(client.get(PATH)) == "note"


def test_a_key_of_any_row_of_json_lines_is_there(serve: Serve) -> None:
    rows = b'{"id": 1}\n' * 200 + b'{"id": 2, "note": "x"}\n'
    client = one_file(serve, "a.jsonl", rows, {"id": "integer", "note": "string"})
    assert find_missing(client.get(PATH, limit=5)) == "note"
    assert find_missing(client.get(PATH, note="x")) is None
    assert find_missing(client.get(PATH, limit=1000)) is None
    null = one_file(serve, "a.jsonl", b'{"id": null}\n', {"id": "integer"})
    assert find_missing(null.get(PATH)) is None
    empty = one_file(serve, "a.jsonl", b"{}\n", {"id": "integer"})
    assert find_missing(empty.get(PATH)) == "id"


def test_blanks_at_the_ends_of_a_key_of_json_lines_count(serve: Serve) -> None:
    schema = {"id": "integer", "note": "string"}
    client = one_file(serve, "a.jsonl", b'{" id": 1, "note": "a"}\n', schema)
    answer = client.get(PATH)
    assert (answer.body, find_missing(answer)) == ([{"id": None, "note": "a"}], "id")
    failures = client.get(f"{PATH}/profile").body["failures"]
    assert {each["column"] for each in failures} == {"id", " id"}
    alone = one_file(serve, "a.jsonl", b'{" id": 1}\n', {"id": "integer"})
    assert alone.get(PATH).status == 424


def test_the_list_of_missing_columns_is_bounded(serve: Serve) -> None:
    names = [f"column_{number:03}_{'x' * 80}" for number in range(50)]
    schema = {"id": "integer", **dict.fromkeys(names, "string")}
    answer = one_file(serve, "a.csv", b"id\n1\n", schema).get(PATH)
    found = find_missing(answer)
    assert found == ",".join([*names[:10], "*"])
    long = {"id": "integer", "ä" * 200: "string"}
    assert find_missing(one_file(serve, "a.csv", b"id\n1\n", long).get(PATH)) == "*"


NOTHING_THERE: dict[str, tuple[bytes, str]] = {
    "semicolon.csv": (
        b"id;amount\n1;2\n",
        "(it has 1); check the names, which have to be equal, and",
    ),
    "tab.csv": (b"id\tamount\n1\t2\n", "(it has 1);"),
    "sep.csv": (b"sep=,\nid,amount\n1,2\n", "(it has 2);"),
    "a.parquet": (parquet("SELECT 1 AS ID, 2 AS other"), "(it has 2);"),
    "a.jsonl": (b'{"ID": 1, "other": 2}\n', "(it has 2);"),
}


@pytest.mark.parametrize("name", NOTHING_THERE)
@pytest.mark.parametrize("query", [{}, {"id": "1"}, {"order_by": "id"}, {"columns": "amount"}])
def test_a_file_without_any_column_of_the_schema_is_an_error(
    serve: Serve, name: str, query: dict[str, Any]
) -> None:
    body, message = NOTHING_THERE[name]
    client = one_file(serve, name, body, {"id": "integer", "amount": "integer"})
    answer = client.get(PATH, **query)
    assert answer.status == 424
    assert answer.body["message"].startswith(
        f"domains/sales/orders/{name}: it has none of the columns of the schema {message}"
    )
    assert "other," not in answer.body["message"]
    check = client.post(f"{PATH}/check", None).body["data"]
    assert check["status"] == "failed"


@pytest.mark.parametrize("ending", BODIES)
def test_a_folders_column_that_is_no_partition_is_an_error(serve: Serve, ending: str) -> None:
    port = {"location": "domains/sales/orders/", "format": ending}
    schema = {"id": "integer", "day": "integer"}
    files = {f"sales/orders/day=1/a.{ending}": BODIES[ending]}
    client = dataset(serve, files, schema, port)
    answer = client.get(PATH)
    assert answer.status == 424
    assert answer.body["message"] == (
        f"domains/sales/orders/day=1/a.{ending}: its folders have the column 'day', which"
        " `partitions` of the output port do not name"
    )
    assert client.get(PATH, columns="id").body == [{"id": 1}]
    own = {
        "parquet": parquet("SELECT 1 AS id, 5 AS day"),
        "csv": b"id,day\n1,5\n",
        "jsonl": b'{"id": 1, "day": 5}\n',
    }[ending]
    client = dataset(serve, {f"sales/orders/day=1/a.{ending}": own}, schema, port)
    assert client.get(PATH).body == [{"id": 1, "day": 5}]


def test_files_that_have_the_columns_of_folders_alone_are_read(serve: Serve) -> None:
    port = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["day"]}
    files = {"sales/orders/day=1/a.csv": b"id\n1\n"}
    answer = dataset(serve, files, {"day": "integer"}, port).get(PATH)
    assert (answer.body, find_missing(answer)) == ([{"day": 1}], None)
