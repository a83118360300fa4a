"""Columns are found by their exact names, whatever else a file or DuckDB calls so."""

import json
from typing import Any

import pytest

from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import mesh, resources, store_product
from tests.tables import PATH, dataset, one_file, parquet


def rename_columns(body: bytes, **names: str) -> bytes:
    """Return a Parquet file with other names of the same lengths, which may be equal."""
    for old, new in names.items():
        assert len(old) == len(new)
        body = body.replace(old.encode(), new.encode())
    return body


def failures(client: Client) -> list[tuple[str, str]]:
    found = client.get(f"{PATH}/profile").body["failures"]
    return [(each["assertion"], each["column"]) for each in found]


TWO_CASES = rename_columns(parquet("SELECT 1 AS user_id, 2 AS other_1"), other_1="USER_ID")
IN_TWO_CASES = {
    "a.parquet": TWO_CASES,
    "a.csv": b"user_id,USER_ID\n1,2\n",
    "a.jsonl": b'{"user_id": 1, "USER_ID": 2}\n',
}


@pytest.mark.parametrize("name", IN_TWO_CASES)
@pytest.mark.parametrize(("column", "value"), [("user_id", 1), ("USER_ID", 2)])
def test_upper_and_lower_case_are_two_names(
    serve: Serve, name: str, column: str, value: int
) -> None:
    client = one_file(serve, name, IN_TWO_CASES[name], {column: "integer"})
    assert client.get(PATH).body == [{column: value}]
    assert len(client.get(PATH, **{column: str(value)}).body) == 1
    profile = client.get(f"{PATH}/profile").body
    least = {each["name"]: each["min"] for each in profile["columns"]}
    other = ({"user_id", "USER_ID"} - {column}).pop()
    assert least == {column: str(value), other: None}
    assert failures(client) == [("column_is_registered", other)]


def test_files_of_one_dataset_may_write_a_name_in_two_cases(serve: Serve) -> None:
    """DuckDB would take the two for one column."""
    files = {
        "sales/orders/1.parquet": parquet("SELECT 1 AS id, 10 AS amount"),
        "sales/orders/2.parquet": parquet("SELECT 20 AS amount, 2 AS ID"),
        "sales/orders/3.parquet": parquet("SELECT 3 AS id, 30 AS amount"),
    }
    client = dataset(serve, files, {"id": "integer", "amount": "integer"})
    rows = [{"id": 1, "amount": 10}, {"id": None, "amount": 20}, {"id": 3, "amount": 30}]
    assert client.get(PATH).body == rows
    assert client.get(PATH, amount_gt="0").body == rows
    assert client.get(PATH, order_by="-amount").body == rows[::-1]
    assert client.get(PATH, amount_gt="0", limit=2).body == rows[:2]
    assert failures(client) == [("column_is_registered", "ID")]


def test_a_name_that_a_file_has_twice_is_refused_if_it_is_registered(serve: Serve) -> None:
    double = rename_columns(parquet("SELECT 1 AS same, 2 AS sane, 3 AS same_1"), sane="same")
    for name, body in {"a.parquet": double, "a.csv": b"same,same,same_1\n1,2,3\n"}.items():
        client = one_file(serve, name, body, {"same": "integer"})
        for path in (PATH, f"{PATH}/profile"):
            answer = client.get(path)
            assert answer.status == 424
            assert answer.body["message"] == (
                f"domains/sales/orders/{name}: 2 columns are called 'same'"
            )
        # DuckDB calls the second one so.
        assert one_file(serve, name, body, {"same_1": "integer"}).get(PATH).body == [{"same_1": 3}]


OWN_NAMES = ("file_index", "file_row_number", "filename", "rowid", "col0", "File_Index")


@pytest.mark.parametrize("own", OWN_NAMES)
@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_columns_that_duckdb_has_names_for_are_read(serve: Serve, own: str, ending: str) -> None:
    bodies = {
        "parquet": parquet(f"SELECT 1 AS id, 7 AS {own}"),
        "csv": f"id,{own}\n1,7\n".encode(),
        "jsonl": f'{{"id": 1, "{own}": 7}}\n'.encode(),
    }
    files = {f"sales/orders/day={day}/a.{ending}": bodies[ending] for day in "12"}
    port = {"location": "domains/sales/orders/", "format": ending, "partitions": ["day"]}
    client = dataset(serve, files, {"id": "integer", own: "integer"}, port)
    rows = [{"id": 1, own: 7, "day": day} for day in "12"]
    assert client.get(PATH).body == rows
    assert client.get(PATH, order_by="-day", **{own: "7"}).body == rows[::-1]
    assert failures(client) == []


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_blanks_at_the_ends_of_a_name_count_only_if_nothing_else_does(
    serve: Serve, ending: str
) -> None:
    one = {
        "parquet": parquet('SELECT 1 AS id, 2 AS " amount "'),
        "csv": b"id, amount \n1,2\n",
    }[ending]
    client = one_file(serve, f"a.{ending}", one, {"id": "integer", "amount": "integer"})
    assert client.get(PATH).body == [{"id": 1, "amount": 2}]
    assert failures(client) == []
    two = {
        "parquet": parquet('SELECT 1 AS " amount", 2 AS amount'),
        "csv": b" amount,amount\n1,2\n",
    }[ending]
    client = one_file(serve, f"a.{ending}", two, {"amount": "integer"})
    assert client.get(PATH).body == [{"amount": 2}]
    none = {
        "parquet": parquet('SELECT 1 AS " amount", 2 AS "amount "'),
        "csv": b" amount,amount \n1,2\n",
    }[ending]
    assert one_file(serve, f"a.{ending}", none, {"amount": "integer"}).get(PATH).status == 424


@pytest.mark.parametrize("columns", [2, 12])
def test_a_column_without_a_name_is_called_by_its_place(serve: Serve, columns: int) -> None:
    names = ["", *(f"c{number}" for number in range(1, columns))]
    body = ",".join(names) + "\n" + ",".join(map(str, range(columns))) + "\n"
    quoted = '""' + body
    for content in (body, quoted):
        client = one_file(serve, "a.csv", content.encode(), {"column0": "integer", "c1": "integer"})
        assert client.get(PATH).body == [{"column0": 0, "c1": 1}]


def test_fields_within_a_column_that_differ_by_case_alone_are_refused(serve: Serve) -> None:
    """DuckDB would call the second one `NAME_1`, or take those of two files for one."""
    one = parquet("SELECT 1 AS id, {'name': 1, 'nane': 2} AS person")
    client = one_file(
        serve, "a.parquet", rename_columns(one, nane="NAME"), {"id": "integer", "person": "struct"}
    )
    answer = client.get(PATH)
    assert answer.status == 424
    assert answer.body["message"].startswith("domains/sales/orders/a.parquet, column 'person': two")
    assert client.get(PATH, columns="id").body == [{"id": 1}]
    files = {
        "sales/orders/1.parquet": parquet("SELECT {'name': 1} AS person"),
        "sales/orders/2.parquet": parquet("SELECT {'NAME': 2} AS person"),
    }
    assert dataset(serve, files, {"person": "struct"}).get(PATH, limit=5).status == 424


def test_fields_within_a_column_may_come_and_go(serve: Serve) -> None:
    files = {
        "sales/orders/1.parquet": parquet("SELECT 1 AS id, [{'a': 1}] AS parts"),
        "sales/orders/2.parquet": parquet("SELECT 2 AS id, [{'a': 1, 'b': 2}] AS parts"),
    }
    client = dataset(serve, files, {"id": "integer", "parts": "array"})
    assert client.get(PATH, id_gt="0").body == [
        {"id": 1, "parts": [{"a": 1}]},
        {"id": 2, "parts": [{"a": 1, "b": 2}]},
    ]


@pytest.mark.parametrize("key", ["", "a/b~c", 'quo"ted', "name "])
def test_any_key_of_json_lines_is_profiled(serve: Serve, key: str) -> None:
    row: dict[str, Any] = {"id": 1, "ID": 2, key: None}
    client = one_file(serve, "a.jsonl", (json.dumps(row) + "\n").encode(), {"id": "integer"})
    found = {each["name"]: each["nulls"] for each in client.get(f"{PATH}/profile").body["columns"]}
    assert found == {"id": 0, "ID": 0, key: 1}


def test_a_stored_schema_with_names_that_differ_by_case_is_refused_by_name(serve: Serve) -> None:
    registry = mesh()
    store_product(registry, schema={"id": "integer", "ID": "integer"})
    files = {"sales/orders/a.csv": b"id\n1\n"}
    answer = serve("domains", resources(registry, files)).get(PATH)
    assert answer.status == 424
    assert "'id' and 'ID'" in answer.body["message"]
