"""A running embedded S3 server: how it is reached, and who may do what there."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from dev.storage.credentials import S3Credentials

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
CURSORS = "cursors/"
"""The folder of the key of cursors. The server grants whole folders, and no single object."""
PROBES = "health/"
"""The folder of the object that the health check writes."""
USES = "access/used/"
"""The folder of the days on which keys were last used."""
# Keeps the AWS SDK away from whatever account the developer has configured.
NO_ACCOUNT = {
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True)
class S3Access:
    """How a server is reached.

    `reader` may read and list the bucket, `writer` also put into it, `pager` put below `CURSORS`
    alone, `prober` below `PROBES` alone and `noter` below `USES` alone.
    """

    endpoint: str
    bucket: str
    log: Path
    admin: S3Credentials
    reader: S3Credentials
    pager: S3Credentials
    prober: S3Credentials
    noter: S3Credentials
    writer: S3Credentials

    def create_client(self, credentials: S3Credentials | None = None) -> "S3Client":
        """Return a client of its own, the admin's unless other credentials are given."""
        chosen = credentials or self.admin
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=chosen.access_key,
            aws_secret_access_key=chosen.secret_key,
            config=Config(
                retries={"mode": "standard", "total_max_attempts": 2},
                connect_timeout=2,
                read_timeout=10,
            ),
        )

    def choose_writer(self, written: Sequence[str]) -> S3Credentials:
        """Return the credentials of whoever puts these objects, or patterns of them, alone."""
        for folder, credentials in (
            (CURSORS, self.pager),
            (PROBES, self.prober),
            (USES, self.noter),
        ):
            if all(each.startswith(f"{self.bucket}/{folder}") for each in written):
                return credentials
        return self.writer

    def build_environment(self, credentials: S3Credentials) -> dict[str, str]:
        """Return the variables with which a process uses this server and nothing else of AWS."""
        return {
            **NO_ACCOUNT,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": credentials.access_key,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        }

    def has_bucket(self) -> bool:
        """Tell whether the bucket was made."""
        try:
            self.create_client().head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return False
        return True

    def ensure_bucket(self) -> bool:
        """Create the bucket, versioned, unless it is there, and return whether it was created."""
        created = not self.has_bucket()
        client = self.create_client()
        if created:
            client.create_bucket(Bucket=self.bucket)
        # Also when it is there: the last run may have been interrupted between the two calls.
        client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        return created


@dataclass(frozen=True)
class S3(S3Access):
    """A server that this process has started; `process` ends when the server does."""

    process: "subprocess.Popen[bytes]" = field(repr=False, compare=False)


def build_identities(
    bucket: str,
    admin: S3Credentials,
    reader: S3Credentials,
    pager: S3Credentials,
    prober: S3Credentials,
    noter: S3Credentials,
    writer: S3Credentials,
) -> dict[str, object]:
    """Build the server's configuration: who may do what in the bucket."""

    def build_identity(
        name: str, credentials: S3Credentials, actions: list[str]
    ) -> dict[str, object]:
        keys = {"accessKey": credentials.access_key, "secretKey": credentials.secret_key}
        return {"name": name, "credentials": [keys], "actions": actions}

    read = [f"Read:{bucket}", f"List:{bucket}"]
    return {
        "identities": [
            build_identity("admin", admin, ["Admin", "Read", "List", "Write"]),
            build_identity("reader", reader, read),
            build_identity("pager", pager, [*read, f"Write:{bucket}/{CURSORS}*"]),
            build_identity("prober", prober, [*read, f"Write:{bucket}/{PROBES}*"]),
            build_identity("noter", noter, [*read, f"Write:{bucket}/{USES}*"]),
            build_identity("writer", writer, [*read, f"Write:{bucket}"]),
        ]
    }
