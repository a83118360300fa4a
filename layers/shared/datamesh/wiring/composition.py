"""The composition of what a function works on, by its settings."""

from functools import cache

from datamesh.aws.observability import Observer
from datamesh.services.analytics import snapshots
from datamesh.services.analytics.snapshots import Snapshots
from datamesh.services.audit.trail import AUDIT_FOLDER, AuditTrail
from datamesh.services.operations.backups import Backups
from datamesh.services.time_travel.past import RegistryHistory
from datamesh.settings import Settings
from datamesh.storage.backoff import Backoff
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3.client import create_client
from datamesh.storage.write_probe import WriteProbe
from datamesh.wiring.access import list_key_uses, open_access, read_past_access
from datamesh.wiring.bucket import ARCHIVED, LINEAGE_KEY, PRODUCTS_KEY, Bucket
from datamesh.wiring.contracts import open_contracts
from datamesh.wiring.events import (
    open_declarations,
    open_derived,
    open_event_pipeline,
    open_event_queue,
    open_job_store,
)
from datamesh.wiring.product_versions import open_product_versions
from datamesh.wiring.quality import open_quality_runs
from datamesh.wiring.redactions import open_redactor
from datamesh.wiring.registry import open_data, open_feed, open_outcomes, open_registry
from datamesh.wiring.resources import Resources


def create_resources(settings: Settings, observer: Observer) -> Resources:
    """Return the registry and the domain data in the bucket that the settings name.

    Nothing is called yet. `observer` counts the commits to the registry's two documents.
    """
    return open_resources(
        settings, observer, Bucket(create_client(), settings.catalog_bucket, Backoff())
    )


def open_resources(settings: Settings, observer: Observer, bucket: Bucket) -> Resources:
    """Return the same over a bucket that is called in a way of its own."""
    registry = open_registry(settings, observer, bucket)
    past = RegistryHistory(
        registry,
        products=bucket.open_history(PRODUCTS_KEY, ProductsFile),
        lineage=bucket.open_history(LINEAGE_KEY, LineageFile),
    )
    return Resources(
        registry=registry,
        registry_at=past.registry_at,
        open_feed=lambda: open_feed(bucket),
        data=open_data(settings, bucket),
        open_key_record=lambda digest: bucket.open_object(f"idempotency/{digest}.json"),
        open_trail=lambda record: AuditTrail(
            record, bucket.open_object, bucket.backoff, registry.find_known_product, ARCHIVED
        ),
        audit_journal=bucket.open_journal(AUDIT_FOLDER),
        open_outcomes=lambda: open_outcomes(bucket),
        snapshots=Snapshots(
            bucket.open_object, bucket.open_journal(snapshots.FOLDER), bucket.backoff
        ),
        backups=Backups(bucket.open_object, bucket.backoff),
        write_probe=WriteProbe(
            bucket.open_object("health/written_at.json"),
            bucket.backoff,
            settings.health_probe_seconds,
        ),
        keep_past=bucket.keep_past,
        open_event_pipeline=cache(lambda: open_event_pipeline(settings, bucket)),
        open_event_queue=cache(lambda: open_event_queue(settings)),
        open_derived=cache(lambda: open_derived(bucket)),
        open_job_store=cache(lambda: open_job_store(bucket)),
        open_declarations=cache(lambda: open_declarations(settings, bucket)),
        open_access=cache(lambda: open_access(settings, bucket)),
        access_at=lambda moment, deadline: read_past_access(bucket, moment, deadline),
        open_redactor=cache(lambda: open_redactor(settings, bucket, registry)),
        list_key_uses=lambda deadline: list_key_uses(bucket, deadline),
        open_quality_runs=cache(lambda: open_quality_runs(bucket)),
        open_product_versions=cache(lambda: open_product_versions(bucket)),
        open_contracts=cache(lambda: open_contracts(bucket)),
    )
