"""The registry as a caller sees it, without the private products of others.

What is hidden is left out of the files that services read, so that no list, count, graph or search
can show it: a product that is not in `products.json` has no lineage, and its names lead nowhere.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from weakref import ref

import msgspec

from datamesh.models.access import Role, Visibility
from datamesh.models.jobs import JobDetails, JobHistory, JobRecord
from datamesh.services.permissions import Permissions, Sight
from datamesh.services.registry.dataset_names import DatasetNameCache
from datamesh.services.registry.domain_index import DomainIndex
from datamesh.services.registry.hidden_names import DatasetKey, HiddenNames, JobName
from datamesh.services.registry.hidden_past import find_hidden_before
from datamesh.services.registry.lineage_index import LineageIndex
from datamesh.services.registry.product_texts import ProductTexts
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames_cache import RenamesCache
from datamesh.services.registry.replacements import hide_replacements
from datamesh.services.registry.revision_cache import RevisionCache
from datamesh.services.registry.wanted_names import WantedNamesCache
from datamesh.storage.backoff import Deadline
from datamesh.storage.files import ProductsFile
from datamesh.storage.filtered import FilteredDocument
from datamesh.storage.job_files import JobIndexFile
from datamesh.storage.records import ProductRecord

MAX_VIEWS = 2
"""How many are kept, each with indexes of its own: as many kinds of callers take turns quickly."""
PARENT = "parent"
"""The fact of a job that names another."""


@dataclass
class _Memo[F, V]:
    """A value that was computed of the version of a file that was seen last, by its identity."""

    _file: "ref[F] | None" = None
    _value: V | None = None

    def get(self, file: F, compute: Callable[[F], V]) -> V:
        if self._file is None or self._file() is not file or self._value is None:
            self._value, self._file = compute(file), ref(file)
        return self._value


@dataclass
class RegistryViews:
    """The views of one registry, and what all of them need. Lives as long as the documents do."""

    _private: _Memo[ProductsFile, tuple[ProductRecord, ...]] = field(default_factory=_Memo)
    _views: OrderedDict[Sight, "RegistryView"] = field(default_factory=OrderedDict)

    def find_private(self, file: ProductsFile) -> tuple[ProductRecord, ...]:
        """Return the private products of a file."""
        return self._private.get(file, _select_private)

    def open_view(self, registry: Registry, permissions: Permissions) -> "RegistryView | None":
        """Return how the caller sees the registry; None for who sees everything.

        As long as no private product is known, the view shares the registry's indexes, which tell
        files apart by their identity.
        """
        if permissions.is_admin_by_credentials:
            return None
        known = registry.products.get_known()
        if known is None or not (self.find_private(known) or known.concealed):
            return RegistryView(registry, self, permissions, registry)
        sight = permissions.sight
        view = self._views.pop(sight, None)
        if view is None:
            # Not the caller's own: a commit of that request would look for other grants.
            kept = permissions.keep_grants()
            view = RegistryView(registry, self, kept, _drop_indexes(registry))
        self._views[sight] = view
        while len(self._views) > MAX_VIEWS:
            self._views.popitem(last=False)
        return view


class RegistryView:
    """The registry as all callers see it who may see the same products."""

    def __init__(
        self, base: Registry, views: RegistryViews, permissions: Permissions, indexed: Registry
    ) -> None:
        """Keep the registry; `indexed` is one with the indexes that the view may use."""
        self._base = base
        self._views = views
        self._permissions = permissions
        self._shown: _Memo[ProductsFile, ProductsFile] = _Memo()
        self._datasets: _Memo[ProductsFile, frozenset[DatasetKey]] = _Memo()
        self._hidden: frozenset[DatasetKey] = frozenset()
        self._jobs: _Memo[JobIndexFile, JobIndexFile] = _Memo()
        self._hidden_jobs: _Memo[JobIndexFile, frozenset[JobName]] = _Memo()
        jobs = base.jobs and FilteredDocument(base.jobs, JobIndexFile, self._show_jobs)
        products = FilteredDocument(base.products, ProductsFile, self._show_products)
        self.registry = replace(indexed, products=products, jobs=jobs)

    def find_everything(self) -> ProductsFile | None:
        """Return the file with what is hidden, as it was read last; None if nothing is."""
        known = self._base.products.get_known()
        return known if known is not None and self._list_hidden(known) else None

    def list_hidden(self, deadline: Deadline) -> list[ProductRecord]:
        """Return the products that the caller may not see. Raises StorageUnavailable."""
        return self._list_hidden(self._base.products.read(deadline))

    def build_past(self, past: Registry) -> Registry:
        """Return a registry of the past: what is hidden now, or was then, is hidden."""
        products = FilteredDocument(past.products, ProductsFile, self.show_past_products)
        return replace(past, products=products)

    def show_past_products(self, file: ProductsFile, deadline: Deadline) -> ProductsFile:
        """Return an earlier file without what is hidden now, or was then."""
        now = self._base.products.read(deadline)
        hidden = {
            each.name for each in _select_private(file) if not self._permissions.can_see(each)
        }
        if hidden_now := self._list_hidden(now):
            hidden |= find_hidden_before(file, now, hidden_now)
        return hide_products(file, hidden)

    def find_hidden_datasets(self, deadline: Deadline) -> frozenset[DatasetKey]:
        """Return the datasets of the products that are hidden. Raises StorageUnavailable."""
        return self._datasets.get(self._base.products.read(deadline), self._list_hidden_datasets)

    def find_hidden_names(self, deadline: Deadline) -> HiddenNames:
        """Return the datasets and jobs that are hidden. Raises StorageUnavailable."""
        datasets = self.find_hidden_datasets(deadline)
        if not datasets or self._base.jobs is None:
            return HiddenNames(datasets)
        everything = self._base.jobs.read(deadline)
        shown = self._show_jobs(everything, deadline)
        return HiddenNames(
            datasets,
            self._hidden_jobs.get(shown, lambda shown: _list_left_out(everything, shown.jobs)),
        )

    def _list_hidden(self, file: ProductsFile) -> list[ProductRecord]:
        private = self._views.find_private(file)
        return [product for product in private if not self._permissions.can_see(product)]

    def _list_hidden_datasets(self, file: ProductsFile) -> frozenset[DatasetKey]:
        has_role = self._permissions.has_role
        datasets = [each for product in self._list_hidden(file) for each in product.openlineage]
        datasets += [
            each.dataset for each in file.concealed if not has_role(Role.READER, each.domain)
        ]
        return frozenset((each.namespace, each.name) for each in datasets)

    def _show_products(self, file: ProductsFile, deadline: Deadline) -> ProductsFile:
        return self._shown.get(
            file, lambda file: hide_products(file, (each.name for each in self._list_hidden(file)))
        )

    def _show_jobs(self, file: JobIndexFile, deadline: Deadline) -> JobIndexFile:
        hidden = self.find_hidden_datasets(deadline)
        if not hidden:
            return file
        if hidden != self._hidden:
            self._hidden, self._jobs, self._hidden_jobs = hidden, _Memo(), _Memo()
        return self._jobs.get(file, partial(_hide_datasets, hidden=hidden))


def show_history(history: JobHistory, hidden: HiddenNames) -> JobHistory | None:
    """Return a job without the datasets that are hidden; None if it is hidden with them."""
    if hidden.is_empty:
        return history
    is_bare = not (history.inputs or history.outputs)
    if is_bare and (history.namespace, history.name) in hidden.jobs:
        return None
    inputs, outputs = (
        tuple(each for each in ends if (each.namespace, each.name) not in hidden.datasets)
        for ends in (history.inputs, history.outputs)
    )
    versions = tuple(
        each for each in history.versions if (each.namespace, each.name) not in hidden.datasets
    )
    if _is_job_hidden(history, inputs, outputs):
        return None
    facts = history.facts
    if _read_parent(history) in hidden.jobs:
        facts = {kind: each for kind, each in facts.items() if kind != PARENT}
    return msgspec.structs.replace(
        history, facts=facts, inputs=inputs, outputs=outputs, versions=versions
    )


def hide_products(file: ProductsFile, names: Iterable[str]) -> ProductsFile:
    """Return the file without some products, nor their names; the very file if there are none."""
    hidden = {*names}
    if not hidden:
        return file
    shown = {**file.products, **hide_replacements(file, hidden)}
    return file.model_copy(
        update={
            "products": {name: each for name, each in shown.items() if name not in hidden},
            "renamed": {name: each for name, each in file.renamed.items() if each.to not in hidden},
        }
    )


def _select_private(file: ProductsFile) -> tuple[ProductRecord, ...]:
    return tuple(
        product for product in file.products.values() if product.visibility is Visibility.PRIVATE
    )


def _hide_datasets(file: JobIndexFile, hidden: frozenset[DatasetKey]) -> JobIndexFile:
    """Return the index without hidden datasets, and without the jobs that have no others.

    A job that has no datasets is hidden with its tasks, if all are.
    """
    jobs: dict[str, JobRecord] = {}
    bare: dict[tuple[str, str], str] = {}
    tasks: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key, job in file.jobs.items():
        details = job.read_details()
        if shown := _hide_in_record(job, details, hidden):
            jobs[key] = shown
        if not (details.inputs or details.outputs):
            bare[job.namespace, job.name] = key
        if details.parent:
            tasks[job.namespace, details.parent].append(key)
    gone = file.jobs.keys() - jobs.keys()
    while gone:
        parents = {(file.jobs[key].namespace, file.jobs[key].read_details().parent) for key in gone}
        gone = {
            bare[parent]
            for parent in parents & bare.keys()
            if bare[parent] in jobs and jobs.keys().isdisjoint(tasks[parent])
        }
        for key in gone:
            del jobs[key]
    hidden_jobs = _list_left_out(file, jobs)
    for parent in tasks.keys() & hidden_jobs:
        jobs |= {key: _drop_parent(jobs[key]) for key in tasks[parent] if key in jobs}
    return file.model_copy(update={"jobs": jobs})


def _list_left_out(file: JobIndexFile, shown: Container[str]) -> frozenset[JobName]:
    """Return the names of the jobs whose keys are not shown."""
    hidden = (job for key, job in file.jobs.items() if key not in shown)
    return frozenset((job.namespace, job.name) for job in hidden)


def _drop_parent(job: JobRecord) -> JobRecord:
    shown = msgspec.structs.replace(job.read_details(), parent="")
    return msgspec.structs.replace(job, details=msgspec.Raw(msgspec.json.encode(shown)))


def _read_parent(history: JobHistory) -> JobName | None:
    """Return the job whose run has started that of another; None if no event has told."""
    fact = history.facts.get(PARENT)
    told = fact.value if fact else None
    if not isinstance(told, dict):
        return None
    return (str(told.get("namespace")), str(told.get("name")))


def _hide_in_record(
    job: JobRecord, details: JobDetails, hidden: frozenset[DatasetKey]
) -> JobRecord | None:
    if hidden.isdisjoint((*details.inputs, *details.outputs)):
        return job
    inputs = tuple(each for each in details.inputs if each not in hidden)
    outputs = tuple(each for each in details.outputs if each not in hidden)
    if _is_job_hidden(details, inputs, outputs):
        return None
    shown = msgspec.structs.replace(details, inputs=inputs, outputs=outputs)
    return msgspec.structs.replace(job, details=msgspec.Raw(msgspec.json.encode(shown)))


def _is_job_hidden(
    job: JobHistory | JobDetails, inputs: tuple[object, ...], outputs: tuple[object, ...]
) -> bool:
    """Return whether a job is hidden: nothing is left of what it writes, or of what it has."""
    return (bool(job.outputs) and not outputs) or (bool(job.inputs) and not (inputs or outputs))


def _drop_indexes(registry: Registry) -> Registry:
    """Return the registry with indexes of its own, that hold nothing yet."""
    return replace(
        registry,
        lineage_index=LineageIndex(),
        domain_index=DomainIndex(),
        dataset_names=DatasetNameCache(),
        product_texts=ProductTexts(),
        revision_cache=RevisionCache(),
        renames_cache=RenamesCache(),
        wanted_names=WantedNamesCache(),
    )
