"""The catalog of a deployed stack: `make restore` and `make destroy`."""

import sys
from typing import TYPE_CHECKING, cast

import boto3
from botocore.exceptions import ClientError

from datamesh.errors import MeshError
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3 import S3Object, create_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SECONDS = 10


def bucket_of(stack: str) -> str:
    """The name of the stack's bucket; exits if there is no such stack."""
    client = boto3.client("cloudformation")
    try:
        found = client.describe_stack_resource(StackName=stack, LogicalResourceId="CatalogBucket")
    except ClientError as error:
        raise SystemExit(f"{stack}: {error.response['Error']['Message']}") from error
    return cast(str, found["StackResourceDetail"]["PhysicalResourceId"])


def restore(bucket: str, key: str, version: str) -> None:
    """Commit what an earlier version held: a new revision, since revisions only ever grow."""
    client = create_client()
    try:
        match key:
            case "products.json":
                revision = _restore(client, bucket, key, version, ProductsFile)
            case "lineage.json":
                revision = _restore(client, bucket, key, version, LineageFile)
            case _:
                raise SystemExit(f"the registry is products.json and lineage.json, not {key}")
    except (ClientError, MeshError) as error:
        raise SystemExit(f"{key} was not restored: {error}") from error
    print(f"{key} is again what version {version} was, as revision {revision}.")


def _restore[F: (ProductsFile, LineageFile)](
    client: "S3Client", bucket: str, key: str, version: str, kind: type[F]
) -> int:
    stored = client.get_object(Bucket=bucket, Key=key, VersionId=version)
    earlier = kind.decode(key, stored["Body"].read())

    def change(now: F) -> tuple[F, int]:
        if now.revision < earlier.revision:
            raise SystemExit(f"{key} is at revision {now.revision}, before that version")
        again = earlier.model_copy(update={"revision": now.revision, "recent": now.recent})
        return again, now.revision + 1

    document = Document(S3Object(client, bucket, key), kind, Backoff(Deadline(SECONDS)))
    return document.commit(change)


def delete(bucket: str) -> None:
    """Every version of every object, and the bucket, once its name has been typed."""
    print(f"This deletes s3://{bucket} with every version of the registry and all domain data.")
    if input("Type the bucket's name to go on: ").strip() != bucket:
        raise SystemExit(f"Nothing was deleted; s3://{bucket} is as it was.")
    stored = boto3.resource("s3").Bucket(bucket)
    stored.object_versions.delete()
    stored.delete()
    print(f"s3://{bucket} is deleted.")


def main(arguments: list[str]) -> None:
    match arguments:
        case ["bucket-of", stack]:
            print(bucket_of(stack))
        case ["restore", stack, key, version]:
            restore(bucket_of(stack), key, version)
        case ["delete", bucket]:
            delete(bucket)
        case _:
            raise SystemExit("usage: bucket-of STACK | restore STACK KEY VERSION | delete BUCKET")


if __name__ == "__main__":
    main(sys.argv[1:])
