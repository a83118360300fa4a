"""Bodies made to exhaust or confuse: each gets a short refusal soon, and changes nothing."""

import gzip
import json
from itertools import islice, product
from string import ascii_lowercase

import pytest

from tests.e2e import local_run
from tests.security.conftest import Target

MEGABYTE = 1_000_000
SOON_SECONDS, TRIES = 15.0, 3
"""The time of an answer on a slow machine, once in so many tries: the machine may do something else
meanwhile. docs/guarantees.md has what was measured."""


def with_value(field: str, raw: str) -> bytes:
    """A registration whose field holds `raw` JSON, and is acceptable but for that."""
    body = {**local_run.product("bomb"), field: "@"}
    return json.dumps(body).replace('"@"', raw).encode()


def tiny_keys(size: int) -> str:
    """An object of as many different short keys as fit."""
    keys = map("".join, product(ascii_lowercase, repeat=4))
    return "{" + ",".join(f'"{key}":0' for key in islice(keys, size // 9)) + "}"


def entry(metadata: str) -> bytes:
    body = {
        "source": "orders",
        "target": "bills",
        "transformation": "again",
        "metadata": "@",
    }
    return json.dumps(body).replace('"@"', metadata).encode()


GOOD = json.dumps(local_run.product("bomb")).encode()
PRODUCT, LINEAGE = "/register_product", "/register_lineage"
BOMBS: dict[str, tuple[str, bytes, int]] = {
    "a million brackets": (PRODUCT, b"[" * MEGABYTE, 400),
    "half a million objects": (PRODUCT, b'{"a":' * (MEGABYTE // 2), 400),
    "nested schema": (PRODUCT, with_value("schema", '{"a":' * 100_000 + "1" + "}" * 100_000), 400),
    "nested just too deep": (LINEAGE, entry('{"a":' * 64 + "1" + "}" * 64), 400),
    "NaN": (LINEAGE, entry('{"a": NaN}'), 400),
    "Infinity": (LINEAGE, entry('{"a": [-Infinity]}'), 400),
    "a number of a million digits": (LINEAGE, entry('{"a": %s}' % ("9" * MEGABYTE)), 400),
    "an exponent": (LINEAGE, entry('{"a": 1e999999999}'), 400),
    "a key twice": (PRODUCT, GOOD[:-1] + b', "name": "other"}', 400),
    "a key twice, escaped": (PRODUCT, GOOD[:-1] + b', "n\\u0061me": "other"}', 400),
    "a key twice, deep down": (LINEAGE, entry('{"a": [{"b": 1, "b": 2}]}'), 400),
    "a lone surrogate": (LINEAGE, entry('{"a": "\\ud800"}'), 400),
    "nine megabytes": (PRODUCT, with_value("description", f'"{"x" * 9 * MEGABYTE}"'), 413),
    "five megabytes of text": (PRODUCT, with_value("description", f'"{"x" * 5 * MEGABYTE}"'), 422),
    "four megabytes of keys": (PRODUCT, tiny_keys(5 * MEGABYTE).encode(), 400),
    "four megabytes of fields": (PRODUCT, with_value("schema", tiny_keys(5 * MEGABYTE)), 400),
    "four megabytes of metadata": (LINEAGE, entry(tiny_keys(5 * MEGABYTE)), 400),
    "three megabytes of metadata text": (LINEAGE, entry('{"a": "%s"}' % ("x" * 3_000_000)), 422),
    "a hundred thousand tags": (PRODUCT, with_value("tags", f"[{'0,' * 99_000}0]"), 422),
    "five megabytes of tags": (PRODUCT, with_value("tags", f"[{'0,' * 2_490_000}0]"), 400),
    "five megabytes of spaces": (PRODUCT, b" " * 5 * MEGABYTE, 400),
    "five megabytes of quotes": (PRODUCT, b'"' * 5 * MEGABYTE, 413),
    "gzip": (PRODUCT, gzip.compress(GOOD), 400),
    "a gzip bomb": (PRODUCT, gzip.compress(b" " * 50 * MEGABYTE), 400),
    "UTF-16": (PRODUCT, GOOD.decode().encode("utf-16"), 400),
    "Latin-1": (PRODUCT, GOOD.replace(b"e2e@", b"\xe9@"), 400),
}
JSON = {"Content_Type": "application/json"}
"""API Gateway passes anything else on as base64, of which six megabytes are fewer."""
HEADERS = {
    "gzip": {"Content_Encoding": "gzip"},
    "a gzip bomb": {"Content_Encoding": "gzip"},
    "UTF-16": {"Content_Type": "application/json; charset=utf-16"},
    "Latin-1": {"Content_Type": "application/json; charset=iso-8859-1"},
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_soon_in_few_words(target: Target, name: str) -> None:
    path, body, status = BOMBS[name]
    for _ in range(TRIES):
        answer = target.send("POST", path, body, **HEADERS.get(name, JSON))
        assert answer.status == status
        if answer.seconds < SOON_SECONDS:
            break
    assert answer.seconds < SOON_SECONDS
    assert len(answer.content) < 5_000
    assert answer.body["message"]


def test_the_same_registration_without_the_bomb_is_accepted(target: Target) -> None:
    assert target.send("POST", PRODUCT, GOOD, Content_Encoding="identity").status == 200
    assert target.send("DELETE", "/product/bomb").status == 200
