"""Claims: the lineage entries between products that statements lead to.

A claim is one job's, from one product to another.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from datamesh.errors.storage import LimitReached
from datamesh.models.lineage import (
    MAX_TRANSFORMATION_LENGTH,
    Evidence,
    Job,
    LineageType,
    StoredLineageEntry,
)
from datamesh.models.stored_products import DatasetMention
from datamesh.services.lineage.joining import build_own_columns, compute_entry_id
from datamesh.services.openlineage.product_resolver import Resolution
from datamesh.services.openlineage.statements import DatasetEdge, Statement
from datamesh.storage.files import ProductsFile

DEFAULT_CONFIDENCE: Mapping[Evidence, float] = {
    Evidence.LINEAGE: 1.0,
    Evidence.COLUMNS: 0.9,
    Evidence.DATASETS: 0.5,
}


def check_statement_size(statement: Statement, limit: int) -> None:
    """Raise LimitReached if a statement has more pairs of datasets than there may be entries."""
    pairs = len(statement.inputs) * len(statement.outputs) + len(statement.flows)
    if pairs * max(len(statement.jobs), 1) > limit:
        raise LimitReached("MAX_LINEAGE_ENTRIES", limit)


@dataclass(frozen=True)
class ClaimDeriver:
    """Turns statements into claims, between products as they are in one revision."""

    products: ProductsFile
    resolution: Resolution
    confidence: Mapping[Evidence, float] = field(default_factory=lambda: DEFAULT_CONFIDENCE)

    def derive_claims(self, statement: Statement) -> Iterator[StoredLineageEntry]:
        """Yield every claim of a statement, at each strength of evidence.

        An entry may so be claimed more than once.
        """
        for job in statement.jobs or (None,):
            yield from self._derive_job_claims(statement, job)

    def _derive_job_claims(
        self, statement: Statement, job: Job | None
    ) -> Iterator[StoredLineageEntry]:
        edges = [*statement.flows, *_pair_datasets(statement.inputs, statement.outputs)]
        for edge in edges:
            source, target = self.resolution.get(edge.source), self.resolution.get(edge.target)
            if source and target and source != target:
                yield self._build_edge(job, source, target, edge)
            elif source and source == target and edge.columns:
                yield build_own_columns(self._build_edge(job, source, source, edge))
        for each in statement.sourceless:
            if product := self.resolution.get(each.dataset):
                yield self._build_marker(job, product, each)

    def _build_edge(
        self, job: Job | None, source: str, target: str, edge: DatasetEdge
    ) -> StoredLineageEntry:
        return StoredLineageEntry(
            id=compute_entry_id(job, source, target),
            source=source,
            target=target,
            transformation=_describe_transformation(job, edge.target.name),
            lineage_type=edge.lineage_type,
            confidence=self.confidence[edge.evidence],
            job=job,
            columns=edge.columns,
            timestamp=edge.at,
            products_revision=self.products.revision,
            evidence=edge.evidence,
        )

    def _build_marker(
        self, job: Job | None, product: str, denied: DatasetMention
    ) -> StoredLineageEntry:
        """Build the entry that keeps weaker evidence out (see `merge`)."""
        return StoredLineageEntry(
            id=compute_entry_id(job, product, product),
            source=product,
            target=product,
            transformation=_describe_transformation(job, denied.dataset.name),
            confidence=self.confidence[Evidence.LINEAGE],
            job=job,
            timestamp=denied.at,
            products_revision=self.products.revision,
            evidence=Evidence.LINEAGE,
            superseded=True,
        )


def _describe_transformation(job: Job | None, dataset: str) -> str:
    return (f"{job.namespace}/{job.name}" if job else dataset)[:MAX_TRANSFORMATION_LENGTH].strip()


def _pair_datasets(
    inputs: Iterable[DatasetMention], outputs: Iterable[DatasetMention]
) -> Iterator[DatasetEdge]:
    """Yield an edge from each input to each output, as of when both are known."""
    for output in outputs:
        for each in inputs:
            yield DatasetEdge(
                source=each.dataset,
                target=output.dataset,
                evidence=Evidence.DATASETS,
                lineage_type=LineageType.DERIVED,
                at=max(each.at, output.at),
            )
