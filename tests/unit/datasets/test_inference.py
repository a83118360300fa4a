"""Inference: what files tell of a dataset, and registration with what they tell."""

import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest

from datamesh.services.registry.registry import Registry
from datamesh.tables.sampling import MAX_SAMPLED_FILES, SAMPLE_BYTES
from tests.conftest import Serve
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, mesh, product_body, resources
from tests.tables import parquet

SECRET = "7351-secret"
ORDERS = {
    "sales/orders/day=2023-07-01/a.parquet": parquet(
        "SELECT 1::BIGINT AS id, 'x' AS name, 0.50::DECIMAL(9,2) AS amount"
    ),
    "sales/orders/day=2023-07-02/b.parquet": parquet(
        "SELECT 2::BIGINT AS id, 'y' AS name, 0.125::DECIMAL(9,3) AS amount, true AS paid"
    ),
}
FEW_COLUMNS = parquet("SELECT 1 AS a")
SCHEMA = {
    "id": "bigint",
    "name": "string",
    "amount": "decimal(10,3)",
    "paid": "boolean",
    "day": "date",
}
PORT = {"location": "domains/sales/orders/", "format": "parquet", "partitions": ["day"]}


def infer(
    serve: Serve, files: Mapping[str, bytes], body: Any = None, registry: Registry | None = None
) -> Answer:
    """Return what is answered about `sales/orders`."""
    client = serve("domains", resources(registry, files))
    return client.post("/domains/sales/orders/infer", body)


def infer_types(serve: Serve, name: str, body: bytes) -> dict[str, str]:
    """Return column -> type of a dataset of one file."""
    answer = infer(serve, {f"sales/orders/{name}": body})
    assert answer.status == 200, answer.body
    return {column["name"]: column["type"] for column in answer.body["columns"]}


def test_footers_tell_columns_types_nulls_and_partitions(serve: Serve) -> None:
    answer = infer(serve, ORDERS)
    assert answer.status == 200
    found = answer.body
    assert (found["location"], found["format"]) == ("domains/sales/orders/", "parquet")
    assert (found["files"], found["files_read"]) == (2, 2)
    assert [(each["name"], each["nullable"], each["origin"]) for each in found["columns"]] == [
        ("id", False, "files"),
        ("name", False, "files"),
        ("amount", False, "files"),
        ("paid", True, "files"),
        ("day", False, "folders"),
    ]
    assert found["registration"]["schema"] == SCHEMA
    assert found["registration"]["output_port"].items() >= PORT.items()
    assert found["warnings"] == [
        "column 'amount' is decimal(9,2) in day=2023-07-01/a.parquet and decimal(9,3) in"
        " day=2023-07-02/b.parquet: decimal(10,3) holds both exactly",
        "column 'paid' is missing in 1 of 2 sampled files, such as day=2023-07-01/a.parquet:"
        " null there",
    ]


def test_the_registration_can_be_sent_as_it_is_and_serves_the_rows(serve: Serve) -> None:
    registry = mesh()
    registration = infer(serve, ORDERS, registry=registry).body["registration"]
    assert registration["owner"] == "unowned"
    found = resources(registry, ORDERS)
    assert serve("products", found).post("/register_product", registration).status == 200
    rows = serve("domains", found).get("/domains/sales/orders")
    assert (rows.status, [row["amount"] for row in rows.body]) == (200, ["0.500", "0.125"])


def test_registration_infers_the_schema(serve: Serve) -> None:
    registry = mesh()
    client = serve("products", resources(registry, ORDERS))
    answer = client.post("/register_product", product_body(schema="infer"))
    assert answer.status == 200, answer.body
    assert answer.body["message"] == "Product 'orders' registered: 5 columns of 2 of 2 files"
    [widened, missing] = answer.body["warnings"]
    assert widened.endswith("decimal(10,3) holds both exactly")
    assert missing.startswith("column 'paid' is missing in 1 of 2 sampled files")
    stored = client.get("/product/orders").body
    assert stored["schema"] == SCHEMA
    assert stored["output_port"].items() >= PORT.items()
    assert stored["owner"] == "sales-team"


def test_what_the_port_says_is_kept(serve: Serve) -> None:
    client = serve("products", resources(files=ORDERS))
    body = product_body(schema="infer", output_port=PORT | {"partitions": []})
    stored = client.post("/register_product", body).body["data"]
    assert stored["output_port"]["partitions"] == []
    assert stored["schema"] == {name: SCHEMA[name] for name in SCHEMA if name != "day"}


def test_a_registration_that_would_lack_a_column_is_refused(serve: Serve) -> None:
    files = {
        "sales/orders/a.parquet": parquet("SELECT 1::BIGINT AS id, 1 AS other"),
        "sales/orders/b.parquet": parquet("SELECT 0.5::DOUBLE AS id, 1 AS other"),
    }
    problem = "column 'id': no type holds bigint in a.parquet and double in b.parquet exactly"
    client = serve("products", resources(files=files))
    answer = client.post("/register_product", product_body(schema="infer"))
    assert answer.status == 424
    assert answer.body["message"] == (
        f"The schema of domains/sales/orders/ cannot be inferred: {problem}"
    )
    assert client.get("/products").body == []
    found = infer(serve, files).body
    assert found["warnings"] == [problem]
    assert found["registration"]["schema"] == {"other": "integer"}


@pytest.mark.parametrize("schema", ["Infer", "", "infer ", 1, None, {}, ["infer"], {"a": 1}])
def test_another_schema_is_refused_by_its_field(serve: Serve, schema: Any) -> None:
    client = serve("products", resources(files=ORDERS))
    answer = client.post("/register_product", product_body(schema=schema))
    assert answer.status == 422
    assert answer.body["errors"][0]["field"].split(".")[0] == "schema"


def test_many_registrations_do_not_infer(serve: Serve) -> None:
    client = serve("products", resources(files=ORDERS))
    answer = client.post("/products/bulk", {"items": [product_body(schema="infer")]})
    assert answer.status == 422


def test_a_repeated_try_answers_what_the_first_has_registered(serve: Serve) -> None:
    client = serve("products", resources(files=ORDERS))
    headers = {"idempotency-key": "k"}
    event = api_event("POST", "/register_product", product_body(schema="infer"), headers=headers)
    first, second = client.send(event), client.send(event)
    assert (first.status, first.body) == (second.status, second.body)


def test_cells_are_of_the_type_that_they_are_written_as(serve: Serve) -> None:
    rows = (
        b"id,code,price,ratio,day,at,start,paid,note,big,empty\n"
        b"1,007,0.50,1e-5,2023-07-01,2023-07-01T10:00:00Z,10:00:00,true,,9223372036854775808,\n"
        b"-2,008,11.25,0.3,2023-07-02,2023-07-01 11:00,11:00:00,False,7351-secret,1,\n"
    )
    assert infer_types(serve, "a.csv", rows) == {
        "id": "bigint",
        "code": "string",
        "price": "decimal",
        "ratio": "double",
        "day": "date",
        "at": "timestamp",
        "start": "time",
        "paid": "boolean",
        "note": "string",
        "big": "decimal(38,0)",
        "empty": "string",
    }


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (b"2023-02-30", "string"),
        (b"2023-07-01\n2023-07-01T10:00:00", "string"),
        (b"1\n1.5", "decimal"),
        (b"1\nx", "string"),
        (b"+1", "string"),
        (b"1.", "string"),
        (b"0.1234567", "double"),
        (b"1\nNA\n2", "bigint"),
        (b"x\nNA", "string"),
        (b"NA", "string"),
        (b"1" * 39, "string"),
        (b"25:00:00", "string"),
    ],
)
def test_a_type_is_that_of_every_cell(serve: Serve, cells: bytes, expected: str) -> None:
    assert infer_types(serve, "a.csv", b"c\n" + cells + b"\n") == {"c": expected}


def test_keys_are_of_the_type_of_all_their_values(serve: Serve) -> None:
    rows = [
        {"id": 1, "x": 0.5, "mixed": 1, "day": "2023-07-01", "code": "12", "tags": [1], "gone": 1},
        {"id": None, "x": 2, "mixed": "a", "day": "2023-07-02", "code": "13", "tags": {}},
        {"id": 2**63, "x": 1, "mixed": True, "day": None, "code": "", "flag": False},
    ]
    body = "\n".join(map(json.dumps, rows)).encode()
    assert infer_types(serve, "a.jsonl", body) == {
        "id": "decimal(38,0)",
        "x": "double",
        "mixed": "string",
        "day": "date",
        "code": "string",
        "tags": "json",
        "gone": "bigint",
        "flag": "boolean",
    }
    columns = infer(serve, {"sales/orders/a.jsonl": body}).body["columns"]
    assert [each["name"] for each in columns if not each["nullable"]] == ["x", "mixed", "code"]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_large_or_compressed_file_is_read_by_its_beginning(serve: Serve, name: str) -> None:
    line = b'1,"x"\n' if name == "a.csv" else b'{"a": 1, "b": "x"}\n'
    body = (b"a,b\n" if name == "a.csv" else b"") + line * (2 * SAMPLE_BYTES // len(line))
    for file, stored in ((name, body), (f"{name}.gz", gzip.compress(body, mtime=0))):
        answer = infer(serve, {f"sales/orders/{file}": stored})
        types = {"a": "bigint", "b": "string"}
        assert {each["name"]: each["type"] for each in answer.body["columns"]} == types
        assert answer.body["bytes_read"] <= SAMPLE_BYTES


def test_of_many_files_a_few_are_read_evenly_spread(serve: Serve) -> None:
    files = {f"sales/orders/{number:03}.parquet": FEW_COLUMNS for number in range(99)}
    files["sales/orders/099.parquet"] = parquet("SELECT 1 AS a, 2 AS last")
    found = infer(serve, files).body
    assert (found["files"], found["files_read"]) == (100, MAX_SAMPLED_FILES)
    assert list(found["registration"]["schema"]) == ["a", "last"]
    assert found["warnings"][0] == "the footers of 16 of 100 files were read: others may differ"


def test_a_delta_table_is_recognised_by_its_log(serve: Serve) -> None:
    files = {**ORDERS, "sales/orders/_delta_log/00000000000000000000.json": b"{}"}
    found = infer(serve, files).body
    assert found["format"] == "delta"
    assert found["registration"]["schema"] == SCHEMA
    port = found["registration"]["output_port"]
    assert (port["format"], port["partitions"]) == ("delta", [])
    assert infer(serve, ORDERS, {"format": "delta"}).status == 424


def test_files_of_no_use_are_named(serve: Serve) -> None:
    files = {
        "sales/orders/a.parquet": parquet("SELECT 1 AS a"),
        "sales/orders/b.parquet": b"no parquet",
        "sales/orders/c.csv": b"a\n1\n",
        "sales/orders/_SUCCESS": b"",
    }
    found = infer(serve, files).body
    assert (found["files"], found["files_read"]) == (2, 1)
    assert found["warnings"][:2] == [
        "b.parquet: not a Parquet file, or cut off",
        "1 files are skipped, such as c.csv",
    ]
    assert infer(serve, files, {"format": "csv"}).body["registration"]["schema"] == {"a": "bigint"}


def test_a_line_of_null_is_a_row_of_nulls(serve: Serve) -> None:
    found = infer(serve, {"sales/orders/a.jsonl": b'{"id": 1}\nnull\n'}).body
    [column] = found["columns"]
    assert (found["rows_read"], column["type"], column["nullable"]) == (2, "bigint", True)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "domains/sales/orders/ holds no parquet, csv or jsonl file"),
        ({"a.txt": b"x"}, "domains/sales/orders/ holds no parquet, csv or jsonl file"),
        (
            {"a.parquet": b"x"},
            "domains/sales/orders/a.parquet: not a Parquet file, or cut off",
        ),
        (
            {"a.jsonl": b"[1]\n"},
            "domains/sales/orders/a.jsonl: line 1: not a JSON object; each line has to be one",
        ),
        (
            {"a.json": b'{\n"a": 1\n}\n'},
            "domains/sales/orders/a.json: line 1: not valid JSON; each line has to be one object",
        ),
        (
            {"a.jsonl": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"},
            "domains/sales/orders/a.jsonl: line 1: nested too deeply to be looked at",
        ),
        (
            {"a.jsonl": b'{"a": "' + b"x" * 300_000 + b'"}\n'},
            "domains/sales/orders/a.jsonl: its first line is longer than the 262144 bytes that are"
            " looked at; register the product with its columns in `schema`",
        ),
        (
            {"a.csv": "a,b\n1,2\n".encode("utf-32")},
            "domains/sales/orders/a.csv: UTF-32, which is not read; write the file in UTF-8",
        ),
        ({"a.csv": b'a\n"x'}, "domains/sales/orders/a.csv: not CSV with closed quotes"),
        ({"a.csv.gz": b"xx"}, "domains/sales/orders/a.csv.gz: its gzip stream is damaged"),
        (
            {"a.csv.zst": b"xx"},
            "domains/sales/orders/a.csv.zst: is compressed with zstd, of which no sample can be"
            " read; register the product with its columns in `schema`, or store a file as gzip or"
            " uncompressed",
        ),
    ],
)
def test_without_a_readable_file_nothing_is_inferred(
    serve: Serve, files: Mapping[str, bytes], message: str
) -> None:
    stored = {f"sales/orders/{name}": body for name, body in files.items()}
    answer = infer(serve, stored)
    assert (answer.status, answer.body["message"]) == (424, message)
    client = serve("products", resources(files=stored))
    answer = client.post("/register_product", product_body(schema="infer"))
    assert (answer.status, answer.body["message"]) == (424, message)


def test_a_null_marker_in_json_is_text(serve: Serve) -> None:
    body = b'{"a": "2020-01-01"}\n{"a": "NULL"}\n{"a": null}\n'
    assert infer(serve, {"sales/orders/a.jsonl": body}).body["registration"]["schema"] == {
        "a": "string"
    }


def test_a_key_with_blanks_at_its_ends_is_left_out(serve: Serve) -> None:
    found = infer(serve, {"sales/orders/a.jsonl": b'{" a": 1, "b": 2}\n'}).body
    assert found["registration"]["schema"] == {"b": "bigint"}
    assert "column ' a' has no name that a schema could have" in found["warnings"]


@pytest.mark.parametrize(("name", "body"), [("a.jsonl", '{"a": %s}\n'), ("a.csv", "a,b\n%s,x\n")])
@pytest.mark.parametrize("number", ["1e400", "1" * 39, "-" + "9" * 60, "1" * 5000])
def test_a_number_that_no_type_holds_is_text(
    serve: Serve, name: str, body: str, number: str
) -> None:
    found = resources(mesh(), {f"sales/orders/{name}": (body % number).encode()})
    answer = serve("products", found).post("/register_product", product_body(schema="infer"))
    assert answer.body["data"]["schema"]["a"] == "string"
    assert serve("domains", found).get("/domains/sales/orders", columns="a").body == [{"a": number}]


def test_columns_that_a_schema_cannot_tell_apart_are_left_out(serve: Serve) -> None:
    body = b'id,ID, x,"",y,z,z, y\n1,2,3,4,5,6,7,8\n'
    found = infer(serve, {"sales/orders/a.csv": body}).body
    assert list(found["registration"]["schema"]) == ["id", "x", "column3", "y"]
    assert found["warnings"][:3] == [
        "column 'z' is there twice",
        "column 'ID' differs from 'id' in case alone",
        "column ' y' is there twice",
    ]


@pytest.mark.parametrize(
    ("body", "csv", "row"),
    [
        ("id;name\n1;a,b\n", {"delimiter": ";"}, {"id": 1, "name": "a,b"}),
        ("id\tname\n1\tb\n", {"delimiter": "\t"}, {"id": 1, "name": "b"}),
        ("1,b\n2,c\n", {"header": False}, {"column0": 1, "column1": "b"}),
        ("id,name\n1,b\nNA,c\n", {"nulls": ["", "NA"]}, {"id": 1, "name": "b"}),
        ("id,name\n1,caf\u00e9\n", {"encoding": "windows-1252"}, {"id": 1, "name": "caf\u00e9"}),
        ('id,name\n1,"b;c"\n', None, {"id": 1, "name": "b;c"}),
        (',name\n1,"b"\n', None, {"column0": 1, "name": "b"}),
    ],
)
def test_the_form_of_csv_files_is_found_and_read(
    serve: Serve, body: str, csv: dict[str, Any] | None, row: dict[str, Any]
) -> None:
    encoding = (csv or {}).get("encoding", "utf-8")
    registry = mesh()
    found = resources(registry, {"sales/orders/a.csv": body.encode(encoding)})
    answer = serve("products", found).post("/register_product", product_body(schema="infer"))
    assert answer.status == 200, answer.body
    default = {
        "delimiter": ",",
        "quote": '"',
        "escape": None,
        "encoding": "utf-8",
        "nulls": [""],
        "header": True,
        "skip": 0,
        "date_format": None,
        "timestamp_format": None,
    }
    assert answer.body["data"]["output_port"].get("csv") == (csv and default | csv)
    assert serve("domains", found).get("/domains/sales/orders").body[0] == row


def test_a_form_of_csv_files_that_is_given_is_kept(serve: Serve) -> None:
    body = b"a report\nid|name\n1|b;c;d\n2|-\n"
    csv = {"delimiter": "|", "skip": 1, "nulls": ["-"]}
    found = infer(serve, {"sales/orders/a.csv": body}, {"csv": csv}).body
    assert found["registration"]["schema"] == {"id": "bigint", "name": "string"}
    assert found["registration"]["output_port"]["csv"].items() >= csv.items()
    assert [each["nullable"] for each in found["columns"]] == [False, True]


def test_a_location_of_another_domain_is_refused_before_it_is_read(serve: Serve) -> None:
    for location in ("domains/finance/orders/", "s3://lake/orders/"):
        answer = infer(serve, ORDERS, {"location": location})
        assert answer.status == 422
        assert "is no location of the domain 'sales'" in answer.body["message"]
        client = serve("products", resources(files=ORDERS))
        port = {"location": location, "format": "parquet"}
        answer = client.post("/register_product", product_body(schema="infer", output_port=port))
        assert answer.status == 422


def test_a_registered_product_says_where_its_files_are(serve: Serve) -> None:
    registry = mesh()
    port = {"location": "domains/sales/other/", "format": "parquet", "partitions": ["day"]}
    add_product(registry, "orders", output_port=port, description="Kept")
    files = {path.replace("/orders/", "/other/"): body for path, body in ORDERS.items()}
    found = infer(serve, files, registry=registry).body
    assert found["registration"]["output_port"].items() >= port.items()
    assert found["registration"]["description"] == "Kept"
    assert found["warnings"][-1] == (
        "product 'orders' is registered: PUT /product/orders takes `schema` and `output_port`"
    )


def test_no_value_is_shown(serve: Serve) -> None:
    files = {
        "sales/orders/a.csv": f"id,note\n1,{SECRET}\n2,\n".encode(),
        "sales/orders/b.csv": f"id,note\n{SECRET},1\n3\n".encode(),
    }
    content = infer(serve, files).content
    assert SECRET.encode() not in content
    secret = f"SELECT '{SECRET}' AS note"
    assert SECRET.encode() not in infer(serve, {"sales/orders/a.parquet": parquet(secret)}).content


def test_a_caller_without_a_principal_is_refused(serve: Serve) -> None:
    client = serve("domains", resources(files=ORDERS))
    event = api_event("POST", "/domains/sales/orders/infer", principal=None)
    assert client.send(event).status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "orc"}, "format"),
        ({"location": "sales/orders"}, "location"),
        ({"partitions": ["a", "A"]}, "partitions"),
        ({"schema": {}}, "schema"),
        ({"owner": " "}, "owner"),
    ],
)
def test_a_field_that_is_wrong_is_named(serve: Serve, body: Any, field: str) -> None:
    answer = infer(serve, ORDERS, body)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


def test_a_file_whose_name_says_that_it_has_tabs_is_csv(serve: Serve) -> None:
    found = infer(serve, {"sales/orders/a.tsv": b"id\tname\n1\tx\n"}).body
    assert (found["format"], found["registration"]["schema"]) == (
        "csv",
        {"id": "bigint", "name": "string"},
    )
    assert found["registration"]["output_port"]["csv"]["delimiter"] == "\t"
