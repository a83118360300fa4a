"""Datasets of hundreds of small text files, and queries that take more time than there is."""

import gzip
from collections.abc import Callable
from itertools import count

import pytest

from datamesh.errors.requests import ScanTooLarge
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.ports import DataFormat
from datamesh.storage.backoff import OUT_OF_TIME, describe_unreachable
from datamesh.storage.folders import MemoryFolder, StoredFile
from datamesh.storage.objects import Unreachable
from datamesh.tables.budget import ScanBudget
from datamesh.tables.scan import Scan
from datamesh.tables.session import Session
from tests.conftest import Serve
from tests.tables import PATH, dataset

FILES = 300
SCHEMA = {"id": "integer", "rank": "integer"}


def plain_or_packed(number: int, body: str) -> tuple[str, bytes]:
    return (".gz", gzip.compress(body.encode())) if number % 2 else ("", body.encode())


def a_csv(number: int) -> tuple[str, bytes]:
    ending, body = plain_or_packed(number, f"rank,id\n{number * 7 % FILES},{number}\n")
    return f"sales/orders/day={number:04}/part.csv{ending}", body


def a_jsonl(number: int) -> tuple[str, bytes]:
    text = f'{{"id": {number}, "rank": {number * 7 % FILES}}}\n'
    ending, body = plain_or_packed(number, text)
    return f"sales/orders/day={number:04}/part.jsonl{ending}", body


@pytest.mark.slow
@pytest.mark.parametrize(("form", "file"), [("csv", a_csv), ("jsonl", a_jsonl)])
def test_hundreds_of_files_are_ordered_filtered_paged_and_profiled(
    serve: Serve, form: str, file: Callable[[int], tuple[str, bytes]]
) -> None:
    port = {"location": "domains/sales/orders/", "format": form, "partitions": ["day"]}
    files = dict(file(number) for number in range(FILES))
    client = dataset(serve, files, SCHEMA | {"day": "string"}, port)
    ranks: list[int] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        answer = client.get(PATH, order_by="-rank", limit=125, **cursor)
        assert answer.status == 200, answer.body
        ranks += [row["rank"] for row in answer.body]
        cursor = {"cursor": answer.headers.get("x-next-cursor", "")}
    assert ranks == list(reversed(range(FILES)))
    assert cursor == {"cursor": ""}
    [row] = client.get(PATH, rank="7").body
    assert row == {"id": 1, "rank": 7, "day": "0001"}
    profile = client.get(f"{PATH}/profile").body
    assert "rows" in profile, profile
    assert (profile["rows"], profile["files"], profile["failures"]) == (FILES, FILES, [])
    found = {each["name"]: (each["min"], each["max"]) for each in profile["columns"]}
    assert found == {
        "id": ("0", f"{FILES - 1}"),
        "rank": ("0", f"{FILES - 1}"),
        "day": ("0000", f"{FILES - 1:04}"),
    }


# time


class Slow(MemoryFolder):
    """A folder whose reads fail from some read on."""

    def __init__(self, reads: int, reason: Unreachable) -> None:
        files = {f"{n}.csv": b"id\n1\n" for n in range(9)}
        super().__init__("domains/sales/orders/", files)
        self._left = count(reads, -1)
        self._reason = reason

    def read_range(self, file: StoredFile, start: int, length: int) -> bytes:
        if next(self._left) <= 0:
            raise describe_unreachable(file.name, self._reason) from self._reason
        return super().read_range(file, start, length)


@pytest.mark.parametrize(
    ("reads", "reason", "expected"),
    [
        (4, OUT_OF_TIME, ScanTooLarge),
        (0, OUT_OF_TIME, StorageUnavailable),
        (4, Unreachable("503 Slow Down"), StorageUnavailable),
    ],
)
def test_reads_that_take_too_long_are_the_querys_fault_unless_storage_fails(
    reads: int, reason: Unreachable, expected: type[Exception]
) -> None:
    folder = Slow(reads, reason)
    scan = Scan(folder, folder.list_files(), DataFormat.CSV, ScanBudget(1000))
    with pytest.raises(expected):
        for index in range(9):
            scan.read(index, 0, 1)


def test_nothing_is_read_for_a_query_that_has_taken_too_long() -> None:
    """Not even while DuckDB plans, where it cannot be interrupted."""
    folder = MemoryFolder("domains/sales/orders/", {"a.csv": b"id\n1\n"})
    scan = Scan(folder, folder.list_files(), DataFormat.CSV, ScanBudget(1000, max_seconds=0.01))
    with Session(scan, eager=False) as session:
        with pytest.raises(ScanTooLarge, match="took too long"):
            session.fetch_rows("SELECT count(*) FROM range(10000000000) a, range(1000000) b")
        with pytest.raises(ScanTooLarge, match="took too long"):
            scan.read(0, 0, 1)
    assert scan.files_read == 0
