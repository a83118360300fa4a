"""The objects that OpenLineage events go to, in the bucket."""

from datamesh.models.lineage import Evidence
from datamesh.services.openlineage.files import REBUILD_KEY, RUNS_PREFIX, RebuildFile, RunFile
from datamesh.services.openlineage.ingest import Intake
from datamesh.services.openlineage.product_resolver import EventPolicy
from datamesh.settings import Settings
from datamesh.storage.backoff import Backoff
from datamesh.storage.document import Document
from datamesh.storage.event_log import EVENTS, EventLog
from datamesh.storage.s3.client import S3Client
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object


def opened(settings: Settings, client: S3Client, backoff: Backoff) -> Intake:
    bucket = settings.catalog_bucket

    def document[F: (RunFile, RebuildFile)](key: str, kind: type[F]) -> Document[F]:
        """Not counted: several at once, and none that many writers meet at."""
        return Document(S3Object(client, bucket, key), kind, backoff)

    lineage, columns, datasets = settings.openlineage_confidence
    return Intake(
        log=EventLog(
            lambda name: S3Object(client, bucket, EVENTS + name),
            S3Journal(client, bucket, EVENTS, backoff),
            backoff,
        ),
        run=lambda digest: document(f"{RUNS_PREFIX}{digest}.json", RunFile),
        progress=document(REBUILD_KEY, RebuildFile),
        policy=EventPolicy(settings.openlineage_auto_register, settings.openlineage_domains),
        confidence={
            Evidence.LINEAGE: lineage,
            Evidence.COLUMNS: columns,
            Evidence.DATASETS: datasets,
        },
    )
