"""The object contract and the commit protocol over S3: moto alone, a real server under rivals."""

import multiprocessing
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import boto3
import pytest

from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import ConditionalObject
from datamesh.storage.s3.client import create_client
from datamesh.storage.s3.object import S3Object
from dev.storage import seaweed
from dev.storage.s3 import S3
from tests import moto_server
from tests.contexts import NO_DEADLINE
from tests.object_contract import ObjectContract
from tests.unit.storage.faults import add

WRITERS = 4
COMMITS = 20
KEYS = count()


class TestS3ObjectOnMoto(ObjectContract):
    @pytest.fixture
    def stored(self) -> Iterator[ConditionalObject]:
        with moto_server.running():
            boto3.client("s3").create_bucket(Bucket="catalog")
            yield S3Object(create_client(), "catalog", "products.json")


class TestS3ObjectOnSeaweedFS(ObjectContract):
    @pytest.fixture
    def stored(self, s3: S3, environment: dict[str, str]) -> ConditionalObject:
        return S3Object(create_client(), s3.bucket, f"contract-{next(KEYS)}.json")


def document(bucket: str) -> Document[ProductsFile]:
    stored = S3Object(create_client(), bucket, "raced.json")
    return Document(stored, ProductsFile, Backoff(attempts=100))


def write(environment: dict[str, str], bucket: str, writer: int) -> None:
    os.environ.update(environment)
    mine = document(bucket)
    for number in range(COMMITS):
        # SeaweedFS polls its lock once a second under contention.
        mine.commit(add(f"{writer}-{number}"), Deadline.from_now(60))


def test_rival_processes_lose_and_repeat_nothing(s3: S3, environment: dict[str, str]) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=write, args=(environment, s3.bucket, writer))
        for writer in range(WRITERS)
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(120)
    assert [process.exitcode for process in writers] == [0] * WRITERS
    file = document(s3.bucket).read_latest(NO_DEADLINE)
    assert len(file.products) == WRITERS * COMMITS
    assert file.revision == WRITERS * COMMITS


def test_the_registry_survives_a_restart_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        with seaweed.run_server(tmp_path) as server:
            server.ensure_bucket()
            for variable, value in server.build_environment(server.writer).items():
                monkeypatch.setenv(variable, value)
            document(server.bucket).commit(add(name), NO_DEADLINE)
            file = document(server.bucket).read_latest(NO_DEADLINE)
    assert list(file.products) == ["first", "second"]
    assert file.revision == 2
