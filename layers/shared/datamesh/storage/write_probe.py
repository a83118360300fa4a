"""A probe of storage: can it be written? Reads alone do not tell (docs/adr/0020-write-probe.md)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from datamesh.errors.storage import StorageUnavailable
from datamesh.models.json_codec import decode_value, encode_value
from datamesh.models.values import to_utc, utc_now
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline, describe_unreachable
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unreachable,
)

SPREAD = 0.25
"""The part of its lifetime that a write is believed longer, at most and at random: instances shall
not all write at once."""
PROBE_SECONDS = 2.0
"""How long attempts of one probe may begin."""
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class WriteProbe:
    """Writes the time into one object, and believes for a while, its lifetime, what came of it.

    A time that another instance has written meanwhile proves as much as a write of one's own. So
    all instances together write about once a lifetime, however many there are and whoever asks.
    """

    def __init__(
        self,
        stored: ConditionalObject,
        backoff: Backoff,
        seconds: float = 60,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take the object that is written, and a lifetime in seconds; nothing is called yet."""
        self._stored = stored
        self._backoff = backoff
        self._now = now
        self._written_at = self._failed_at = LONG_AGO
        self._shortest_lifetime = self._lifetime = timedelta(seconds=seconds)
        """How long this instance believes in the latest write."""
        self._failure = ""

    def check_writes(self, deadline: Deadline) -> None:
        """Write the object, unless that was tried within its lifetime.

        Raises StorageUnavailable if storage does not take the write, or the time is spent.
        """
        if self._is_recent(self._written_at):
            return
        if abs(self._now() - self._failed_at) < self._shortest_lifetime:
            raise StorageUnavailable(self._failure)
        if deadline.remaining_seconds <= 0:
            raise describe_unreachable(self._stored.name, OUT_OF_TIME)
        try:
            self._written_at = self._ensure_written(deadline)
        except StorageUnavailable as error:
            self._failed_at, self._failure = self._now(), f"Unhealthy: writes fail. {error}"
            raise StorageUnavailable(self._failure) from error
        self._lifetime = self._shortest_lifetime * (1 + SPREAD * self._backoff.jitter())

    def _is_recent(self, moment: datetime) -> bool:
        """Tell whether a write then is believed now. Clocks may differ a little."""
        return abs(self._now() - moment) < self._lifetime

    def _ensure_written(self, deadline: Deadline) -> datetime:
        """Return when the object was written: lately, by whomever."""
        name, reason = self._stored.name, OUT_OF_TIME
        for _ in self._backoff.iterate_attempts(deadline.limit_attempts(PROBE_SECONDS)):
            stored = self._read(deadline)
            if stored and self._is_recent(written_at := _read_time(stored.body)):
                return written_at
            now = self._now()
            try:
                self._stored.put(encode_value(now), stored.etag if stored else None)
                return now
            except (LostRace, InDoubt, Unreachable) as error:
                reason = Unreachable(str(error) or "others wrote it at each attempt")
        # What is in doubt may have landed, and a lost race was won by somebody's write.
        stored = self._read(deadline)
        if stored and self._is_recent(written_at := _read_time(stored.body)):
            return written_at
        raise describe_unreachable(name, reason)

    def _read(self, deadline: Deadline) -> StoredObject | None:
        found = self._backoff.read_until_reached(self._stored.name, self._stored.get, deadline)
        return found if isinstance(found, StoredObject) else None


def _read_time(body: bytes) -> datetime:
    """Return the time that a probe has written; long ago, if something else is there."""
    try:
        return to_utc(datetime.fromisoformat(str(decode_value(body))))
    except ValueError:
        return LONG_AGO
