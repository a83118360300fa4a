"""Find records of the audit trail."""

from datetime import UTC, datetime

from ulid import ULID

from datamesh.errors import InvalidQuery
from datamesh.models.audit import AuditPage, AuditRecord
from datamesh.models.json_codec import decode_model
from datamesh.services.audit.trail import build_record_name
from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE, Journal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAST_RANDOM_PART = "0" * 16
"""The end of the first ULID of a millisecond: the 10 characters before it are the time."""


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

    Looks through one page of the journal at most, so that a page may have fewer records than
    `limit` and still a cursor. Raises InvalidQuery if `since` is after `until`, StorageUnavailable
    if records cannot be read.
    """
    if since > until:
        raise InvalidQuery(f"since {since.isoformat()} is after until {until.isoformat()}")
    names = journal.list_names(max(cursor or "", _build_name_before(since)), deadline)
    last = _build_name_before(until).removesuffix(LEAST_RANDOM_PART) + "Z" * len(LEAST_RANDOM_PART)
    candidates = [name for name in names if name.removesuffix(".json") <= last]
    has_more = len(candidates) == PAGE_SIZE
    found: list[AuditRecord] = []
    for start in range(0, len(candidates), limit):
        chunk = candidates[start : start + limit]
        for name, body in zip(chunk, journal.read_all(chunk, deadline), strict=True):
            record = decode_model(AuditRecord, body)
            if product in (None, *record.product_names) and principal in (None, record.principal):
                found.append(record)
            if len(found) == limit:
                return AuditPage(
                    records=found, next=name if has_more or name != candidates[-1] else None
                )
    return AuditPage(records=found, next=names[-1] if has_more else None)


def _build_name_before(moment: datetime) -> str:
    """Return a name that sorts before every record of that millisecond."""
    moment = max(moment, EPOCH)  # ULIDs begin then
    time = str(ULID.from_datetime(moment))[: -len(LEAST_RANDOM_PART)]
    return build_record_name(moment, time + LEAST_RANDOM_PART).removesuffix(".json")
