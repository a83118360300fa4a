"""The registry as Marquez would show it: datasets and jobs, and the graph that they form.

A product is a dataset under each of its names in OpenLineage; one without any is a dataset of its
domain. An entry that is of no job, such as one registered by hand, is shown as a job of its
target's domain, named after both ends.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from datamesh.errors import NodeNotFound
from datamesh.models.marquez import (
    MarquezDataset,
    MarquezEdge,
    MarquezField,
    MarquezGraph,
    MarquezJob,
    MarquezName,
    MarquezNode,
)
from datamesh.services.context import RequestContext
from datamesh.services.lineage.visibility import select_visible
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord

MAX_GRAPH_NODES = 500
"""How many nodes a graph has at most: those nearest to the node that was asked for."""

type NodeKind = Literal["DATASET", "JOB"]
"""The kinds of nodes that Marquez' graph has."""


def build_node_id(kind: NodeKind, name: MarquezName) -> str:
    """Return the id of a node: a dataset `orders` of `sales` -> `dataset:sales:orders`."""
    return f"{kind.lower()}:{name.namespace}:{name.name}"


def list_names(product: ProductRecord) -> list[MarquezName]:
    """Return the names of the datasets that a product is, at least one."""
    named = [MarquezName(namespace=each.namespace, name=each.name) for each in product.openlineage]
    return named or [MarquezName(namespace=product.domain, name=product.name)]


def build_job_name(entry: LineageRecord, target: ProductRecord) -> MarquezName:
    """Return the name of the job that an entry is of, or is shown as."""
    if entry.job:
        return MarquezName(namespace=entry.job.namespace, name=entry.job.name)
    return MarquezName(namespace=target.domain, name=f"{entry.source} -> {entry.target}")


@dataclass
class _JobEdges:
    """A job and the products that it reads and writes."""

    name: MarquezName
    edges: list[tuple[str, str]] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    @property
    def inputs(self) -> list[str]:
        """The products that the job reads, sorted."""
        return sorted({source for source, _ in self.edges})

    @property
    def outputs(self) -> list[str]:
        """The products that the job writes, sorted."""
        return sorted({target for _, target in self.edges})


class MarquezView:
    """The registry at one moment, as Marquez would show it: datasets, and the jobs between them."""

    def __init__(self, context: RequestContext, registry: Registry) -> None:
        file = registry.products.read(context.deadline)
        self.products = file.products
        self.jobs: dict[str, _JobEdges] = {}
        for entry in select_visible(registry.lineage.read(context.deadline), file):
            name = build_job_name(entry, self.products[entry.target])
            job = self.jobs.setdefault(build_node_id("JOB", name), _JobEdges(name))
            job.edges.append((entry.source, entry.target))
            job.times.append(entry.timestamp)
        self.dataset_names: dict[str, tuple[str, MarquezName]] = {
            build_node_id("DATASET", name): (product.name, name)
            for product in self.products.values()
            for name in list_names(product)
        }

    def iterate_datasets(self) -> Iterator[tuple[MarquezName, ProductRecord]]:
        """Yield each name of a dataset with the product that it is."""
        for product, name in self.dataset_names.values():
            yield name, self.products[product]

    def build_dataset(self, record: ProductRecord, name: MarquezName) -> MarquezDataset:
        """Return a product as the dataset of one of its names."""
        product = record.to_model()
        return MarquezDataset(
            id=name,
            name=name.name,
            physical_name=name.name,
            created_at=product.created_at,
            updated_at=product.updated_at,
            namespace=name.namespace,
            source_name=name.namespace,
            fields=[MarquezField(name=key, type=kind) for key, kind in product.schema_.items()],
            tags=product.tags,
            last_modified_at=product.updated_at,
            description=product.description,
        )


def build_graph(
    context: RequestContext, registry: Registry, asked: str, depth: int
) -> MarquezGraph:
    """Build the graph of what is connected to a node by at most `depth` further jobs.

    The nearest nodes come first. Raises NodeNotFound if there is no node of that id.
    """
    view = MarquezView(context, registry)
    if asked in view.jobs:
        start, shown = [asked], {}
    elif asked in view.dataset_names:
        product, name = view.dataset_names[asked]
        shown = {product: name}
        start = [id for id, job in view.jobs.items() if product in _find_ends(job)]
    else:
        raise NodeNotFound("node", asked)
    builder = _GraphBuilder(view, shown)
    jobs, products = _find_connected(view, start, [*shown], depth)
    return MarquezGraph(graph=builder.build_nodes(jobs, products))


def _find_ends(job: _JobEdges) -> set[str]:
    return {end for edge in job.edges for end in edge}


def _find_connected(
    view: MarquezView, start: Iterable[str], products: list[str], depth: int
) -> tuple[list[str], list[str]]:
    """Find jobs and products around some, nearest first.

    Jobs that share a product are neighbours, as Marquez sees it.
    """
    jobs_of: dict[str, list[str]] = defaultdict(list)
    for id, job in view.jobs.items():
        for end in _find_ends(job):
            jobs_of[end].append(id)
    jobs, found = dict.fromkeys(start), dict.fromkeys(products)
    latest = list(jobs)
    for step in range(depth + 1):
        ends = dict.fromkeys(end for id in latest for end in sorted(_find_ends(view.jobs[id])))
        found |= ends
        if step == depth or len(jobs) + len(found) >= MAX_GRAPH_NODES:
            break
        nearby = dict.fromkeys(id for end in ends for id in jobs_of[end])
        latest = [id for id in nearby if id not in jobs]
        jobs |= dict.fromkeys(latest)
        if not latest:
            break
    return list(jobs), list(found)


class _GraphBuilder:
    """Builds nodes with their edges; `shown` are the names under which products were asked for."""

    def __init__(self, view: MarquezView, shown: dict[str, MarquezName]) -> None:
        self._view = view
        self._shown = shown

    def _get_name(self, product: str) -> MarquezName:
        return self._shown.get(product) or list_names(self._view.products[product])[0]

    def _get_node_id(self, product: str) -> str:
        return build_node_id("DATASET", self._get_name(product))

    def build_nodes(self, jobs: list[str], products: list[str]) -> list[MarquezNode]:
        """Return at most MAX_GRAPH_NODES nodes: the products, then the jobs between them."""
        products = products[:MAX_GRAPH_NODES]
        within = set(products)
        jobs = [id for id in jobs if _find_ends(self._view.jobs[id]) <= within]
        jobs = jobs[: MAX_GRAPH_NODES - len(products)]
        read: dict[str, list[MarquezEdge]] = defaultdict(list)
        written: dict[str, list[MarquezEdge]] = defaultdict(list)
        for id in jobs:
            job = self._view.jobs[id]
            edges = [
                MarquezEdge(origin=self._get_node_id(source), destination=id)
                for source in job.inputs
            ]
            edges += [
                MarquezEdge(origin=id, destination=self._get_node_id(target))
                for target in job.outputs
            ]
            for edge in edges:
                read[edge.origin].append(edge)
                written[edge.destination].append(edge)
        return [
            *(self._build_dataset_node(name, written, read) for name in products),
            *(self._build_job_node(id, written, read) for id in jobs),
        ]

    def _build_dataset_node(
        self, product: str, into: dict[str, list[MarquezEdge]], out: dict[str, list[MarquezEdge]]
    ) -> MarquezNode:
        id = self._get_node_id(product)
        data = self._view.build_dataset(self._view.products[product], self._get_name(product))
        return MarquezNode(id=id, type="DATASET", data=data, in_edges=into[id], out_edges=out[id])

    def _build_job_node(
        self, id: str, into: dict[str, list[MarquezEdge]], out: dict[str, list[MarquezEdge]]
    ) -> MarquezNode:
        job = self._view.jobs[id]
        data = MarquezJob(
            id=job.name,
            name=job.name.name,
            simple_name=job.name.name,
            created_at=min(job.times),
            updated_at=max(job.times),
            namespace=job.name.namespace,
            inputs=[self._get_name(source) for source in job.inputs],
            outputs=[self._get_name(target) for target in job.outputs],
        )
        return MarquezNode(id=id, type="JOB", data=data, in_edges=into[id], out_edges=out[id])
