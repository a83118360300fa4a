"""Domain data's folders over S3's answers, each injected once."""

from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from datamesh.errors import StorageUnavailable, UnreadableDataset
from datamesh.storage.folders import MAX_FILES, StoredFile
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


def page(*names: str, following: str = "") -> dict[str, Any]:
    listed = [{"Key": f"domains/sales/orders/{name}", "Size": 7, "ETag": ETAG} for name in names]
    if following:
        return {"IsTruncated": True, "NextContinuationToken": following, "Contents": listed}
    return {"IsTruncated": False, "Contents": listed}


def names(folder: S3Folder) -> list[str]:
    return [file.name for file in folder.files()]


LIST = {"Bucket": "catalog", "Prefix": "domains/sales/orders/"}
FILE = StoredFile("a.csv", 7, ETAG)


def test_the_names_of_a_folder_are_within_it(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_response("list_objects_v2", page("a.csv", "b/c.csv"), LIST)
    assert folder.files() == [FILE, StoredFile("b/c.csv", 7, ETAG)]


def test_an_empty_folder_has_no_names(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_response("list_objects_v2", {"IsTruncated": False}, LIST)
    assert folder.files() == []


def test_a_folder_is_listed_page_by_page(s3_stub: Stubber, folder: S3Folder) -> None:
    s3_stub.add_response("list_objects_v2", page("a.csv", following="next"), LIST)
    s3_stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    s3_stub.add_response("list_objects_v2", page("b.csv"), LIST | {"ContinuationToken": "next"})
    assert names(folder) == ["a.csv", "b.csv"]


def test_a_folder_of_too_many_files_is_refused_not_cut(s3_stub: Stubber, folder: S3Folder) -> None:
    thousand = page(*(f"{number}.csv" for number in range(1000)), following="next")
    for _ in range(MAX_FILES // 1000):
        s3_stub.add_response("list_objects_v2", thousand)
    with pytest.raises(UnreadableDataset, match=r"domains/sales/orders/ holds more than 10000"):
        folder.files()


def test_a_part_is_of_the_version_that_was_listed(s3_stub: Stubber, folder: S3Folder) -> None:
    expected = {
        "Bucket": "catalog",
        "Key": "domains/sales/orders/a.csv",
        "IfMatch": ETAG,
        "Range": "bytes=2-4",
    }
    s3_stub.add_client_error("get_object", "InternalError", http_status_code=500)
    s3_stub.add_response("get_object", {"Body": body(b"cde"), "ETag": ETAG}, expected)
    assert folder.part(FILE, 2, 3) == b"cde"


@pytest.mark.parametrize(("status", "code"), [(412, "PreconditionFailed"), (404, "NoSuchKey")])
def test_a_file_that_was_replaced_since_is_not_read(
    s3_stub: Stubber, folder: S3Folder, status: int, code: str
) -> None:
    s3_stub.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(StorageUnavailable, match=r"a\.csv was replaced while it was read"):
        folder.part(FILE, 0, 7)


def test_no_bytes_are_not_asked_for(folder: S3Folder) -> None:
    assert folder.part(FILE, 7, 0) == b""


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
    assert names(folder) == ["a.csv"]
    assert folder.read("a.csv") == b"id"


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
def test_a_folder_that_may_not_be_listed_is_unavailable(
    s3_stub: Stubber, folder: S3Folder, status: int, code: str
) -> None:
    s3_stub.add_client_error("list_objects_v2", code, http_status_code=status)
    with pytest.raises(StorageUnavailable, match=f"ListObjectsV2 answered {status} {code}"):
        folder.files()


def test_a_folder_that_stays_out_of_reach_is_unavailable(
    s3_stub: Stubber, folder: S3Folder
) -> None:
    for _ in range(3):
        s3_stub.add_client_error("list_objects_v2", "SlowDown", http_status_code=503)
    with pytest.raises(StorageUnavailable, match=r"cannot be reached: .* 503 SlowDown"):
        folder.files()


def test_a_file_that_stays_out_of_reach_is_named(s3_stub: Stubber, folder: S3Folder) -> None:
    for _ in range(NO_WAIT.attempts):
        s3_stub.add_client_error("get_object", "SlowDown", http_status_code=503)
    with pytest.raises(StorageUnavailable, match=r"^domains/sales/orders/a\.csv cannot be reached"):
        folder.read("a.csv")
