"""The audit trail of a bucket in memory, as an administrator reads it."""

from datetime import timedelta

from datamesh.models.audit import AuditRecord
from datamesh.models.values import utc_now
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.search import EPOCH, find_records
from datamesh.services.audit.trail import AUDIT_FOLDER
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.memory_bucket import Bucket
from tests.meshes import BucketFolder


def read_trail(bucket: Bucket, outcomes: AuditOutcomes) -> list[AuditRecord]:
    return find_records(
        BucketFolder(bucket, AUDIT_FOLDER),
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
