"""Versions of a job: the datasets that its runs have read and written, and its location.

As in Marquez a version is new when a run that completes has other datasets, or the job another
location. A job of which no run is known to have completed has one version: all its datasets.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from datamesh.models.jobs import JobDataset, JobHistory, JobRun
from datamesh.models.json_codec import encode_for_digest
from datamesh.services.jobs.joining import COMPLETED
from datamesh.services.jobs.run_ends import MAX_ENDS, READ, WRITTEN, compute_end
from datamesh.services.marquez.index import MarquezIndex
from datamesh.services.marquez.nodes import IndexedJob, list_names
from datamesh.storage.records import RecordedName


class JobContent(NamedTuple):
    """The content that tells a version of a job from others."""

    inputs: tuple[RecordedName, ...]
    outputs: tuple[RecordedName, ...]
    location: str

    def compute_id(self, name: RecordedName) -> str:
        """Return the id of this version of a job: the same wherever it is told."""
        sides = [[[each.namespace, each.name] for each in side] for side in self[:2]]
        content: Any = [name.namespace, name.name, *sides, self.location]
        digest = sha256(encode_for_digest(content, ascii_only=True)).digest()
        return str(UUID(bytes=digest[:16], version=5))


class JobVersions:
    """The versions of one job; `runs` are those that are known, the latest first."""

    def __init__(
        self,
        index: MarquezIndex,
        job: IndexedJob,
        history: JobHistory | None,
        runs: Sequence[JobRun],
        location: str,
    ) -> None:
        self._index = index
        self._history = history
        self._runs = runs
        self._read: dict[tuple[tuple[str, ...], str], JobContent] = {}
        sides = (job.inputs, job.outputs)
        names = [tuple(list_names(index.products[end])[0] for end in side) for side in sides]
        self._whole = JobContent(names[0], names[1], location)

    @cached_property
    def contents(self) -> Mapping[JobContent, Sequence[JobRun]]:
        """The versions, that of the latest run first, and the runs of each, the latest first."""
        found: dict[JobContent, list[JobRun]] = {}
        for run in self._runs:
            if run.state == COMPLETED and (content := self._read_content(run)):
                found.setdefault(content, []).append(run)
        return found or {self._whole: ()}

    @cached_property
    def current(self) -> JobContent:
        """The version of the latest run that completed."""
        for run in self._runs:
            if run.state == COMPLETED and (content := self._read_content(run)):
                return content
        return self._whole

    def find_content(self, run: JobRun) -> JobContent:
        """Return the version that a run is of: until it has completed the current one."""
        content = self._read_content(run) if run.state == COMPLETED else None
        return content or self.current

    def _read_content(self, run: JobRun) -> JobContent | None:
        """Return what a run has read and written; None if that is not known."""
        if not run.ends or len(run.ends) >= MAX_ENDS:
            return None
        fact = run.facts.get("location")
        location = str(fact.value) if fact and fact.value else self._whole.location
        known = self._read.get((run.ends, location))
        if known is None:
            sides = (self._inputs, self._outputs)
            names = [self._list_names(side, run.ends) for side in sides]
            known = self._read[run.ends, location] = JobContent(names[0], names[1], location)
        return known

    @cached_property
    def _inputs(self) -> Mapping[str, str]:
        datasets = self._history.inputs if self._history else ()
        return self._find_products(READ, datasets)

    @cached_property
    def _outputs(self) -> Mapping[str, str]:
        datasets = self._history.outputs if self._history else ()
        return self._find_products(WRITTEN, datasets)

    def _find_products(self, way: str, datasets: Iterable[JobDataset]) -> Mapping[str, str]:
        """Return the products that the job's datasets are, by the ends of its runs."""
        return {
            compute_end(way, each.namespace, each.name): found.product.name
            for each in datasets
            if (found := self._index.find_dataset(each.namespace, each.name))
        }

    def _list_names(
        self, products: Mapping[str, str], ends: Iterable[str]
    ) -> tuple[RecordedName, ...]:
        """Return the first name of each product, by the products' names as a job has them."""
        found = {products[end] for end in ends if end in products}
        return tuple(list_names(self._index.products[each])[0] for each in sorted(found))
