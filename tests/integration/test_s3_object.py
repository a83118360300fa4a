"""How S3's answers and the network's failures are told apart, each injected once."""

import gzip
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from urllib3.exceptions import ProtocolError

from datamesh.errors import StorageUnavailable
from datamesh.storage.objects import InDoubt, LostRace, StoredObject, Unchanged, Unreachable
from datamesh.storage.s3 import S3Object, create_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ETAG = '"0123456789abcdef0123456789abcdef"'
ZIPPED = gzip.compress(b"zipped")
URL = "https://s3.example.com"


@pytest.fixture
def stored(s3_client: "S3Client") -> S3Object:
    return S3Object(s3_client, "catalog", "products.json")


type Fail = Callable[[Exception], list[str]]
"""fail(failure) makes every call fail below the SDK; it returns what was sent, as it is sent."""


@pytest.fixture
def fail(s3_client: "S3Client") -> Iterator[Fail]:
    handlers = []

    def failing(failure: Exception) -> list[str]:
        sent: list[str] = []

        def before_send(event_name: str, **_: object) -> None:
            sent.append(event_name)
            raise failure

        s3_client.meta.events.register("before-send.s3", before_send)
        handlers.append(before_send)
        return sent

    yield failing
    for handler in handlers:
        s3_client.meta.events.unregister("before-send.s3", handler)


NOT_SENT: list[Exception] = [
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL, error="refused"),
    ProxyConnectionError(proxy_url=URL),
]
SENT: list[Exception] = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    SSLError(endpoint_url=URL, error=OSError("EOF in violation of protocol")),
    ResponseParserError("not XML"),
]
FAILURES = [*NOT_SENT, *SENT]


def kind(failure: Exception) -> str:
    return type(failure).__name__


# PUT


@pytest.mark.parametrize(
    ("replaces", "condition"), [(None, {"IfNoneMatch": "*"}), (ETAG, {"IfMatch": ETAG})]
)
def test_a_put_is_conditional_and_says_what_it_holds(
    s3_stub: Stubber, stored: S3Object, replaces: str | None, condition: dict[str, str]
) -> None:
    expected = {
        "Bucket": "catalog",
        "Key": "products.json",
        "Body": ZIPPED,
        "ContentType": "application/json",
        "ContentEncoding": "gzip",
    }
    s3_stub.add_response("put_object", {"ETag": '"new"'}, expected | condition)
    assert stored.put(ZIPPED, replaces) == '"new"'


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
        (400, "BadDigest", StorageUnavailable),
        (403, "AccessDenied", StorageUnavailable),
        (404, "NoSuchBucket", StorageUnavailable),
    ],
)
@pytest.mark.parametrize("replaces", [None, ETAG])
def test_what_an_answer_to_a_put_means(
    s3_stub: Stubber,
    stored: S3Object,
    status: int,
    code: str,
    outcome: type[Exception],
    replaces: str | None,
) -> None:
    s3_stub.add_client_error("put_object", code, http_status_code=status)
    with pytest.raises(outcome) as raised:
        stored.put(b"x", replaces)
    assert type(raised.value) is outcome
    if outcome is not LostRace:
        assert str(raised.value) == f"PutObject answered {status} {code}"


@pytest.mark.parametrize("failure", NOT_SENT, ids=kind)
def test_a_put_that_found_no_connection_was_not_sent(
    fail: Fail, stored: S3Object, failure: Exception
) -> None:
    fail(failure)
    with pytest.raises(Unreachable, match=URL):
        stored.put(b"x", None)


@pytest.mark.parametrize("failure", SENT, ids=kind)
def test_a_put_without_a_readable_answer_is_in_doubt(
    fail: Fail, stored: S3Object, failure: Exception
) -> None:
    fail(failure)
    with pytest.raises(InDoubt, match=re.escape(str(failure))):
        stored.put(b"x", None)


# GET


def body(content: bytes) -> StreamingBody:
    return StreamingBody(BytesIO(content), len(content))


def test_a_get_without_a_known_etag_is_unconditional(s3_stub: Stubber, stored: S3Object) -> None:
    reply = {"Body": body(ZIPPED), "ETag": ETAG}
    s3_stub.add_response("get_object", reply, {"Bucket": "catalog", "Key": "products.json"})
    assert stored.get() == StoredObject(ZIPPED, ETAG)


def test_a_get_with_a_known_etag_may_be_unchanged(s3_stub: Stubber, stored: S3Object) -> None:
    expected = {"Bucket": "catalog", "Key": "products.json", "IfNoneMatch": ETAG}
    s3_stub.add_client_error("get_object", "304", "Not Modified", 304, expected_params=expected)
    assert isinstance(stored.get(ETAG), Unchanged)


def test_a_missing_object_is_none(s3_stub: Stubber, stored: S3Object) -> None:
    s3_stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
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
    s3_stub: Stubber, stored: S3Object, status: int, code: str, outcome: type[Exception]
) -> None:
    s3_stub.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(outcome) as raised:
        stored.get(ETAG)
    assert type(raised.value) is outcome
    assert str(raised.value) == f"GetObject answered {status} {code}"


@pytest.mark.parametrize("failure", FAILURES, ids=kind)
def test_a_get_that_fails_on_the_way_is_worth_another(
    fail: Fail, stored: S3Object, failure: Exception
) -> None:
    fail(failure)
    with pytest.raises(Unreachable, match=re.escape(str(failure))):
        stored.get()


class CutOff(BytesIO):
    def read(self, *_: Any) -> bytes:
        raise ProtocolError("connection broken")


def test_a_get_cut_off_in_its_body_is_worth_another(s3_stub: Stubber, stored: S3Object) -> None:
    s3_stub.add_response("get_object", {"Body": StreamingBody(CutOff(), 9), "ETag": ETAG})
    with pytest.raises(Unreachable, match="connection broken"):
        stored.get()


def test_a_get_of_a_short_body_is_worth_another(s3_stub: Stubber, stored: S3Object) -> None:
    s3_stub.add_response("get_object", {"Body": StreamingBody(BytesIO(b"short"), 9), "ETag": ETAG})
    with pytest.raises(Unreachable, match="5 read, but total bytes expected is 9"):
        stored.get()


# either


def call_put(stored: S3Object) -> object:
    return stored.put(b"x", None)


def call_get(stored: S3Object) -> object:
    return stored.get()


@pytest.mark.parametrize("call", [call_put, call_get])
def test_without_credentials_storage_is_unavailable(
    fail: Fail, stored: S3Object, call: Callable[[S3Object], object]
) -> None:
    fail(NoCredentialsError())
    with pytest.raises(StorageUnavailable, match="Unable to locate credentials"):
        call(stored)


@pytest.mark.parametrize("call", [call_put, call_get])
@pytest.mark.parametrize("failure", FAILURES[:-1], ids=kind)
def test_the_sdk_sends_once_and_never_again(
    fail: Fail,
    stored: S3Object,
    call: Callable[[S3Object], object],
    failure: Exception,
) -> None:
    sent = fail(failure)
    with pytest.raises((Unreachable, InDoubt)):
        call(stored)
    assert len(sent) == 1


def test_the_client_is_told_so_whatever_the_environment_says(
    s3_client: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "7")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    for made in (s3_client, create_client()):
        retries = made.meta.config.retries  # type: ignore[attr-defined]
        assert retries == {"mode": "standard", "total_max_attempts": 1}


def test_no_wait_is_longer_than_a_request_can_afford(s3_client: "S3Client") -> None:
    config: Any = s3_client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 4)
