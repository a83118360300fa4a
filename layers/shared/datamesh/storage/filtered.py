"""A document as some of its readers see it."""

from collections.abc import Callable

from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.objects import ReadOnlyObject
from datamesh.storage.registry_file import RegistryFile


class FilteredDocument[F: RegistryFile](Document[F]):
    """A document of which a part is hidden. Nobody can write to it."""

    def __init__(
        self, document: Document[F], kind: type[F], choose: Callable[[F, Deadline], F]
    ) -> None:
        """Keep the document, and what returns the part of a version that is shown."""
        stored = ReadOnlyObject(document.name, "is shown in part, and cannot be written")
        super().__init__(stored, kind, Backoff())
        self._document = document
        self._choose = choose

    def read(self, deadline: Deadline) -> F:
        """Return the shown part of what the document itself would return."""
        return self._choose(self._document.read(deadline), deadline)

    def read_latest(self, deadline: Deadline) -> F:
        """Return the shown part of the newest revision."""
        return self._choose(self._document.read_latest(deadline), deadline)

    def get_known(self) -> F | None:
        """Return None: what is in memory has not been filtered."""
        return None

    def find_known_revision(self, deadline: Deadline) -> int:
        """Return what the document itself would return."""
        return self._document.find_known_revision(deadline)
