"""Links to whole files on a real S3 server: what they open, for how long, and nothing else."""

import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest

from datamesh.http.entrypoint import create_lambda_handler
from dev.storage.s3 import S3
from tests.lambdas import ENVIRONMENT, Client, api_event, import_app
from tests.meshes import product_body
from tests.tables import PATH, parquet

FOLDER = "domains/sales/whole/"
BODIES = {
    "day=2023-07-01/a.parquet": parquet("SELECT 1 AS id, 'unregistered' AS more"),
    "day=2023-07-02/b c+%41&ä~#?.parquet": parquet("SELECT 2 AS id"),
}
PORT = {"location": FOLDER, "format": "parquet", "partitions": ["day"]}


@pytest.fixture
def environ(
    s3: S3, environment: dict[str, str], imported_functions: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Mapping[str, str]]:
    """The environment of functions over a bucket that holds the dataset."""
    namespace = "POWERTOOLS_METRICS_NAMESPACE"
    monkeypatch.setenv(namespace, ENVIRONMENT[namespace])
    found = ENVIRONMENT | {"CATALOG_BUCKET": s3.bucket}
    products = Client(create_lambda_handler(import_app("products"), found))
    body = product_body(schema={"id": "integer", "day": "date"}, output_port=PORT)
    assert products.post("/register_product", body).status == 200
    for name, content in BODIES.items():
        put(s3, name, content)
    yield found
    products.delete("/product/orders")


def put(s3: S3, name: str, body: bytes) -> None:
    s3.create_client().put_object(Bucket=s3.bucket, Key=FOLDER + name, Body=body)


def list_links(environ: Mapping[str, str], seconds: int = 60) -> dict[str, dict[str, Any]]:
    """Name -> the file as it is listed."""
    variables = {**environ, "DOWNLOAD_LINK_SECONDS": str(seconds)}
    client = Client(create_lambda_handler(import_app("domains"), variables))
    answer = client.send(api_event("GET", f"{PATH}/files"))
    assert answer.status == 200, answer.body
    return {file["name"]: file for file in answer.body["files"]}


def fetch(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes]:
    """Status and content of a request as anybody sends it."""
    body = b"x" if method == "PUT" else None
    try:
        with urlopen(Request(url, body, headers, method=method), timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, b""


def test_a_link_downloads_the_file_as_it_is_stored(environ: Mapping[str, str]) -> None:
    found = list_links(environ)
    assert found.keys() == BODIES.keys()
    for name, body in BODIES.items():
        assert found[name]["size"] == len(body)
        assert fetch(found[name]["url"]) == (200, body)
        assert fetch(found[name]["url"], Range="bytes=0-3") == (206, b"PAR1")


def test_a_link_opens_one_file_for_reading_and_nothing_else(
    s3: S3, environ: Mapping[str, str]
) -> None:
    first, second = (file["url"] for file in list_links(environ).values())
    path = urlsplit(first).path
    assert fetch(first.replace(path, urlsplit(second).path))[0] == 403
    assert fetch(first.replace(path, f"/{s3.bucket}/products.json"))[0] == 403
    assert fetch(first.replace("X-Amz-Expires=60", "X-Amz-Expires=3600"))[0] == 403
    assert fetch(first.partition("?")[0])[0] == 403
    for method in ("PUT", "DELETE"):
        assert fetch(first, method)[0] == 403
    assert fetch(first) == (200, BODIES["day=2023-07-01/a.parquet"])


def test_a_link_ends(environ: Mapping[str, str]) -> None:
    url = next(iter(list_links(environ, seconds=1).values()))["url"]
    assert parse_qs(urlsplit(url).query)["X-Amz-Expires"] == ["1"]
    time.sleep(2.5)
    assert fetch(url)[0] == 403


def test_with_its_etag_a_link_opens_what_was_listed_or_nothing(
    s3: S3, environ: Mapping[str, str]
) -> None:
    name = "day=2023-07-01/a.parquet"
    file = list_links(environ)[name]
    condition = {"If-Match": file["etag"]}
    assert fetch(file["url"], **condition) == (200, BODIES[name])
    put(s3, name, parquet("SELECT 3 AS id"))
    assert fetch(file["url"], **condition)[0] == 412
