"""moto as a server of this process: it answers boto3 and our own S3 client alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import Request, urlopen

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dev.storage.s3 import NO_ACCOUNT


@contextmanager
def running() -> Iterator[pytest.MonkeyPatch]:
    """Empty at first; the environment leads every client to it."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        endpoint = f"http://127.0.0.1:{port}"
        # What earlier servers of this process were told is still there.
        urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (NO_ACCOUNT | keys | {"AWS_ENDPOINT_URL": endpoint}).items():
                patch.setenv(name, value)
            patch.setattr(boto3, "DEFAULT_SESSION", None)  # has read another environment
            yield patch
    finally:
        server.stop()
