"""Delta Lake tables: current rows, rows of an earlier moment, and what is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from arro3.core import Array, DataType, Table
from deltalake import write_deltalake

from tests.conftest import Serve
from tests.delta_tables import (
    METADATA,
    PORT,
    PROTOCOL,
    SCHEMA,
    append_rows,
    build_log,
    collect_files,
    commit_name,
    open_table,
    write_lines,
)
from tests.lambdas import Client
from tests.tables import PATH, dataset, parquet, problem

ONE_ROW = parquet("SELECT 7::BIGINT AS id")


def features(*names: str, version: int = 3) -> dict[str, Any]:
    return {"protocol": {"minReaderVersion": version, "readerFeatures": list(names)}}


def configured(**configuration: str) -> dict[str, Any]:
    return {"metaData": METADATA["metaData"] | {"configuration": configuration}}


VECTOR = {"storageType": "u", "pathOrInlineDv": "x", "offset": 1, "sizeInBytes": 9}
VARIANT_FIELD = '{"name":"v","type":{"type":"array","elementType":"variant"}}'
VARIANT = {"metaData": METADATA["metaData"] | {"schemaString": VARIANT_FIELD}}
MAPPED = configured(**{"delta.columnMapping.mode": "name"})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three versions: two days, then the first day rewritten without a row."""
    folder = tmp_path / "orders"
    append_rows(folder, [1, 2], "2026-01-01")
    append_rows(folder, [3], "2026-01-02")
    open_table(folder).delete("id = 1")
    return folder


def serve_table(serve: Serve, files: Mapping[str, bytes], **more: Any) -> Client:
    return dataset(serve, files, more.pop("schema", SCHEMA), PORT, **more)


def find_ids(client: Client, **query: Any) -> list[int]:
    answer = client.get(PATH, **query)
    assert answer.status == 200, answer.body
    return sorted(row["id"] for row in answer.body)


def test_rows_are_those_of_the_current_version(serve: Serve, table: Path) -> None:
    client = serve_table(serve, collect_files(table))
    answer = client.get(PATH, order_by="id")
    assert answer.body == [{"id": 2, "day": "2026-01-01"}, {"id": 3, "day": "2026-01-02"}]
    assert answer.headers["x-files-read"] == "2"
    profile = client.get(f"{PATH}/profile").body
    assert (profile["rows"], profile["files"], profile["failures"]) == (2, 2, [])


def test_partitions_are_pruned_by_the_log(serve: Serve, table: Path) -> None:
    answer = serve_table(serve, collect_files(table)).get(PATH, day="2026-01-02")
    assert (answer.body, answer.headers["x-files-read"]) == ([{"id": 3, "day": "2026-01-02"}], "1")


@pytest.mark.parametrize(
    ("moment", "ids"),
    [
        ("1970-01-01T00:00:00Z", [1, 2]),
        ("1970-01-01T23:59:59.999Z", [1, 2]),
        ("1970-01-02T00:00:00Z", [1, 2, 3]),
        ("1970-01-03T00:00:00Z", [2, 3]),
        ("2026-01-01T00:00:00Z", [2, 3]),
    ],
)
def test_as_of_is_the_version_of_the_moment(
    serve: Serve, table: Path, moment: str, ids: list[int]
) -> None:
    assert find_ids(serve_table(serve, collect_files(table)), as_of=moment) == ids


def test_as_of_before_the_first_version_is_refused(serve: Serve, table: Path) -> None:
    answer = serve_table(serve, collect_files(table)).get(PATH, as_of="1969-12-31T00:00:00Z")
    assert problem(answer) == (422, "as_of")
    assert "the table begins at 1970-01-01T00:00:00.000Z" in answer.body["message"]


def test_as_of_of_files_without_a_log_is_refused(serve: Serve) -> None:
    port = PORT | {"format": "parquet"}
    client = dataset(serve, {"sales/orders/a.parquet": ONE_ROW}, {"id": "bigint"}, port)
    assert problem(client.get(PATH, as_of="2026-01-01T00:00:00Z")) == (422, "as_of")


def test_a_cursor_is_of_its_moment(serve: Serve, table: Path) -> None:
    client = serve_table(serve, collect_files(table))
    moment = "1970-01-02T00:00:00Z"
    first = client.get(PATH, order_by="id", limit=2, as_of=moment)
    cursor = first.headers["x-next-cursor"]
    rest = client.get(PATH, order_by="id", limit=2, as_of=moment, cursor=cursor)
    assert [row["id"] for row in first.body + rest.body] == [1, 2, 3]
    assert client.get(PATH, order_by="id", cursor=cursor).status == 422


def test_the_etag_changes_with_the_version(serve: Serve, table: Path) -> None:
    files = collect_files(table)
    now = serve_table(serve, files)
    etag = now.get(PATH).headers["etag"]
    assert now.get(PATH).headers["etag"] == etag
    assert now.get(PATH, as_of="1970-01-02T00:00:00Z").headers["etag"] != etag


def test_of_a_checkpoint_only_later_commits_are_read(serve: Serve, table: Path) -> None:
    open_table(table).create_checkpoint()
    append_rows(table, [4], "2026-01-03")
    files = collect_files(table)
    for version in range(3):
        del files[commit_name(version)]
    client = serve_table(serve, files)
    assert find_ids(client) == [2, 3, 4]
    assert client.get(PATH, as_of="1970-01-02T00:00:00Z").status == 410


def test_a_checkpoint_and_its_commits_are_the_same_table(serve: Serve, table: Path) -> None:
    before = find_ids(serve_table(serve, collect_files(table)))
    open_table(table).create_checkpoint()
    assert find_ids(serve_table(serve, collect_files(table))) == before


def test_an_overwritten_table_has_the_new_rows_alone(serve: Serve, table: Path) -> None:
    append_rows(table, [9], "2026-02-01", mode="overwrite")
    assert find_ids(serve_table(serve, collect_files(table))) == [9]


@pytest.mark.parametrize("day", ["a b", "50%", "c/d é", "x=y", "a+b", "", "Null"])
def test_partition_values_are_those_of_the_log(serve: Serve, tmp_path: Path, day: str) -> None:
    rows = Table.from_pydict(
        {"id": Array([1], DataType.int64()), "day": Array([day], DataType.string())}
    )
    write_deltalake(tmp_path / "t", rows, partition_by=["day"])
    client = serve_table(serve, collect_files(tmp_path / "t"), schema={"id": "int", "day": "text"})
    # An empty text is a null in the log.
    assert client.get(PATH).body == [{"id": 1, "day": day or None}]


@pytest.mark.parametrize(
    ("sql", "type_name", "shown"),
    [
        ("2026-01-01 10:11:12.500000", "timestamp", "2026-01-01T10:11:12.5Z"),
        ("2026-01-01T10:11:12.5Z", "timestamp", "2026-01-01T10:11:12.5Z"),
        ("-12.50", "decimal(9,2)", "-12.50"),
        ("true", "boolean", True),
        ("2026-02-03", "date", "2026-02-03"),
        ("7", "integer", 7),
    ],
)
def test_the_registered_type_reads_the_logs_value(
    serve: Serve, sql: str, type_name: str, shown: object
) -> None:
    metadata = {"metaData": METADATA["metaData"] | {"partitionColumns": ["p"]}}
    files = build_log(ONE_ROW, PROTOCOL, metadata, partitionValues={"p": sql})
    client = serve_table(serve, files, schema={"id": "bigint", "p": type_name})
    assert client.get(PATH).body == [{"id": 7, "p": shown}]


def test_a_column_that_came_later_is_null_in_older_files(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    one, more = Array([1], DataType.int64()), Array([2], DataType.int64())
    write_deltalake(folder, Table.from_pydict({"id": one}))
    both = Table.from_pydict({"id": more, "extra": more})
    write_deltalake(folder, both, mode="append", schema_mode="merge")
    client = serve_table(serve, collect_files(folder), schema={"id": "bigint", "extra": "bigint"})
    rows = client.get(PATH, order_by="id").body
    assert rows == [{"id": 1, "extra": None}, {"id": 2, "extra": 2}]


# its files, registered as Parquet


PARQUET_PORT = PORT | {"format": "parquet"}


def test_files_of_a_table_that_are_no_longer_current_are_refused(serve: Serve, table: Path) -> None:
    port = PARQUET_PORT | {"partitions": ["day"]}
    answer = dataset(serve, collect_files(table), SCHEMA, port).get(PATH)
    assert answer.status == 424
    assert "give the output port the format 'delta'" in answer.body["message"]


def test_files_of_a_table_that_are_all_current_are_read(serve: Serve, tmp_path: Path) -> None:
    append_rows(tmp_path / "t", [1, 2], "2026-01-01")
    port = PARQUET_PORT | {"partitions": ["day"]}
    client = dataset(serve, collect_files(tmp_path / "t"), SCHEMA, port)
    assert find_ids(client) == [1, 2]


def test_files_with_deletion_vectors_are_refused(serve: Serve) -> None:
    files = build_log(ONE_ROW, features("deletionVectors"), METADATA, deletionVector=VECTOR)
    answer = dataset(serve, files, {"id": "bigint"}, PARQUET_PORT).get(PATH)
    assert (answer.status, "'deletionVectors'" in answer.body["message"]) == (424, True)


@pytest.mark.parametrize("body", [b"", b"{}", b"x", b'{"commitInfo": {}}\n', b'{"add": {}}'])
def test_a_file_that_is_only_named_like_a_log_is_no_hindrance(serve: Serve, body: bytes) -> None:
    files = {"sales/orders/a.parquet": ONE_ROW, commit_name(0): body}
    assert find_ids(dataset(serve, files, {"id": "bigint"}, PARQUET_PORT)) == [7]


# what cannot be read exactly


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (build_log(ONE_ROW, features("variantType"), VARIANT), "the feature 'variantType'"),
        (
            build_log(ONE_ROW, features("catalogManaged"), METADATA),
            "read; write the table without it",
        ),
        (
            build_log(ONE_ROW, PROTOCOL, MAPPED),
            "'columnMapping', which cannot be read; write the table anew",
        ),
        (
            build_log(ONE_ROW, features("deletionVectors"), METADATA, deletionVector=VECTOR),
            "the feature 'deletionVectors', which cannot be read; rewrite its files (REORG TABLE",
        ),
        (build_log(ONE_ROW, features(version=4), METADATA), "needs readers of version 4"),
        (build_log(ONE_ROW, METADATA), "no protocol or metaData"),
        (build_log(ONE_ROW, PROTOCOL), "no protocol or metaData"),
        (build_log(ONE_ROW, path="s3://other/a.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="file:/a.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="/a.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="x/../../b/a.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="x/%2E%2E/a.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="a%ff.parquet"), "does not lead into this folder"),
        (build_log(ONE_ROW, path="gone.parquet"), "gone.parquet is not there"),
        (build_log(ONE_ROW, size=len(ONE_ROW) + 1), "a.parquet is not there, or not in the size"),
        (build_log(ONE_ROW, size="9"), "line 3: it is no action of a Delta log (Expected `int`"),
        (build_log(ONE_ROW, size=2**60), "line 3: it is no action of a Delta log"),
        (build_log(ONE_ROW, path=None), "at `$.add.path`"),
        (build_log(ONE_ROW, partitionValues={"p": 0}), "at `$.add.partitionValues"),
        (build_log(ONE_ROW, deletionVector="x"), "at `$.add.deletionVector`"),
        (build_log(ONE_ROW, {"protocol": 3}, METADATA), "at `$.protocol`"),
        ({commit_name(0): b"[" * 9999}, "line 1: it is no action"),
        ({commit_name(0): b'{"add": "\xff"}'}, "line 1: it is no action"),
        ({"sales/orders/a.parquet": ONE_ROW}, "has no _delta_log/"),
        ({commit_name(0): b'{"protocol":\n'}, "0.json, line 1: it is no action"),
        ({commit_name(0): b"\n[]\n"}, "0.json, line 2: it is no action"),
        (build_log(ONE_ROW) | {commit_name(2): b""}, "lacks 00000000000000000001.json"),
        ({commit_name(1): b""}, "lacks 00000000000000000000.json"),
    ],
)
def test_what_cannot_be_read_exactly_is_refused(
    serve: Serve, files: dict[str, bytes], reason: str
) -> None:
    answer = serve_table(serve, files, schema={"id": "bigint"}).get(PATH)
    assert answer.status == 424, answer.body
    assert reason in answer.body["message"]
    assert "domains/sales/orders/" in answer.body["message"]


def test_features_that_a_table_makes_no_use_of_are_no_hindrance(serve: Serve) -> None:
    names = "deletionVectors columnMapping timestampNtz vacuumProtocolCheck variantType"
    used = features(*names.split())
    used["protocol"]["writerFeatures"] = ["rowTracking", "domainMetadata"]
    mode = configured(**{"delta.columnMapping.mode": "none"})
    client = serve_table(serve, build_log(ONE_ROW, used, mode), schema={"id": "bigint"})
    assert client.get(PATH).body == [{"id": 7}]


def test_a_type_that_was_widened_is_brought_to_the_registered_one(serve: Serve) -> None:
    wide = parquet("SELECT 9007199254740993::BIGINT AS id")
    narrow = parquet("SELECT 5::SMALLINT AS id")
    files = build_log(wide, features("typeWidening"), METADATA)
    add = {"path": "b.parquet", "partitionValues": {}, "size": len(narrow)}
    files |= {commit_name(1): write_lines({"add": add}), "sales/orders/b.parquet": narrow}
    client = serve_table(serve, files, schema={"id": "bigint"})
    assert find_ids(client) == [5, 9007199254740993]


def test_a_deletion_vector_that_was_rewritten_is_no_hindrance(serve: Serve) -> None:
    files = build_log(ONE_ROW, features("deletionVectors"), METADATA, deletionVector=VECTOR)
    add = {"path": "b.parquet", "partitionValues": {}, "size": len(ONE_ROW)}
    gone = {"path": "a.parquet", "deletionVector": VECTOR | {"cardinality": 1}}
    files[commit_name(1)] = write_lines({"add": add}, {"remove": gone})
    files["sales/orders/b.parquet"] = ONE_ROW
    assert serve_table(serve, files, schema={"id": "bigint"}).get(PATH).body == [{"id": 7}]


def write_checkpoint(name: str, columns: str) -> dict[str, bytes]:
    """A part of a checkpoint of version 0, and the file that it adds."""
    add = f"{{'path': 'a.parquet', 'partitionValues': MAP {{}}, 'size': {len(ONE_ROW)}}} AS add"
    body = parquet(
        f"SELECT {add}, {columns}, {{'minReaderVersion': 1}} AS protocol,"
        " {'partitionColumns': CAST([] AS VARCHAR[])} AS \"metaData\""
    )
    log = "sales/orders/_delta_log/00000000000000000000.checkpoint"
    return {f"{log}.{name}parquet": body, "sales/orders/a.parquet": ONE_ROW}


def test_a_checkpoint_of_several_parts_is_read_if_all_are_there(serve: Serve) -> None:
    one = write_checkpoint("0000000001.0000000002.", "1 AS x")
    two = write_checkpoint("0000000002.0000000002.", "1 AS x")
    assert find_ids(serve_table(serve, one | two, schema={"id": "bigint"})) == [7]
    answer = serve_table(serve, one, schema={"id": "bigint"}).get(PATH)
    assert (answer.status, "has no _delta_log/" in answer.body["message"]) == (424, True)


def test_a_checkpoint_of_the_second_version_is_refused(serve: Serve) -> None:
    files = write_checkpoint("", "{'path': 'x.parquet'} AS sidecar")
    answer = serve_table(serve, files, schema={"id": "bigint"}).get(PATH)
    assert answer.status == 424
    assert "the feature 'v2Checkpoint'" in answer.body["message"]


def test_a_broken_checkpoint_is_named(serve: Serve) -> None:
    files = write_checkpoint("", "1 AS x")
    name = "sales/orders/_delta_log/00000000000000000000.checkpoint.parquet"
    answer = serve_table(serve, files | {name: ONE_ROW[:-9]}, schema={"id": "bigint"}).get(PATH)
    assert answer.status == 424
    assert name in answer.body["message"]


def test_a_commit_without_its_time_has_no_past(serve: Serve) -> None:
    client = serve_table(serve, build_log(ONE_ROW), schema={"id": "bigint"})
    answer = client.get(PATH, as_of="2026-01-01T00:00:00Z")
    assert answer.status == 424
    assert "does not say when it was committed" in answer.body["message"]


def test_the_log_counts_as_bytes_of_the_query(serve: Serve, table: Path) -> None:
    files = collect_files(table)
    log = sum(len(body) for name, body in files.items() if "_delta_log" in name)
    answer = serve_table(serve, files).get(PATH)
    assert int(answer.headers["x-bytes-read"]) > log
    refused = serve_table(serve, files, max_scan_bytes=log - 1).get(PATH)
    assert refused.status == 413
    assert f"{log} bytes of its Delta log" in refused.body["message"]
    assert serve_table(serve, files, max_scan_bytes=log + 1).get(PATH, id=1).status == 413


def test_a_log_of_too_many_commits_is_refused(serve: Serve) -> None:
    files = build_log(ONE_ROW)
    files |= {commit_name(version): b"" for version in range(1, 257)}
    answer = serve_table(serve, files, schema={"id": "bigint"}).get(PATH)
    assert answer.status == 413
    assert "257 commits since its last checkpoint" in answer.body["message"]


def test_partitions_are_not_registered_but_in_the_log(serve: Serve) -> None:
    client = serve("products")
    body = {
        "name": "orders",
        "domain": "sales",
        "owner": "o",
        "description": "d",
        "schema": SCHEMA,
        "output_port": PORT | {"partitions": ["day"]},
    }
    answer = client.post("/register_product", body)
    assert answer.status == 422
    assert "the log of a Delta table names its own" in str(answer.body)
