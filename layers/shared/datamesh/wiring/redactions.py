"""How redactions are opened: the bucket with all its versions, and the documents with a past."""

from functools import cache
from typing import TYPE_CHECKING

from datamesh.settings import Settings
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.secret_key import SecretKey
from datamesh.wiring.access import open_access
from datamesh.wiring.bucket import LINEAGE_KEY, PRODUCTS_KEY, Bucket

if TYPE_CHECKING:
    from datamesh.services.redaction.acts import Redactor
    from datamesh.services.registry.registry import Registry


def open_redactor(settings: Settings, bucket: Bucket, registry: "Registry") -> "Redactor":
    """Return what takes texts out of the registry."""
    # Not imported where nothing is redacted: every other cold start would pay for it.
    from datamesh.services.redaction.acts import SETTLE_SECONDS, Redactor
    from datamesh.storage.access_file import ACCESS_KEY, AccessFile
    from datamesh.storage.redactions_file import REDACTIONS_KEY, RedactionsFile
    from datamesh.storage.s3.bucket_versions import S3BucketVersions

    return Redactor(
        acts=Document(bucket.open_object(REDACTIONS_KEY), RedactionsFile, bucket.backoff),
        bucket=S3BucketVersions(bucket.client, bucket.name, bucket.backoff),
        documents={
            PRODUCTS_KEY: lambda: registry.products,
            LINEAGE_KEY: lambda: registry.lineage,
            ACCESS_KEY: cache(lambda: open_access(settings, bucket)),
        },
        kinds={PRODUCTS_KEY: ProductsFile, LINEAGE_KEY: LineageFile, ACCESS_KEY: AccessFile},
        secret=SecretKey(bucket.open_object("redactions/key"), bucket.backoff),
        backoff=bucket.backoff,
        # A function may answer from its memory for so long.
        settle_seconds=SETTLE_SECONDS + settings.cache_seconds,
    )
