"""Find records of the audit trail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ulid import ULID

from datamesh.errors.requests import InvalidQuery
from datamesh.errors.storage import StorageUnavailable
from datamesh.models.answer_size import MAX_PAGE_BYTES, measure_json
from datamesh.models.audit import AuditPage, AuditRecord
from datamesh.models.json_codec import decode_model
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.sight import show_record
from datamesh.services.audit.trail import RESULT, build_record_name
from datamesh.services.permissions import Permissions
from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE, Journal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_RANDOM_PART = "0" * 16
"""The end of the first ULID of a millisecond: the 10 characters before it are the time."""
CHUNK_SIZE = 100
"""How many records are read at a time where a filter may drop any of them."""
ENDING = ".json"
OUTCOME_BYTES = 100
"""The most bytes that the fields take in an answer which are shown and not stored."""
RESERVED_SECONDS = 2.0
"""The time of a request that must be left for another chunk to be read."""


@dataclass(frozen=True)
class _Read:
    """A record as it was read, and the bytes that it takes in an answer."""

    record: AuditRecord
    size: int


def find_records(
    journal: Journal,
    outcomes: AuditOutcomes,
    deadline: Deadline,
    permissions: Permissions,
    *,
    since: datetime,
    until: datetime,
    product: str | None,
    principal: str | None,
    limit: int,
    cursor: str | None,
) -> AuditPage:
    """Return the records from `since` to `until` that meet every filter given, oldest first.

    Of each, the part that the caller may read; filters are asked of that. The objects of a record,
    of which the last has all of it, are one. Looks through one page of the journal at most, as far
    as the time for the request goes, and as far as the records fit into an answer: a page may have
    fewer than `limit` and still a cursor.
    Raises InvalidQuery if `since` is after `until`, StorageUnavailable if not even the first
    records, or the caller's grants, can be read.
    """
    if since > until:
        raise InvalidQuery(f"since {since.isoformat()} is after until {until.isoformat()}")
    names = journal.list_names(max(cursor or "", _build_name_before(since)), deadline)
    last = _build_name_before(until).removesuffix(LEAST_RANDOM_PART) + "Z" * len(LEAST_RANDOM_PART)
    candidates = _choose_newest([name for name in names if _get_id(name) <= last])
    has_more = len(names) == PAGE_SIZE and _get_id(names[-1]) <= last
    if has_more and _get_id(candidates[-1]) == _get_id(names[-1]) and RESULT not in names[-1]:
        candidates.pop()  # its result may be on the next page of the journal
    # Without a filter each record that is read is found, and no other needs to be read.
    filtered = product is not None or principal is not None or not permissions.is_admin
    size = CHUNK_SIZE if filtered else min(CHUNK_SIZE, limit)
    found: list[AuditRecord] = []
    bytes_left, before = MAX_PAGE_BYTES, None
    for name, read in _read_in_time(journal, outcomes, deadline, candidates, size):
        if read is None:
            return AuditPage(records=found, next=_build_cursor(name))
        record = show_record(read.record, permissions)
        if (
            record is not None
            and product in (None, *record.product_names)
            and principal in (None, *record.principals)
        ):
            bytes_left -= read.size + 1
            if bytes_left < 0 and found:
                return AuditPage(records=found, next=before)
            found.append(record)
        before = _build_cursor(name)
        if len(found) == limit:
            is_last = name == candidates[-1] and not has_more
            return AuditPage(records=found, next=None if is_last else before)
    return AuditPage(records=found, next=_build_cursor(candidates[-1]) if has_more else None)


def _choose_newest(names: Sequence[str]) -> list[str]:
    """Return one name for each record: that of its last object, which has all of it."""
    return [*{_get_id(name): name for name in names}.values()]


def _get_id(name: str) -> str:
    """Return the day and the id of a record, by the name of any of its objects."""
    return name.partition(".")[0]


def _build_cursor(name: str) -> str:
    """Return a name behind all objects of a record: they may be stored any time."""
    return f"{_get_id(name)}{RESULT}{ENDING}"


def _read_in_time(
    journal: Journal,
    outcomes: AuditOutcomes,
    deadline: Deadline,
    names: Sequence[str],
    size: int,
) -> Iterator[tuple[str, _Read | None]]:
    """Yield each name with its record, reading `size` at a time.

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
            stored = [decode_model(AuditRecord, body) for body in bodies]
            records = outcomes.resolve_records(stored, deadline)
        except StorageUnavailable:
            if not start:
                raise
            yield names[start - 1], None
            return
        for name, body, record in zip(chunk, bodies, records, strict=True):
            yield name, _Read(record, measure_json(body) + OUTCOME_BYTES)


def _build_name_before(moment: datetime) -> str:
    """Return a name that sorts before every record of that millisecond."""
    moment = max(moment, EPOCH)  # ULIDs begin then
    time = str(ULID.from_datetime(moment))[: -len(LEAST_RANDOM_PART)]
    return build_record_name(moment, time + LEAST_RANDOM_PART).removesuffix(".json")
