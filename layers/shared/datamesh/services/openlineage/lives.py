"""The life of datasets: kept beside the products, and shown by them.

What facets say is kept in a file of each dataset, and when a job writes one, in the file of the
job. So `products.json` holds no more than what shows, and an event that only confirms that commits
nothing (docs/adr/0027-identity-of-datasets.md).

An event that may change what shows raises a doubt about a product. All that is known of it is then
read, and what shows is committed. Whoever changes it looks again: an event that raised no doubt may
have come in between. If that fails, the event is delivered again, and then each product that it
names is in doubt.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from datamesh.errors.storage import Contended
from datamesh.models.lifecycle import DatasetLife, LifecycleChange, find_latest
from datamesh.models.products import DatasetName
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import TICK
from datamesh.services.context import RequestContext
from datamesh.services.jobs.recording import OpenJob
from datamesh.services.jobs.records import INDEX_MINUTES, MAX_INDEXED_DATASETS, compute_job_key
from datamesh.services.openlineage.files import LifeFile
from datamesh.services.openlineage.observations import DatasetObservations
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.job_files import JobIndexFile
from datamesh.storage.parallel import map_in_parallel
from datamesh.storage.records import ProductRecord

MAX_ROUNDS = 3
"""How often what shows is looked at anew at most, while other events come in between."""
MAX_WRITERS = 200
"""How many jobs are asked at most when they wrote a dataset: those that said something last."""
MAX_DROPPED = 2000
"""How many dropped datasets that were no product are remembered: the latest."""

type OpenLife = Callable[[str], Document[LifeFile]]
"""Digest of a dataset's name -> the document of what facets have said about its life."""


class LifeStore(NamedTuple):
    """Where the life of datasets is kept, and what jobs have written."""

    open_life: OpenLife
    open_job: OpenJob


class ShownLife(NamedTuple):
    """The life of a product, as `products.json` holds it."""

    dropped_at: datetime | None
    changed: LifecycleChange | None


def compute_dataset_key(dataset: DatasetName) -> str:
    """Return the digest that the file of a dataset is named after."""
    return compute_job_key(dataset.namespace, dataset.name)


def store_lives(
    context: RequestContext,
    open_life: OpenLife,
    observations: Mapping[DatasetName, DatasetObservations],
) -> None:
    """Keep what facets say about the life of datasets. Raises what a commit raises."""
    told = [(name, each.life) for name, each in observations.items() if each.life.is_told]

    def store_life(item: tuple[DatasetName, DatasetLife]) -> None:
        def change(file: LifeFile) -> tuple[LifeFile, None]:
            life = file.life.join_with(item[1])
            return file if life == file.life else file.model_copy(update={"life": life}), None

        open_life(compute_dataset_key(item[0])).commit(change, context.deadline)

    map_in_parallel(store_life, told)


def note_dropped(context: RequestContext, registry: Registry, gone: Iterable[DatasetName]) -> bool:
    """Remember datasets that were dropped while they were no product.

    Whoever registers one later then looks at its life. Returns whether one was not remembered
    yet: it may have become a product meanwhile. Raises what a commit raises.
    """
    keys = dict.fromkeys(map(compute_dataset_key, gone))

    def change(file: JobIndexFile) -> tuple[JobIndexFile, bool]:
        known = set(file.dropped)
        new = [key for key in keys if key not in known]
        dropped = (*file.dropped, *new)[-MAX_DROPPED:]
        return (file.model_copy(update={"dropped": dropped}), True) if new else (file, False)

    return bool(keys and registry.jobs and registry.jobs.commit(change, context.deadline))


def find_noted_products(
    context: RequestContext, registry: Registry, gained: Mapping[str, Iterable[DatasetName]]
) -> list[str]:
    """Return the products of which a dataset that they have gained was dropped before."""
    if not gained or not registry.jobs:
        return []
    dropped = {*registry.jobs.read_latest(context.deadline).dropped}
    return [
        product
        for product, datasets in gained.items()
        if dropped and not dropped.isdisjoint(map(compute_dataset_key, datasets))
    ]


def update_lives(
    context: RequestContext,
    registry: Registry,
    store: LifeStore,
    doubts: Mapping[str, DatasetLife],
) -> None:
    """Commit what shows of the life of some products, of which events have told something.

    Raises what a commit raises, and Contended if other events come in between all the time.
    """
    if not doubts:
        return
    for _ in range(MAX_ROUNDS):
        reader = _LifeReader(context, registry, store)
        found = reader.find_lives(doubts)
        now = context.choose_registration_time(registry.now)

        def change(
            file: ProductsFile, found: Mapping[str, ShownLife] = found, now: datetime = now
        ) -> tuple[ProductsFile, bool]:
            after = show_lives(file, found, now)
            return after, after is not file

        if not context.commit_derived(registry.products, change):
            return
    raise Contended(registry.products.name)


def has_doubt(product: StoredProduct, told: DatasetLife) -> bool:
    """Tell whether events may have changed what shows of the life of a product.

    What is known of it may be older than what has been told. So the answer is yes whenever that
    could matter, and no for an event that only repeats what shows.
    """
    if told.named_at or (told.dropped_at and not product.dropped_at):
        return True
    if product.dropped_at:
        return told.written_at is not None and told.written_at >= product.dropped_at
    if told.change is None:
        return False
    known = product.changed
    return known is None or (told.change.state != known.state and told.change.order > known.order)


def show_lives(file: ProductsFile, lives: Mapping[str, ShownLife], now: datetime) -> ProductsFile:
    """Return the file with the lives of some products; the very file if all show them already."""
    changed: dict[str, ProductRecord] = {}
    for name, life in lives.items():
        record = file.products.get(find_new_name(file, name) or name)
        if record is None:
            continue
        before = record.to_model()
        is_hidden = before.hidden and life.dropped_at is not None
        after = before.model_copy(update=life._asdict() | {"hidden": is_hidden})
        if _get_shown(before) != _get_shown(after):
            moved = {"updated_at": max(now, before.updated_at + TICK)}
            changed[record.name] = ProductRecord.from_model(after.model_copy(update=moved))
    if not changed:
        return file
    return file.model_copy(update={"products": {**file.products, **changed}})


def _get_shown(product: StoredProduct) -> tuple[bool, str | None]:
    return (product.dropped, product.lifecycle_state)


def derive_life(
    lives: Mapping[DatasetName, DatasetLife], written_at: datetime | None = None
) -> ShownLife:
    """Return what shows of a product, whose datasets have these lives and were written last then.

    A product that was renamed is dropped under its new name alone: whoever puts a new table in the
    place of an old one drops the old one, under the name that this was given.
    """
    named = {name: life.named_at for name, life in lives.items() if life.named_at}
    given = max(named, key=lambda each: (named[each], each.namespace, each.name), default=None)
    dropped_at = find_latest(
        life.dropped_at
        for name, life in lives.items()
        if life.dropped_at and (given is None or name == given or life.dropped_at <= named[given])
    )
    seen_at = find_latest((written_at, *(each.written_at for each in lives.values())))
    changes = [each.change for each in lives.values() if each.change]
    changed = max(changes, key=lambda each: each.order, default=None)
    if dropped_at is None:
        return ShownLife(None, changed)
    if changed and changed.at < dropped_at:
        changed = None
    # Of one time, it is there: what may be there is not hidden.
    is_there = seen_at is not None and seen_at >= dropped_at
    return ShownLife(None if is_there else dropped_at, changed)


class _LifeReader:
    """Reads all that is known of the life of products."""

    def __init__(self, context: RequestContext, registry: Registry, store: LifeStore) -> None:
        self._context = context
        self._registry = registry
        self._store = store

    def find_lives(self, doubts: Mapping[str, DatasetLife]) -> dict[str, ShownLife]:
        """Return what shows of the products; those that are gone are missing."""
        file = self._registry.products.read_latest(self._context.deadline)
        datasets = {
            name: of_product for name in doubts if (of_product := _list_datasets(file, name))
        }
        asked = list(dict.fromkeys(each for names in datasets.values() for each in names))
        known = dict(zip(asked, map_in_parallel(self._read_life, asked), strict=True))
        lives = {name: {each: known[each] for each in names} for name, names in datasets.items()}
        found = {name: derive_life(each, doubts[name].written_at) for name, each in lives.items()}
        dropped = {name: each.dropped_at for name, each in found.items() if each.dropped_at}
        if dropped:
            wanted = {each: dropped[name] for name in dropped for each in datasets[name]}
            writes = self._find_writes(wanted)
            for name in dropped:
                written_at = find_latest(writes.get(each) for each in datasets[name])
                found[name] = derive_life(
                    lives[name], find_latest((written_at, doubts[name].written_at))
                )
        return found

    def _read_life(self, dataset: DatasetName) -> DatasetLife:
        document = self._store.open_life(compute_dataset_key(dataset))
        return document.read_latest(self._context.deadline).life

    def _find_writes(self, wanted: Mapping[DatasetName, datetime]) -> dict[DatasetName, datetime]:
        """Return when jobs have written datasets last, of those since the times asked for."""
        since = min(wanted.values()) - timedelta(minutes=INDEX_MINUTES)
        names = {(each.namespace, each.name): each for each in wanted}
        found: dict[DatasetName, datetime] = {}
        for history in map_in_parallel(self._read_outputs, self._find_writers(names, since)):
            for key, at in history:
                if name := names.get(key):
                    found[name] = max(at, found.get(name, at))
        return found

    def _find_writers(self, names: Mapping[tuple[str, str], object], since: datetime) -> list[str]:
        """Return the jobs that may have written one of the datasets since a moment."""
        if not self._registry.jobs:
            return []
        index = self._registry.jobs.read_latest(self._context.deadline)
        recent = [(each.updated_at, key) for key, each in index.jobs.items()]
        found = []
        for _, key in sorted((each for each in recent if each[0] >= since), reverse=True):
            outputs = index.jobs[key].read_details().outputs
            # Of a job with very many outputs, the index has the first ones.
            if len(outputs) >= MAX_INDEXED_DATASETS or not names.keys().isdisjoint(outputs):
                found.append(key)
        return found[:MAX_WRITERS]

    def _read_outputs(self, job: str) -> list[tuple[tuple[str, str], datetime]]:
        history = self._store.open_job(job).read_latest(self._context.deadline).history
        return [
            ((each.namespace, each.name), each.last_present_at)
            for each in (history.outputs if history else ())
            if each.last_present_at
        ]


def _list_datasets(file: ProductsFile, name: str) -> list[DatasetName]:
    record = file.products.get(find_new_name(file, name) or name)
    return record.to_model().openlineage if record else []
