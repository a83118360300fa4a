"""How a search of the audit trail reads: in chunks, and as far as the time goes."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from ulid import ULID

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.answer_size import MAX_PAGE_BYTES
from datamesh.models.audit import AuditPage, AuditRecord
from datamesh.services.audit import search
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.trail import build_record_name
from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE
from tests.contexts import CONTEXT

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def build_record(number: int) -> AuditRecord:
    """The record of a second; each hundredth is of the product `rare`."""
    at = BEGIN + timedelta(seconds=number)
    record_id = str(ULID.from_datetime(at))
    commit = {
        "document": "products.json",
        "revision": 1,
        "added": 1,
        "changed": 0,
        "removed": 0,
        "products": ["common" if number % 100 else "rare"],
    }
    texts = dict.fromkeys(("principal", "source_ip", "user_agent", "route", "path"), "x")
    record = {"id": record_id, "commit_id": record_id, "request_id": "r", "at": at, **texts}
    return AuditRecord.model_validate({**record, "commits": [commit]})


class SlowJournal:
    """A journal whose reads take time by a clock of its own, and may fail from one on."""

    def __init__(self, count: int, seconds_a_read: float = 0.0, reads: int = 1000) -> None:
        records = [build_record(number) for number in range(count)]
        self.bodies = {
            build_record_name(each.at, each.id): each.model_dump_json().encode() for each in records
        }
        self.seconds_a_read = seconds_a_read
        self.reads_that_work = reads
        self.now = 0.0
        self.chunks: list[int] = []

    def list_names(self, after: str, deadline: Deadline) -> Sequence[str]:
        return [name for name in sorted(self.bodies) if name > after][:PAGE_SIZE]

    def read_all(self, names: Sequence[str], deadline: Deadline) -> Sequence[bytes]:
        self.chunks.append(len(names))
        if len(self.chunks) > self.reads_that_work:
            raise StorageUnavailable("audit/ cannot be reached")
        self.now += self.seconds_a_read
        return [self.bodies[name] for name in names]


def add_results(journal: SlowJournal) -> None:
    """Give every other record a result, which has all of it."""
    for name, body in [*journal.bodies.items()][::2]:
        record = json.loads(body) | {"status": 200}
        journal.bodies[name.replace(".json", ".result.json")] = json.dumps(record).encode()


def find(
    journal: SlowJournal,
    product: str | None = None,
    limit: int = 1,
    cursor: str | None = None,
    seconds: float = 10.0,
) -> AuditPage:
    return search.find_records(
        journal,
        AuditOutcomes(lambda name: None),
        Deadline.from_now(seconds, lambda: journal.now),
        CONTEXT.permissions,
        since=BEGIN,
        until=BEGIN + timedelta(days=1),
        product=product,
        principal=None,
        limit=limit,
        cursor=cursor,
    )


def test_a_filter_is_read_in_chunks_however_small_the_limit() -> None:
    journal = SlowJournal(900)
    assert find(journal, "nobody", limit=1) == AuditPage(records=[], next=None)
    assert journal.chunks == [100] * 9


def test_without_a_filter_no_more_is_read_than_is_answered() -> None:
    journal = SlowJournal(900)
    assert len(find(journal, limit=3).records) == 3
    assert len(find(journal, limit=250).records) == 250
    assert journal.chunks == [3, 100, 100, 100]


def test_a_search_that_runs_out_of_time_says_how_far_it_has_come() -> None:
    journal = SlowJournal(900, seconds_a_read=3.0)
    found: list[AuditRecord] = []
    cursor, pages = None, 0
    while True:
        page = find(journal, "rare", limit=1000, cursor=cursor)
        found += page.records
        pages += 1
        if page.next is None:
            break
        cursor = page.next
    assert [each.at for each in found] == [BEGIN + timedelta(seconds=100 * n) for n in range(9)]
    assert pages == 3  # three chunks of the time of one request


def test_a_page_that_is_found_in_time_has_no_gap_to_the_next() -> None:
    journal = SlowJournal(300)
    first = find(journal, "rare", limit=1)
    second = find(journal, "rare", limit=1, cursor=first.next)
    assert [each.at - BEGIN for each in (*first.records, *second.records)] == [
        timedelta(0),
        timedelta(seconds=100),
    ]


def test_what_was_found_before_storage_failed_is_answered() -> None:
    journal = SlowJournal(900, reads=2)
    page = find(journal, "rare", limit=1000)
    assert len(page.records) == 2
    journal.reads_that_work = 1000
    assert len(find(journal, "rare", limit=1000, cursor=page.next).records) == 7


def test_a_search_that_reads_nothing_is_503() -> None:
    with pytest.raises(StorageUnavailable):
        find(SlowJournal(900, reads=0), "rare")


def test_a_page_of_large_records_is_cut_and_leads_on() -> None:
    journal = SlowJournal(150)
    products = [f"product-{number:090}" for number in range(900)]
    for name, body in journal.bodies.items():
        record = json.loads(body)
        record["commits"][0]["products"] = products
        journal.bodies[name] = json.dumps(record, separators=(",", ":")).encode()
    assert max(map(len, journal.bodies.values())) > 90_000
    for product in (None, products[7]):
        found: list[AuditRecord] = []
        sizes: list[int] = []
        cursor = None
        while cursor or not sizes:
            page = find(journal, product, limit=1000, cursor=cursor)
            found += page.records
            sizes.append(len(page.model_dump_json()))
            cursor = page.next
        assert [each.at for each in found] == [BEGIN + timedelta(seconds=n) for n in range(150)]
        assert len(sizes) > 2
        assert max(sizes) <= MAX_PAGE_BYTES


@pytest.mark.parametrize("limit", [7, 333, 1000])
def test_a_record_and_its_result_are_one_over_all_pages(limit: int) -> None:
    """The first page of names ends between the two of a record."""
    journal = SlowJournal(1001)
    add_results(journal)
    found: list[AuditRecord] = []
    cursor, more = None, True
    while more:
        page = find(journal, limit=limit, cursor=cursor)
        found += page.records
        cursor, more = page.next, page.next is not None
    assert [each.at - BEGIN for each in found] == [timedelta(seconds=n) for n in range(1001)]
    assert [each.status for each in found] == [200 if n % 2 == 0 else None for n in range(1001)]


def test_a_result_that_came_after_its_page_is_no_record_of_its_own() -> None:
    journal = SlowJournal(2)
    first = find(journal, limit=1)
    add_results(journal)
    second = find(journal, limit=1, cursor=first.next)
    assert [each.at - BEGIN for each in second.records] == [timedelta(seconds=1)]


def test_a_cursor_of_an_earlier_release_leads_on() -> None:
    journal = SlowJournal(3)
    cursor = next(iter(journal.bodies))
    assert len(find(journal, limit=1000, cursor=cursor).records) == 2
