"""The embedded S3 server for commands that also work while `make run` does.

with shared_server.open_server(folder) as s3:
    os.environ.update(s3.build_environment(s3.writer))
"""

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from dev.storage import seaweed
from dev.storage.credentials import ROLES, keep_credentials
from dev.storage.s3 import S3Access
from dev.storage.seaweed import FolderInUseError, SeaweedError


@contextlib.contextmanager
def open_server(folder: Path, bucket: str = "catalog") -> Iterator[S3Access]:
    """Give the server of the run that uses `folder`, or else start one until the end.

    Raises `SeaweedError`, also where no run has kept a registry: nothing is made there.
    """
    folder = folder.resolve()
    nothing = SeaweedError(f"There is no registry in {folder} (DATA_DIR); `make run` makes one")
    if not (folder / "objects").is_dir():
        raise nothing
    with contextlib.ExitStack() as stack:
        found: S3Access
        try:
            found = stack.enter_context(seaweed.run_server(folder, bucket))
        except FolderInUseError:
            found = _connect_server(folder, bucket)
        if not found.has_bucket():
            raise nothing
        yield found


def _connect_server(folder: Path, bucket: str) -> S3Access:
    """Return how the server of another process is reached, once it answers."""
    deadline = time.monotonic() + seaweed.START_SECONDS
    while True:
        try:
            found = _read_access(folder, bucket)
            found.create_client().head_bucket(Bucket=seaweed.PROBE_BUCKET)
            return found
        except (OSError, ValueError, KeyError, BotoCoreError, ClientError) as error:
            if time.monotonic() > deadline:
                raise SeaweedError(
                    f"{folder} is in use by another run, whose S3 server does not answer: {error}"
                ) from None
        time.sleep(seaweed.POLL_SECONDS)


def _read_access(folder: Path, bucket: str) -> S3Access:
    """Return what the run that uses the folder has kept; OSError if it has not yet."""
    port = json.loads((folder / "ports.json").read_text())["s3.port"]
    secrets = folder / "credentials.json"
    secrets.stat()
    kept = keep_credentials(secrets)
    endpoint = f"http://127.0.0.1:{port}"
    return S3Access(endpoint, bucket, folder / "weed.log", *(kept[role] for role in ROLES))
