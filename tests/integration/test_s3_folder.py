"""Domain data's folders over S3's answers, each injected once."""

from xml.sax.saxutils import escape

import pytest

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.folders import MAX_FILES, StoredFile
from datamesh.storage.s3.folders import S3Folder
from tests.contexts import NO_DEADLINE
from tests.integration.answers import Answers
from tests.meshes import NO_WAIT

ETAG = '"0123456789abcdef0123456789abcdef"'
PREFIX = "domains/sales/orders/"
XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


@pytest.fixture
def folder(answers: Answers) -> S3Folder:
    return S3Folder(answers.client(), "catalog", PREFIX, NO_WAIT, NO_DEADLINE)


def page(*names: str, following: str = "", more: str = "") -> bytes:
    contents = "".join(
        f"<Contents><Key>{PREFIX}{name}</Key><Size>7</Size><ETag>{escape(ETAG)}</ETag></Contents>"
        for name in names
    )
    token = f"<NextContinuationToken>{following}</NextContinuationToken>" if following else ""
    truncated = "true" if following else "false"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="{XMLNS}">'
        f"<IsTruncated>{truncated}</IsTruncated>{more}{token}{contents}</ListBucketResult>"
    ).encode()


def names(folder: S3Folder) -> list[str]:
    return [file.name for file in folder.list_files()]


LIST = {"list-type": "2", "prefix": PREFIX, "encoding-type": "url"}
FILE = StoredFile("a.csv", 7, ETAG)


def test_the_names_of_a_folder_are_within_it(answers: Answers, folder: S3Folder) -> None:
    answers.add(200, page("a.csv", "b/c.csv"))
    assert folder.list_files() == [FILE, StoredFile("b/c.csv", 7, ETAG)]
    [request] = answers.received
    assert (request.path, request.query) == ("/catalog/", LIST)


def test_names_that_xml_cannot_hold_come_encoded(answers: Answers, folder: S3Folder) -> None:
    encoded = "<EncodingType>url</EncodingType>"
    answers.add(200, page("%01+%2B%C3%A9.csv", more=encoded))
    answers.add(200, page("a+b%20.csv"))
    assert names(folder) == ["\x01 +\u00e9.csv"]
    assert names(folder) == ["a+b%20.csv"]


@pytest.mark.parametrize("body", [page("a.csv")[:-30], b"", b"<ListBucketResult/>"])
def test_a_listing_that_is_not_whole_is_worth_another(
    answers: Answers, folder: S3Folder, body: bytes
) -> None:
    answers.add(200, body)
    answers.add(200, page("a.csv"))
    assert names(folder) == ["a.csv"]


def test_an_empty_folder_has_no_names(answers: Answers, folder: S3Folder) -> None:
    answers.add(200, page())
    assert folder.list_files() == []


def test_a_folder_is_listed_page_by_page(answers: Answers, folder: S3Folder) -> None:
    answers.add(200, page("a.csv", following="next"))
    answers.add_error(503, "SlowDown")
    answers.add(200, page("b.csv"))
    assert names(folder) == ["a.csv", "b.csv"]
    following = LIST | {"continuation-token": "next"}
    assert [request.query for request in answers.received] == [LIST, following, following]


def test_a_folder_of_too_many_files_is_refused_not_cut(answers: Answers, folder: S3Folder) -> None:
    thousand = page(*(f"{number}.csv" for number in range(1000)), following="next")
    for _ in range(MAX_FILES // 1000):
        answers.add(200, thousand)
    with pytest.raises(UnreadableDataset, match=r"domains/sales/orders/ holds more than 10000"):
        folder.list_files()


def test_a_part_is_of_the_version_that_was_listed(answers: Answers, folder: S3Folder) -> None:
    answers.add_error(500, "InternalError")
    answers.add(206, b"cde", ETag=ETAG)
    assert folder.read_range(FILE, 2, 3) == b"cde"
    request = answers.received[-1]
    assert request.path == "/catalog/domains/sales/orders/a.csv"
    assert request.conditions() == {"if-match": ETAG, "range": "bytes=2-4"}


@pytest.mark.parametrize(("status", "code"), [(412, "PreconditionFailed"), (404, "NoSuchKey")])
def test_a_file_that_was_replaced_since_is_not_read(
    answers: Answers, folder: S3Folder, status: int, code: str
) -> None:
    answers.add_error(status, code)
    with pytest.raises(StorageUnavailable, match=r"a\.csv was replaced while it was read"):
        folder.read_range(FILE, 0, 7)


@pytest.mark.parametrize("body", [b"", b"ab", b"abcd"])
def test_a_part_of_another_length_is_not_taken_for_the_file(
    answers: Answers, folder: S3Folder, body: bytes
) -> None:
    answers.add(206, body)
    with pytest.raises(StorageUnavailable, match=f"answered {len(body)} of 3 bytes of {PREFIX}a"):
        folder.read_range(FILE, 2, 3)


def test_no_bytes_are_not_asked_for(folder: S3Folder) -> None:
    assert folder.read_range(FILE, 7, 0) == b""


def test_a_folder_outlasts_a_bad_moment(answers: Answers, folder: S3Folder) -> None:
    answers.add_error(503, "SlowDown")
    answers.add(200, page("a.csv"))
    answers.add_error(500, "InternalError")
    answers.add(200, b"id", ETag=ETAG)
    assert names(folder) == ["a.csv"]
    assert folder.read_range(FILE, 0, 2) == b"id"


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (404, "NoSuchBucket")])
def test_a_folder_that_may_not_be_listed_is_unavailable(
    answers: Answers, folder: S3Folder, status: int, code: str
) -> None:
    answers.add_error(status, code)
    with pytest.raises(StorageUnavailable, match=f"ListObjectsV2 answered {status} {code}"):
        folder.list_files()


def test_a_folder_that_stays_out_of_reach_is_unavailable(
    answers: Answers, folder: S3Folder
) -> None:
    for _ in range(3):
        answers.add_error(503, "SlowDown")
    with pytest.raises(StorageUnavailable, match=r"cannot be reached: .* 503 SlowDown"):
        folder.list_files()


def test_a_file_that_stays_out_of_reach_is_named(answers: Answers, folder: S3Folder) -> None:
    for _ in range(NO_WAIT.attempts):
        answers.add_error(503, "SlowDown")
    with pytest.raises(StorageUnavailable, match=r"^domains/sales/orders/a\.csv cannot be reached"):
        folder.read_range(FILE, 0, 2)
