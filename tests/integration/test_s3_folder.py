"""Domain data's folders over S3's answers, each injected once."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from datamesh.errors import StorageUnavailable, UnreadableDataset
from datamesh.storage.folders import MAX_FILES
from datamesh.storage.s3 import S3Folder
from tests.meshes import NO_WAIT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ETAG = '"0123456789abcdef0123456789abcdef"'


@pytest.fixture
def folder(s3_client: "S3Client") -> S3Folder:
    return S3Folder(s3_client, "catalog", "domains/sales/orders/", NO_WAIT)


def body(content: bytes) -> StreamingBody:
    return StreamingBody(BytesIO(content), len(content))


def page(*names: str, truncated: bool = False) -> dict[str, Any]:
    return {
        "IsTruncated": truncated,
        "Contents": [{"Key": f"domains/sales/orders/{name}"} for name in names],
    }


LIST = {"Bucket": "catalog", "Prefix": "domains/sales/orders/", "MaxKeys": MAX_FILES}


def test_the_names_of_a_folder_are_within_it(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_response("list_objects_v2", page("a.csv", "b/c.csv"), LIST)
    assert folder.names() == ["a.csv", "b/c.csv"]


def test_an_empty_folder_has_no_names(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_response("list_objects_v2", {"IsTruncated": False}, LIST)
    assert folder.names() == []


def test_a_folder_of_more_files_than_a_page_is_refused_not_cut(
    s3_stub: Stubber, folder: S3Folder
) -> None:
    s3_stub.add_response("list_objects_v2", page("a.csv", truncated=True), LIST)
    with pytest.raises(UnreadableDataset, match=r"domains/sales/orders/ holds more than 1000"):
        folder.names()


def test_a_file_is_read_by_its_name_within_the_folder(s3_stub: Stubber, folder: S3Folder) -> None:
    expected = {"Bucket": "catalog", "Key": "domains/sales/orders/b/c.csv"}
    s3_stub.add_response("get_object", {"Body": body(b"id\n1\n"), "ETag": ETAG}, expected)
    assert folder.read("b/c.csv") == b"id\n1\n"


def test_a_file_that_vanished_is_empty(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    assert folder.read("a.csv") == b""


def test_a_folder_outlasts_a_bad_moment(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    s3_stub.add_response("list_objects_v2", page("a.csv"), LIST)
    s3_stub.add_client_error("get_object", "InternalError", http_status_code=500)
    s3_stub.add_response("get_object", {"Body": body(b"id"), "ETag": ETAG})
    assert folder.names() == ["a.csv"]
    assert folder.read("a.csv") == b"id"


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
def test_a_folder_that_may_not_be_listed_is_unavailable(
    s3_stub: Stubber, folder: S3Folder, status: int, code: str
) -> None:
    s3_stub.add_client_error("list_objects_v2", code, http_status_code=status)
    with pytest.raises(StorageUnavailable, match=f"ListObjectsV2 answered {status} {code}"):
        folder.names()


def test_a_folder_that_stays_out_of_reach_is_unavailable(
    s3_stub: Stubber, folder: S3Folder
) -> None:
    for _ in range(3):
        s3_stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    with pytest.raises(StorageUnavailable, match=r"cannot be reached: .* 503 SlowDown"):
        folder.names()


def test_a_file_that_stays_out_of_reach_is_named(s3_stub: Stubber, folder: S3Folder) -> None:
    for _ in range(NO_WAIT.attempts):
        s3_stub.add_client_error("get_object", "SlowDown", http_status_code=503)
    with pytest.raises(StorageUnavailable, match=r"^domains/sales/orders/a\.csv cannot be reached"):
        folder.read("a.csv")
