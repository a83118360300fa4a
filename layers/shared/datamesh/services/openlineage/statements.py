"""Statements: what events say about lineage between datasets, as sets that only grow.

Statements form a join-semilattice (docs/adr/0012-openlineage.md), and `join_with` is its join: it
is commutative, associative and idempotent, so that neither order nor repetition of events matters.
Where a set is bounded, its smallest elements are kept, which keeps these laws.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict

from datamesh.models.lineage import ColumnLineage, Evidence, Job, LineageType
from datamesh.models.products import DatasetName
from datamesh.models.stored_products import DatasetMention
from datamesh.models.values import Timestamp
from datamesh.services.lineage.joining import join_columns, pick_most_transforming

MAX_JOBS = 20
MAX_DATASETS = 1000
"""How many inputs a run may have, and how many outputs."""
MAX_EDGES = 2000
MAX_SYMLINKS = 2000

LATEST = datetime.max.replace(tzinfo=UTC)


class DatasetEdge(BaseModel):
    """An edge between datasets: an event says that data of the source goes into the target."""

    model_config = ConfigDict(frozen=True)

    source: DatasetName
    target: DatasetName
    evidence: Evidence
    lineage_type: LineageType
    at: Timestamp
    columns: tuple[ColumnLineage, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """The values that descriptions of one edge by one kind of facet have in common."""
        source, target = self.source, self.target
        return (
            *(target.namespace, target.name, source.namespace, source.name),
            self.evidence.name,
        )

    def join_with(self, *others: Self) -> Self:
        """Return the edge as all describe it: the earliest time, and the columns of all."""
        edges = (self, *others)
        return self.model_copy(
            update={
                "lineage_type": pick_most_transforming(each.lineage_type for each in edges),
                "at": min(each.at for each in edges),
                "columns": join_columns(*(each.columns for each in edges)),
            }
        )


class DatasetSymlink(BaseModel):
    """Another name of a dataset."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    other: DatasetName
    at: Timestamp | None = None
    """When the first event told it; None in files of earlier versions."""

    @property
    def key(self) -> tuple[str, ...]:
        """The names of both datasets."""
        return (
            *(self.dataset.namespace, self.dataset.name),
            *(self.other.namespace, self.other.name),
        )

    def join_with(self, *others: Self) -> Self:
        """Return the earliest."""
        return min((self, *others), key=lambda each: each.at or LATEST)


class Statement(BaseModel):
    """The statement about lineage by the events of a job in one run, or by one event of no run."""

    model_config = ConfigDict(frozen=True)

    jobs: tuple[Job, ...] = ()
    inputs: tuple[DatasetMention, ...] = ()
    outputs: tuple[DatasetMention, ...] = ()
    flows: tuple[DatasetEdge, ...] = ()
    described: tuple[DatasetMention, ...] = ()
    """Targets whose sources a lineage facet lists, even if the list is empty."""
    sourceless: tuple[DatasetMention, ...] = ()
    """The described targets of which a lineage facet says that they come from nowhere."""
    symlinks: tuple[DatasetSymlink, ...] = ()

    def join_with(self, *others: Self) -> Self:
        """Return what all say together. Many are joined at once, in linear time, not one by one."""
        all_of = (self, *others)
        jobs = {job for each in all_of for job in each.jobs}
        return self.model_copy(
            update={
                "jobs": tuple(sorted(jobs, key=get_job_key)[:MAX_JOBS]),
                "inputs": _join_sets(MAX_DATASETS, *(each.inputs for each in all_of)),
                "outputs": _join_sets(MAX_DATASETS, *(each.outputs for each in all_of)),
                "flows": _join_sets(MAX_EDGES, *(each.flows for each in all_of)),
                "described": _join_sets(MAX_DATASETS, *(each.described for each in all_of)),
                "sourceless": _join_sets(MAX_DATASETS, *(each.sourceless for each in all_of)),
                "symlinks": _join_sets(MAX_SYMLINKS, *(each.symlinks for each in all_of)),
            }
        )

    def find_first_mentions(self) -> dict[tuple[DatasetName, bool], Timestamp]:
        """Return when each dataset was named first: as one that is written (True), or read."""
        named = [(each.dataset, False, each.at) for each in self.inputs]
        named += [(each.dataset, True, each.at) for each in (*self.outputs, *self.described)]
        named += [(edge.source, False, edge.at) for edge in self.flows]
        named += [(edge.target, True, edge.at) for edge in self.flows]
        found: dict[tuple[DatasetName, bool], Timestamp] = {}
        for dataset, is_written, at in named:
            key = (dataset, is_written)
            found[key] = min(at, found.get(key, at))
        return found


def get_job_key(job: Job) -> tuple[str, str]:
    """Return what jobs are sorted by."""
    return (job.namespace, job.name)


def _join_sets[M: (DatasetMention, DatasetEdge, DatasetSymlink)](
    limit: int, *sets: tuple[M, ...]
) -> tuple[M, ...]:
    found: dict[tuple[str, ...], list[M]] = {}
    for element in (element for each in sets for element in each):
        found.setdefault(element.key, []).append(element)
    return tuple(_join_elements(found[key]) for key in sorted(found)[:limit])


def _join_elements[M: (DatasetMention, DatasetEdge, DatasetSymlink)](elements: list[M]) -> M:
    return elements[0].join_with(*elements[1:]) if len(elements) > 1 else elements[0]


def build_set[M: (DatasetMention, DatasetEdge, DatasetSymlink)](
    limit: int, elements: Iterable[M]
) -> tuple[M, ...]:
    """Return the elements as a field of a Statement holds them: each key once, sorted, bounded."""
    return _join_sets(limit, tuple(elements))
