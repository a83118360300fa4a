"""The index of what Marquez would show of the registry, built once for each revision.

The index holds the names, ends and times of datasets and jobs, and of a product its record: about
600 bytes a job, most of it names, beside the two files. What an answer shows is made from it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from weakref import ref

from datamesh.models.jobs import JobRecord
from datamesh.services.context import RequestContext
from datamesh.services.lineage.renames import read_registry_files
from datamesh.services.lineage.visibility import select_visible
from datamesh.services.marquez.nodes import (
    IndexedDataset,
    IndexedJob,
    IndexedNode,
    NodeKind,
    PackedName,
    build_job_name,
    build_node_id,
    get_name_key,
    get_time,
    index_by_ids,
    list_names,
    pack_name,
)
from datamesh.services.marquez.recorded_ends import RecordedEnds
from datamesh.services.marquez.search_orders import SearchOrders, build_order
from datamesh.services.registry.registry import Registry
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.job_files import JobIndexFile
from datamesh.storage.records import LineageRecord, ProductRecord, RecordedName


class NamespaceSpan(NamedTuple):
    """When the first node of a namespace came, and when the latest of them changed."""

    created_at: datetime
    updated_at: datetime


class MarquezIndex:
    """The datasets and jobs of one revision of the registry.

    What only some reads need is built when the first of them comes.
    """

    def __init__(self, entries: "_IndexedEntries", recorded: Iterable[JobRecord]) -> None:
        self.products = entries.products
        self._unshared = dict(entries.unshared)
        self.datasets = entries.datasets
        jobs = _add_recorded_jobs(entries, recorded)
        self.jobs: Mapping[bytes, IndexedJob] = index_by_ids(jobs, self._unshared)

    def get_node_id(self, kind: NodeKind, name: RecordedName) -> str:
        """Return the id of a dataset or job, which it shares with no other."""
        own = self._unshared.get((kind, pack_name(name))) if self._unshared else None
        return own.decode() if own else build_node_id(kind, name)

    def find_dataset(self, namespace: str, name: str) -> IndexedDataset | None:
        """Return the dataset of a name, or None."""
        asked = RecordedName(namespace, name)
        id = self.get_node_id("DATASET", asked).encode(errors="surrogatepass")
        found = self.datasets.get(id)
        return found if found and found.packed_name == pack_name(asked) else None

    def find_job(self, namespace: str, name: str) -> IndexedJob | None:
        """Return the job of a name, or None."""
        asked = RecordedName(namespace, name)
        id = self.get_node_id("JOB", asked).encode(errors="surrogatepass")
        found = self.jobs.get(id)
        return found if found and found.packed_name == pack_name(asked) else None

    @cached_property
    def jobs_of_products(self) -> Mapping[str, Sequence[bytes]]:
        """Product -> the ids of the jobs that read or write it, in UTF-8."""
        found: dict[str, list[bytes]] = {}
        for id, job in self.jobs.items():
            for end in job.ends:
                found.setdefault(end, []).append(id)
        return found

    @cached_property
    def namespaces(self) -> Mapping[bytes, NamespaceSpan]:
        """The namespaces of datasets and of jobs, in UTF-8, by name."""
        found: dict[bytes, NamespaceSpan] = {}
        nodes: list[IndexedNode] = [*self.datasets.values(), *self.jobs.values()]
        for node in nodes:
            times = (node.created_at, node.updated_at)
            namespace = node.packed_name.namespace
            known = found.get(namespace, times)
            found[namespace] = NamespaceSpan(min(*known, *times), max(*known, *times))
        return dict(sorted(found.items()))

    @cached_property
    def datasets_of_namespaces(self) -> Mapping[bytes, Sequence[IndexedDataset]]:
        """Namespace in UTF-8 -> its datasets, by name."""
        found: dict[bytes, list[IndexedDataset]] = {}
        for dataset in self.datasets.values():
            found.setdefault(dataset.packed_name.namespace, []).append(dataset)
        for datasets in found.values():
            datasets.sort(key=get_name_key)
        return found

    @cached_property
    def jobs_by_time(self) -> Sequence[IndexedJob]:
        """The jobs, the latest updated first."""
        jobs = sorted(self.jobs.values(), key=get_name_key)
        return sorted(jobs, key=get_time, reverse=True)

    @cached_property
    def jobs_of_namespaces(self) -> Mapping[bytes, Sequence[IndexedJob]]:
        """Namespace in UTF-8 -> its jobs, the latest updated first."""
        found: dict[bytes, list[IndexedJob]] = {}
        for job in self.jobs_by_time:
            found.setdefault(job.packed_name.namespace, []).append(job)
        return found

    @cached_property
    def by_name(self) -> SearchOrders:
        """Datasets and jobs, by name and namespace."""
        return {
            "DATASET": build_order(sorted(self.datasets.values(), key=get_name_key)),
            "JOB": build_order(sorted(self.jobs.values(), key=get_name_key)),
        }

    @cached_property
    def by_time(self) -> SearchOrders:
        """Datasets and jobs, the latest updated first; those of one moment as in `by_name`."""
        return {
            kind: build_order(sorted(order.nodes, key=get_time, reverse=True), is_by_time=True)
            for kind, order in self.by_name.items()
        }


class _IndexedEntries:
    """The datasets, and the jobs as far as lineage tells; the latest index that was made of it."""

    def __init__(self, lineage: LineageFile, products: ProductsFile) -> None:
        self.products: Mapping[str, ProductRecord] = products.products
        self.unshared: dict[tuple[NodeKind, PackedName], bytes] = {}
        hidden = {
            product.name
            for product in self.products.values()
            if product.hidden and product.dropped_at
        }
        named = [
            IndexedDataset(pack_name(name), product)
            for product in self.products.values()
            if product.name not in hidden
            for name in list_names(product)
        ]
        self.datasets: Mapping[bytes, IndexedDataset] = index_by_ids(named, self.unshared)
        self.product_names = {each.packed_name: each.product.name for each in named}
        self.jobs = {
            job.packed_name: job
            for job in _index_jobs(_select_shown(lineage, products, hidden), self.products)
        }
        self.recorded_ends = RecordedEnds(lineage.lineage)
        self._latest: tuple[ref[JobIndexFile], MarquezIndex] | None = None

    def build_index(self, recorded: JobIndexFile | None) -> MarquezIndex:
        """Return the index with the recorded jobs: the latest one while those are the same."""
        if recorded is None or not recorded.jobs:
            return self._without_jobs
        if self._latest is None or self._latest[0]() is not recorded:
            self._latest = None
            self._latest = ref(recorded), MarquezIndex(self, recorded.jobs.values())
        return self._latest[1]

    @cached_property
    def _without_jobs(self) -> MarquezIndex:
        return MarquezIndex(self, ())


def open_index(context: RequestContext, registry: Registry) -> MarquezIndex:
    """Return the index of the registry as it is now, built by the first read of a revision."""
    # Jobs are read first: they are written before the products and lineage of the same event.
    recorded = registry.jobs.read(context.deadline) if registry.jobs else None
    lineage, products = read_registry_files(context, registry)
    entries = registry.revision_cache.get(_IndexedEntries, lineage, products)
    return entries.build_index(recorded)


def _select_shown(
    lineage: LineageFile, products: ProductsFile, hidden: Collection[str]
) -> Iterable[LineageRecord]:
    """Return the visible entries between datasets that nobody has deleted."""
    found = select_visible(lineage, products)
    if not hidden:
        return found
    return [each for each in found if each.source not in hidden and each.target not in hidden]


def _add_recorded_jobs(
    entries: _IndexedEntries, recorded: Iterable[JobRecord]
) -> Iterable[IndexedJob]:
    """Return the jobs that lineage tells of, and the recorded ones that are not hidden."""
    jobs = dict(entries.jobs)
    for record in recorded:
        name = pack_name(RecordedName(record.namespace, record.name))
        if record.hidden:
            jobs.pop(name, None)
            continue
        derived = jobs.get(name)
        inputs, outputs = entries.recorded_ends.find_ends(
            record, lambda dataset: entries.product_names.get(pack_name(dataset))
        )
        jobs[name] = IndexedJob(
            packed_name=name,
            inputs=tuple(sorted(inputs.union(derived.inputs if derived else ()))),
            outputs=tuple(sorted(outputs.union(derived.outputs if derived else ()))),
            created_at=record.created_at,
            updated_at=record.updated_at,
            record=record,
        )
    return jobs.values()


def _index_jobs(
    entries: Iterable[LineageRecord], products: Mapping[str, ProductRecord]
) -> Iterator[IndexedJob]:
    """Yield the jobs of some entries, in the order of their first entries."""
    entries_of: dict[PackedName, list[LineageRecord]] = {}
    for entry in entries:
        name = pack_name(build_job_name(entry, products[entry.target]))
        entries_of.setdefault(name, []).append(entry)
    for packed_name, of_job in entries_of.items():
        yield IndexedJob(
            packed_name=packed_name,
            inputs=tuple(sorted({entry.source for entry in of_job})),
            outputs=tuple(sorted({entry.target for entry in of_job})),
            created_at=min(entry.timestamp for entry in of_job),
            updated_at=max(entry.timestamp for entry in of_job),
        )
