"""Columns that are proposed by what files say of them, and by their rows."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.services.registry.registry import Registry
from datamesh.tables.arrow_schema import read_field_metadata
from datamesh.tables.parquet_descriptions import read_descriptions
from datamesh.tables.parquet_schema import read_footer
from tests.conftest import Serve
from tests.lambdas import Answer, api_event
from tests.meshes import add_product, mesh, resources

ROWS = 200
STATES = ["packed", "sent", "delivered", "lost"]
SPARK = "org.apache.spark.sql.parquet.row.metadata"


def describe(name: str, kind: pa.DataType, **metadata: str) -> pa.Field:
    return pa.field(name, kind, metadata=metadata or None)


FIELDS = [
    describe("parcel_id", pa.string(), comment="Number of the parcel, até 12 digits", unit="none"),
    describe("state", pa.string(), description="State of the parcel"),
    describe("floor", pa.int32()),
    describe("weight", pa.float64()),
    describe("note", pa.string()),
]
COLUMNS: dict[str, list[Any]] = {
    "parcel_id": [f"P{number:05}" for number in range(ROWS)],
    "state": [STATES[number % 4] for number in range(ROWS)],
    "floor": [number % 3 for number in range(ROWS)],
    "weight": [1.5] * ROWS,
    "note": [None if number == 7 else f"n{number}" for number in range(ROWS)],
}


def write_parquet(
    columns: Mapping[str, Sequence[Any]] = COLUMNS,
    fields: Sequence[pa.Field] = FIELDS,
    **metadata: str,
) -> bytes:
    schema = pa.schema(fields, metadata=metadata or None)
    file = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema), file)
    return file.getvalue()


FILES = {"sales/parcels/a.parquet": write_parquet()}
CONTRIBUTOR = [{"role": "contributor", "domain": "sales"}]


def infer(
    serve: Serve,
    files: Mapping[str, bytes],
    registry: Registry | None = None,
    grants: Any = CONTRIBUTOR,
) -> Answer:
    client = serve("domains", resources(registry, files))
    path = "/domains/sales/parcels/infer"
    answer = client.send(api_event("POST", path, principal="key:etl", grants=grants))
    assert answer.status == 200, answer.body
    return answer


def test_a_proposal_is_registered_as_it_is(serve: Serve, registry: Registry) -> None:
    found = infer(serve, FILES, registry).body
    schema = {
        "parcel_id": {
            "type": "string",
            "description": "Number of the parcel, até 12 digits",
            "required": True,
            "unique": True,
            "primary_key": 1,
        },
        "state": {
            "type": "string",
            "description": "State of the parcel",
            "required": True,
            "enum": sorted(STATES),
        },
        "floor": {"type": "integer", "required": True, "enum": [0, 1, 2]},
        "weight": {"type": "double", "required": True},
        "note": "string",
    }
    assert found["registration"]["schema"] == schema
    assert found["rows_read"] == ROWS
    assert found["warnings"] == [
        f"`required`, `unique`, `primary_key` and `enum` are proposals by {ROWS} rows: other rows"
        " may differ"
    ]
    client = serve("products", resources(registry, FILES))
    answer = client.post("/register_product", found["registration"])
    assert answer.status == 200, answer.body
    columns = {each["name"]: each for each in answer.body["data"]["columns"]}
    assert columns["state"]["enum"] == sorted(STATES)
    checked = serve("domains", resources(registry, FILES)).post("/domains/sales/parcels/check", {})
    assert checked.body["data"]["status"] == "passed", checked.body


def test_rows_of_several_files_are_read(serve: Serve) -> None:
    lines = [{"id": number, "kind": f"k{number % 25}", "flag": True} for number in range(ROWS)]
    half = ROWS // 2
    files = {
        f"sales/parcels/{name}.jsonl": "".join(json.dumps(each) + "\n" for each in part).encode()
        for name, part in (("a", lines[:half]), ("b", lines[half:]))
    }
    schema = infer(serve, files).body["registration"]["schema"]
    assert schema == {
        "id": {"type": "bigint", "required": True, "unique": True, "primary_key": 1},
        "kind": {"type": "string", "required": True},  # 25 values are too many
        "flag": {"type": "boolean", "required": True},
    }
    twice = {**files, "sales/parcels/c.jsonl": files["sales/parcels/a.jsonl"]}
    assert "unique" not in infer(serve, twice).body["registration"]["schema"]["id"]


def test_of_few_rows_nothing_is_proposed(serve: Serve) -> None:
    few = {name: values[:9] for name, values in COLUMNS.items()}
    found = infer(serve, {"sales/parcels/a.parquet": write_parquet(few)}).body
    schema = found["registration"]["schema"]
    assert schema["parcel_id"].keys() == {"type", "description"}
    assert (schema["floor"], found["warnings"]) == ("integer", [])


def test_a_column_that_a_file_does_not_have_is_not_required(serve: Serve) -> None:
    other = write_parquet({"parcel_id": ["Q1"]}, FIELDS[:1])
    schema = infer(serve, {**FILES, "sales/parcels/b.parquet": other}).body["registration"][
        "schema"
    ]
    assert "required" in schema["parcel_id"]
    assert "required" not in schema["state"]


def read_enums(answer: Answer) -> dict[str, Any]:
    return {each["name"]: each["enum"] for each in answer.body["columns"] if "enum" in each}


PORT = {"location": "domains/sales/parcels/", "format": "parquet"}
STEWARD = [{"role": "steward", "domain": "sales"}]


@pytest.mark.parametrize(
    ("product", "contributor", "steward"),
    [
        ({}, {"state", "floor"}, {"state", "floor"}),
        ({"restricted_columns": ["state"]}, set(), {"floor"}),
        ({"domain": "finance", "visibility": "private"}, set(), set()),
        ({"domain": "finance", "restricted_columns": ["note"]}, set(), set()),
    ],
)
def test_values_are_shown_to_those_who_read_all_columns(
    product: dict[str, Any],
    contributor: set[str],
    steward: set[str],
    serve: Serve,
) -> None:
    registry = replace(mesh(), data_locations={"finance": ("domains/sales/parcels/",)})
    schema = dict.fromkeys(COLUMNS, "string")
    add_product(registry, "others", **{"schema": schema, "output_port": PORT, **product})
    assert read_enums(infer(serve, FILES, registry)).keys() == contributor
    assert read_enums(infer(serve, FILES, registry, STEWARD)).keys() == steward
    assert "required" in infer(serve, FILES, registry).body["registration"]["schema"]["state"]


def read_file(file: bytes) -> dict[str, str]:
    return read_descriptions(read_footer(lambda start, size: file[start : start + size], len(file)))


def write_described(**metadata: Any) -> bytes:
    texts = {key: json.dumps(value) for key, value in metadata.items()}
    return write_parquet({"a": [1], "b": [2]}, [pa.field("a", "i8"), pa.field("b", "i8")], **texts)


@pytest.mark.parametrize(
    ("key", "document"),
    [
        (SPARK, {"type": "struct", "fields": [{"name": "a", "metadata": {"comment": " One "}}]}),
        ("iceberg.schema", {"fields": [{"id": 1, "name": "a", "doc": "One"}]}),
        ("parquet.avro.schema", {"type": "record", "fields": [{"name": "a", "doc": "One"}]}),
        ("pandas", {"columns": [{"name": "a", "metadata": {"description": "One"}}]}),
    ],
)
def test_writers_describe_columns_in_their_own_schemas(key: str, document: Any) -> None:
    assert read_file(write_described(**{key: document})) == {"a": "One"}


@pytest.mark.parametrize("document", [1, [], {"fields": 1}, {"fields": [1, {"name": 2}, {}]}])
def test_what_is_no_schema_describes_nothing(document: Any) -> None:
    assert read_file(write_described(**{SPARK: document})) == {}


def test_a_damaged_footer_describes_nothing() -> None:
    file = write_parquet()
    footer = read_footer(lambda start, size: file[start : start + size], len(file))
    for end in range(0, len(footer), 7):
        read_descriptions(footer[:end])


def test_a_damaged_schema_of_arrow_has_no_metadata() -> None:
    encoded = pq.read_metadata(io.BytesIO(write_parquet())).metadata[b"ARROW:schema"]
    assert read_field_metadata(encoded)["state"] == {"description": "State of the parcel"}
    for end in range(0, len(encoded) - 8, 4):
        read_field_metadata(encoded[:end])
    assert read_field_metadata(encoded[:64]) == {}
