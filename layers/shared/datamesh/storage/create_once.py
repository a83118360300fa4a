"""Create-if-absent, for objects that are written once.

Their name says what is in them, or who alone writes them: an object that is there is the right one.
"""

from datamesh.errors.storage import OutcomeUnknown
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, Deadline, describe_unreachable
from datamesh.storage.objects import (
    ConditionalObject,
    InDoubt,
    LostRace,
    StoredObject,
    Unreachable,
)


def create_if_absent(
    stored: ConditionalObject, body: bytes, backoff: Backoff, deadline: Deadline
) -> str:
    """Create an object unless there is one, and return the ETag of the one that is there then.

    Raises StorageUnavailable if nothing was created, OutcomeUnknown if something may have been.
    """
    in_doubt, reason = False, OUT_OF_TIME
    for _ in backoff.iterate_attempts(deadline):
        try:
            return stored.put(body, None)
        except LostRace:
            # A conflict with another request (409) says the same as an object that is there (412).
            found = backoff.read_until_reached(stored.name, stored.get, deadline)
            if isinstance(found, StoredObject):
                return found.etag
        except InDoubt as error:
            in_doubt, reason = True, Unreachable(str(error))
        except Unreachable as error:
            reason = error
    if in_doubt:
        raise OutcomeUnknown(stored.name)
    raise describe_unreachable(stored.name, reason)
