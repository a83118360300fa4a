"""Where lineage leads, indexed once for each version of its file."""

from collections.abc import Sequence
from weakref import ref

from datamesh.models.graph import Way
from datamesh.models.lineage import StoredLineageEntry
from datamesh.storage.files import LineageFile


class Adjacency:
    """For each product the places, in the file's list, of the entries that lead into and out of it.

    Places rather than entries: whatever else of an entry changes, its id and ends do not, so that
    this holds for every later version in which the same ids stand at the same places.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._into: dict[str, list[int]] = {}
        self._out_of: dict[str, list[int]] = {}

    def follows(self, entries: Sequence[StoredLineageEntry]) -> bool:
        """Whether what is indexed stands, as it was, at the beginning of `entries`."""
        count = len(self._ids)
        return len(entries) >= count and [entry.id for entry in entries[:count]] == self._ids

    def extend(self, entries: Sequence[StoredLineageEntry]) -> None:
        """Add those of `entries` that come after what is indexed."""
        for place in range(len(self._ids), len(entries)):
            entry = entries[place]
            self._ids.append(entry.id)
            self._into.setdefault(entry.target, []).append(place)
            self._out_of.setdefault(entry.source, []).append(place)

    def places(self, name: str, way: Way) -> Sequence[int]:
        """Of the entries to follow from a product, oldest first."""
        return self.of(way).get(name, ())

    def of(self, way: Way) -> dict[str, list[int]]:
        return self._into if way is Way.UPSTREAM else self._out_of


class LineageIndex:
    """The adjacency of the newest lineage file that was asked for, kept from request to request.

    It is known to be that of a file by the file's identity: a document gives out the same object
    while nothing has changed. A version that only appends entries extends it. An older version is
    given one of its own, which is not kept: now and then somebody asks for the past, but the next
    request is for the present again.
    """

    def __init__(self) -> None:
        self._adjacency = Adjacency()
        self._revision = 0
        self._indexed: ref[LineageFile] | None = None

    def of(self, file: LineageFile) -> Adjacency:
        if self._indexed is not None and self._indexed() is file:
            return self._adjacency
        if file.revision < self._revision:
            return self._built(file)
        if not self._adjacency.follows(file.lineage):
            self._adjacency = Adjacency()
        self._adjacency.extend(file.lineage)
        self._indexed, self._revision = ref(file), file.revision
        return self._adjacency

    def _built(self, file: LineageFile) -> Adjacency:
        adjacency = Adjacency()
        adjacency.extend(file.lineage)
        return adjacency
