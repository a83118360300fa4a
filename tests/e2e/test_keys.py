"""Keys that the registry keeps: made, used, rotated and deleted."""

import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from requests import Response

from tests.e2e.api import Api

SECONDS = 130
"""A deleted key works for 120 s at most."""
KEYS = 10


@pytest.fixture
def key_id(api: Api) -> Iterator[str]:
    chosen = f"e2e-{uuid4().hex[:12]}"
    yield chosen
    api.write("DELETE", f"/keys/{chosen}")


def make_key(api: Api, key_id: str) -> str:
    grants = [{"role": "reader", "domain": "sales"}]
    body = {"id": key_id, "owner": "e2e", "grants": grants, "days": 1}
    answer = api.write("POST", "/keys", body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return str(answer.json()["data"]["key"])


def ask(api: Api, key: str, path: str = "/me") -> Response:
    return api.get(path, headers={"Authorization": f"Bearer {key}"})


def find_listed(api: Api, key_id: str) -> Any:
    listed = api.get("/keys", headers={"Authorization": f"Bearer {api.key}"}).json()
    [found] = [each for each in listed if each["id"] == key_id]
    return found


def test_a_key_works_at_once_with_its_grants_alone(api: Api, key_id: str) -> None:
    key = make_key(api, key_id)
    caller = ask(api, key).json()
    assert caller["principal"] == f"key:{key_id}"
    assert [(each["role"], each["domain"]) for each in caller["grants"]] == [("reader", "sales")]
    refused = api.call("DELETE", "/product/orders", headers={"Authorization": f"Bearer {key}"})
    assert refused.status_code == 403
    assert refused.json()["success"] is False


def test_the_day_of_a_use_is_kept(api: Api) -> None:
    """Of one of several keys: the authorizer tries it once, and waits half a second for storage."""

    def is_kept() -> bool:
        key_id = f"e2e-{uuid4().hex[:12]}"
        try:
            assert ask(api, make_key(api, key_id)).status_code == 200
            return find_listed(api, key_id)["last_used"] is not None
        finally:
            api.write("DELETE", f"/keys/{key_id}")

    assert any(is_kept() for _ in range(KEYS))


def test_both_secrets_work_while_a_rotation_overlaps(api: Api, key_id: str) -> None:
    first = make_key(api, key_id)
    second = api.write("POST", f"/keys/{key_id}/rotate", {"days": 1}).json()["data"]["key"]
    for key in (second, first):
        assert ask(api, key).json()["principal"] == f"key:{key_id}"
    third = api.write("POST", f"/keys/{key_id}/rotate", {"overlap_days": 0}).json()
    assert ask(api, third["data"]["key"]).status_code == 200


def test_a_deleted_key_is_refused_within_two_minutes(api: Api, key_id: str) -> None:
    key = make_key(api, key_id)
    assert ask(api, key).status_code == 200
    assert api.write("DELETE", f"/keys/{key_id}").json()["data"]["grants_removed"] == 1
    assert ask(api, key).json().get("grants", []) == []
    until = time.monotonic() + SECONDS
    blanks = ""
    # API Gateway remembers what it was told of a header for a minute: each time it is another one.
    # And an unknown key lets the authorizer look again.
    while (asked := time.monotonic()) and ask(api, blanks + key).status_code == 200:
        assert asked < until, "a deleted key works on"
        ask(api, f"dm_{key_id}_{len(blanks):A>43}")
        blanks += " "
        time.sleep(1)


def test_what_only_resembles_a_key_is_refused(api: Api, key_id: str) -> None:
    key = make_key(api, key_id)
    secret = key.split("_", 2)[2]
    for other in (
        key[:-1],
        key + "x",
        key.upper(),
        f"dm_{key_id}_{'A' * 43}",
        f"dm_nobody_{secret}",
        f"dm_local_{secret}",
        f"dm__{secret}",
        "dm_",
        f"dm_{key_id}_{sha256(key.encode()).hexdigest()}",
        f"dm_{key_id}_%00{secret[3:]}",
        f"dm_../{key_id}_{secret}",
    ):
        assert ask(api, other).status_code == 403, other
    assert ask(api, key).status_code == 200
