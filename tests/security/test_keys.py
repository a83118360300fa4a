"""Keys that somebody has found, edited, or gone on using, over HTTP."""

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.e2e.local_run import product
from tests.security.conftest import Target
from tests.security.raw import Reply

DOMAIN = "attacked"
SECONDS = 130
"""A secret that has ended works for 120 s at most; a new one is known within 60."""
SCOPE = {"role": "contributor", "domain": DOMAIN}


class Keys:
    """Keys of the registry that is attacked, as an administrator manages them."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def make(self, key_id: str, grants: Sequence[Any] = (SCOPE,)) -> str:
        body = {"id": key_id, "owner": "attacked", "grants": [*grants], "days": 1}
        return self._read_key(self.ask("POST", "/keys", body))

    def rotate(self, key_id: str, **body: int) -> str:
        return self._read_key(self.ask("POST", f"/keys/{key_id}/rotate", body))

    def ask(self, method: str, path: str, body: Any = None, **more: str) -> Reply:
        text = b"" if body is None else json.dumps(body).encode()
        return self._target.send(method, path, text, **more)

    def settle(self, credential: str, status: int = 200) -> str:
        """Return the credential once it is answered so, as it must be in the end."""
        until = time.monotonic() + SECONDS
        while read_status(self, credential) != status:
            assert time.monotonic() < until, f"{credential} is not answered {status}"
            time.sleep(1)
        return credential

    @staticmethod
    def _read_key(answer: Reply) -> str:
        assert answer.status == 200, answer.content
        return str(answer.body["data"]["key"])


@pytest.fixture
def keys(target: Target) -> Iterator[Keys]:
    """Whatever a test makes is gone after it."""
    made = Keys(target)
    yield made
    for each in made.ask("GET", "/keys").body:
        assert made.ask("DELETE", f"/keys/{each['id']}").status == 200
    for each in made.ask("GET", f"/domains/{DOMAIN}").body:
        if isinstance(each, dict):
            assert made.ask("DELETE", f"/product/{each['name']}").status == 200


BLANKS = itertools.count(1)


def read_status(keys: Keys, credential: str) -> int:
    """Return how a credential is answered; the gateway has heard no decision about its header."""
    return keys.ask("GET", "/me", key=" " * next(BLANKS) + credential).status


def test_a_secret_is_refused_once_the_overlap_of_its_rotation_is_over(keys: Keys) -> None:
    first = keys.settle(keys.make("rotated"))
    second = keys.settle(keys.rotate("rotated", overlap_days=0))
    keys.settle(first, 403)
    assert [read_status(keys, each) for each in (first, second, first)] == [403, 200, 403]


def test_a_secret_does_not_outlive_the_second_rotation(keys: Keys) -> None:
    first = keys.make("rotated-twice")
    second = keys.rotate("rotated-twice", overlap_days=30)
    third = keys.settle(keys.rotate("rotated-twice", overlap_days=30))
    assert [read_status(keys, each) for each in (third, second, first)] == [200, 200, 403]


def test_a_key_whose_id_or_secret_was_edited_is_refused(keys: Keys) -> None:
    """An id is no part that may be chosen: the digest is of all of the key."""
    small = keys.make("small", [{"role": "reader", "domain": DOMAIN}])
    large = keys.make("large", [{"role": "steward", "domain": DOMAIN}])
    small_secret, large_secret = (each.split("_", 2)[2] for each in (small, large))
    edited = [
        f"dm_large_{small_secret}",
        f"dm_small_{large_secret}",
        f"dm_LARGE_{large_secret}",
        f"dm_large_{large_secret[:-1]}",
        f"dm_large_{large_secret}A",
        f"dm_large_{large_secret.swapcase()}",
        f"dm_large__{large_secret}",
        f"DM_large_{large_secret}",
        f"dm__{large_secret}",
        f"dm_../large_{large_secret}",
        f"dm_large%00_{large_secret}",
        "dm_large_",
        "dm_large",
        "dm_local_" + "A" * 43,
    ]
    assert {each: read_status(keys, each) for each in edited} == dict.fromkeys(edited, 403)
    for each in (small, large):
        keys.settle(each)


def test_what_is_stored_of_a_key_is_no_key(keys: Keys, target: Target) -> None:
    """Whoever reads the bucket has digests, and the days of their uses."""
    credential = keys.make("digested")
    secret = credential.split("_", 2)[2]
    digests = set()
    for path in target.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret.encode() not in content, path
            digests |= {path} if b"digested" in content else set()
    listed = keys.ask("GET", "/keys").content
    assert secret.encode() not in listed
    assert b"digest" not in listed.replace(b"digested", b"")


def test_an_idempotency_key_of_another_principal_is_another_key(keys: Keys) -> None:
    """Neither the answer of another is read with it, nor his request kept from being done."""
    first, second = (keys.settle(keys.make(each)) for each in ("first", "second"))
    body = product("once", domain=DOMAIN)
    asked = {"Idempotency_Key": "nightly-2026-11-26"}
    made = keys.ask("POST", "/register_product", body, key=first, **asked)
    assert made.status == 200
    assert keys.ask("POST", "/register_product", body, key=first, **asked).content == made.content
    other = keys.ask("POST", "/register_product", body, key=second, **asked)
    assert (other.status, other.body["message"]) == (409, "Product 'once' is already registered")
    mine = keys.ask(
        "POST", "/register_product", product("mine", domain=DOMAIN), key=second, **asked
    )
    assert mine.status == 200


def test_a_key_that_was_rotated_keeps_its_idempotency_keys(keys: Keys) -> None:
    first = keys.settle(keys.make("retrying"))
    body, asked = product("retried", domain=DOMAIN), {"Idempotency_Key": "a-retry"}
    made = keys.ask("POST", "/register_product", body, key=first, **asked)
    second = keys.settle(keys.rotate("retrying"))
    again = keys.ask("POST", "/register_product", body, key=second, **asked)
    assert (again.status, again.content) == (200, made.content)


def test_a_deleted_key_keeps_no_grant_and_its_id_gives_none_to_the_next(keys: Keys) -> None:
    first = keys.settle(keys.make("reused", [{"role": "steward", "domain": DOMAIN}]))
    assert keys.ask("DELETE", "/keys/reused").status == 200
    body = product("late", domain=DOMAIN)
    assert keys.ask("POST", "/register_product", body, key=first).status == 403
    second = keys.settle(keys.make("reused", [{"role": "reader", "domain": DOMAIN}]))
    roles = [each["role"] for each in keys.ask("GET", "/me", key=second).body["grants"]]
    assert roles == ["reader"]
    assert read_status(keys, first) == 403


def test_a_key_raises_nobody_above_itself(keys: Keys) -> None:
    """Neither by a grant, nor by a key, nor by taking over a principal that has more."""
    steward = keys.settle(keys.make("steward", [{"role": "steward", "domain": DOMAIN}]))
    keys.make("mighty", [{"role": "admin", "domain": "*"}])
    for path, body in (
        ("/grants", {"principal": "key:steward", "role": "admin", "domain": "*"}),
        ("/grants", {"principal": "key:steward", "role": "steward", "domain": "sales"}),
        ("/grants", {"principal": "key:steward", "role": "reader", "domain": "*"}),
        ("/keys", {"id": "x", "owner": "x", "grants": [{"role": "admin", "domain": "*"}]}),
        ("/keys/mighty/rotate", {}),
    ):
        refused = keys.ask("POST", path, body, key=steward)
        assert refused.status in (403, 404), (path, refused.content)
    assert keys.ask("DELETE", "/keys/mighty", key=steward).status == 404
