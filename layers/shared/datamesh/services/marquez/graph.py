"""Marquez' graph: the datasets and jobs around one of them, with the edges between them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.jobs import JobHistory
from datamesh.models.marquez import (
    MarquezDataset,
    MarquezEdge,
    MarquezField,
    MarquezGraph,
    MarquezName,
    MarquezNode,
)
from datamesh.services.context import RequestContext
from datamesh.services.jobs.reading import JobStore, read_listed_histories
from datamesh.services.jobs.writers import JobName
from datamesh.services.marquez.index import MarquezIndex, open_index
from datamesh.services.marquez.job_builder import JobBuilder, get_job_name
from datamesh.services.marquez.nodes import list_names
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import ProductRecord, RecordedName

MAX_GRAPH_NODES = 500
"""How many nodes a graph has at most: those nearest to the node that was asked for."""
MAX_DATASET_BYTES = 4_000_000
"""The most bytes that the datasets of a graph take with their fields: farther ones have none."""
FIELD_BYTES = 60
"""The most bytes that a field takes besides its name and type, quotes counted twice."""


MAX_JOBS_WITH_RUNS = 25
"""How many jobs of a graph have their latest runs: each takes a read of storage."""

type ReadJobs = Callable[[Iterable[bytes]], dict[JobName, JobHistory]]
"""Ids of jobs -> what is known of the nearest of them."""


class BoundedGraph(NamedTuple):
    """A graph, as far as it fits into an answer."""

    graph: MarquezGraph
    is_cut: bool
    """True if nodes, or the fields of datasets, are left out."""


def build_name(name: RecordedName) -> MarquezName:
    """Return the name of a dataset or job as an answer has it."""
    return MarquezName(namespace=name.namespace, name=name.name)


def build_dataset(record: ProductRecord, name: RecordedName) -> MarquezDataset:
    """Return a product as the dataset of one of its names."""
    product = record.to_model()
    said = {column.name: column for column in product.columns}
    return MarquezDataset(
        id=build_name(name),
        name=name.name,
        physical_name=name.name,
        created_at=product.created_at,
        updated_at=product.updated_at,
        namespace=name.namespace,
        source_name=name.namespace,
        # Lists are given, not left to their defaults: pydantic copies those deeply, each time.
        fields=[
            MarquezField(
                name=key,
                type=kind,
                tags=said[key].tags if key in said else [],
                description=said[key].description if key in said else None,
            )
            for key, kind in product.schema_.items()
        ],
        tags=product.tags,
        last_modified_at=product.updated_at,
        last_lifecycle_state=product.lifecycle_state,
        description=product.description,
        facets={**product.facets},
        deleted=product.dropped,
    )


def build_graph(
    context: RequestContext,
    registry: Registry,
    asked: str,
    depth: int,
    store: JobStore | None = None,
) -> BoundedGraph:
    """Build the graph of what is connected to a node by at most `depth` further jobs.

    The nearest nodes come first. The nearest MAX_JOBS_WITH_RUNS jobs have their latest runs.
    Raises NodeNotFound if there is no node of that id.
    """
    index = open_index(context, registry)
    start: Iterable[bytes]
    shown: dict[str, RecordedName]
    id = asked.encode(errors="surrogatepass")
    if id in index.jobs:
        start, shown = [id], {}
    elif id in index.datasets:
        dataset = index.datasets[id]
        shown = {dataset.product.name: dataset.name}
        start = index.jobs_of_products.get(dataset.product.name, ())
    else:
        raise NodeNotFound("node", asked)
    jobs, products = _find_connected(index, start, shown, depth)

    def read_jobs(ids: Iterable[bytes]) -> dict[JobName, JobHistory]:
        recorded = (index.jobs[id] for id in ids if index.jobs[id].record)
        names = (get_job_name(job) for job in islice(recorded, MAX_JOBS_WITH_RUNS))
        return read_listed_histories(context, store, names) if store else {}

    builder = _GraphBuilder(index, shown, read_jobs)
    nodes = builder.build_nodes(jobs, products)
    is_cut = builder.bytes_left < 0 or len(nodes) < len(jobs) + len(products)
    return BoundedGraph(MarquezGraph(graph=nodes), is_cut)


def _find_connected(
    index: MarquezIndex, start: Iterable[bytes], products: Iterable[str], depth: int
) -> tuple[list[bytes], list[str]]:
    """Find jobs and products around some, nearest first.

    Jobs that share a product are neighbours, as Marquez sees it.
    """
    jobs, found = dict.fromkeys(start), dict.fromkeys(products)
    latest = list(jobs)
    for step in range(depth + 1):
        new = _find_new_ends(index, latest, found)
        found |= new
        if step == depth or len(jobs) + len(found) >= MAX_GRAPH_NODES:
            break
        nearby = dict.fromkeys(id for end in new for id in index.jobs_of_products[end])
        latest = [id for id in nearby if id not in jobs]
        jobs |= dict.fromkeys(latest)
        if not latest:
            break
    return list(jobs), list(found)


def _find_new_ends(
    index: MarquezIndex, jobs: Iterable[bytes], known: dict[str, None]
) -> dict[str, None]:
    """Find the products of some jobs that are not known, no more than a graph has nodes."""
    new: dict[str, None] = {}
    for id in jobs:
        new |= dict.fromkeys(end for end in sorted(index.jobs[id].ends) if end not in known)
        if len(known) + len(new) >= MAX_GRAPH_NODES:
            break
    return new


class _GraphBuilder:
    """Builds nodes with their edges; `shown` are the names under which products were asked for."""

    def __init__(
        self, index: MarquezIndex, shown: dict[str, RecordedName], read_jobs: ReadJobs
    ) -> None:
        self._index = index
        self._shown = shown
        self._read_jobs = read_jobs
        self.bytes_left = MAX_DATASET_BYTES
        """The bytes that are left for datasets with their fields; below 0 once some have none."""

    def _get_name(self, product: str) -> RecordedName:
        return self._shown.get(product) or list_names(self._index.products[product])[0]

    def _get_node_id(self, product: str) -> str:
        return self._index.get_node_id("DATASET", self._get_name(product))

    def build_nodes(self, jobs: list[bytes], products: list[str]) -> list[MarquezNode]:
        """Return at most MAX_GRAPH_NODES nodes: the products, then the jobs between them."""
        products = products[:MAX_GRAPH_NODES]
        within = set(products)
        between = (id for id in jobs if self._index.jobs[id].ends <= within)
        jobs = list(islice(between, MAX_GRAPH_NODES - len(products)))
        read: dict[str, list[MarquezEdge]] = defaultdict(list)
        written: dict[str, list[MarquezEdge]] = defaultdict(list)
        for id in jobs:
            job = self._index.jobs[id]
            edges = [
                MarquezEdge(origin=self._get_node_id(source), destination=id.decode())
                for source in job.inputs
            ]
            edges += [
                MarquezEdge(origin=id.decode(), destination=self._get_node_id(target))
                for target in job.outputs
            ]
            for edge in edges:
                read[edge.origin].append(edge)
                written[edge.destination].append(edge)
        known = self._read_jobs(jobs)
        return [
            *(self._build_dataset_node(name, written, read) for name in products),
            *(self._build_job_node(id, known, written, read) for id in jobs),
        ]

    def _build_dataset_node(
        self, product: str, into: dict[str, list[MarquezEdge]], out: dict[str, list[MarquezEdge]]
    ) -> MarquezNode:
        id = self._get_node_id(product)
        data = self._build_bounded_dataset(self._index.products[product], self._get_name(product))
        return MarquezNode(id=id, type="DATASET", data=data, in_edges=into[id], out_edges=out[id])

    def _build_bounded_dataset(self, record: ProductRecord, name: RecordedName) -> MarquezDataset:
        """Return a product as a dataset, without its fields if those before took all bytes."""
        dataset = build_dataset(record, name)
        # Cheaper than to measure its JSON, and never less: a quote or backslash counts twice.
        self.bytes_left -= 2 * record.size + FIELD_BYTES * len(dataset.fields)
        return dataset if self.bytes_left >= 0 else dataset.model_copy(update={"fields": []})

    def _build_job_node(
        self,
        key: bytes,
        known: dict[JobName, JobHistory],
        into: dict[str, list[MarquezEdge]],
        out: dict[str, list[MarquezEdge]],
    ) -> MarquezNode:
        job, id = self._index.jobs[key], key.decode()
        builder = JobBuilder(
            self._index,
            job,
            known.get(get_job_name(job)),
            map(self._get_name, job.inputs),
            map(self._get_name, job.outputs),
        )
        data = builder.build_job()
        return MarquezNode(id=id, type="JOB", data=data, in_edges=into[id], out_edges=out[id])
