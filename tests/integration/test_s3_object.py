"""How S3's answers and the network's failures are told apart, each injected once."""

import gzip
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.objects import InDoubt, LostRace, StoredObject, Unchanged, Unreachable
from datamesh.storage.s3.object import S3Object
from tests.integration.answers import Answers

ETAG = '"0123456789abcdef0123456789abcdef"'
ZIPPED = gzip.compress(b"zipped")


@pytest.fixture
def stored(answers: Answers) -> S3Object:
    return S3Object(answers.client(), "catalog", "products.json")


@pytest.fixture
def out_of_reach(answers: Answers) -> S3Object:
    """Nobody listens at its endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = answers.client(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")
    return S3Object(client, "catalog", "products.json")


@pytest.fixture
def silent(answers: Answers) -> Iterator[S3Object]:
    """Yield an object at a server that takes what is sent, and does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = answers.client(AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")
        yield S3Object(replace(client, read_seconds=0.05), "catalog", "products.json")


HEAD = b'HTTP/1.1 200 OK\r\nETag: "new"\r\nContent-Length: 4\r\n\r\n'
BROKEN_OFF = {
    "nothing": b"",
    "half a status": b"HTTP/1.1 20",
    "a status": b"HTTP/1.1 200 OK\r\n",
    "a head without a length": b'HTTP/1.1 200 OK\r\nETag: "new"\r\n',
    "half a body": HEAD + b"ab",
    "another protocol": b"SSH-2.0-OpenSSH\r\n",
    "half an ETag": b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "ne',
    "an error without its body": b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 99\r\n\r\n",
}


# PUT


@pytest.mark.parametrize(
    ("replaces", "condition"), [(None, {"if-none-match": "*"}), (ETAG, {"if-match": ETAG})]
)
def test_a_put_is_conditional_and_says_what_it_holds(
    answers: Answers, stored: S3Object, replaces: str | None, condition: dict[str, str]
) -> None:
    answers.add(ETag='"new"')
    assert stored.put(ZIPPED, replaces) == '"new"'
    [request] = answers.received
    assert (request.method, request.path) == ("PUT", "/catalog/products.json")
    assert request.body == ZIPPED
    assert request.conditions() == condition
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-encoding"] == "gzip"


def test_a_plain_body_is_not_called_gzip(answers: Answers, stored: S3Object) -> None:
    answers.add(ETag='"new"')
    stored.put(b"{}", None)
    assert "content-encoding" not in answers.received[0].headers


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (412, "PreconditionFailed", LostRace),
        (409, "ConditionalRequestConflict", LostRace),
        (409, "OperationAborted", LostRace),
        (404, "NoSuchKey", LostRace),
        (500, "InternalError", InDoubt),
        (503, "SlowDown", InDoubt),
        (503, "ServiceUnavailable", InDoubt),
        (429, "TooManyRequests", InDoubt),
        (400, "RequestTimeout", InDoubt),
        (307, "TemporaryRedirect", StorageUnavailable),
        (400, "BadDigest", StorageUnavailable),
        (403, "AccessDenied", StorageUnavailable),
        (404, "NoSuchBucket", StorageUnavailable),
    ],
)
@pytest.mark.parametrize("replaces", [None, ETAG])
def test_what_an_answer_to_a_put_means(
    answers: Answers,
    stored: S3Object,
    status: int,
    code: str,
    outcome: type[Exception],
    replaces: str | None,
) -> None:
    answers.add_error(status, code)
    with pytest.raises(outcome) as raised:
        stored.put(b"x", replaces)
    assert type(raised.value) is outcome
    if outcome is not LostRace:
        assert str(raised.value) == f"PutObject answered {status} {code}"


def test_a_failure_of_something_on_the_way_leaves_a_put_in_doubt(
    answers: Answers, stored: S3Object
) -> None:
    answers.add(502, b"<html>Bad Gateway</html>")
    with pytest.raises(InDoubt, match="PutObject answered 502 502"):
        stored.put(b"x", None)


def test_a_put_that_found_no_connection_was_not_sent(
    out_of_reach: S3Object, caplog: pytest.LogCaptureFixture
) -> None:
    """Who answers is no business of a client's: the host is in the log alone."""
    with pytest.raises(Unreachable, match=r"^PutObject found no connection to storage$"):
        out_of_reach.put(b"x", None)
    assert re.search(r"PutObject to 127\.0\.0\.1:\d+: ConnectionRefusedError.*refused", caplog.text)


def test_a_put_without_an_answer_in_time_is_in_doubt(
    silent: S3Object, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InDoubt, match=r"^PutObject was not answered within [0-9.]+ s$"):
        silent.put(b"x", None)
    assert re.search(r"PutObject to 127\.0\.0\.1:\d+: TimeoutError", caplog.text)


@pytest.mark.parametrize("answer", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_put_whose_answer_breaks_off_is_in_doubt(
    answers: Answers, stored: S3Object, answer: bytes
) -> None:
    answers.add_raw(answer)
    with pytest.raises(InDoubt):
        stored.put(b"x", None)
    assert len(answers.received) == 1, "it was sent again"


def test_a_put_answered_without_an_etag_is_in_doubt(answers: Answers, stored: S3Object) -> None:
    answers.add()
    with pytest.raises(InDoubt, match="no ETag"):
        stored.put(b"x", None)


# GET


def test_a_get_without_a_known_etag_is_unconditional(answers: Answers, stored: S3Object) -> None:
    answers.add(200, ZIPPED, ETag=ETAG, Content_Encoding="gzip")
    assert stored.get() == StoredObject(ZIPPED, ETAG)
    [request] = answers.received
    assert (request.method, request.path) == ("GET", "/catalog/products.json")
    assert request.conditions() == {}


def test_a_get_with_a_known_etag_may_be_unchanged(answers: Answers, stored: S3Object) -> None:
    answers.add(304)
    assert isinstance(stored.get(ETAG), Unchanged)
    assert answers.received[0].conditions() == {"if-none-match": ETAG}


def test_a_missing_object_is_none(answers: Answers, stored: S3Object) -> None:
    answers.add_error(404, "NoSuchKey")
    assert stored.get() is None


READ_ANSWERS = [
    (500, "InternalError", Unreachable),
    (503, "SlowDown", Unreachable),
    (429, "TooManyRequests", Unreachable),
    (403, "AccessDenied", StorageUnavailable),
    (404, "NoSuchBucket", StorageUnavailable),
    (400, "InvalidRequest", StorageUnavailable),
]


@pytest.mark.parametrize(("status", "code", "outcome"), READ_ANSWERS)
def test_what_an_answer_to_a_get_means(
    answers: Answers, stored: S3Object, status: int, code: str, outcome: type[Exception]
) -> None:
    answers.add_error(status, code)
    with pytest.raises(outcome) as raised:
        stored.get(ETAG)
    assert type(raised.value) is outcome
    assert str(raised.value) == f"GetObject answered {status} {code}"


def test_a_get_that_found_no_connection_is_worth_another(out_of_reach: S3Object) -> None:
    with pytest.raises(Unreachable, match=r"^GetObject found no connection to storage$"):
        out_of_reach.get()


def test_a_get_without_an_answer_in_time_is_worth_another(silent: S3Object) -> None:
    with pytest.raises(Unreachable, match=r"^GetObject was not answered within [0-9.]+ s$"):
        silent.get()


@pytest.mark.parametrize("answer", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_a_get_whose_answer_breaks_off_is_worth_another(
    answers: Answers, stored: S3Object, answer: bytes
) -> None:
    answers.add_raw(answer)
    with pytest.raises(Unreachable):
        stored.get()
    assert len(answers.received) == 1, "it was sent again"


# what arrives is what was stored


@pytest.mark.parametrize("checksum", ["", "VkP5Cw==", "of-parts-2"])
def test_a_body_that_fits_its_checksum_is_read(
    answers: Answers, stored: S3Object, checksum: str
) -> None:
    answers.add(200, b"stored", ETag=ETAG, x_amz_checksum_crc32=checksum)
    assert stored.get() == StoredObject(b"stored", ETAG)
    assert answers.received[0].headers["x-amz-checksum-mode"] == "ENABLED"


def test_a_body_that_does_not_is_worth_another_get(answers: Answers, stored: S3Object) -> None:
    answers.add(200, b"stored", ETag=ETAG, x_amz_checksum_crc32="AAAAAA==")
    with pytest.raises(Unreachable, match=r"products\.json arrived with another checksum"):
        stored.get()


def test_a_put_brings_the_checksum_that_reads_are_held_to(
    answers: Answers, stored: S3Object
) -> None:
    answers.add(ETag='"new"')
    stored.put(b"stored", None)
    told = answers.received[0].headers["x-amz-checksum-crc32"]
    answers.add(200, b"stored", ETag=ETAG, x_amz_checksum_crc32=told)
    assert stored.get() == StoredObject(b"stored", ETAG)


# either


def call_put(stored: S3Object) -> object:
    return stored.put(b"x", None)


def call_get(stored: S3Object) -> object:
    return stored.get()


@pytest.mark.parametrize("call", [call_put, call_get])
def test_without_credentials_storage_is_unavailable(
    answers: Answers, call: Callable[[S3Object], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = answers.client(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    with pytest.raises(StorageUnavailable, match="there are no AWS credentials"):
        call(S3Object(client, "catalog", "products.json"))


def test_no_wait_is_longer_than_a_request_can_afford(answers: Answers) -> None:
    client = answers.client()
    assert (client.connect_seconds, client.read_seconds) == (1, 4)
