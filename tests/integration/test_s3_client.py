"""Requests to S3: where they go, how they are signed, and through which connections."""

import json
import select
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
import pytest
from botocore import auth
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from datamesh.storage.s3.client import S3Client, S3Error, S3Request, create_client
from datamesh.storage.s3.connections import Origin, Unanswered
from datamesh.storage.s3.endpoints import (
    Credentials,
    Endpoint,
    EndpointResolver,
    find_sdk_folder,
    load_identity,
)
from tests.integration.answers import Answers, answering

# where

REGIONS = (
    "us-east-1",
    "eu-central-1",
    "af-south-1",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
)


def sent_by_the_sdk(bucket: str, region: str, **config: Any) -> str:
    """The URL that boto3 would send a GET to."""
    client = boto3.client(
        "s3",
        region_name=region,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(s3={"us_east_1_regional_endpoint": "regional"}, **config),
    )

    class Sent(Exception):
        pass

    def before_send(request: Any, **_: object) -> None:
        raise Sent(request.url)

    client.meta.events.register("before-send.s3", before_send)
    with pytest.raises(Sent) as sent:
        client.get_object(Bucket=bucket, Key="products.json")
    return str(sent.value)


@pytest.mark.parametrize("bucket", ["catalog", "with.dots"])
@pytest.mark.parametrize("region", REGIONS)
def test_a_bucket_is_where_the_sdk_finds_it(region: str, bucket: str) -> None:
    endpoint = EndpointResolver(None).resolve(bucket, region)
    assert endpoint.secure
    assert (
        sent_by_the_sdk(bucket, region) == f"https://{endpoint.host}{endpoint.prefix}products.json"
    )


@pytest.mark.parametrize(("dual_stack", "fips"), [(True, False), (False, True), (True, True)])
def test_the_endpoints_that_can_be_chosen_are_the_sdks(dual_stack: bool, fips: bool) -> None:
    endpoint = EndpointResolver(None, dual_stack, fips).resolve("catalog", "us-east-2")
    expected = sent_by_the_sdk(
        "catalog", "us-east-2", use_dualstack_endpoint=dual_stack, use_fips_endpoint=fips
    )
    assert expected == f"https://{endpoint.host}{endpoint.prefix}products.json"


def test_every_region_is_of_the_partition_that_lists_it() -> None:
    listed = json.loads((find_sdk_folder() / "data/partitions.json").read_text())["partitions"]
    for partition in listed:
        suffix = partition["outputs"]["dnsSuffix"]
        for region in partition["regions"]:
            if not region.startswith(("aws-", "global")):
                assert EndpointResolver(None).resolve("b", region).host == f"b.s3.{region}.{suffix}"


def test_an_endpoint_of_ones_own_takes_the_bucket_in_the_path() -> None:
    endpoint = EndpointResolver("https://s3.example.com:8443/base/").resolve("catalog", "us-east-1")
    assert endpoint == Endpoint(True, "s3.example.com:8443", "/base/catalog/")


@pytest.mark.parametrize("status", [301, 400])
def test_a_bucket_of_another_region_is_asked_there(answers: Answers, status: int) -> None:
    answers.add(status, b"<Error><Code>Moved</Code></Error>", x_amz_bucket_region="eu-west-1")
    answers.add(200, b"found")
    answers.add(200, b"found")
    client = answers.client()
    for _ in range(2):
        assert client.send(S3Request("GetObject", "elsewhere", "a")).body == b"found"
    signed = [request.headers["authorization"].split("/")[2] for request in answers.received]
    assert signed == ["us-east-1", "eu-west-1", "eu-west-1"]


def test_a_bucket_that_is_nowhere_is_not_looked_for_for_ever(answers: Answers) -> None:
    for region in ("eu-west-1", "us-east-1"):
        answers.add(301, b"<Error><Code>Moved</Code></Error>", x_amz_bucket_region=region)
    with pytest.raises(S3Error, match="GetObject answered 301 Moved"):
        answers.client().send(S3Request("GetObject", "elsewhere", "a"))


# links


BUCKETS: list[tuple[str, Literal["virtual", "path"]]] = [
    ("catalog", "virtual"),
    ("with.dots", "path"),
]
KEYS = ["a.csv", "day=2023-07-01/b c+%41&ä~.parquet", "a?b#c;d/e*f.csv"]


@pytest.mark.parametrize(("bucket", "style"), BUCKETS)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("token", ["a/token+of=session", None])
def test_a_link_is_that_of_the_sdk(
    bucket: str,
    style: Literal["virtual", "path"],
    key: str,
    token: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = datetime(2026, 1, 31, 9, 30, 7)
    monkeypatch.setattr(auth, "get_current_datetime", lambda: moment)
    sdk = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        aws_session_token=token,
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )
    asked = {"Bucket": bucket, "Key": key}
    expected = sdk.generate_presigned_url("get_object", Params=asked, ExpiresIn=300)
    credentials = Credentials("AKID", "secret", token)
    client = S3Client(EndpointResolver(None), "eu-west-1", lambda: credentials)
    url, expires_at = client.sign_url(bucket, key, 300)
    assert url == expected
    assert expires_at == moment.replace(minute=35, tzinfo=UTC)


def test_a_link_is_of_the_region_where_its_bucket_turned_out_to_be(answers: Answers) -> None:
    answers.add(301, b"<Error><Code>Moved</Code></Error>", x_amz_bucket_region="eu-west-1")
    answers.add(200, b"found")
    client = answers.client()
    assert "%2Fus-east-1%2Fs3%2F" in client.sign_url("elsewhere", "a", 60)[0]
    client.send(S3Request("GetObject", "elsewhere", "a"))
    assert "%2Feu-west-1%2Fs3%2F" in client.sign_url("elsewhere", "a", 60)[0]


# signed by whom


def test_secrets_are_not_shown() -> None:
    assert repr(Credentials("AKID", "secret", "token")) == "Credentials(access_key='AKID')"


def test_credentials_are_those_of_the_environment() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}
    region, current = load_identity({**keys, "AWS_REGION": "eu-west-1", "AWS_SESSION_TOKEN": "t"})
    assert (region, current()) == ("eu-west-1", Credentials("AKID", "secret", "t"))
    region, current = load_identity({**keys, "AWS_DEFAULT_REGION": "eu-west-2"})
    assert (region, current()) == ("eu-west-2", Credentials("AKID", "secret"))


def test_what_the_environment_does_not_tell_the_sdk_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile ops]\nregion = eu-north-1\naws_access_key_id = AKID\n"
        "aws_secret_access_key = secret\naws_session_token = t\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "ops")
    region, current = load_identity({})
    assert (region, current()) == ("eu-north-1", Credentials("AKID", "secret", "t"))


# through what


def test_a_connection_is_kept(answers: Answers) -> None:
    client = answers.client()
    for _ in range(3):
        answers.add(200, b"found")
        client.send(S3Request("GetObject", "catalog", "a"))
    assert answers.connections == 1


def test_a_connection_that_was_closed_meanwhile_is_not_used(answers: Answers) -> None:
    client = answers.client()
    request = S3Request("PutObject", "catalog", "a", "PUT")
    answers.add_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
    assert client.send(request).body == b"first"
    (kept,) = client._pool._idle[Origin(False, urlsplit(answers.endpoint).netloc)]
    select.select([kept.sock], [], [], 10)
    answers.add(200, b"second")
    assert client.send(request).body == b"second"
    assert answers.connections == 2


def test_a_key_may_hold_any_character(answers: Answers) -> None:
    answers.add(200, b"found")
    answers.client().send(S3Request("GetObject", "catalog", "a b/é?#%.csv"))
    assert answers.received[0].path == "/catalog/a%20b/%C3%A9%3F%23%25.csv"


def test_the_authorities_are_those_of_the_sdk() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
    trust = create_client(keys)._pool.trust
    assert any("Amazon Root CA 1" in str(found["subject"]) for found in trust.get_ca_certs())
    assert trust.verify_mode == ssl.CERT_REQUIRED
    assert trust.check_hostname


def test_plain_http_is_no_tls(answers: Answers) -> None:
    client = answers.client(AWS_ENDPOINT_URL_S3=answers.endpoint.replace("http:", "https:"))
    with pytest.raises(Unanswered, match=r"^PutObject was not answered: TLS failed$"):
        client.send(S3Request("PutObject", "catalog", "a", "PUT"))


def test_tls_is_answered_where_its_authority_is_trusted(tmp_path: Path) -> None:
    bundle, key = tmp_path / "authority.pem", tmp_path / "key.pem"
    write_certificate(bundle, key)
    with answering() as answers:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(bundle, key)
        answers.speak_tls(context)
        endpoint = answers.endpoint.replace("http:", "https:")
        request = S3Request("GetObject", "catalog", "a")
        trusting = answers.client(AWS_ENDPOINT_URL_S3=endpoint, AWS_CA_BUNDLE=str(bundle))
        for body in (b"first", b"second"):
            answers.add(200, body)
            assert trusting.send(request).body == body
        assert answers.connections == 1
        with pytest.raises(Unanswered, match=r"^GetObject was not answered: TLS failed$"):
            answers.client(AWS_ENDPOINT_URL_S3=endpoint).send(request)


def write_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate of 127.0.0.1 that is its own authority."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    secret = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    own = x509.SubjectKeyIdentifier.from_public_key(secret.public_key())
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(secret.public_key())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    built = (
        x509.CertificateBuilder(name, name, secret.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(host, critical=False)
        .add_extension(own, critical=False)
        .add_extension(issuer, critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(secret, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
