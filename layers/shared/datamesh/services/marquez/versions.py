"""Marquez' versions of datasets: what the jobs that write a dataset have told of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from datamesh.errors.lineage import NodeNotFound
from datamesh.models.jobs import JobHistory, WrittenVersion
from datamesh.models.json_codec import encode_model
from datamesh.models.marquez import MarquezRun
from datamesh.models.marquez_reads import MarquezDatasetVersion, MarquezDetailedDataset
from datamesh.services.context import RequestContext
from datamesh.services.jobs.dataset_versions import MAX_VERSIONS, compute_columns_digest
from datamesh.services.jobs.freshness import find_latest_success, list_datasets, read_writers
from datamesh.services.jobs.reading import JobStore
from datamesh.services.marquez.datasets import DatasetBuilder, build_version_id, require_dataset
from datamesh.services.marquez.index import open_index
from datamesh.services.marquez.job_builder import JobBuilder
from datamesh.services.marquez.version_events import NOT_KEPT, VersionEvents
from datamesh.services.registry.registry import EncodedPage, Registry, cut_page, encode_page

if TYPE_CHECKING:  # writers of tags read no versions
    from datamesh.services.marquez.restricted_metrics import HiddenColumns


class KnownVersion(NamedTuple):
    """A version of a dataset."""

    id: str
    created_at: datetime
    last_at: datetime
    columns: str
    """The digest of its columns: if no job told of them, of those that the dataset had before."""
    written: WrittenVersion | None = None
    """The statement of the job that wrote it first; None if no job has written these columns."""
    writer: JobHistory | None = None
    described: WrittenVersion | None = None
    """The version whose event tells the columns."""


class FoundDataset:
    """One dataset that somebody asks for, with its versions. Raises NodeNotFound if none is."""

    def __init__(
        self,
        context: RequestContext,
        registry: Registry,
        store: JobStore,
        namespace: str,
        name: str,
    ) -> None:
        self._context = context
        self._store = store
        self._index = open_index(context, registry)
        found = require_dataset(context, registry, namespace, name)
        dataset = DatasetBuilder(context, registry).build_dataset(found)
        self._columns = compute_columns_digest({each.name: each.type for each in dataset.fields})
        self._columns_id = dataset.current_version or ""
        histories = read_writers(context, registry, store, found.product)
        self._known_runs = {run.id for history in histories for run in history.runs}
        told = join_told_versions(histories, set(list_datasets(found.product)))
        versions = self._identify(told, dataset)
        # Marquez' web client takes the first version for the current one.
        self._current = self._find_current(versions)
        others = [each for each in versions if each is not self._current]
        self._versions = [self._current, *others]
        success = find_latest_success(histories, list_datasets(found.product))
        self.dataset: MarquezDetailedDataset = dataset.model_copy(
            update={
                "current_version": self._current.id,
                "last_modified_at": success.ended_at if success else dataset.last_modified_at,
            }
        )

    def _identify(
        self,
        told: Iterable[tuple[WrittenVersion, JobHistory]],
        dataset: MarquezDetailedDataset,
    ) -> list[KnownVersion]:
        """Return the MAX_VERSIONS that were written last with their ids, the latest first.

        The columns that the dataset has now are one of them, if no job has written them.
        """
        found: list[KnownVersion] = []
        described: WrittenVersion | None = None
        for written, writer in sorted(told, key=_get_age):
            described = written if written.columns else described
            columns = described.columns if described else self._columns
            content = (written.columns, written.state, written.data)
            id = build_version_id(dataset.namespace, dataset.name, *content)
            times = (written.first_at, written.last_at)
            found.append(KnownVersion(id, *times, columns, written, writer, described))
        if not found or (self._columns and self._columns not in {each.columns for each in found}):
            times = (dataset.updated_at, dataset.updated_at)
            found.append(KnownVersion(self._columns_id, *times, self._columns))
        found.sort(key=_get_recency, reverse=True)
        return found[:MAX_VERSIONS]

    def _find_current(self, versions: Sequence[KnownVersion]) -> KnownVersion:
        """Return the version that was written last, of those that have the columns of now."""
        now = (each for each in versions if each.columns == self._columns)
        return next(now, versions[0])

    def list_versions(self, columns: "HiddenColumns", limit: int, offset: int) -> EncodedPage:
        """Return the versions of the dataset: the current one, then the latest ones.

        Metrics of hidden `columns` are left out.
        """
        page = cut_page(self._versions, limit, offset)
        events = self._read_events(page.items, columns)
        return encode_page(page, lambda each: encode_model(self._build_version(each, events)))

    def read_version(self, version: str, columns: "HiddenColumns") -> MarquezDatasetVersion:
        """Return a version by its id, without metrics of hidden `columns`.

        Raises NodeNotFound if there is none.
        The id of the columns alone, as lists of datasets have it, is that of the current one.
        """
        asked = version.lower()
        found = next((each for each in self._versions if each.id == asked), None)
        if found is None and asked == self._columns_id:
            found = self._current
        if found is None:
            raise NodeNotFound("version", version)
        return self._build_version(found, self._read_events([found], columns))

    def _read_events(
        self, versions: Iterable[KnownVersion], columns: "HiddenColumns"
    ) -> VersionEvents:
        """Return what the events of some versions say. Raises StorageUnavailable."""
        told = (each for known in versions for each in (known.written, known.described) if each)
        deadline = self._context.deadline
        return VersionEvents(self._store, told, self._known_runs, columns, deadline)

    def _build_version(self, known: KnownVersion, events: VersionEvents) -> MarquezDatasetVersion:
        dataset = self.dataset
        said = events.get_version(known.written) if known.written else NOT_KEPT
        is_current = known.id == dataset.current_version
        fields = dataset.fields
        if known.described and known.columns != self._columns:
            fields = [*events.get_version(known.described).fields]
        return MarquezDatasetVersion(
            id=dataset.id,
            name=dataset.name,
            physical_name=dataset.physical_name,
            created_at=known.created_at,
            version=known.id,
            namespace=dataset.namespace,
            source_name=dataset.source_name,
            fields=fields,
            tags=dataset.tags,
            lifecycle_state=self._get_state(known),
            description=dataset.description,
            created_by_run=self._build_run(known, events),
            facets={**(dataset.facets if is_current else {}), **said.facets},
        )

    def _get_state(self, known: KnownVersion) -> str | None:
        if known.written is None:
            return self.dataset.last_lifecycle_state
        return known.written.state or None

    def _build_run(self, known: KnownVersion, events: VersionEvents) -> MarquezRun | None:
        """Return the run that wrote a version; one that is forgotten as its event tells it."""
        written, writer = known.written, known.writer
        if written is None or writer is None or not written.run:
            return None
        runs = (each for each in writer.runs if each.id == written.run)
        run = next(runs, None) or events.get_version(written).run
        job = self._index.find_job(writer.namespace, writer.name)
        if run is None or job is None:
            return None
        return JobBuilder.from_index(self._index, job, writer).build_run(run)


def _get_recency(version: KnownVersion) -> tuple[bool, datetime, datetime, str]:
    """Return what versions are sorted by: one that no job has written is that of now."""
    return (version.written is None, version.last_at, version.created_at, version.id)


def _get_age(told: tuple[WrittenVersion, JobHistory]) -> tuple[datetime, tuple[str, ...]]:
    written = told[0]
    return (written.first_at, (written.columns, written.state, written.data))


def join_told_versions(
    histories: Iterable[JobHistory], datasets: set[tuple[str, str]]
) -> list[tuple[WrittenVersion, JobHistory]]:
    """Return each version of a dataset, which may have several names, with the job that began it.

    What a run says less of than elsewhere, as it does when it starts, is no version.
    """
    found: dict[tuple[str, ...], tuple[WrittenVersion, JobHistory]] = {}
    for history in histories:
        for each in history.versions:
            if (each.namespace, each.name) in datasets:
                content = (each.columns, each.state, each.data)
                known = found.get(content)
                found[content] = _join_told(known, (each, history)) if known else (each, history)
    told = list(found.values())
    return [each for each in told if not any(_has_more(other, each) for other, _ in told)]


def _join_told(
    first: tuple[WrittenVersion, JobHistory], second: tuple[WrittenVersion, JobHistory]
) -> tuple[WrittenVersion, JobHistory]:
    earliest, writer = min(first, second, key=lambda each: (each[0].first_at, each[0].event))
    last_at = max(first[0].last_at, second[0].last_at)
    return msgspec.structs.replace(earliest, last_at=last_at), writer


def _has_more(other: WrittenVersion, told: tuple[WrittenVersion, JobHistory]) -> bool:
    """Return whether a run says all that a version has, and more."""
    written = told[0]
    if not written.run or written.run != other.run:
        return False
    less = (written.columns, written.state, written.data)
    more = (other.columns, other.state, other.data)
    return less != more and all(part in ("", whole) for part, whole in zip(less, more, strict=True))
