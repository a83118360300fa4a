"""Derived lineage entries: what is claimed, and how claims join the entries that there are.

An entry is one job's, from one product to another. Joining is commutative, associative and
idempotent, so that any order and any repetition of events gives the same entries
(docs/adr/0012-openlineage.md).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from datamesh.errors import LimitReached
from datamesh.models.lineage import (
    MAX_TRANSFORMATION_LENGTH,
    Evidence,
    Job,
    LineageType,
    StoredLineageEntry,
)
from datamesh.services.lineage.visibility import has_ends, is_garbage
from datamesh.services.openlineage.product_resolver import Resolution
from datamesh.services.openlineage.statements import (
    Flow,
    Mention,
    Statement,
    joined_columns,
    most_transforming,
)
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import LineageRecord, RecordedName

CONFIDENCE: Mapping[Evidence, float] = {
    Evidence.LINEAGE: 1.0,
    Evidence.COLUMNS: 0.9,
    Evidence.DATASETS: 0.5,
}

type Entry = LineageRecord | StoredLineageEntry

type Group = tuple[RecordedName | None, str]
"""A job and a target: of its entries only those of the strongest evidence are shown."""


def group_of(entry: Entry) -> Group:
    job = entry.job
    return (RecordedName(job.namespace, job.name) if isinstance(job, Job) else job, entry.target)


def is_derived(entry: Entry) -> bool:
    return entry.evidence is not None


def is_witness(entry: Entry) -> bool:
    """Not an edge, and never shown: it keeps weaker evidence out."""
    return is_derived(entry) and entry.source == entry.target


def check_size(statement: Statement, limit: int) -> None:
    """Raises LimitReached if it has more pairs of datasets than there may be entries."""
    pairs = len(statement.inputs) * len(statement.outputs) + len(statement.flows)
    if pairs * max(len(statement.jobs), 1) > limit:
        raise LimitReached("MAX_LINEAGE_ENTRIES", limit)


@dataclass(frozen=True)
class Derivation:
    """Turns statements into claims, between products as they are in one revision."""

    products: ProductsFile
    resolution: Resolution
    confidence: Mapping[Evidence, float] = field(default_factory=lambda: CONFIDENCE)

    def claims(self, statement: Statement) -> Iterator[StoredLineageEntry]:
        """Every claim of a statement, at each strength of evidence."""
        for job in statement.jobs or (None,):
            yield from self._of_job(statement, job)

    def _of_job(self, said: Statement, job: Job | None) -> Iterator[StoredLineageEntry]:
        edges = [*said.flows, *_pairs(said.inputs, said.outputs)]
        for edge in edges:
            source, target = self.resolution.get(edge.source), self.resolution.get(edge.target)
            if source and target and source != target:
                yield self._entry(job, source, target, edge)
        witnesses = [(each.dataset, Evidence.LINEAGE, each.at) for each in said.described]
        if said.explicit_at:
            witnesses += [
                (each.dataset, Evidence.COLUMNS, max(each.at, said.explicit_at))
                for each in said.outputs
            ]
        for dataset, evidence, at in witnesses:
            if product := self.resolution.get(dataset):
                yield self._witness(job, product, evidence, at, dataset.name)

    def _entry(self, job: Job | None, source: str, target: str, edge: Flow) -> StoredLineageEntry:
        return StoredLineageEntry(
            id=entry_id(job, source, target),
            source=source,
            target=target,
            transformation=_transformation(job, edge.target.name),
            lineage_type=edge.lineage_type,
            confidence=self.confidence[edge.evidence],
            job=job,
            columns=edge.columns,
            timestamp=edge.at,
            products_revision=self.products.revision,
            evidence=edge.evidence,
        )

    def _witness(
        self, job: Job | None, product: str, evidence: Evidence, at: datetime, name: str
    ) -> StoredLineageEntry:
        return StoredLineageEntry(
            id=entry_id(job, product, product),
            source=product,
            target=product,
            transformation=_transformation(job, name),
            confidence=self.confidence[evidence],
            job=job,
            timestamp=at,
            products_revision=self.products.revision,
            evidence=evidence,
            superseded=True,
        )


def entry_id(job: Job | None, source: str, target: str) -> str:
    named = [job.namespace, job.name] if job else None
    return sha256(json.dumps([named, source, target]).encode()).hexdigest()[:16]


def _transformation(job: Job | None, dataset: str) -> str:
    return (f"{job.namespace}/{job.name}" if job else dataset)[:MAX_TRANSFORMATION_LENGTH].strip()


def _pairs(inputs: Iterable[Mention], outputs: Iterable[Mention]) -> Iterator[Flow]:
    """Each input into each output, known once both are."""
    for output in outputs:
        for read in inputs:
            yield Flow(
                source=read.dataset,
                target=output.dataset,
                evidence=Evidence.DATASETS,
                lineage_type=LineageType.DERIVED,
                at=max(read.at, output.at),
            )


def joined(one: StoredLineageEntry, other: StoredLineageEntry) -> StoredLineageEntry:
    """Of two claims of one entry: the stronger evidence decides, columns are added up."""
    strong, weak = (one, other) if _strength(one) >= _strength(other) else (other, one)
    update: dict[str, object] = {"columns": joined_columns(one.columns, other.columns)}
    if strong.evidence == weak.evidence:
        update["timestamp"] = min(one.timestamp, other.timestamp)
        update["lineage_type"] = most_transforming((one.lineage_type, other.lineage_type))
        update["transformation"] = min(one.transformation, other.transformation)
        update["confidence"] = other.confidence
    return strong.model_copy(update=update)


def reduced(claims: Iterable[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """One claim for each entry."""
    found: dict[str, StoredLineageEntry] = {}
    for claim in claims:
        known = found.get(claim.id)
        found[claim.id] = joined(known, claim) if known else claim
    return list(found.values())


def _strength(entry: StoredLineageEntry) -> int:
    return entry.evidence or 0


def merged(
    entries: list[LineageRecord],
    claims: Iterable[StoredLineageEntry],
    products: ProductsFile,
    limit: int,
) -> list[LineageRecord]:
    """The entries with the claims; that very list if they add nothing.

    An entry that has not seen the present incarnation of an end gives way to a claim of it. Raises
    LimitReached, once garbage does not make room.
    """
    claimed: dict[Group, dict[str, StoredLineageEntry]] = defaultdict(dict)
    for claim in reduced(claims):
        claimed[group_of(claim)][claim.id] = claim
    before: dict[str, StoredLineageEntry] = {}
    for row in entries:
        if is_derived(row) and group_of(row) in claimed:
            entry = before[row.id] = row.to_model()
            if has_ends(row, products) or row.products_revision > products.revision:
                _add(claimed[group_of(row)], entry)
    after = {each.id: each for group in claimed.values() for each in _ranked(group.values())}
    # An entry that is garbage and not claimed again is left to whoever prunes.
    after |= {id: entry for id, entry in before.items() if id not in claimed[group_of(entry)]}
    return _replaced(entries, before, after, products, limit)


def _add(group: dict[str, StoredLineageEntry], entry: StoredLineageEntry) -> None:
    claim = group.get(entry.id)
    if claim is None:
        group[entry.id] = entry
        return
    both = joined(entry, claim)
    same = both.model_copy(
        update={"products_revision": entry.products_revision, "superseded": entry.superseded}
    )
    group[entry.id] = entry if same == entry else same


def _ranked(group: Iterable[StoredLineageEntry]) -> list[StoredLineageEntry]:
    """The entries of a job and a target that remain, weaker ones marked: those of datasets go
    altogether, and a witness does once an edge is as strong."""
    found = [*group]
    edges = max((_strength(each) for each in found if not is_witness(each)), default=0)
    level = max(map(_strength, found), default=0)
    kept = [
        each
        for each in found
        if (_strength(each) > edges if is_witness(each) else _keeps(each, level))
    ]
    return [_marked(each, is_witness(each) or _strength(each) < level) for each in kept]


def _keeps(entry: StoredLineageEntry, level: int) -> bool:
    return _strength(entry) == level or entry.evidence != Evidence.DATASETS


def _marked(entry: StoredLineageEntry, superseded: bool) -> StoredLineageEntry:
    if entry.superseded == superseded:
        return entry
    return entry.model_copy(update={"superseded": superseded})


def _replaced(
    entries: list[LineageRecord],
    before: Mapping[str, StoredLineageEntry],
    after: Mapping[str, StoredLineageEntry],
    products: ProductsFile,
    limit: int,
) -> list[LineageRecord]:
    """Entries keep their places; new ones follow, oldest first."""
    if before.keys() == after.keys() and all(after[id] is before[id] for id in after):
        return entries
    changed = {
        id: LineageRecord.from_model(each)
        for id, each in after.items()
        if each is not before.get(id)
    }
    kept = [
        changed.get(entry.id, entry) if is_derived(entry) else entry
        for entry in entries
        if not is_derived(entry) or entry.id not in before or entry.id in after
    ]
    new = [changed[id] for id in after.keys() - before.keys()]
    result = kept + sorted(new, key=lambda entry: (entry.timestamp, entry.id))
    if len(result) > max(limit, len(entries)):
        result = [entry for entry in result if not is_garbage(entry, products)]
        if len(result) > limit:
            raise LimitReached("MAX_LINEAGE_ENTRIES", limit)
    return result
