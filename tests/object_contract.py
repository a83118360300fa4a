"""The promises of every `ConditionalObject`. Subclass, give `stored`, and the suite runs over
it."""

from abc import ABC, abstractmethod

import pytest

from datamesh.storage.objects import (
    ConditionalObject,
    LostRace,
    StoredObject,
    Unchanged,
)


class ObjectContract(ABC):
    @pytest.fixture
    @abstractmethod
    def stored(self) -> ConditionalObject:
        """An object that does not exist yet."""

    def test_a_missing_object_is_none(self, stored: ConditionalObject) -> None:
        assert stored.get() is None

    def test_a_missing_object_is_none_whatever_etag_is_known(
        self, stored: ConditionalObject
    ) -> None:
        assert stored.get('"0123456789abcdef0123456789abcdef"') is None

    def test_what_was_put_is_what_is_read(self, stored: ConditionalObject) -> None:
        etag = stored.put(b"one", None)
        assert stored.get() == StoredObject(b"one", etag)

    def test_a_known_etag_is_answered_without_a_body(self, stored: ConditionalObject) -> None:
        etag = stored.put(b"one", None)
        assert isinstance(stored.get(etag), Unchanged)

    def test_an_outdated_etag_is_answered_with_the_object(self, stored: ConditionalObject) -> None:
        outdated = stored.put(b"one", None)
        current = stored.put(b"two", outdated)
        assert stored.get(outdated) == StoredObject(b"two", current)

    def test_another_body_has_another_etag(self, stored: ConditionalObject) -> None:
        first = stored.put(b"one", None)
        assert stored.put(b"two", first) != first

    def test_creating_loses_against_an_existing_object(self, stored: ConditionalObject) -> None:
        etag = stored.put(b"one", None)
        with pytest.raises(LostRace):
            stored.put(b"two", None)
        assert stored.get() == StoredObject(b"one", etag)

    def test_replacing_loses_against_a_newer_object(self, stored: ConditionalObject) -> None:
        outdated = stored.put(b"one", None)
        current = stored.put(b"two", outdated)
        with pytest.raises(LostRace):
            stored.put(b"three", outdated)
        assert stored.get() == StoredObject(b"two", current)

    def test_replacing_loses_against_a_missing_object(self, stored: ConditionalObject) -> None:
        with pytest.raises(LostRace):
            stored.put(b"one", '"0123456789abcdef0123456789abcdef"')
        assert stored.get() is None

    def test_a_large_binary_body_survives(self, stored: ConditionalObject) -> None:
        body = bytes(range(256)) * 4096
        etag = stored.put(body, None)
        assert stored.get() == StoredObject(body, etag)
