"""Names, values and files that mean harm: they are data, and reach nothing else."""

import gzip
import threading
import time
from collections.abc import Iterator

import pytest

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.ports import DataFormat
from datamesh.storage.folders import MemoryFolder, StoredFile
from datamesh.tables.budget import ScanBudget
from datamesh.tables.filesystem import ROOT
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session
from tests.conftest import Serve
from tests.tables import PATH, dataset, one_file, parquet

NAMES = [
    "a\" FROM read_text('/etc/passwd') --",
    "'; DROP TABLE page0; --",
    '"',
    '""',
    "a'b",
    "a\\",
    "c0",
    "f",
    "r",
    "page0",
    "source",
    "rows",
    "file_row_numbers",
    "$v0_0",
    "?",
    "{x}",
    "a\nb",
    "таблица",
    "🦆",
    "select",
    "* EXCLUDE (x)",
    "COLUMNS(*)",
    "x := 1",
    "../../../etc/passwd",
    "mesh://0",
    "%s",
    "a;b",
    "/* x */",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_a_column_like_others(serve: Serve, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    body = parquet(f"SELECT i AS {quoted}, i * 10 AS other FROM range(3) t(i)")
    header = '"' + name.replace('"', '""') + '",other\n'
    files = {"a.parquet": body, "a.csv": (header + "0,0\n1,10\n2,20\n").encode()}
    for file, content in files.items():
        schema = {name: "integer", "other": "integer"}
        client = one_file(serve, file, content, schema)
        assert client.get(PATH, **{name: "1"}).body == [{name: 1, "other": 10}]
        assert client.get(PATH, **{f"{name}_in": "1,2", "limit": 1}).body == [
            {name: 1, "other": 10}
        ]
        profile = client.get(f"{PATH}/profile").body
        assert (profile["rows"], profile["failures"]) == (3, [])
        if "," not in name and not name.startswith("-"):
            found = client.get(PATH, columns=name, order_by=f"-{name}", limit=2).body
            assert found == [{name: 2}, {name: 1}]


def test_a_nul_in_a_name_is_refused(serve: Serve) -> None:
    client = one_file(serve, "a.jsonl", b'{"a": 1}\n', {"a\0b": "integer"})
    assert client.get(PATH).status == 424


@pytest.mark.parametrize(
    "value",
    [
        "' OR 1=1 --",
        "'; SELECT 1; --",
        "%",
        "_",
        "\\",
        '"',
        "$row",
        "(SELECT 1)",
        "NULL",
        "🦆",
        "{}",
    ],
)
def test_any_value_is_compared_as_text(serve: Serve, value: str) -> None:
    quoted = "'" + value.replace("'", "''") + "'"
    body = parquet(f"SELECT {quoted} AS x UNION ALL SELECT 'other'")
    client = one_file(serve, "a.parquet", body, {"x": "string"})
    assert client.get(PATH, x=value).body == [{"x": value}]
    assert client.get(PATH, x_in=value).body == [{"x": value}]
    assert client.get(PATH, x_ne=value).body == [{"x": "other"}]
    assert client.get(PATH, x="nothing").body == []


@pytest.mark.parametrize(
    "name",
    [
        "a'); COPY (SELECT 1) TO '/tmp/x.csv'; --.parquet",
        "*.parquet",
        "[a-z]?.parquet",
        "{a,b}.parquet",
        "a..%2f..%2fproducts.json.parquet",
        "$(id).parquet",
        "s3://other/secret.parquet",
        "https://example.com/x.parquet",
        "/etc/passwd.parquet",
        "x=1/y=2/z.parquet",
        "🦆 a\tb\n.parquet",
    ],
)
def test_any_name_of_a_file_is_that_file(serve: Serve, name: str) -> None:
    files = {f"sales/orders/{name}": parquet("SELECT 1 AS x"), "sales/other/b.parquet": b"x"}
    answer = dataset(serve, files, {"x": "integer"}).get(PATH)
    assert answer.body == [{"x": 1}]
    assert answer.headers["x-files-read"] == "1"


# what SQL itself could reach, if any of it were a client's


FILES = {"a.csv": b"id\n1\n", "b.csv": b"id\n2\n"}


ENDLESS = "SELECT count(*) FROM range(10000000000) a, range(1000000) b"
"""A statement that takes years."""


def scan_of(files: dict[str, bytes], seconds: float = 300) -> Scan:
    folder = MemoryFolder("domains/sales/orders/", files)
    budget = ScanBudget(10**8, max_seconds=seconds)
    return Scan(folder, folder.list_files(), DataFormat.CSV, budget)


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(scan_of(FILES), eager=False) as opened:
        yield opened


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('https://example.com/x.csv')",
        "SELECT * FROM read_parquet('s3://bucket/key')",
        "SELECT * FROM read_csv('file:///etc/passwd')",
        f"SELECT * FROM read_csv('{ROOT}2')",
        f"SELECT * FROM read_csv('{ROOT}0/../../etc/passwd')",
        f"SELECT * FROM read_csv('{ROOT}a.csv')",
        f"SELECT * FROM read_csv('{ROOT}*')",
        f"COPY (SELECT 1) TO '{ROOT}0'",
        "COPY (SELECT 1) TO '/tmp/written-by-a-test.csv'",
        "ATTACH '/tmp/attached-by-a-test.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSTALL spatial FROM community",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "SET allowed_directories = ['/']",
        "SET memory_limit = '10GB'",
        "SET threads = 8",
        "PRAGMA enable_profiling = 'json'",
        "EXPORT DATABASE '/tmp/exported-by-a-test'",
        "CREATE SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
    ],
)
def test_sql_reaches_the_files_of_the_request_and_nothing_else(
    session: Session, statement: str
) -> None:
    with pytest.raises(UnreadableDataset):
        session.fetch_rows(statement)
    assert session.fetch_rows(f"SELECT * FROM read_csv('{ROOT}1')") == [(2,)]


def test_a_stream_for_arrow_fails_before_it_begins_and_quotes_nothing(session: Session) -> None:
    with pytest.raises(UnreadableDataset) as caught:
        session.open_stream("SELECT CAST(x AS INTEGER) FROM (VALUES ('1'), ('hunter2')) AS t(x)")
    assert "hunter2" not in str(caught.value)


def test_a_variable_of_the_program_is_no_table(session: Session) -> None:
    secret = [("a key",)]
    with pytest.raises(UnreadableDataset):
        session.fetch_rows("SELECT * FROM secret")
    assert secret


def test_one_request_leaves_nothing_for_the_next(session: Session) -> None:
    session.fetch_rows("CREATE TABLE page0 AS SELECT 1")
    with Session(scan_of({"a.csv": b"id\n7\n"}), eager=False) as other:
        with pytest.raises(UnreadableDataset):
            other.fetch_rows("SELECT * FROM page0")
        assert other.fetch_rows(f"SELECT * FROM read_csv('{ROOT}0')") == [(7,)]
    assert session.fetch_rows(f"SELECT * FROM read_csv('{ROOT}0')") == [(1,)]


# bounds


def test_a_statement_that_takes_too_long_is_interrupted() -> None:
    with Session(scan_of(FILES, seconds=0.2), eager=False) as session:
        with pytest.raises(ScanTooLarge, match="took too long"):
            session.fetch_rows(ENDLESS)
        with pytest.raises(ScanTooLarge, match="took too long"):
            session.fetch_rows("SELECT 1")


def test_a_statement_that_begins_as_the_time_ends_is_interrupted() -> None:
    with Session(scan_of(FILES), eager=False) as session:
        session._timer.cancel()
        session._interrupt()
        session.scan.failure = None  # as it was looked at a moment before
        with pytest.raises(ScanTooLarge, match="took too long"):
            session.fetch_rows(ENDLESS)


def test_memory_is_bounded() -> None:
    with (
        Session(scan_of(FILES), eager=False) as session,
        pytest.raises(ScanTooLarge, match="more than 512MB of memory"),
    ):
        session.fetch_rows("SELECT list(i) FROM range(1000000000) t(i)")


@pytest.mark.slow
def test_a_bomb_of_zeros_is_read_within_bounds(serve: Serve) -> None:
    """100 MB of text in less than one of gzip."""
    row = b"1," + b"x" * 1000 + b"\n"
    body = gzip.compress(b"id,text\n" + row * 100_000)
    assert len(body) < 1_000_000
    client = one_file(serve, "a.csv.gz", body, {"id": "integer", "text": "string"})
    began = time.process_time()
    assert client.get(PATH, limit=1).status == 200
    assert client.get(PATH, order_by="-text", limit=1).status in (200, 413)
    assert time.process_time() - began < 20


def test_threads_that_read_at_once_each_read_where_they_sought() -> None:
    """DuckDB seeks and reads on several threads; a slow folder lets them overlap."""

    class Slow(MemoryFolder):
        threads: set[int] = set()  # noqa: RUF012

        def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
            self.threads.add(threading.get_ident())
            time.sleep(0.005)
            return super().read_range(file, start, length)

    body = parquet(
        "SELECT i AS a, i * 2 AS b, md5(i::VARCHAR) AS c FROM range(300000) t(i)",
        ", ROW_GROUP_SIZE 20480",
    )
    folder = Slow("domains/sales/orders/", {"a.parquet": body})
    scan = Scan(folder, folder.list_files(), DataFormat.PARQUET, ScanBudget(10**9))
    with Session(scan, eager=True) as session:
        sums = "sum(a), sum(b), count(DISTINCT c)"
        found = session.fetch_rows(f"SELECT {sums} FROM read_parquet('{ROOT}0')")
    assert found == [(44999850000, 89999700000, 300000)]
    assert len(Slow.threads) > 1


def test_what_a_read_raises_is_what_the_caller_gets() -> None:
    class Gone(MemoryFolder):
        def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
            raise StorageUnavailable("S3 is on holiday")

    for eager in (False, True):
        folder = Gone("domains/sales/orders/", {"a.parquet": parquet("SELECT 1 AS a")})
        scan = Scan(folder, folder.list_files(), DataFormat.PARQUET, ScanBudget(10**9))
        with (
            Session(scan, eager=eager) as session,
            pytest.raises(StorageUnavailable, match="S3 is on holiday"),
        ):
            session.fetch_rows(f"SELECT * FROM read_parquet('{ROOT}0')")
