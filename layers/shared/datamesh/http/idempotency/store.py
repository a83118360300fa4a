"""`Idempotency-Key`: a POST that is sent again is not done again.

Powertools' idempotency over one small object a key, created with `If-None-Match: *`. What it cannot
know, whether a try whose outcome was unknown has landed, the registry file does: all tries of a key
commit under one id (docs/adr/0007-idempotency.md).
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from pydantic import BaseModel

from datamesh.errors import StorageUnavailable
from datamesh.services.registry.registry import Attempt, Registry
from datamesh.storage.objects import (
    InDoubt,
    LostRace,
    OpenObject,
    StoredObject,
    Unreachable,
)

logger = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 60 * 60
"""How long a key is remembered; the bucket's lifecycle rule removes the object after that."""

FAILURES = (LostRace, InDoubt, Unreachable, StorageUnavailable)


class Record(BaseModel):
    """What is remembered of a key. Times of expiry are as Powertools has them: s and ms."""

    status: Literal["INPROGRESS", "COMPLETED", "RELEASED"]
    expiry: int
    payload_hash: str
    in_progress_expiry: int = 0
    response: str = ""
    in_doubt: bool = False
    """Of a released key: whether the try that failed may have landed."""
    first_at: datetime
    products_since: int
    lineage_since: int

    def is_taken(self, now: float) -> bool:
        """Whether it is completed or in progress: not to be tried."""
        if self.expiry <= now or self.status == "RELEASED":
            return False
        return self.status == "COMPLETED" or self.in_progress_expiry > now * 1000

    def may_have_landed(self, now: float) -> bool:
        """Whether a try of it was given up without its outcome being known."""
        return self.expiry > now and (self.status == "INPROGRESS" or self.in_doubt)

    def attempt(self, commit_id: str, *, repeated: bool) -> Attempt:
        return Attempt(commit_id, self.first_at, self.products_since, self.lineage_since, repeated)

    def as_data_record(self, key: str) -> DataRecord:
        return DataRecord(
            idempotency_key=key,
            status=self.status,
            expiry_timestamp=self.expiry,
            in_progress_expiry_timestamp=self.in_progress_expiry,
            response_data=self.response,
            payload_hash=self.payload_hash,
        )


class KeyRecords(BasePersistenceLayer):
    """The records of keys, each an object of its own. For one request at a time."""

    def __init__(
        self,
        registry: Callable[[], Registry],
        open_record: OpenObject,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._open = open_record
        self._clock = clock
        self._record: Record | None = None
        self._etag: str | None = None
        self.current: Attempt | None = None
        """The try that the latest `save_inprogress` has begun."""
        self.in_doubt = False
        """Set before a try fails: whether it may have landed."""

    def _put_record(self, data_record: DataRecord) -> None:
        key = _digest(data_record.idempotency_key)
        stored = self._open(key)
        record = self._first(data_record)
        etag, repeated = None, False
        try:
            self._etag = stored.put(_encoded(record), None)
        except LostRace:
            found = stored.get()
            assert isinstance(found, StoredObject), "records are never deleted before they expire"
            record, repeated = self._taken_over(data_record, record, found)
            etag = found.etag
        if etag:
            try:
                self._etag = stored.put(_encoded(record), etag)
            except LostRace:
                raise IdempotencyItemAlreadyExistsError(
                    old_data_record=record.as_data_record(data_record.idempotency_key)
                ) from None
        self._record, self.in_doubt = record, False
        self.current = record.attempt(f"k-{key[:16]}", repeated=repeated)

    def _first(self, data_record: DataRecord) -> Record:
        registry = self._registry()
        return Record(
            status="INPROGRESS",
            expiry=data_record.expiry_timestamp or 0,
            in_progress_expiry=data_record.in_progress_expiry_timestamp or 0,
            payload_hash=data_record.payload_hash,
            first_at=registry.now(),
            products_since=registry.products.known_revision(),
            lineage_since=registry.lineage.known_revision(),
        )

    def _taken_over(
        self, data_record: DataRecord, first: Record, found: StoredObject
    ) -> tuple[Record, bool]:
        """The record to go on with, and whether an earlier try may have landed."""
        known = Record.model_validate_json(found.body)
        now = self._clock()
        taken, landed = known.is_taken(now), known.may_have_landed(now)
        if (taken or landed) and known.payload_hash != data_record.payload_hash:
            raise IdempotencyValidationError("the key was used with another body")
        if taken:
            raise IdempotencyItemAlreadyExistsError(
                old_data_record=known.as_data_record(data_record.idempotency_key)
            )
        if not landed:
            return first, False
        begun = {"status": "INPROGRESS", "in_progress_expiry": first.in_progress_expiry}
        return known.model_copy(update=begun), True

    def _update_record(self, data_record: DataRecord) -> None:
        self._close(data_record, "COMPLETED", response=data_record.response_data)

    def _delete_record(self, data_record: DataRecord) -> None:
        self._close(data_record, "RELEASED", in_doubt=self.in_doubt)

    def _close(self, data_record: DataRecord, status: str, **result: object) -> None:
        """Failing here fails nobody: the record stays in progress until it expires, and the next
        try finds out what became of this one."""
        assert self._record is not None
        closed = self._record.model_copy(update={"status": status, **result})
        try:
            self._open(_digest(data_record.idempotency_key)).put(_encoded(closed), self._etag)
        except FAILURES as error:
            logger.warning("an idempotency record stays in progress: %r", error)

    def _get_record(self, idempotency_key: str) -> DataRecord:
        found = self._open(_digest(idempotency_key)).get()
        if not isinstance(found, StoredObject):
            raise IdempotencyItemNotFoundError
        return Record.model_validate_json(found.body).as_data_record(idempotency_key)


def _digest(idempotency_key: str) -> str:
    """Powertools puts the function's name before the digest."""
    return idempotency_key.rpartition("#")[2]


def _encoded(record: Record) -> bytes:
    return record.model_dump_json().encode()
