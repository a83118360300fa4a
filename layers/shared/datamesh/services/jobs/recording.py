"""Records what events say of jobs: in a file of each job, and in the index where that changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from datamesh.models.jobs import JobHistory, JobRecord
from datamesh.services.context import RequestContext
from datamesh.services.jobs.joining import join_histories
from datamesh.services.jobs.records import build_record, compute_job_key
from datamesh.services.registry.registry import Registry
from datamesh.storage.document import Document
from datamesh.storage.job_files import JobFile, JobIndexFile

MANY_JOBS = 10
"""The number of jobs from which on the index is read to learn which are new."""

type OpenJob = Callable[[str], Document[JobFile]]
"""Digest of a job's name -> the document of what events have said of it."""


@dataclass(frozen=True)
class RecordedJob:
    """A job whose file has been written, or had nothing to be written."""

    key: str
    record: JobRecord
    is_indexed: bool
    """True if the index holds the record, as far as the job's file tells."""


def group_histories(histories: Iterable[JobHistory]) -> dict[str, JobHistory]:
    """Return what histories say of each job together, by the digests of the jobs' names."""
    found: dict[str, list[JobHistory]] = {}
    for each in histories:
        found.setdefault(compute_job_key(each.namespace, each.name), []).append(each)
    return {key: join_histories(*each) for key, each in found.items()}


def find_new_jobs(
    context: RequestContext, registry: Registry, told: Mapping[str, JobHistory]
) -> set[str]:
    """Return the jobs that probably have no file yet: the index, if it is at hand, has them not.

    Raises StorageUnavailable.
    """
    if registry.jobs is None:
        return set()
    index = registry.jobs.get_known()
    if len(told) >= MANY_JOBS:
        index = registry.jobs.read_latest(context.deadline)
    # A full one has forgotten jobs that have files.
    if index is None or len(index.jobs) >= registry.max_lineage_entries:
        return set()
    return told.keys() - index.jobs.keys()


def store_job(
    context: RequestContext, job: Document[JobFile], told: JobHistory, *, is_new: bool = False
) -> RecordedJob:
    """Join what events say of a job with what its file holds. Raises what a commit raises.

    `is_new` says that it probably has no file.

    A repeated event changes nothing. Then an earlier try may have ended before the index was
    written, so that the index has to be looked at.
    """

    def change(file: JobFile) -> tuple[JobFile, tuple[JobRecord, bool]]:
        before = file.history
        after = join_histories(before, told) if before else told
        if after == before:
            return file, (build_record(after, file.revision), False)
        after = msgspec.structs.replace(after, hidden=False)
        record = build_record(after, file.revision + 1)
        is_indexed = before is not None and build_record(before, file.revision) == record
        return file.model_copy(update={"history": after}), (record, is_indexed)

    commit = job.commit_to_new if is_new else job.commit
    record, is_indexed = commit(change, context.deadline)
    return RecordedJob(compute_job_key(told.namespace, told.name), record, is_indexed)


def index_jobs(
    context: RequestContext,
    registry: Registry,
    recorded: Sequence[RecordedJob],
    *,
    rebuilds: bool = False,
) -> None:
    """Put jobs that have changed into the index: one commit, and none if it has them.

    Of two that write at one time, the one that has seen more of the job wins; a rebuild, which may
    follow the loss of the jobs' files, always does. Raises what a commit raises.
    """
    new = {each.key: each.record for each in recorded if not each.is_indexed}

    def change(file: JobIndexFile) -> tuple[JobIndexFile, None]:
        changed = {
            key: record
            for key, record in new.items()
            if _is_news(record, file.jobs.get(key), rebuilds=rebuilds)
        }
        if not changed:
            return file, None
        jobs = drop_oldest({**file.jobs, **changed}, registry.max_lineage_entries)
        return file if jobs == file.jobs else file.model_copy(update={"jobs": jobs}), None

    if new and registry.jobs:
        registry.jobs.commit(change, context.deadline)


def _is_news(record: JobRecord, known: JobRecord | None, *, rebuilds: bool) -> bool:
    return known is None or (record != known and (rebuilds or record.revision >= known.revision))


def drop_oldest(jobs: Mapping[str, JobRecord], limit: int) -> dict[str, JobRecord]:
    """Return at most `limit` jobs: those that said something last. Their files stay."""
    if len(jobs) <= limit:
        return dict(jobs)
    kept = {*sorted(jobs, key=lambda key: (jobs[key].updated_at, key), reverse=True)[:limit]}
    return {key: job for key, job in jobs.items() if key in kept}
