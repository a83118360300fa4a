"""The registry of a stack or of a local run: `make backup`, `make restore` and `make destroy`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import cast

import boto3
from botocore.exceptions import ClientError

from datamesh.errors import MeshError
from datamesh.models.values import utc_now
from datamesh.services.operations.backups import Backups, NotRestorable, build_successor
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3.client import S3Client, create_client
from datamesh.storage.s3.object import S3Object
from datamesh.storage.s3.versions import S3Versions
from dev.operator_context import create_operator_context
from dev.settings import SettingError, read_settings
from dev.storage import seaweed
from dev.storage.seaweed import SeaweedError

SECONDS = 10


def find_bucket(stack: str) -> str:
    """Return the name of the stack's bucket; exits if there is no such stack."""
    client = boto3.client("cloudformation")
    try:
        found = client.describe_stack_resource(StackName=stack, LogicalResourceId="CatalogBucket")
    except ClientError as error:
        raise SystemExit(f"{stack}: {error.response['Error']['Message']}") from error
    return cast(str, found["StackResourceDetail"]["PhysicalResourceId"])


@contextmanager
def open_bucket(stack: str) -> Iterator[str]:
    """Give the bucket of a stack, or the one of a local run, which must not run meanwhile."""
    if stack != "local":
        yield find_bucket(stack)
        return
    try:
        with seaweed.run_server(read_settings(os.environ).data_dir) as s3:
            s3.ensure_bucket()
            os.environ.update(s3.build_environment(s3.writer))
            yield s3.bucket
    except (SeaweedError, SettingError) as error:
        raise SystemExit(str(error)) from error


def restore_version(bucket: str, key: str, version: str) -> None:
    """Commit what an earlier version held: a new revision, since revisions only ever grow."""
    client = create_client()
    try:
        match key:
            case "products.json":
                revision = _commit_version(client, bucket, key, version, ProductsFile)
            case "lineage.json":
                revision = _commit_version(client, bucket, key, version, LineageFile)
            case _:
                raise SystemExit(f"the registry is products.json and lineage.json, not {key}")
    except (MeshError, NotRestorable) as error:
        raise SystemExit(f"{key} was not restored: {error}") from error
    print(f"{key} is again what version {version} was, as revision {revision}.")


def _commit_version[F: (ProductsFile, LineageFile)](
    client: S3Client, bucket: str, key: str, version: str, kind: type[F]
) -> int:
    versions = S3Versions(client, bucket, key)
    stored = Backoff().read_until_reached(
        key, lambda: versions.get_version(version), Deadline.from_now(SECONDS)
    )
    if stored is None:
        raise SystemExit(f"{key} has no version {version}")
    earlier = kind.decode(key, stored.body)
    earlier.check_records()

    def change(now: F) -> tuple[F, int]:
        if now.revision < earlier.revision:
            # Revisions tell the age of lineage, and the other file is not restored with this one.
            raise NotRestorable(
                f"the registry is at revision {now.revision}, before {earlier.revision} of the"
                " version; restore both files from a backup"
            )
        restored = build_successor(earlier, now)
        return restored, restored.revision + 1

    return _create_document(client, bucket, key, kind).commit(change, Deadline.from_now(SECONDS))


def _create_document[F: (ProductsFile, LineageFile)](
    client: S3Client, bucket: str, key: str, kind: type[F]
) -> Document[F]:
    return Document(S3Object(client, bucket, key), kind, Backoff())


def make_backup(bucket: str) -> None:
    """Copy the registry into the backup of today, as the scheduled run does once a day."""
    day = utc_now().date()
    registry, backups = _open_registry(bucket)
    try:
        backups.copy_registry(create_operator_context(SECONDS), registry, day)
    except MeshError as error:
        raise SystemExit(f"There is no backup of {day}: {error}") from error
    print(f"The backup of {day} is in s3://{bucket}/backups/{day}/.")


def restore_backup(bucket: str, day: str) -> None:
    """Commit what the backup of a day holds, as new revisions of both files."""
    registry, backups = _open_registry(bucket)
    try:
        context = create_operator_context(SECONDS)
        backups.restore_registry(context, registry, date.fromisoformat(day))
    except (MeshError, NotRestorable, ValueError) as error:
        raise SystemExit(f"{day} was not restored: {error}") from error
    print(f"The registry is again what it was in the backup of {day}.")


def _open_registry(bucket: str) -> tuple[Registry, Backups]:
    client = create_client()
    registry = Registry(
        products=_create_document(client, bucket, "products.json", ProductsFile),
        lineage=_create_document(client, bucket, "lineage.json", LineageFile),
    )
    return registry, Backups(lambda key: S3Object(client, bucket, key), Backoff())


def delete_bucket(bucket: str) -> None:
    """Delete the bucket with every version of every object, once its name has been typed."""
    print(f"This deletes s3://{bucket} with every version of the registry and all domain data.")
    if input("Type the bucket's name to go on: ").strip() != bucket:
        raise SystemExit(f"Nothing was deleted; s3://{bucket} is as it was.")
    stored = boto3.resource("s3").Bucket(bucket)
    stored.object_versions.delete()
    stored.delete()
    print(f"s3://{bucket} is deleted.")


def main(arguments: list[str]) -> None:
    """Do what the arguments say; anything that cannot be done exits with the reason."""
    match arguments:
        case ["bucket-of", stack]:
            print(find_bucket(stack))
        case ["restore", stack, key, version]:
            with open_bucket(stack) as bucket:
                restore_version(bucket, key, version)
        case ["backup", stack]:
            with open_bucket(stack) as bucket:
                make_backup(bucket)
        case ["restore", stack, day]:
            with open_bucket(stack) as bucket:
                restore_backup(bucket, day)
        case ["delete", bucket]:
            delete_bucket(bucket)
        case _:
            raise SystemExit(
                "usage: bucket-of STACK | backup STACK | restore STACK DATE"
                " | restore STACK KEY VERSION | delete BUCKET; STACK may be `local`"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
