"""Edit jobs: give them tags, take them away, and hide a job until it says something new."""

from collections.abc import Callable

import msgspec

from datamesh.errors.events import TooManyTags
from datamesh.errors.lineage import NodeNotFound
from datamesh.models.jobs import JobHistory, JobRecord
from datamesh.services.context import RequestContext
from datamesh.services.jobs.recording import OpenJob, RecordedJob, index_jobs
from datamesh.services.jobs.records import (
    MAX_INDEXED_TAGS,
    build_record,
    compute_job_key,
    find_tags,
)
from datamesh.services.jobs.writers import JobName
from datamesh.services.registry.registry import Registry
from datamesh.storage.job_files import JobFile

type EditHistory = Callable[[JobHistory], JobHistory]


def tag_job(
    context: RequestContext,
    registry: Registry,
    open_job: OpenJob,
    name: JobName,
    tag: str,
    *,
    adds: bool,
) -> None:
    """Give a job a tag, or take it away, whatever events say.

    A tag is one in upper and lower case. Raises NodeNotFound if there is no file of the job,
    TooManyTags, and what a commit raises.
    """

    def edit(history: JobHistory) -> JobHistory:
        shown = [each for each in find_tags(history) if each.lower() == tag]
        if bool(shown) == adds:
            return history
        if adds and len(find_tags(history)) >= MAX_INDEXED_TAGS:
            raise TooManyTags("job", name[1], MAX_INDEXED_TAGS)
        told = _list_told_tags(history)
        spelt = next((each for each in told if each.lower() == tag), tag)
        changes = {spelt: True} if adds else dict.fromkeys(shown, False)
        tags = {**history.tags, **changes}
        # What people added and take away again is no word against an event.
        kept = {key: there for key, there in sorted(tags.items()) if there or key in told}
        return msgspec.structs.replace(history, tags=kept)

    _edit_job(context, registry, open_job, name, edit)


def hide_job(context: RequestContext, registry: Registry, open_job: OpenJob, name: JobName) -> None:
    """Hide a job until an event says something new of it. Raises as `tag_job` does."""
    _edit_job(
        context,
        registry,
        open_job,
        name,
        lambda history: msgspec.structs.replace(history, hidden=True),
    )


def _list_told_tags(history: JobHistory) -> list[str]:
    """Return the tags that events say."""
    fact = history.facts.get("tags")
    return [each["key"] for each in (fact.value or ())] if fact else []


def _edit_job(
    context: RequestContext,
    registry: Registry,
    open_job: OpenJob,
    name: JobName,
    edit: EditHistory,
) -> None:
    """Commit an edit of a job's file, then what the index shows of it."""
    key = compute_job_key(*name)

    def change(file: JobFile) -> tuple[JobFile, JobRecord]:
        before = file.history
        if before is None:
            raise NodeNotFound("job", name[1], name[0])
        after = edit(before)
        if after == before:
            return file, build_record(after, file.revision)
        record = build_record(after, file.revision + 1)
        return file.model_copy(update={"history": after}), record

    record = context.commit_derived(open_job(key), change)
    index_jobs(context, registry, [RecordedJob(key, record, is_indexed=False)])
