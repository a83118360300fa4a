"""The answers of Marquez' reads, computed from all of the registry at each question: no index."""

import json
from collections.abc import Callable
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from datamesh.models.marquez import (
    MarquezDataset,
    MarquezEdge,
    MarquezField,
    MarquezGraph,
    MarquezJob,
    MarquezName,
    MarquezNamespace,
    MarquezNode,
    MarquezResult,
    MarquezResults,
)
from datamesh.models.marquez_reads import MarquezDatasets, MarquezDetailedDataset
from datamesh.services.lineage.visibility import is_visible
from datamesh.services.marquez.search_orders import ANYTHING, SearchFilter
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.records import LineageRecord, ProductRecord


def give_ids(kind: str, names: list[MarquezName]) -> dict[tuple[str, str], str]:
    """Return an id for each name; one that several would have is that of the shortest namespace."""
    ids: dict[tuple[str, str], str] = {}
    for namespace, name in sorted({(n.namespace, n.name) for n in names}, key=lambda n: len(n[0])):
        id = f"{kind}:{namespace}:{name}"
        if id in ids.values():
            id = f"{kind}:{namespace.replace(':', '%3A')}:{name}"
        ids[namespace, name] = id
    return ids


class StraightforwardMarquez:
    """The datasets and jobs of two files, all of them."""

    def __init__(self, lineage: LineageFile, products: ProductsFile) -> None:
        self.products = products.products
        self.datasets: dict[str, tuple[MarquezName, ProductRecord]] = {}
        named = [
            (each, product) for product in self.products.values() for each in self.names(product)
        ]
        self.dataset_ids = give_ids("dataset", [name for name, _ in named])
        for name, product in named:
            self.datasets[self.dataset_ids[name.namespace, name.name]] = (name, product)
        self.jobs: dict[str, list[LineageRecord]] = {}
        self.job_names: dict[str, MarquezName] = {}
        entries = [entry for entry in lineage.lineage if is_visible(entry, products)]
        ids = give_ids("job", [self.job_name(entry) for entry in entries])
        for entry in entries:
            name = self.job_name(entry)
            id = ids[name.namespace, name.name]
            self.job_names[id] = name
            self.jobs.setdefault(id, []).append(entry)

    @staticmethod
    def names(product: ProductRecord) -> list[MarquezName]:
        names = [MarquezName(namespace=n.namespace, name=n.name) for n in product.openlineage]
        return names or [MarquezName(namespace=product.domain, name=product.name)]

    def job_name(self, entry: LineageRecord) -> MarquezName:
        if entry.job:
            return MarquezName(namespace=entry.job.namespace, name=entry.job.name)
        domain = self.products[entry.target].domain
        return MarquezName(namespace=domain, name=f"{entry.source} -> {entry.target}")

    def ends(self, id: str) -> set[str]:
        return {end for entry in self.jobs[id] for end in (entry.source, entry.target)}

    def namespaces(self) -> list[MarquezNamespace]:
        times = [
            (name.namespace, at)
            for name, product in self.datasets.values()
            for at in (product.created_at, product.updated_at)
        ] + [
            (self.job_names[id].namespace, entry.timestamp)
            for id, entries in self.jobs.items()
            for entry in entries
        ]
        return [
            MarquezNamespace(
                name=namespace,
                created_at=min(at for name, at in times if name == namespace),
                updated_at=max(at for name, at in times if name == namespace),
            )
            for namespace in sorted({name for name, _ in times})
        ]

    def datasets_of(self, namespace: str) -> MarquezDatasets:
        found = [
            self.detailed_dataset(name, product)
            for name, product in self.datasets.values()
            if name.namespace == namespace
        ]
        found.sort(key=lambda dataset: dataset.name)
        return MarquezDatasets(datasets=found, total_count=len(found))

    def detailed_dataset(self, name: MarquezName, record: ProductRecord) -> MarquezDetailedDataset:
        """Return a dataset in full; there is no column lineage here, nor a check."""
        dataset = self.dataset(name, record)
        fields = [(field.name, field.type) for field in dataset.fields]
        digest = sha256(_encode(fields).encode()).hexdigest()[:32] if fields else ""
        content = _encode([name.namespace, name.name, digest])
        return MarquezDetailedDataset(
            **dict(dataset), current_version=str(uuid5(NAMESPACE_URL, content))
        )

    def dataset(self, name: MarquezName, record: ProductRecord) -> MarquezDataset:
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

    def search(
        self,
        wanted: str,
        kind: str | None,
        by_time: bool,
        limit: int,
        only: SearchFilter = ANYTHING,
    ) -> MarquezResults:
        found = [
            MarquezResult(
                type="DATASET",
                name=name.name,
                updated_at=product.updated_at,
                namespace=name.namespace,
                node_id=id,
            )
            for id, (name, product) in self.datasets.items()
        ] + [
            MarquezResult(
                type="JOB",
                name=name.name,
                updated_at=max(entry.timestamp for entry in self.jobs[id]),
                namespace=name.namespace,
                node_id=id,
            )
            for id, name in self.job_names.items()
        ]
        hits = [
            each
            for each in found
            if wanted.casefold() in each.name.casefold() and kind in (None, each.type)
            if only.namespace in (None, each.namespace)
            if (only.before is None or each.updated_at < only.before)
            if (only.after is None or each.updated_at > only.after)
        ]
        hits.sort(key=lambda each: (each.name, each.namespace))
        if by_time:
            hits.sort(key=lambda each: each.updated_at, reverse=True)
        return MarquezResults(total_count=len(hits), results=hits[:limit])

    def graph(self, asked: str, depth: int, max_nodes: int) -> MarquezGraph:
        if asked in self.jobs:
            shown, products, latest = {}, [], [asked]
        else:
            name, product = self.datasets[asked]
            shown, products = {product.name: name}, [product.name]
            latest = [id for id in self.jobs if product.name in self.ends(id)]
        jobs = list(latest)
        for step in range(depth + 1):
            ends = [end for id in latest for end in sorted(self.ends(id))]
            products = list(dict.fromkeys([*products, *ends]))
            if step == depth or len(jobs) + len(products) >= max_nodes:
                break
            nearby = [id for end in dict.fromkeys(ends) for id in self.jobs if end in self.ends(id)]
            latest = [id for id in dict.fromkeys(nearby) if id not in jobs]
            jobs += latest
            if not latest:
                break
        products = products[:max_nodes]
        jobs = [id for id in jobs if self.ends(id) <= {*products}][: max_nodes - len(products)]
        return self.nodes(
            jobs, products, lambda each: shown.get(each) or self.names(self.products[each])[0]
        )

    def nodes(
        self, jobs: list[str], products: list[str], name_of: Callable[[str], MarquezName]
    ) -> MarquezGraph:
        def node_id(product: str) -> str:
            return self.dataset_ids[name_of(product).namespace, name_of(product).name]

        edges = []
        for id in jobs:
            for source in sorted({entry.source for entry in self.jobs[id]}):
                edges.append(MarquezEdge(origin=node_id(source), destination=id))
            for target in sorted({entry.target for entry in self.jobs[id]}):
                edges.append(MarquezEdge(origin=id, destination=node_id(target)))

        def node(id: str, data: MarquezDataset | MarquezJob) -> MarquezNode:
            return MarquezNode(
                id=id,
                type="JOB" if isinstance(data, MarquezJob) else "DATASET",
                data=data,
                in_edges=[edge for edge in edges if edge.destination == id],
                out_edges=[edge for edge in edges if edge.origin == id],
            )

        datasets = [
            node(node_id(each), self.dataset(name_of(each), self.products[each]))
            for each in products
        ]
        return MarquezGraph(graph=datasets + [node(id, self.job(id, name_of)) for id in jobs])

    def job(self, id: str, name_of: Callable[[str], MarquezName]) -> MarquezJob:
        entries, name = self.jobs[id], self.job_names[id]
        return MarquezJob(
            id=name,
            name=name.name,
            simple_name=name.name,
            created_at=min(entry.timestamp for entry in entries),
            updated_at=max(entry.timestamp for entry in entries),
            namespace=name.namespace,
            inputs=[name_of(each) for each in sorted({entry.source for entry in entries})],
            outputs=[name_of(each) for each in sorted({entry.target for entry in entries})],
        )


def _encode(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
