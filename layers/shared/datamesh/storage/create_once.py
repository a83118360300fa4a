"""Objects that are created once, under a name that says what is in them or who alone writes it."""

from datamesh.errors import OutcomeUnknown
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, unreachable
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unreachable,
)


def create(stored: ConditionalObject, body: bytes, backoff: Backoff) -> str:
    """The ETag of what is there in the end: what was there already, if anything was.

    Raises StorageUnavailable if nothing is there, OutcomeUnknown if something may be.
    """
    in_doubt, reason = False, OUT_OF_TIME
    for _ in backoff:
        try:
            return stored.put(body, None)
        except LostRace:
            # A conflict with another request (409) says the same as an object that is there (412).
            found = backoff.until_reached(stored.name, stored.get)
            if isinstance(found, StoredObject):
                return found.etag
        except InDoubt as error:
            in_doubt, reason = True, Unreachable(str(error))
        except Unreachable as error:
            reason = error
    if in_doubt:
        raise OutcomeUnknown(stored.name)
    raise unreachable(stored.name, reason)
