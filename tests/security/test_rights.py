"""A function of the local API holds no credentials that could do what its role may not."""

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from dev.execution.variables import build_environment
from dev.stack import Api
from dev.storage.s3 import S3
from dev.template.reader import read_api
from tests.template import TEMPLATE, list_resources

FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))
WRITING = {
    "ProductsWriteFunction",
    "LineageWriteFunction",
    "OpenLineageWriteFunction",
    "OpenLineageDeriveFunction",
    "MarquezWriteFunction",
    "OpenLineageRebuildFunction",
    "DomainsWriteFunction",
    "DomainsScheduledFunction",
    "AnalyticsScheduledFunction",
    "AccessFunction",
    "ContractsWriteFunction",
    "RedactionsFunction",
}
WITHOUT_RIGHTS = "PortalFunction"
READING = sorted({*FUNCTIONS} - WRITING - {"AuthorizerFunction", WITHOUT_RIGHTS})
KEY = "a-key"


@pytest.fixture(scope="module")
def s3(s3: S3) -> S3:
    s3.create_client(s3.writer).put_object(Bucket=s3.bucket, Key="products.json", Body=b"[]")
    return s3


@pytest.fixture(scope="module")
def api(s3: S3) -> Api:
    return read_api(TEMPLATE, {}, {"CatalogBucket": s3.bucket})


def refusal(s3: S3, variables: dict[str, str], operation: str, **parameters: object) -> int:
    """The status of the call with the credentials that a function finds; 200 if it may."""
    client = boto3.Session().client(
        "s3",
        endpoint_url=variables.get("AWS_ENDPOINT_URL_S3") or variables["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        getattr(client, operation)(Bucket=s3.bucket, **parameters)
    except ClientError as error:
        status: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return status
    return 200


@pytest.mark.parametrize("function", READING)
def test_a_reading_function_is_refused_whatever_writes(s3: S3, api: Api, function: str) -> None:
    found = build_environment(s3, KEY, api, api.functions[function])
    assert refusal(s3, found, "get_object", Key="products.json") == 200
    for key in ("products.json", "lineage.json", "domains/sales/orders/1.csv", "idempotency/1"):
        assert refusal(s3, found, "put_object", Key=key, Body=b"{}") == 403, key
        assert refusal(s3, found, "delete_object", Key=key) == 403, key
    stored = s3.create_client(s3.writer).get_object(Bucket=s3.bucket, Key="products.json")
    assert stored["Body"].read() == b"[]"


def test_the_function_that_makes_cursors_may_put_their_key(s3: S3, api: Api) -> None:
    for function in READING:
        found = build_environment(s3, KEY, api, api.functions[function])
        expected = 200 if function == "DomainsFunction" else 403
        assert refusal(s3, found, "put_object", Key="cursors/key", Body=b"{}") == expected, function


def test_the_function_that_tells_health_may_put_its_probe(s3: S3, api: Api) -> None:
    key = "health/written_at.json"
    for function in READING:
        found = build_environment(s3, KEY, api, api.functions[function])
        expected = 200 if function == "PlatformFunction" else 403
        assert refusal(s3, found, "put_object", Key=key, Body=b"{}") == expected, function


def test_the_function_of_the_portal_has_no_credentials_at_all(s3: S3, api: Api) -> None:
    found = build_environment(s3, KEY, api, api.functions[WITHOUT_RIGHTS])
    assert found == {
        "LOG_LEVEL": "INFO",
        "JWT_ISSUER": "",
        "JWT_REVISION": "1",
        "PORTAL_CLIENT_ID": "",
        "PORTAL_ORIGINS": "",
        "PORTAL_SCOPE": "openid",
    }


@pytest.mark.parametrize("function", sorted(WRITING))
def test_a_writing_function_may_put(s3: S3, api: Api, function: str) -> None:
    found = build_environment(s3, KEY, api, api.functions[function])
    assert refusal(s3, found, "put_object", Key="lineage.json", Body=b"[]") == 200


def test_the_authorizer_may_put_uses_of_keys_alone_and_it_alone_holds_the_key(
    s3: S3, api: Api
) -> None:
    holders = []
    for name, function in api.functions.items():
        found = build_environment(s3, KEY, api, function)
        if KEY in found.values():
            holders.append(name)
        if name == "AuthorizerFunction":
            assert refusal(s3, found, "put_object", Key="access/used/etl", Body=b"1") == 200
            for key in ("access.json", "products.json", "cursors/key", "idempotency/1"):
                assert refusal(s3, found, "put_object", Key=key, Body=b"{}") == 403, key
    assert holders == ["AuthorizerFunction"]


def test_what_the_server_serves_is_not_open_to_strangers(s3: S3) -> None:
    for path in (f"/{s3.bucket}/products.json", f"/{s3.bucket}", "/"):
        assert requests.get(s3.endpoint + path, timeout=5).status_code == 403


def test_every_function_is_judged_here() -> None:
    assert {*READING, *WRITING, "AuthorizerFunction", WITHOUT_RIGHTS} == {*FUNCTIONS}
