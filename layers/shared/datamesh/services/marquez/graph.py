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
from datamesh.services.lineage.visibility import select_visible
from datamesh.services.registry.registry import Registry
from datamesh.storage.records import LineageRecord, ProductRecord

MAX_NODES = 500
"""Of one graph; those nearest to the node that was asked for."""

type Kind = Literal["DATASET", "JOB"]


def node_id(kind: Kind, name: MarquezName) -> str:
    return f"{kind.lower()}:{name.namespace}:{name.name}"


def names_of(product: ProductRecord) -> list[MarquezName]:
    """At least one."""
    named = [MarquezName(namespace=each.namespace, name=each.name) for each in product.openlineage]
    return named or [MarquezName(namespace=product.domain, name=product.name)]


def job_of(entry: LineageRecord, target: ProductRecord) -> MarquezName:
    if entry.job:
        return MarquezName(namespace=entry.job.namespace, name=entry.job.name)
    return MarquezName(namespace=target.domain, name=f"{entry.source} -> {entry.target}")


@dataclass
class _Job:
    """A job and the products that it reads and writes."""

    name: MarquezName
    edges: list[tuple[str, str]] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)

    @property
    def inputs(self) -> list[str]:
        return sorted({source for source, _ in self.edges})

    @property
    def outputs(self) -> list[str]:
        return sorted({target for _, target in self.edges})


class Catalogue:
    """The products and the jobs between them, at one moment."""

    def __init__(self, registry: Registry) -> None:
        file = registry.products.read()
        self.products = file.products
        self.jobs: dict[str, _Job] = {}
        for entry in select_visible(registry.lineage.read(), file):
            name = job_of(entry, self.products[entry.target])
            job = self.jobs.setdefault(node_id("JOB", name), _Job(name))
            job.edges.append((entry.source, entry.target))
            job.times.append(entry.timestamp)
        self.named: dict[str, tuple[str, MarquezName]] = {
            node_id("DATASET", name): (product.name, name)
            for product in self.products.values()
            for name in names_of(product)
        }

    def datasets(self) -> Iterator[tuple[MarquezName, ProductRecord]]:
        for name, each in self.named.values():
            yield each, self.products[name]

    def dataset(self, row: ProductRecord, name: MarquezName) -> MarquezDataset:
        product = row.to_model()
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


def graph(registry: Registry, asked: str, depth: int) -> MarquezGraph:
    """What is connected to a node by at most `depth` further jobs, nearest first.

    Raises NodeNotFound.
    """
    catalogue = Catalogue(registry)
    if asked in catalogue.jobs:
        start, shown = [asked], {}
    elif asked in catalogue.named:
        product, name = catalogue.named[asked]
        shown = {product: name}
        start = [id for id, job in catalogue.jobs.items() if product in _ends(job)]
    else:
        raise NodeNotFound("node", asked)
    drawing = _Drawing(catalogue, shown)
    jobs, products = _reached(catalogue, start, [*shown], depth)
    return MarquezGraph(graph=drawing.nodes(jobs, products))


def _ends(job: _Job) -> set[str]:
    return {end for edge in job.edges for end in edge}


def _reached(
    catalogue: Catalogue, start: Iterable[str], products: list[str], depth: int
) -> tuple[list[str], list[str]]:
    """Jobs that share a product are neighbours, as Marquez sees it."""
    around: dict[str, list[str]] = defaultdict(list)
    for id, job in catalogue.jobs.items():
        for end in _ends(job):
            around[end].append(id)
    jobs, found = dict.fromkeys(start), dict.fromkeys(products)
    latest = list(jobs)
    for step in range(depth + 1):
        ends = dict.fromkeys(end for id in latest for end in sorted(_ends(catalogue.jobs[id])))
        found |= ends
        if step == depth or len(jobs) + len(found) >= MAX_NODES:
            break
        nearby = dict.fromkeys(id for end in ends for id in around[end])
        latest = [id for id in nearby if id not in jobs]
        jobs |= dict.fromkeys(latest)
        if not latest:
            break
    return list(jobs), list(found)


class _Drawing:
    """Nodes and edges; `shown` are the names under which products were asked for."""

    def __init__(self, catalogue: Catalogue, shown: dict[str, MarquezName]) -> None:
        self._catalogue = catalogue
        self._shown = shown

    def _name(self, product: str) -> MarquezName:
        return self._shown.get(product) or names_of(self._catalogue.products[product])[0]

    def _id(self, product: str) -> str:
        return node_id("DATASET", self._name(product))

    def nodes(self, jobs: list[str], products: list[str]) -> list[MarquezNode]:
        products = products[:MAX_NODES]
        within = set(products)
        jobs = [id for id in jobs if _ends(self._catalogue.jobs[id]) <= within]
        jobs = jobs[: MAX_NODES - len(products)]
        read: dict[str, list[MarquezEdge]] = defaultdict(list)
        written: dict[str, list[MarquezEdge]] = defaultdict(list)
        for id in jobs:
            job = self._catalogue.jobs[id]
            edges = [MarquezEdge(origin=self._id(source), destination=id) for source in job.inputs]
            edges += [
                MarquezEdge(origin=id, destination=self._id(target)) for target in job.outputs
            ]
            for edge in edges:
                read[edge.origin].append(edge)
                written[edge.destination].append(edge)
        return [
            *(self._dataset(name, written, read) for name in products),
            *(self._job(id, written, read) for id in jobs),
        ]

    def _dataset(
        self, product: str, into: dict[str, list[MarquezEdge]], out: dict[str, list[MarquezEdge]]
    ) -> MarquezNode:
        id = self._id(product)
        data = self._catalogue.dataset(self._catalogue.products[product], self._name(product))
        return MarquezNode(id=id, type="DATASET", data=data, in_edges=into[id], out_edges=out[id])

    def _job(
        self, id: str, into: dict[str, list[MarquezEdge]], out: dict[str, list[MarquezEdge]]
    ) -> MarquezNode:
        job = self._catalogue.jobs[id]
        data = MarquezJob(
            id=job.name,
            name=job.name.name,
            simple_name=job.name.name,
            created_at=min(job.times),
            updated_at=max(job.times),
            namespace=job.name.namespace,
            inputs=[self._name(source) for source in job.inputs],
            outputs=[self._name(target) for target in job.outputs],
        )
        return MarquezNode(id=id, type="JOB", data=data, in_edges=into[id], out_edges=out[id])
