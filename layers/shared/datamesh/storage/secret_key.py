"""A random key in a store: created by whoever needs it first, and the same for everybody then."""

import secrets
from collections.abc import Callable

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.objects import ConditionalObject, StoredObject

KEY_BYTES = 32


class SecretKey:
    """A key of KEY_BYTES random bytes, which each instance of a function reads once."""

    def __init__(
        self,
        stored: ConditionalObject,
        backoff: Backoff,
        generate: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Take the object that holds it; nothing is called yet."""
        self._stored = stored
        self._backoff = backoff
        self._generate = generate
        self._key: bytes | None = None

    def read(self, deadline: Deadline) -> bytes:
        """Return the key, and create it if there is none. Raises StorageUnavailable."""
        if self._key is None:
            self._key = self._find(deadline) or self._create(deadline)
        return self._key

    def _find(self, deadline: Deadline) -> bytes | None:
        name = self._stored.name
        found = self._backoff.read_until_reached(name, self._stored.get, deadline)
        if not isinstance(found, StoredObject):
            return None
        if len(found.body) != KEY_BYTES:
            raise StorageUnavailable(f"{name} is no key of {KEY_BYTES} bytes; delete it")
        return found.body

    def _create(self, deadline: Deadline) -> bytes:
        """Create the key unless somebody else has, and return the one that is there."""
        reason: Exception | None = None
        try:
            create_if_absent(self._stored, self._generate(KEY_BYTES), self._backoff, deadline)
        except OutcomeUnknown as error:
            reason = error  # the key that is found is right, whoever has created it
        if key := self._find(deadline):
            return key
        raise StorageUnavailable(f"{self._stored.name} cannot be created") from reason
