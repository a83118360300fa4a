"""How what events tell of is opened. Modules that few functions need are imported when they are."""

import os
from typing import TYPE_CHECKING

from datamesh.settings import Settings
from datamesh.storage.document import Document
from datamesh.storage.job_files import JOBS_PREFIX, JobFile, ListedJobFile
from datamesh.wiring.bucket import Bucket

if TYPE_CHECKING:
    from datamesh.services.jobs.reading import JobStore
    from datamesh.services.openlineage.files import DerivedFile
    from datamesh.services.openlineage.ingest import EventPipeline
    from datamesh.services.openlineage.queue import EventQueue
    from datamesh.storage.declarations_file import DeclarationsFile


def open_event_pipeline(settings: Settings, bucket: Bucket) -> "EventPipeline":
    """Return what OpenLineage events go through."""
    # Not imported where no events come in: every other cold start would pay for it.
    from datamesh.models.lineage import Evidence
    from datamesh.services.jobs.records import RUNS_PREFIX
    from datamesh.services.openlineage.files import (
        DERIVED_KEY,
        LIVES_PREFIX,
        REBUILD_KEY,
        DerivedFile,
        LifeFile,
        RebuildFile,
        RunFile,
    )
    from datamesh.services.openlineage.ingest import EventPipeline
    from datamesh.services.openlineage.product_domain import EventPolicy
    from datamesh.storage.event_log import EVENTS_PREFIX, EventLog

    def open_document[F: (RunFile, RebuildFile, JobFile, LifeFile, DerivedFile)](
        key: str, kind: type[F]
    ) -> Document[F]:
        """Return a document whose commits nobody counts: no two writers meet at one for long."""
        return Document(bucket.open_object(key), kind, bucket.backoff)

    lineage, columns, datasets = settings.openlineage_confidence
    return EventPipeline(
        log=EventLog(
            lambda name: bucket.open_object(EVENTS_PREFIX + name),
            bucket.open_journal(EVENTS_PREFIX),
            bucket.backoff,
        ),
        open_run=lambda path: open_document(f"{RUNS_PREFIX}{path}.json", RunFile),
        open_job=lambda digest: open_document(f"{JOBS_PREFIX}{digest}.json", JobFile),
        open_life=lambda digest: open_document(f"{LIVES_PREFIX}{digest}.json", LifeFile),
        progress=open_document(REBUILD_KEY, RebuildFile),
        derived=open_document(DERIVED_KEY, DerivedFile),
        policy=EventPolicy(settings.openlineage_auto_register, settings.openlineage_domains),
        confidence={
            Evidence.LINEAGE: lineage,
            Evidence.COLUMNS: columns,
            Evidence.DATASETS: datasets,
        },
    )


def open_event_queue(settings: Settings) -> "EventQueue | None":
    """Return where kept events wait for a worker; None where they are derived at once."""
    if not settings.event_queue_url:
        return None
    # Not imported where no events come in, as above.
    from datamesh.aws.event_queue import SqsEventQueue
    from datamesh.storage.backoff import Backoff
    from datamesh.storage.s3.endpoints import find_ca_bundle, load_identity

    region, credentials = load_identity(os.environ)
    return SqsEventQueue(
        url=settings.event_queue_url,
        dead_letters_url=settings.event_dead_letters_url,
        region=region,
        credentials=credentials,
        ca_bundle=find_ca_bundle(os.environ),
        backoff=Backoff(),
    )


def open_derived(bucket: Bucket) -> "Document[DerivedFile]":
    """Return where a worker notes when it has derived from events."""
    from datamesh.services.openlineage.files import DERIVED_KEY, DerivedFile

    return Document(bucket.open_object(DERIVED_KEY), DerivedFile, bucket.backoff)


def open_job_store(bucket: Bucket) -> "JobStore":
    """Return where jobs, runs and events are read."""
    # Not imported where nobody asks for jobs, as above.
    from datamesh.services.jobs.reading import JobStore
    from datamesh.services.jobs.records import RUNS_PREFIX
    from datamesh.storage.event_log import EVENTS_PREFIX, EventLog

    def open_document[F: JobFile](digest: str, kind: type[F]) -> Document[F]:
        return Document(bucket.open_object(f"{JOBS_PREFIX}{digest}.json"), kind, bucket.backoff)

    return JobStore(
        open_job=lambda digest: open_document(digest, JobFile),
        open_listed_job=lambda digest: open_document(digest, ListedJobFile),
        open_runs=lambda folder: bucket.open_journal(f"{RUNS_PREFIX}{folder}/"),
        log=EventLog(
            lambda name: bucket.open_object(EVENTS_PREFIX + name),
            bucket.open_journal(EVENTS_PREFIX),
            bucket.backoff,
        ),
    )


def open_declarations(settings: Settings, bucket: Bucket) -> "Document[DeclarationsFile]":
    """Return where the declarations of people are kept."""
    # Not imported where nobody asks for them, as above.
    from datamesh.storage.declarations_file import DECLARATIONS_KEY, DeclarationsFile

    stored = bucket.open_object(DECLARATIONS_KEY)
    return Document(stored, DeclarationsFile, bucket.backoff, cache_seconds=settings.cache_seconds)
