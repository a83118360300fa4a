"""The products that recorded jobs read and write, beside those that lineage tells of."""

from collections.abc import Callable, Iterable

from datamesh.models.jobs import JobRecord
from datamesh.models.lineage import Evidence
from datamesh.storage.records import LineageRecord, RecordedName

type FindProduct = Callable[[RecordedName], str | None]
"""Name of a dataset -> the product that it is, if any."""


class RecordedEnds:
    """Finds the products that a job named itself: it may only read, only write, or do both to one.

    A job whose `lineage` facets say of all its outputs that they come from nowhere has no inputs.
    """

    def __init__(self, entries: Iterable[LineageRecord]) -> None:
        self._sourceless: dict[RecordedName, set[str]] = {}
        """Job -> the products of which it says itself that they come from nowhere."""
        for each in entries:
            if each.source == each.target and each.evidence == Evidence.LINEAGE and each.job:
                self._sourceless.setdefault(each.job, set()).add(each.target)

    def find_ends(self, record: JobRecord, find: FindProduct) -> tuple[set[str], set[str]]:
        """Return the products that the job reads, and those that it writes."""
        details = record.read_details()
        inputs, outputs = (
            {product for each in side if (product := find(RecordedName(*each)))}
            for side in (details.inputs, details.outputs)
        )
        if sourceless := self._sourceless.get(RecordedName(record.namespace, record.name)):
            inputs = {end for end in inputs if not outputs - {end} or outputs - {end} - sourceless}
        return inputs, outputs
