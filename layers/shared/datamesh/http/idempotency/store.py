"""The records of idempotency keys.

Powertools keeps them, here as a small object for each key, created with `If-None-Match: *`. It
cannot know whether a try whose outcome was unknown has landed. The registry file does: all tries of
a key commit under one id (docs/adr/0007-idempotency.md).
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

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.json_codec import decode_model, encode_model
from datamesh.services.context import Attempt
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import OUT_OF_TIME, Deadline
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
"""The errors that a PUT may raise."""


class IdempotencyRecord(BaseModel):
    """The record of a key, as it is stored."""

    status: Literal["INPROGRESS", "COMPLETED", "RELEASED"]
    expiry: int
    """When the key is forgotten, in seconds since 1970."""
    payload_hash: str
    in_progress_expiry: int = 0
    """When a try that has not ended counts as dead, in milliseconds since 1970."""
    response: str = ""
    in_doubt: bool = False
    """True if the try that failed may have landed; says something of a released key alone."""
    first_at: datetime
    """When the first try was made."""
    products_since: int
    """A revision of products.json that is not newer than the one the first try began with."""
    lineage_since: int

    def is_taken(self, now: float) -> bool:
        """Tell whether the key is completed or in progress, and may not be tried."""
        if self.expiry <= now or self.status == "RELEASED":
            return False
        return self.status == "COMPLETED" or self.in_progress_expiry > now * 1000

    def can_have_landed(self, now: float) -> bool:
        """Tell whether a try of the key has ended without its outcome being known."""
        return self.expiry > now and (self.status == "INPROGRESS" or self.in_doubt)

    def to_attempt(self, commit_id: str, registry: Registry, *, repeated: bool) -> Attempt:
        """Return the try of the request that this record has begun or taken over."""
        since = {
            registry.products.name: self.products_since,
            registry.lineage.name: self.lineage_since,
        }
        return Attempt(commit_id, self.first_at, since, repeated)

    def to_data_record(self, key: str) -> DataRecord:
        """Return the record as Powertools has it."""
        return DataRecord(
            idempotency_key=key,
            status=self.status,
            expiry_timestamp=self.expiry,
            in_progress_expiry_timestamp=self.in_progress_expiry,
            response_data=self.response,
            payload_hash=self.payload_hash,
        )


class IdempotencyRecords(BasePersistenceLayer):
    """The records of keys, each an object of its own, as one request sees them."""

    def __init__(
        self,
        registry: Registry,
        open_record: OpenObject,
        deadline: Deadline,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._open = open_record
        self._deadline = deadline
        self._clock = clock
        self._record: IdempotencyRecord | None = None
        self._etag: str | None = None
        self.attempt: Attempt | None = None
        """The try of the request, once `save_inprogress` has begun it."""
        self.in_doubt = False
        """Set before a try fails: whether it may have landed."""

    def _put_record(self, data_record: DataRecord) -> None:
        key = _extract_digest(data_record.idempotency_key)
        stored = self._open(key)
        record = self._create_record(data_record)
        etag, repeated = None, False
        try:
            self._etag = stored.put(encode_model(record), None)
        except LostRace:
            self._require_time()
            found = stored.get()
            assert isinstance(found, StoredObject), "records are never deleted before they expire"
            record, repeated = self._take_over_record(data_record, record, found)
            etag = found.etag
        if etag:
            self._require_time()
            try:
                self._etag = stored.put(encode_model(record), etag)
            except LostRace:
                raise IdempotencyItemAlreadyExistsError(
                    old_data_record=record.to_data_record(data_record.idempotency_key)
                ) from None
        self._record, self.in_doubt = record, False
        self.attempt = record.to_attempt(f"k-{key[:16]}", self._registry, repeated=repeated)

    def _create_record(self, data_record: DataRecord) -> IdempotencyRecord:
        registry = self._registry
        return IdempotencyRecord(
            status="INPROGRESS",
            expiry=data_record.expiry_timestamp or 0,
            in_progress_expiry=data_record.in_progress_expiry_timestamp or 0,
            payload_hash=data_record.payload_hash,
            first_at=registry.now(),
            products_since=registry.products.find_known_revision(self._deadline),
            lineage_since=registry.lineage.find_known_revision(self._deadline),
        )

    def _take_over_record(
        self, data_record: DataRecord, first: IdempotencyRecord, found: StoredObject
    ) -> tuple[IdempotencyRecord, bool]:
        """Return the record to go on with, and whether an earlier try may have landed."""
        known = decode_model(IdempotencyRecord, found.body)
        now = self._clock()
        taken, landed = known.is_taken(now), known.can_have_landed(now)
        if (taken or landed) and known.payload_hash != data_record.payload_hash:
            raise IdempotencyValidationError("the key was used with another body")
        if taken:
            raise IdempotencyItemAlreadyExistsError(
                old_data_record=known.to_data_record(data_record.idempotency_key)
            )
        if not landed:
            return first, False
        begun = {"status": "INPROGRESS", "in_progress_expiry": first.in_progress_expiry}
        return known.model_copy(update=begun), True

    def _update_record(self, data_record: DataRecord) -> None:
        self._close_record(data_record, "COMPLETED", response=data_record.response_data)

    def _delete_record(self, data_record: DataRecord) -> None:
        self._close_record(data_record, "RELEASED", in_doubt=self.in_doubt)

    def _close_record(self, data_record: DataRecord, status: str, **result: object) -> None:
        """Store what became of the try, if there is time.

        Failing here fails nobody: the record stays in progress until it expires, and the next try
        finds out what became of this one.
        """
        assert self._record is not None
        closed = self._record.model_copy(update={"status": status, **result})
        try:
            self._require_time()
            self._open(_extract_digest(data_record.idempotency_key)).put(
                encode_model(closed), self._etag
            )
        except FAILURES as error:
            logger.warning("an idempotency record stays in progress: %r", error)

    def _require_time(self) -> None:
        """Raise Unreachable if a call that begins now might not end within the request's time."""
        if not self._deadline.can_begin_call():
            raise OUT_OF_TIME

    def _get_record(self, idempotency_key: str) -> DataRecord:
        found = self._open(_extract_digest(idempotency_key)).get()
        if not isinstance(found, StoredObject):
            raise IdempotencyItemNotFoundError
        return decode_model(IdempotencyRecord, found.body).to_data_record(idempotency_key)


def _extract_digest(idempotency_key: str) -> str:
    """Return the digest of a key, before which Powertools puts the name of the function."""
    return idempotency_key.rpartition("#")[2]
