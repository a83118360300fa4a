"""The files of a folder that are data: by their names, as Hive and Spark have it."""

import gzip

import pytest
from pydantic import ValidationError

from datamesh.models.ports import DataFormat, OutputPort
from datamesh.tables.file_names import detect_format, find_compression, is_hidden
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.tables import PATH, dataset, parquet

ONE = {
    DataFormat.PARQUET: parquet("SELECT 1 AS id"),
    DataFormat.CSV: b"id\n1\n",
    DataFormat.JSONL: b'{"id": 1}\n',
}
ENDINGS = {DataFormat.PARQUET: "parquet", DataFormat.CSV: "csv", DataFormat.JSONL: "jsonl"}


def open_files(serve: Serve, form: DataFormat, files: dict[str, bytes]) -> Client:
    port = {"location": "domains/sales/orders/", "format": form.value}
    stored = {f"sales/orders/{name}": body for name, body in files.items()}
    return dataset(serve, stored, {"id": "integer"}, port)


def find_rows(answer: Answer) -> tuple[list[int], str | None]:
    """Return the rows, and how many files were skipped."""
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.body], answer.headers.get("x-skipped-files")


@pytest.mark.parametrize(
    "name",
    [
        "_SUCCESS",
        "_temporary/0/_temporary/attempt_1/part-1.parquet",
        "_delta_log/00000000000000000010.checkpoint.parquet",
        "_spark_metadata/0",
        "_common_metadata",
        ".ipynb_checkpoints/a.parquet",
        ".part-0.parquet.crc",
        "a/.hidden/part-0.parquet",
        ".day=1/part-0.parquet",
        "orders_$folder$",
        "a/b_$folder$",
        "part-0.parquet._COPYING_",
        "folder/",
    ],
)
@pytest.mark.parametrize("form", ONE)
def test_hidden_files_are_passed_over(serve: Serve, form: DataFormat, name: str) -> None:
    assert is_hidden(name)
    files = {f"b.{ENDINGS[form]}": ONE[form], name: b"damaged"}
    assert find_rows(open_files(serve, form, files).get(PATH)) == ([1], None)


@pytest.mark.parametrize("name", ["_col=1/a.parquet", "a=_b/c.parquet", "a_b/c_d.parquet", "a"])
def test_other_names_are_not_hidden(name: str) -> None:
    assert not is_hidden(name)


@pytest.mark.parametrize("form", ONE)
@pytest.mark.parametrize(
    "name",
    [
        "A.{UPPER}",
        "part-00000-c000.snappy.{lower}",
        "part-00000.c000.{lower}",
        "20240101_000000_00001_abcde",
        "v1.2/000000_0",
        "part-0.c000",
        "data.2024-01-01",
        "_day=1/a.{lower}",
    ],
)
def test_the_registered_format_decides_what_no_extension_tells(
    serve: Serve, form: DataFormat, name: str
) -> None:
    file = name.format(UPPER=ENDINGS[form].upper(), lower=ENDINGS[form])
    assert find_rows(open_files(serve, form, {file: ONE[form]}).get(PATH)) == ([1], None)


@pytest.mark.parametrize("name", ["a.csv.gz", "A.CSV.GZ", "part-0.c000.csv.gz", "part-0.gz"])
def test_compressed_text_is_found_whatever_the_case(serve: Serve, name: str) -> None:
    assert find_compression(name) == "gzip"
    client = open_files(serve, DataFormat.CSV, {name: gzip.compress(b"id\n1\n", mtime=0)})
    assert find_rows(client.get(PATH)) == ([1], None)


def test_json_files_are_json_lines_where_that_is_registered(serve: Serve) -> None:
    client = open_files(serve, DataFormat.JSONL, {"part-0.json": b'{"id": 1}\n'})
    assert find_rows(client.get(PATH)) == ([1], None)


STRAY = ("README.md", "README", "manifest.avro", "notes.TXT", "a.xlsx", "b.csv.bz2.md5", "x.zip")
PACKED = {"backup.gz": b"damaged"}


@pytest.mark.parametrize("form", ONE)
def test_stray_files_are_skipped_and_counted(serve: Serve, form: DataFormat) -> None:
    others = {f"other.{ENDINGS[each]}": b"damaged" for each in ONE if each is not form}
    files = {f"a.{ENDINGS[form]}": ONE[form], "empty.txt": b"", f"0.{ENDINGS[form]}": b""}
    files |= dict.fromkeys(STRAY, b"damaged") | others
    files |= PACKED if form is DataFormat.PARQUET else {}
    client = open_files(serve, form, files)
    count = len(files) - 3
    assert find_rows(client.get(PATH)) == ([1], str(count))
    profile = client.get(f"{PATH}/profile").body
    assert (profile["files"], profile["skipped_files"]) == (1, count)
    assert profile["failures"] == []
    check = client.post(f"{PATH}/check", None)
    assert check.body["message"] == (
        f"The data of 'orders' has passed: {count} files that are no data were skipped"
    )


def test_a_manifest_beside_other_data_is_skipped(serve: Serve) -> None:
    files = {"sales/orders/a.parquet": ONE[DataFormat.PARQUET], "sales/orders/a.json": b"{}"}
    for port in (None, {"location": "domains/sales/orders/", "format": "parquet"}):
        client = dataset(serve, files, {"id": "integer"}, port)
        assert find_rows(client.get(PATH)) == ([1], "1")


def test_a_file_without_extension_is_data_only_in_its_partition(serve: Serve) -> None:
    port = {"location": "domains/sales/orders/", "format": "csv", "partitions": ["day"]}
    files = {"sales/orders/day=1/000000_0": b"id\n1\n", "sales/orders/list_of_days": b"1"}
    client = dataset(serve, files, {"id": "integer"}, port)
    assert find_rows(client.get(PATH)) == ([1], "1")
    client = dataset(serve, {**files, "sales/orders/a.csv": b"id\n1\n"}, {"id": "integer"}, port)
    answer = client.get(PATH)
    assert answer.status == 424
    assert answer.body["message"] == "domains/sales/orders/a.csv is not below a folder day=..."


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"README.md": b"x", "a.parquet": b"x"},
            "domains/sales/orders/ has no csv file; the first of its files is README.md",
        ),
        (
            {"a.csv": b"id\n1\n", "b.csv.bz2": b"x"},
            "domains/sales/orders/b.csv.bz2: its compression is not read; .gz and .zst are",
        ),
    ],
)
def test_data_that_is_not_read_is_an_error(
    serve: Serve, files: dict[str, bytes], message: str
) -> None:
    answer = open_files(serve, DataFormat.CSV, files).get(PATH)
    assert (answer.status, answer.body["message"]) == (424, message)


def test_a_parquet_file_that_is_compressed_as_a_whole_is_an_error(serve: Serve) -> None:
    answer = open_files(serve, DataFormat.PARQUET, {"a.parquet.gz": b"x"}).get(PATH)
    assert answer.status == 424
    assert answer.body["message"].startswith("domains/sales/orders/a.parquet.gz: a Parquet file")


def test_the_version_of_an_answer_tells_that_a_file_was_skipped(serve: Serve) -> None:
    files = {"a.csv": b"id\n1\n"}
    plain = open_files(serve, DataFormat.CSV, files).get(PATH)
    more = open_files(serve, DataFormat.CSV, {**files, "README.md": b"x"}).get(PATH)
    assert plain.headers["etag"] != more.headers["etag"]


def test_formats_are_told_by_extensions_of_the_last_part_of_a_path() -> None:
    assert detect_format("a.csv/part-0") is None
    assert detect_format("v1.2/part-0.PQ") is DataFormat.PARQUET
    assert detect_format("a.csv.gz") is DataFormat.CSV


# tables whose folder does not tell which files are current


@pytest.mark.parametrize(
    ("told", "table"),
    [
        ("metadata/v1.metadata.json", "an Iceberg"),
        ("metadata/00001-c4d8.gz.metadata.json", "an Iceberg"),
        ("orders/metadata/00001-c4d8.metadata.json.gz", "an Iceberg"),
        (".hoodie/hoodie.properties", "a Hudi"),
        ("orders/.hoodie/20260131.commit", "a Hudi"),
    ],
)
@pytest.mark.parametrize("form", ONE)
def test_a_table_that_is_not_read_is_not_read_as_files(
    serve: Serve, form: DataFormat, told: str, table: str
) -> None:
    client = open_files(serve, form, {f"data/b.{ENDINGS[form]}": ONE[form], told: b"{}"})
    for path in (PATH, f"{PATH}/profile", f"{PATH}/files"):
        answer = client.send(api_event("GET", path))
        assert answer.status == 424, path
        assert (
            f"domains/sales/orders/ is {table} table, which is not read" in answer.body["message"]
        )
    answer = client.post(f"{PATH}/infer", None)
    assert (answer.status, table in answer.body["message"]) == (424, True)


def test_other_folders_of_metadata_are_files_like_others(serve: Serve) -> None:
    files = {"b.csv": ONE[DataFormat.CSV], "metadata/table.json": b"{}", "my.metadata.json": b"{}"}
    assert find_rows(open_files(serve, DataFormat.CSV, files).get(PATH)) == ([1], "2")


@pytest.mark.parametrize("form", ["iceberg", "Hudi"])
def test_an_output_port_of_such_a_table_is_refused_with_what_to_do(form: str) -> None:
    with pytest.raises(ValidationError, match="Write the current rows to a folder of Parquet"):
        OutputPort.model_validate({"location": "domains/sales/orders/", "format": form})
