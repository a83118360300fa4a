"""The embedded S3 server with a big mesh in it."""

import gzip
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.mesh import lineage_file, products_file
from datamesh.storage.objects import ConditionalObject
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from dev.storage import seaweed
from dev.storage.s3 import S3


@contextmanager
def holding(folder: Path, products: int = 0, entries: int = 0) -> Iterator[S3]:
    """A running server, its bucket, and the two files as a writer stores them, if there are any.
    This process has a writer's environment from then on."""
    with seaweed.run_server(folder) as s3:
        s3.ensure_bucket()
        if products:
            put(s3, products, entries)
        os.environ.update(s3.build_environment(s3.writer))
        yield s3


def put(s3: S3, products: int, entries: int) -> None:
    """The two files, as a version that no other has the ETag of."""
    files = {
        "products.json": products_file(products),
        "lineage.json": lineage_file(products, entries),
    }
    for key, body in files.items():
        s3.create_client().put_object(
            Bucket=s3.bucket,
            Key=key,
            Body=gzip.compress(body, 1, mtime=time.time()),
            ContentType="application/json",
            ContentEncoding="gzip",
        )


def open_object(bucket: str, key: str) -> ConditionalObject:
    """Open an object as the functions open it."""
    return S3Object(create_client(), bucket, key)
