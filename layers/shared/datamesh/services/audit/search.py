"""Find records of the audit trail."""

from datetime import UTC, datetime

from ulid import ULID

from datamesh.errors import InvalidQuery
from datamesh.models.audit import AuditPage, AuditRecord
from datamesh.models.json_codec import decode_model
from datamesh.services.audit.trail import name_of
from datamesh.storage.backoff import Deadline
from datamesh.storage.journal import PAGE_SIZE, Journal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY_ZERO = "0" * 16
"""Of the 26 characters of a ULID these are random; those before tell the millisecond."""


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
    """Records from `since` to `until` that meet every filter given, oldest first.

    One page of the journal at most is looked through. Raises InvalidQuery if the range is inverted,
    StorageUnavailable.
    """
    if since > until:
        raise InvalidQuery(f"since {since.isoformat()} is after until {until.isoformat()}")
    names = journal.list_names(max(cursor or "", _just_before(since)), deadline)
    last = _just_before(until).removesuffix(EVERY_ZERO) + "Z" * len(EVERY_ZERO)
    looked_at = [name for name in names if name.removesuffix(".json") <= last]
    more = len(looked_at) == PAGE_SIZE
    found: list[AuditRecord] = []
    for start in range(0, len(looked_at), limit):
        chunk = looked_at[start : start + limit]
        for name, body in zip(chunk, journal.read_all(chunk, deadline), strict=True):
            record = decode_model(AuditRecord, body)
            if product in (None, *record.product_names) and principal in (None, record.principal):
                found.append(record)
            if len(found) == limit:
                return AuditPage(
                    records=found, next=name if more or name != looked_at[-1] else None
                )
    return AuditPage(records=found, next=names[-1] if more else None)


def _just_before(moment: datetime) -> str:
    """Sorts before every record of that millisecond."""
    known = max(moment, EPOCH)
    time = str(ULID.from_datetime(known))[: -len(EVERY_ZERO)]
    return name_of(known, time + EVERY_ZERO).removesuffix(".json")
