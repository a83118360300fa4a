"""What is kept of OpenLineage: each event as it came, and what each run has said so far."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from pydantic import JsonValue

from datamesh.errors import OutcomeUnknown, StorageUnavailable
from datamesh.models.facts import Gathered
from datamesh.models.statements import Statement
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, unreachable
from datamesh.storage.files import RegistryFile
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unreachable,
)

EVENTS = "events/openlineage/"
RUNS = "openlineage/runs/"
REBUILD = "openlineage/rebuild.json"


class RunFile(RegistryFile):
    """`openlineage/runs/<digest>.json`: what the events of a run have said so far."""

    statement: Statement = Statement()

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"statement": raw}


class RebuildFile(RegistryFile):
    """`openlineage/rebuild.json`: how far a rebuild that ran out of time has come."""

    after: str = ""
    """The last event that was read; empty between rebuilds."""
    events: int = 0
    gathered: Gathered = Gathered()

    @classmethod
    def envelope(cls, raw: JsonValue) -> dict[str, JsonValue]:
        return {"gathered": raw}


class EventLog:
    """The record: every event that was accepted, each created once and never changed."""

    def __init__(
        self,
        open_object: Callable[[str], ConditionalObject],
        list_names: Callable[[str], list[str]],
        backoff: Backoff,
    ) -> None:
        """`open_object` and `list_names` work on names below EVENTS; the latter gives a page of
        those that follow a name, in the order of their bytes, and nothing at the end."""
        self._open = open_object
        self._list = list_names
        self._backoff = backoff

    def keep(self, name: str, body: bytes) -> None:
        """Returns once the event is there, be it since long ago.

        Raises StorageUnavailable if it is not there, OutcomeUnknown if it may be.
        """
        stored = self._open(name)
        packed = gzip.compress(body, compresslevel=6, mtime=0)
        in_doubt, reason = False, OUT_OF_TIME
        for _ in self._backoff:
            try:
                stored.put(packed, None)
                return
            except LostRace:
                # A conflict (409) says the same as an object that is there (412).
                if self._is_there(stored):
                    return
            except InDoubt as error:
                in_doubt = True
                reason = Unreachable(str(error))
            except Unreachable as error:
                reason = error
        if in_doubt:
            raise OutcomeUnknown(EVENTS + name)
        raise unreachable(EVENTS + name, reason)

    def _is_there(self, stored: ConditionalObject) -> bool:
        return self._backoff.until_reached(stored.name, stored.get) is not None

    def pages(self, after: str = "") -> Iterator[list[str]]:
        """The names that follow a name, oldest day first. Raises StorageUnavailable."""
        while page := self._backoff.until_reached(EVENTS, partial(self._list, after)):
            yield page
            after = page[-1]

    def read(self, name: str) -> bytes:
        """Raises StorageUnavailable."""
        stored = self._open(name)
        found = self._backoff.until_reached(stored.name, stored.get)
        if not isinstance(found, StoredObject):
            raise StorageUnavailable(f"{EVENTS}{name} is gone")
        try:
            return gzip.decompress(found.body)
        except (OSError, EOFError, zlib.error) as error:
            raise StorageUnavailable(f"{EVENTS}{name} cannot be read: {error}") from error
