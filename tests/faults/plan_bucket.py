"""A bucket in a folder of a bucket: plans of one server have one each."""

from dataclasses import dataclass

from datamesh.storage.objects import ConditionalObject
from datamesh.storage.s3.journal import S3Journal
from datamesh.wiring.bucket import Bucket


@dataclass(frozen=True)
class PlanBucket(Bucket):
    """The part of a bucket that events touch: objects and journals. The past is not looked at."""

    folder: str

    def open_object(self, key: str) -> ConditionalObject:
        return super().open_object(self.folder + key)

    def open_journal(self, prefix: str) -> S3Journal:
        return super().open_journal(self.folder + prefix)
