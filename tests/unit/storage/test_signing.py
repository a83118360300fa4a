"""Signatures of requests: botocore's, to the letter."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.storage.s3.endpoints import Credentials, Endpoint
from datamesh.storage.s3.signing import UnsignedRequest, sign_request

MOMENT = datetime(2026, 1, 31, 9, 30, 7, tzinfo=UTC)
SIGNERS = {"s3": auth.S3SigV4Auth, "sqs": auth.SigV4Auth}


def sign_with_the_sdk(
    request: UnsignedRequest, credentials: Credentials, service: str, region: str
) -> dict[str, str]:
    target = request.path + (f"?{request.query}" if request.query else "")
    url = f"{'https' if request.secure else 'http'}://{request.host}{target}"
    signed = AWSRequest(request.method, url, dict(request.headers or {}), request.body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda: MOMENT.replace(tzinfo=None))
        SIGNERS[service](credentials, service, region).add_auth(signed)  # type: ignore[arg-type]
    return {name.lower(): value for name, value in signed.headers.items()}


def check_signature(
    request: UnsignedRequest, credentials: Credentials, service: str, region: str
) -> None:
    ours = sign_request(request, credentials, service, region, MOMENT)
    host = request.host.removesuffix(":443" if request.secure else ":80")
    expected = sign_with_the_sdk(request, credentials, service, region) | {"host": host}
    assert {name.lower(): value for name, value in ours.items()} == expected


words = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12)
headers = st.dictionaries(
    st.sampled_from(["If-Match", "If-None-Match", "Content-Type", "Range", "x-amz-meta-a"]),
    words.map(str.strip).filter(bool) | st.just("two  blanks"),
)


@given(
    st.sampled_from(["GET", "PUT", "DELETE"]),
    st.booleans(),
    st.sampled_from(["b.s3.eu-west-1.amazonaws.com", "127.0.0.1:8333", "h:443", "h:80"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.dictionaries(st.sampled_from(["versionId", "prefix", "list-type", "key", "key-a"]), words),
    headers,
    st.binary(max_size=50),
    st.sampled_from([None, "a/token+of=session"]),
)
def test_a_request_to_s3_is_signed_as_by_the_sdk(
    method: str,
    secure: bool,
    host: str,
    key: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    token: str | None,
) -> None:
    path = Endpoint(secure, host, "/catalog/").build_path(key)
    encoded = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    request = UnsignedRequest(method, secure, host, path, encoded, headers, body)
    check_signature(request, Credentials("AKID", "secret", token), "s3", "eu-west-1")


@pytest.mark.parametrize("token", [None, "a/token+of=session"])
def test_a_message_is_signed_as_by_the_sdk(token: str | None) -> None:
    told = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.SendMessage"}
    host = "sqs.eu-west-1.amazonaws.com"
    request = UnsignedRequest("POST", True, host, "/", headers=told, body=b'{"a": 1}')
    check_signature(request, Credentials("AKID", "secret", token), "sqs", "eu-west-1")
