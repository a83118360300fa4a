"""What events say about lineage, at the level of datasets: sets that only grow.

Statements form a join-semilattice (docs/adr/0012-openlineage.md): joining is commutative,
associative and idempotent, so that neither order nor repetition of events matters. Where a set is
bounded, its smallest elements are kept, which keeps the laws.
"""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict

from datamesh.models.lineage import ColumnLineage, Evidence, Job, LineageType
from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp

MAX_JOBS = 20
MAX_DATASETS = 1000
"""Inputs of a run, and as many outputs."""
MAX_FLOWS = 2000
MAX_COLUMNS = 2000
MAX_SYMLINKS = 2000

TRANSFORMING = (LineageType.DIRECT, LineageType.DERIVED, LineageType.AGGREGATED)
"""Least transforming first."""


def most_transforming(kinds: Iterable[LineageType]) -> LineageType:
    return max(kinds, key=TRANSFORMING.index)


def joined_columns(*sets: Iterable[ColumnLineage]) -> tuple[ColumnLineage, ...]:
    """The union, sorted; of a pair of columns the most transforming."""
    kinds: dict[tuple[str, str], LineageType] = {}
    for column in (column for columns in sets for column in columns):
        pair = (column.source, column.target)
        kinds[pair] = most_transforming((kinds.get(pair, column.lineage_type), column.lineage_type))
    return tuple(
        ColumnLineage(source=source, target=target, lineage_type=kinds[source, target])
        for source, target in sorted(kinds)[:MAX_COLUMNS]
    )


class Mention(BaseModel):
    """That a dataset was named, first at a time."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    at: Timestamp

    @property
    def key(self) -> tuple[str, ...]:
        return (self.dataset.namespace, self.dataset.name)

    def joined(self, other: Self) -> Self:
        return self if self.at <= other.at else other


class Flow(BaseModel):
    """That a facet says that data of one dataset goes into another."""

    model_config = ConfigDict(frozen=True)

    source: DatasetName
    target: DatasetName
    evidence: Evidence
    lineage_type: LineageType
    at: Timestamp
    columns: tuple[ColumnLineage, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        source, target = self.source, self.target
        return (
            *(target.namespace, target.name, source.namespace, source.name),
            self.evidence.name,
        )

    def joined(self, other: Self) -> Self:
        return self.model_copy(
            update={
                "lineage_type": most_transforming((self.lineage_type, other.lineage_type)),
                "at": min(self.at, other.at),
                "columns": joined_columns(self.columns, other.columns),
            }
        )


class Symlink(BaseModel):
    """That a dataset has another name."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    other: DatasetName

    @property
    def key(self) -> tuple[str, ...]:
        return (
            *(self.dataset.namespace, self.dataset.name),
            *(self.other.namespace, self.other.name),
        )

    def joined(self, other: Self) -> Self:
        return self


class Statement(BaseModel):
    """What the events of one run say, or one event that is of no run."""

    model_config = ConfigDict(frozen=True)

    jobs: tuple[Job, ...] = ()
    inputs: tuple[Mention, ...] = ()
    outputs: tuple[Mention, ...] = ()
    flows: tuple[Flow, ...] = ()
    described: tuple[Mention, ...] = ()
    """Targets of which a lineage facet says where they come from, be it from nowhere."""
    explicit_at: Timestamp | None = None
    """Since when a lineage facet of the job says what its outputs come from: then inputs times
    outputs say nothing."""
    symlinks: tuple[Symlink, ...] = ()

    def joined(self, other: Self) -> Self:
        explicit = [at for at in (self.explicit_at, other.explicit_at) if at]
        return self.model_copy(
            update={
                "jobs": tuple(sorted({*self.jobs, *other.jobs}, key=job_key)[:MAX_JOBS]),
                "inputs": _joined(MAX_DATASETS, self.inputs, other.inputs),
                "outputs": _joined(MAX_DATASETS, self.outputs, other.outputs),
                "flows": _joined(MAX_FLOWS, self.flows, other.flows),
                "described": _joined(MAX_DATASETS, self.described, other.described),
                "explicit_at": min(explicit, default=None),
                "symlinks": _joined(MAX_SYMLINKS, self.symlinks, other.symlinks),
            }
        )

    def first_named(self) -> dict[DatasetName, Timestamp]:
        """Every dataset of it, and when that was first named."""
        found: dict[DatasetName, Timestamp] = {}
        named = [(each.dataset, each.at) for each in (*self.inputs, *self.outputs, *self.described)]
        named += [(end, flow.at) for flow in self.flows for end in (flow.source, flow.target)]
        for dataset, at in named:
            found[dataset] = min(at, found.get(dataset, at))
        return found


def job_key(job: Job) -> tuple[str, str]:
    return (job.namespace, job.name)


def _joined[M: (Mention, Flow, Symlink)](limit: int, *sets: tuple[M, ...]) -> tuple[M, ...]:
    found: dict[tuple[str, ...], M] = {}
    for member in (member for members in sets for member in members):
        known = found.get(member.key)
        found[member.key] = known.joined(member) if known else member
    return tuple(found[key] for key in sorted(found)[:limit])


def gathered[M: (Mention, Flow, Symlink)](limit: int, members: Iterable[M]) -> tuple[M, ...]:
    """As a set of a Statement is to be: each key once, sorted, bounded."""
    return _joined(limit, tuple(members))
