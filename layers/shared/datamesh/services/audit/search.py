"""Find records of the audit trail."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ulid import ULID

from datamesh.errors.requests import InvalidQuery
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.answer_size import MAX_PAGE_BYTES, measure_json
from datamesh.models.audit import AuditPage, AuditRecord
from datamesh.models.json_codec import decode_model
from datamesh.services.audit.trail import build_record_name
from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE, Journal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_RANDOM_PART = "0" * 16
"""The end of the first ULID of a millisecond: the 10 characters before it are the time."""
CHUNK_SIZE = 100
"""How many records are read at a time where a filter may drop any of them."""
RESERVED_SECONDS = 2.0
"""What must be left of a request's time for another chunk to be read."""


def find_records(
    journal: Journal,
    deadline: Deadline,
    *,
    since: datetime,
    until: datetime,
    product: str | None,
    principal: str | None,
    limit: int,
    cursor: str | None,
) -> AuditPage:
    """Return the records from `since` to `until` that meet every filter given, oldest first.

    Looks through one page of the journal at most, as far as the time for the request goes, and as
    far as the records fit into an answer: a page may have fewer than `limit` and still a cursor.
    Raises InvalidQuery if `since` is after `until`, StorageUnavailable if not even the first
    records can be read.
    """
    if since > until:
        raise InvalidQuery(f"since {since.isoformat()} is after until {until.isoformat()}")
    names = journal.list_names(max(cursor or "", _build_name_before(since)), deadline)
    last = _build_name_before(until).removesuffix(LEAST_RANDOM_PART) + "Z" * len(LEAST_RANDOM_PART)
    candidates = [name for name in names if name.removesuffix(".json") <= last]
    has_more = len(candidates) == PAGE_SIZE
    # Without a filter each record that is read is found, and no other needs to be read.
    filtered = product is not None or principal is not None
    size = CHUNK_SIZE if filtered else min(CHUNK_SIZE, limit)
    found: list[AuditRecord] = []
    bytes_left, before = MAX_PAGE_BYTES, None
    for name, body in _read_in_time(journal, deadline, candidates, size):
        if body is None:
            return AuditPage(records=found, next=name)
        record = decode_model(AuditRecord, body)
        if product in (None, *record.product_names) and principal in (None, record.principal):
            bytes_left -= measure_json(body) + 1
            if bytes_left < 0 and found:
                return AuditPage(records=found, next=before)
            found.append(record)
        if len(found) == limit:
            return AuditPage(
                records=found, next=name if has_more or name != candidates[-1] else None
            )
        before = name
    return AuditPage(records=found, next=names[-1] if has_more else None)


def _read_in_time(
    journal: Journal, deadline: Deadline, names: Sequence[str], size: int
) -> Iterator[tuple[str, bytes | None]]:
    """Yield each name with what it holds, reading `size` at a time.

    If time ends or storage fails, the last name that was read is yielded once more, with None.
    Raises StorageUnavailable if storage fails before anything was read.
    """
    for start in range(0, len(names), size):
        chunk = names[start : start + size]
        if start and deadline.remaining_seconds < RESERVED_SECONDS:
            yield names[start - 1], None
            return
        try:
            bodies = journal.read_all(chunk, deadline)
        except StorageUnavailable:
            if not start:
                raise
            yield names[start - 1], None
            return
        yield from zip(chunk, bodies, strict=True)


def _build_name_before(moment: datetime) -> str:
    """Return a name that sorts before every record of that millisecond."""
    moment = max(moment, EPOCH)  # ULIDs begin then
    time = str(ULID.from_datetime(moment))[: -len(LEAST_RANDOM_PART)]
    return build_record_name(moment, time + LEAST_RANDOM_PART).removesuffix(".json")
