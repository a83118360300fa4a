"""Where lineage leads, indexed once for each version of its file."""

from collections.abc import Iterable, Sequence
from weakref import ref

from datamesh.models.graph import Way
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord


class Adjacency:
    """For each product the places, in the file's list, of the entries that lead into and out of it.

    Places rather than entries: whatever else of an entry changes, its id and ends do not, so that
    this holds for every later version in which the same ids stand at the same places.
    """

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self._names: dict[str, str] = {}
        self._into: dict[str, list[int]] = {}
        self._out_of: dict[str, list[int]] = {}

    def follows(self, entries: Sequence[LineageRecord]) -> bool:
        """Whether what is indexed stands, as it was, at the beginning of `entries`."""
        count = len(self.ids)
        return len(entries) >= count and [entry.id for entry in entries[:count]] == self.ids

    def extend(self, entries: Sequence[LineageRecord]) -> None:
        """Add those of `entries` that come after what is indexed."""
        # One string for each name, not one for each entry: a walk then stays within the cache.
        name = self._names.setdefault
        for place in range(len(self.ids), len(entries)):
            entry = entries[place]
            source, target = name(entry.source, entry.source), name(entry.target, entry.target)
            self.ids.append(entry.id)
            self.sources.append(source)
            self.targets.append(target)
            self._into.setdefault(target, []).append(place)
            self._out_of.setdefault(source, []).append(place)

    def places(self, name: str, way: Way) -> Sequence[int]:
        """Of the entries to follow from a product, oldest first."""
        return self.of(way).get(name, ())

    def ends_of(self, places: Iterable[int]) -> list[tuple[str, str]]:
        sources, targets = self.sources, self.targets
        return [(sources[place], targets[place]) for place in places]

    def of(self, way: Way) -> dict[str, list[int]]:
        """For each product that has any, the places of the entries to follow from it."""
        return self._into if way is Way.UPSTREAM else self._out_of

    def ends(self, way: Way) -> list[str]:
        """For each place the product that its entry leads to."""
        return self.sources if way is Way.UPSTREAM else self.targets


class Verdicts:
    """Which entries of one version of the lineage are visible in one version of the products, as
    far as that was found out: by place 0 for not yet, else VISIBLE or HIDDEN."""

    VISIBLE, HIDDEN = 1, 2

    def __init__(self) -> None:
        self._versions: tuple[ref[LineageFile], ref[ProductsFile]] | None = None
        self._found = bytearray()

    def of(self, lineage: LineageFile, products: ProductsFile) -> bytearray:
        """To be looked up, and written to what is found out."""
        known = self._versions
        if known is None or known[0]() is not lineage or known[1]() is not products:
            self._versions = ref(lineage), ref(products)
            self._found = bytearray(len(lineage.lineage))
        return self._found


class LineageIndex:
    """The adjacency of the newest lineage file that was asked for, kept from request to request.

    It is known to be that of a file by the file's identity: a document gives out the same object
    while nothing has changed. A version that only appends entries extends it. An older version is
    given one of its own, which is not kept: now and then somebody asks for the past, but the next
    request is for the present again.
    """

    def __init__(self) -> None:
        self.verdicts = Verdicts()
        self._adjacency = Adjacency()
        self._revision = 0
        self._indexed: ref[LineageFile] | None = None

    def of(self, file: LineageFile) -> Adjacency:
        if self._indexed is not None and self._indexed() is file:
            return self._adjacency
        if file.revision < self._revision:
            return _built(file)
        if not self._adjacency.follows(file.lineage):
            self._adjacency = Adjacency()
        self._adjacency.extend(file.lineage)
        self._indexed, self._revision = ref(file), file.revision
        return self._adjacency


def _built(file: LineageFile) -> Adjacency:
    adjacency = Adjacency()
    adjacency.extend(file.lineage)
    return adjacency
