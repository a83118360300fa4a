"""An S3 client whose answers the tests give."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from datamesh.storage.s3 import create_client
from tests.lambdas import ENVIRONMENT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def s3_client() -> Iterator["S3Client"]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield create_client()


@pytest.fixture
def s3_stub(s3_client: "S3Client") -> Iterator[Stubber]:
    with Stubber(s3_client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
