"""Durations, which Parquet holds as integers: the Arrow schema in the footer says in which unit."""

import io
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.tables.arrow_schema import find_arrow_schema, read_durations
from tests.conftest import Serve
from tests.lambdas import Client
from tests.meshes import add_product, mesh, resources
from tests.tables import PATH, one_file

UNITS = ("s", "ms", "us", "ns")
FOLDER = "sales/orders"


def write_parquet(columns: Mapping[str, pa.Array], **options: bool) -> bytes:
    written = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), written, **options)
    return written.getvalue()


def write_durations(unit: str, *counts: int | None) -> bytes:
    return write_parquet({"x": pa.array(counts, pa.duration(unit))})


def publish(serve: Serve, registered: str, files: Mapping[str, bytes]) -> Client:
    registry = mesh()
    port = {"location": "domains/sales/orders/", "format": "parquet"}
    add_product(registry, "orders", domain="sales", schema={"x": registered}, output_port=port)
    named = {f"{FOLDER}/{name}": body for name, body in files.items()}
    return serve("domains", resources(registry, named))


@pytest.mark.parametrize("unit", UNITS)
def test_inferring_says_that_a_column_is_a_duration_and_in_which_unit(
    serve: Serve, unit: str
) -> None:
    body = write_parquet({"id": pa.array([1]), "x": pa.array([90], pa.duration(unit))})
    client = serve("domains", resources(None, {f"{FOLDER}/a.parquet": body}))
    found = client.post("/domains/sales/orders/infer", None).body
    assert found["registration"]["schema"] == {"id": "bigint", "x": f"duration[{unit}]"}
    [warning] = found["warnings"]
    assert warning.startswith("column 'x' is a duration, which Parquet holds as an integer")
    assert "seconds" in warning


def test_durations_within_a_column_are_warned_of(serve: Serve) -> None:
    kind = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.duration("us")))])
    body = write_parquet({"s": pa.array([{"a": 1, "b": [2]}], kind)})
    client = serve("domains", resources(None, {f"{FOLDER}/a.parquet": body}))
    [warning] = client.post("/domains/sales/orders/infer", None).body["warnings"]
    assert "has durations in it (s.b." in warning


def test_files_of_several_units_are_of_no_one_type(serve: Serve) -> None:
    files = {f"{FOLDER}/{unit}.parquet": write_durations(unit, 90) for unit in ("s", "ms")}
    answer = serve("domains", resources(None, files)).post("/domains/sales/orders/infer", None)
    assert answer.status == 424
    assert "no type holds duration[ms] in ms.parquet and duration[s]" in answer.body["message"]


@pytest.mark.parametrize("registered", ["duration[ms]", "timedelta64[ms]"])
def test_every_file_is_brought_to_the_registered_unit(serve: Serve, registered: str) -> None:
    files = {
        "a.parquet": write_durations("s", 90, None),
        "b.parquet": write_durations("ms", 91),
        "c.parquet": write_durations("us", 92_000),
        "d.parquet": write_durations("ns", 93_000_000),
    }
    client = publish(serve, registered, files)
    expected = [90_000, None, 91, 92, 93]
    assert [row["x"] for row in client.get(PATH).body] == expected
    assert client.get(f"{PATH}/profile").body["failures"] == []


def test_a_duration_of_a_unit_is_filtered_ordered_and_added_up(serve: Serve) -> None:
    files = {"a.parquet": write_durations("s", 2, 1), "b.parquet": write_durations("ms", 1500)}
    client = publish(serve, "duration[ms]", files)
    assert client.get(PATH, x_gt=1000, order_by="-x").body == [{"x": 2000}, {"x": 1500}]
    assert client.get(PATH, sum="x").body == [{"sum_x": 4500}]


@pytest.mark.parametrize(("unit", "count"), [("us", 1), ("us", -1001), ("s", 2**62)])
def test_what_is_no_whole_number_of_the_unit_or_too_long_is_an_error(
    serve: Serve, unit: str, count: int
) -> None:
    answer = publish(serve, "duration[ms]", {"a.parquet": write_durations(unit, 0, count)}).get(
        PATH
    )
    assert answer.status == 424
    assert "a.parquet, row 2, column 'x'" in answer.body["message"]
    assert answer.body["message"].endswith("cannot be read as 'duration[ms]' without loss")


def test_integers_that_no_arrow_schema_tells_of_count_the_registered_unit(serve: Serve) -> None:
    body = write_parquet({"x": pa.array([5], pa.int64())}, store_schema=False)
    assert one_file(serve, "a.parquet", body, {"x": "duration[us]"}).get(PATH).body == [{"x": 5}]


def test_a_damaged_arrow_schema_tells_nothing() -> None:
    footer = write_durations("us", 1)
    schema = find_arrow_schema(footer)
    assert read_durations(schema) == {("x",): "us"}
    assert find_arrow_schema(b"") == find_arrow_schema(b"ARROW:schema\x18\xff\xff") == b""
    for place in range(0, len(schema), 4):  # whatever it says, nothing is raised
        read_durations(schema[:place])
        read_durations(schema[:place] + b"////" + schema[place + 4 :])
