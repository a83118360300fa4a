"""gzip: who gets it, of what, and what ETags mean then."""

import gzip
import json
import zlib
from random import Random

import pytest

from datamesh.http.compression import is_gzip_accepted
from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.lambdas import Answer, Client, api_event
from tests.meshes import add_product, product_body, resources
from tests.tables import ORDERS, PATH, PORT, dataset, one_file, partitioned_orders

PRODUCT = "/product/orders"
WIDE = {f"column_{number}": "string" for number in range(80)}


@pytest.fixture
def client(serve: Serve, registry: Registry) -> Client:
    add_product(registry, "orders", schema=WIDE)
    add_product(registry, "small")
    return serve("products", resources(registry))


def send(
    client: Client, path: str, accept_encoding: str = "gzip", method: str = "GET", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named |= {"accept-encoding": accept_encoding} if accept_encoding else {}
    return client.send(api_event(method, path, principal="anonymous", headers=named))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("deflate, GZIP;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("gzip;q=nonsense", False),
    ],
)
@pytest.mark.parametrize("name", ["accept-encoding", "Accept-Encoding"])
def test_who_takes_gzip(name: str, header: str, expected: bool) -> None:
    assert is_gzip_accepted({"headers": {name: header}}) is expected


def test_a_request_without_the_header_takes_none() -> None:
    assert not is_gzip_accepted({})
    assert not is_gzip_accepted({"headers": None})


def test_an_answer_is_compressed_for_whoever_takes_it(client: Client) -> None:
    plain = send(client, PRODUCT, "")
    packed = send(client, PRODUCT)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 3
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding, Authorization"
    assert packed.headers["content-type"] == "application/json"
    assert packed.headers.get("content-length", str(len(packed.content))) == str(
        len(packed.content)
    )


def test_equal_answers_are_equal_bytes(client: Client) -> None:
    assert send(client, PRODUCT).content == send(client, PRODUCT).content
    assert send(client, PRODUCT).content[4:8] == bytes(4), "no time"


def test_a_short_answer_is_left_as_it_is(client: Client) -> None:
    answer = send(client, "/product/small")
    assert "content-encoding" not in answer.headers
    assert answer.body["name"] == "small"


def test_head_tells_what_get_would(client: Client) -> None:
    got, told = send(client, PRODUCT), send(client, PRODUCT, method="HEAD")
    assert told.content == b""
    assert told.headers["content-length"] == str(len(got.content))
    for name in ("content-encoding", "etag", "vary"):
        assert told.headers[name] == got.headers[name]


def test_a_large_error_is_compressed_too(client: Client) -> None:
    body: object = {"items": [{}] * 20}
    event = api_event("POST", "/products/bulk", body, headers={"accept-encoding": "gzip"})
    answer = client.send(event)
    assert (answer.status, answer.headers["content-encoding"]) == (422, "gzip")
    assert json.loads(gzip.decompress(answer.content))["success"] is False


# ETags


def test_a_compressed_answer_has_an_etag_of_its_own_that_is_current_for_both(
    client: Client,
) -> None:
    plain, packed = send(client, PRODUCT, "").headers["etag"], send(client, PRODUCT).headers["etag"]
    assert packed == plain[:-1] + '-gzip"'
    for encoding in ("", "gzip"):
        for known in (plain, packed):
            answer = send(client, PRODUCT, encoding, if_none_match=f'"x", W/{known}')
            assert (answer.status, answer.content) == (304, b"")
            assert answer.headers["etag"] == known
            assert answer.headers["vary"] == "Accept-Encoding, Authorization"
    assert send(client, PRODUCT, if_none_match=packed.replace("gzip", "br")).status == 200


def test_a_change_may_name_the_etag_of_a_compressed_answer(client: Client) -> None:
    packed = send(client, PRODUCT).headers["etag"]

    def put(owner: str, if_match: str) -> Answer:
        headers = {"if-match": if_match, "accept-encoding": "gzip"}
        return client.send(api_event("PUT", PRODUCT, {"owner": owner}, headers=headers))

    changed = put("another", packed)
    assert changed.status == 200
    assert put("a-third", packed).status == 412
    # What a write answers is the product's ETag, although its own body is compressed.
    assert changed.headers["content-encoding"] == "gzip"
    assert changed.headers["etag"] == send(client, PRODUCT, "").headers["etag"]
    assert put("a-third", f"W/{changed.headers['etag']}").status == 412
    assert put("a-third", changed.headers["etag"]).status == 200


def test_an_idempotent_answer_is_stored_as_it_is_without_compression(client: Client) -> None:
    body = product_body(name="more", schema=WIDE)
    answers = []
    for encoding in ("gzip", ""):
        headers = {"idempotency-key": "once", "accept-encoding": encoding}
        answers.append(client.send(api_event("POST", "/register_product", body, headers=headers)))
    assert answers[0].headers["content-encoding"] == "gzip"
    assert gzip.decompress(answers[0].content) == answers[1].content


# media types


def test_rows_are_compressed_but_not_what_is_compressed_already(serve: Serve) -> None:
    client = dataset(serve, partitioned_orders(), ORDERS, PORT)
    rows = send(client, PATH, accept="application/json")
    assert rows.headers["vary"] == "Accept, Accept-Encoding, Authorization"
    assert len(json.loads(gzip.decompress(rows.content))) == 16
    again = send(client, PATH, if_none_match=rows.headers["etag"])
    assert (again.status, again.headers["vary"]) == (304, "Accept, Accept-Encoding, Authorization")
    wide = one_file(serve, "a.csv", f"{','.join(WIDE)}\n{',' * 79}\n".encode(), WIDE)
    for subtype in ("parquet", "arrow.stream"):
        accept = f"application/vnd.apache.{subtype}"
        answer = send(wide, PATH, accept=accept)
        assert answer.headers["content-type"] == accept
        assert len(answer.content) > 1024
        assert "content-encoding" not in answer.headers
        assert answer.content == send(wide, PATH, "", accept=accept).content


@pytest.mark.parametrize("media_type", ["text/csv", "application/x-ndjson"])
def test_text_that_mangum_takes_for_binary_is_compressed_once(
    serve: Serve, media_type: str
) -> None:
    client = one_file(serve, "a.csv", b"id\n" + b"1234567890123456\n" * 300, {"id": "bigint"})
    plain = send(client, PATH, "", accept=media_type)
    packed = send(client, PATH, accept=media_type)
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content


def test_what_does_not_shrink_is_left_as_it_is(serve: Serve) -> None:
    letters = "".join(Random(7).choices([chr(0x80 + i) for i in range(0x700)], k=3000))
    body = f"text\n{letters}\n".encode()
    answer = send(one_file(serve, "a.csv", body, {"text": "string"}), PATH)
    assert answer.status == 200
    assert json.loads(answer.content)[0]["text"] == letters


# assets


def test_an_asset_is_compressed_once_for_each_instance(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve("platform", resources())
    path = "/docs/assets/swagger-ui-bundle.js"
    first = send(client, path)
    assert len(first.content) < 450_000
    assert gzip.decompress(first.content) == send(client, path, "").content
    monkeypatch.setattr(zlib, "compress", lambda *_: pytest.fail("compressed again"))
    assert send(client, path).content == first.content
    assert send(client, path, if_none_match=first.headers["etag"]).status == 304
    image = send(client, "/docs/assets/favicon.png")
    assert "content-encoding" not in image.headers
