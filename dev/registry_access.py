"""The registry of a stack, or of a local run, for the commands of an operator."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import boto3
from botocore.exceptions import ClientError

from datamesh.models.audit import AuditRecord
from datamesh.services.audit.trail import AuditTrail
from datamesh.services.operations.backups import FOLDER, LINEAGE, PRODUCTS, Backups
from datamesh.services.registry.registry import Registry
from datamesh.settings import load_settings
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.s3.client import S3Client, create_client
from datamesh.storage.s3.journal import S3Journal
from datamesh.storage.s3.object import S3Object
from datamesh.wiring.registry import create_byte_limits
from dev.settings import SettingError, read_settings
from dev.storage import shared_server
from dev.storage.seaweed import SeaweedError

BYTE_LIMITS = ("MAX_PRODUCTS_BYTES", "MAX_LINEAGE_BYTES")
STACK_PREFIX = "data-mesh-registry-"


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
    """Give the bucket of a stack, or the one of a local run, which may run meanwhile."""
    if stack != "local":
        yield find_bucket(stack)
        return
    try:
        with shared_server.open_server(read_settings(os.environ).data_dir) as s3:
            os.environ.update(s3.build_environment(s3.writer))
            yield s3.bucket
    except (SeaweedError, SettingError) as error:
        raise SystemExit(str(error)) from error


@dataclass(frozen=True)
class RegistryAccess:
    """A registry with its backups and its audit trail."""

    client: S3Client
    bucket: str
    registry: Registry
    backups: Backups

    def open_trail(self, record: AuditRecord) -> AuditTrail:
        """Return the trail of a command that may commit."""
        return AuditTrail(record, lambda key: S3Object(self.client, self.bucket, key), Backoff())

    def list_backups(self, deadline: Deadline) -> list[str]:
        """Return the names of the backups that are complete, oldest first."""
        journal = S3Journal(self.client, self.bucket, FOLDER, Backoff())
        found: set[str] = set()
        after = ""
        while names := journal.list_names(after, deadline):
            found.update(names)
            after = names[-1]
        made = [name.removesuffix(f"/{PRODUCTS}") for name in found if name.endswith(PRODUCTS)]
        return sorted(name for name in made if f"{name}/{LINEAGE}" in found)


def open_registry(bucket: str) -> RegistryAccess:
    """Return the registry in a bucket, with the access and limits that the environment describes.

    Limits of bytes hold for an operator, too: the functions could not read what passes them.
    """
    client = create_client()
    given = {name: os.environ[name] for name in BYTE_LIMITS if os.environ.get(name)}
    products_limit, lineage_limit = create_byte_limits(
        load_settings({"CATALOG_BUCKET": bucket, **given})
    )
    registry = Registry(
        products=_open_document(client, bucket, PRODUCTS, ProductsFile, products_limit),
        lineage=_open_document(client, bucket, LINEAGE, LineageFile, lineage_limit),
    )
    backups = Backups(lambda key: S3Object(client, bucket, key), Backoff())
    return RegistryAccess(client, bucket, registry, backups)


def _open_document[F: (ProductsFile, LineageFile)](
    client: S3Client, bucket: str, key: str, kind: type[F], limit: ByteLimit
) -> Document[F]:
    return Document(S3Object(client, bucket, key), kind, Backoff(), byte_limit=limit)


def build_restore_command(stack: str, backup: str) -> str:
    """Return the command that restores a backup of the same registry."""
    folder = os.environ.get("DATA_DIR", "").strip() if stack == "local" else ""
    chosen = f" DATA_DIR={shlex.quote(folder)}" if folder else ""
    return f"make restore STAGE={stack.removeprefix(STACK_PREFIX)} FROM={backup}{chosen}"
