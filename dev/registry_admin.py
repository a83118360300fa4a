"""The registry of a stack or of a local run: `make backup`, `make restore` and `make destroy`."""

import sys

import boto3

from datamesh.errors.base import MeshError
from datamesh.models.values import utc_now
from datamesh.services.lineage.visibility import select_visible
from datamesh.services.operations.backups import FOLDER, NoRegistry, NotRestorable
from dev import registry_restore
from dev.operator_context import create_reading_context
from dev.registry_access import build_restore_command, find_bucket, open_bucket, open_registry
from dev.registry_restore import IsConfirmed, ask_operator

SECONDS = 10


def make_backup(bucket: str, stack: str = "local") -> None:
    """Copy the registry into a backup of now, and print what is in that; exits if it cannot."""
    access, context = open_registry(bucket), create_reading_context(SECONDS)
    try:
        name = access.backups.make_backup(context, access.registry, utc_now()).name
        stored = access.backups.read_backup(context, name)
    except NoRegistry as error:
        raise SystemExit(f"There is no registry in s3://{bucket}/: {error}") from error
    except (MeshError, NotRestorable) as error:
        raise SystemExit(f"No backup was made: {error}") from error
    products, lineage = stored.products, stored.lineage
    print(f"The backup {name} is in s3://{bucket}/{FOLDER}{name}/:")
    print(f"  products: {len(products.products)} (revision {products.revision})")
    print(
        f"  lineage entries: {len(select_visible(lineage, products))} (revision {lineage.revision})"
    )
    print(f"To restore it: {build_restore_command(stack, name)}")


def restore_backup(
    bucket: str, name: str, stack: str = "local", is_confirmed: IsConfirmed = lambda: True
) -> None:
    """Commit what a backup holds, once it is confirmed."""
    registry_restore.restore_backup(open_registry(bucket), stack, name, is_confirmed)


def restore_version(
    bucket: str,
    key: str,
    version: str,
    stack: str = "local",
    is_confirmed: IsConfirmed = lambda: True,
) -> None:
    """Commit what an earlier version of a file held, once it is confirmed."""
    registry_restore.restore_version(open_registry(bucket), stack, key, version, is_confirmed)


def delete_bucket(bucket: str) -> None:
    """Delete the bucket with every version of every object, once its name has been typed."""
    print(f"This deletes s3://{bucket} with every version of the registry and all domain data.")
    if input("Type the bucket's name to go on: ").strip() != bucket:
        raise SystemExit(f"Nothing was deleted; s3://{bucket} is as it was.")
    stored = boto3.resource("s3").Bucket(bucket)
    stored.Policy().delete()  # it keeps the records of the audit trail from everybody
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
                restore_version(bucket, key, version, stack, ask_operator)
        case ["backup", stack]:
            with open_bucket(stack) as bucket:
                make_backup(bucket, stack)
        case ["restore", stack, name]:
            with open_bucket(stack) as bucket:
                restore_backup(bucket, name, stack, ask_operator)
        case ["delete", bucket]:
            delete_bucket(bucket)
        case _:
            raise SystemExit(
                "usage: bucket-of STACK | backup STACK | restore STACK BACKUP"
                " | restore STACK KEY VERSION | delete BUCKET; STACK may be `local`,"
                " BACKUP is 2026-01-31 or 2026-01-31T040300Z (make restore FROM=...),"
                " VERSION an id or a moment such as 2026-01-31T04:03:00Z"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
