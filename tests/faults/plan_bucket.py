"""A bucket in a folder of a bucket: plans of one server have one each."""

from dataclasses import dataclass

from datamesh.storage.objects import ConditionalObject, StoredObject, Unchanged
from datamesh.storage.s3.journal import S3Journal
from datamesh.wiring.bucket import Bucket


@dataclass(frozen=True)
class PlanObject:
    """An object of the folder, which has the name that it has in a bucket of its own."""

    name: str
    stored: ConditionalObject

    def get(self, known_etag: str | None = None) -> StoredObject | Unchanged | None:
        return self.stored.get(known_etag)

    def put(self, body: bytes, replaces: str | None) -> str:
        return self.stored.put(body, replaces)


@dataclass(frozen=True)
class PlanBucket(Bucket):
    """The part of a bucket that plans touch: objects and journals. The past is not looked at."""

    folder: str

    def open_object(self, key: str) -> ConditionalObject:
        return PlanObject(key, super().open_object(self.folder + key))

    def open_journal(self, prefix: str) -> S3Journal:
        return super().open_journal(self.folder + prefix)
