"""The audit trail as an administrator reads it."""

from datetime import timedelta

from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.search import EPOCH, find_records
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.storage.journal import Journal
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.memory_bucket import Bucket
from tests.meshes import BucketFolder


def read_bucket_trail(bucket: Bucket, outcomes: AuditOutcomes) -> list[AuditRecord]:
    return read_trail(BucketFolder(bucket, AUDIT_FOLDER), outcomes)


def read_trail(journal: Journal, outcomes: AuditOutcomes) -> list[AuditRecord]:
    return find_records(
        journal,
        outcomes,
        NO_DEADLINE,
        CONTEXT.permissions,
        since=EPOCH,
        until=utc_now() + timedelta(days=1),
        product=None,
        principal=None,
        limit=1000,
        cursor=None,
    ).records
