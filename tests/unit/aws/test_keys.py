"""The holder of the presented key."""

import json

import pytest

from datamesh.aws.api_keys import KeyRing, create_key_ring, parse_keys
from datamesh.errors.base import InvalidSettings


class Vault:
    """Where the keys are kept, and a clock."""

    def __init__(self, **keys: str) -> None:
        self.keys = keys
        self.now = 1000.0
        self.fetches = 0
        self.failure: Exception | None = None

    def fetch(self) -> dict[str, str]:
        self.fetches += 1
        if self.failure:
            raise self.failure
        return dict(self.keys)

    def ring(self) -> KeyRing:
        return KeyRing(self.fetch, clock=lambda: self.now)


def test_the_holder_of_a_key_is_its_id() -> None:
    ring = Vault(old="first-key", new="second-key").ring()
    assert [ring.find_key_id("first-key"), ring.find_key_id("second-key")] == ["old", "new"]


@pytest.mark.parametrize(
    "presented",
    ["", "first-ke", "first-keyx", "FIRST-KEY", " first-key", "old", "größe", "\udcff", "\0"],
)
def test_any_other_key_has_no_holder(presented: str) -> None:
    assert Vault(old="first-key", new="second-key").ring().find_key_id(presented) is None


def test_a_key_beyond_ascii_has_its_holder() -> None:
    assert Vault(one="größe").ring().find_key_id("größe") == "one"


def test_keys_are_fetched_once_a_minute() -> None:
    vault = Vault(one="key")
    ring = vault.ring()
    for now, fetches in [(1000.0, 1), (1059.9, 1), (1060.0, 2), (1119.9, 2), (1120.0, 3)]:
        vault.now = now
        assert ring.find_key_id("key") == "one"
        assert vault.fetches == fetches


def test_wrong_keys_do_not_cause_fetches() -> None:
    vault = Vault(one="key")
    ring = vault.ring()
    for _ in range(5):
        assert ring.find_key_id("wrong") is None
    assert vault.fetches == 1


def test_keys_rotate_without_a_gap() -> None:
    vault = Vault(old="first-key")
    ring = vault.ring()
    assert ring.find_key_id("first-key") == "old"
    vault.keys["new"] = "second-key"
    vault.now += 60
    assert [ring.find_key_id("first-key"), ring.find_key_id("second-key")] == ["old", "new"]
    del vault.keys["old"]
    vault.now += 59.9
    assert ring.find_key_id("first-key") == "old"
    vault.now += 0.1
    assert [ring.find_key_id("first-key"), ring.find_key_id("second-key")] == [None, "new"]


def test_a_failing_fetch_fails_the_request_and_the_next_one_asks_again() -> None:
    vault = Vault(one="key")
    ring = vault.ring()
    vault.failure = ConnectionError("no secrets today")
    with pytest.raises(ConnectionError):
        ring.find_key_id("key")
    vault.failure = None
    assert ring.find_key_id("key") == "one"


def test_keys_that_cannot_be_fetched_again_are_not_used_longer() -> None:
    vault = Vault(one="key")
    ring = vault.ring()
    assert ring.find_key_id("key") == "one"
    vault.now += 60
    vault.failure = ConnectionError("no secrets today")
    with pytest.raises(ConnectionError):
        ring.find_key_id("key")


# where keys come from


def test_a_local_run_has_one_key() -> None:
    ring = create_key_ring({"API_KEY": "local-key"})
    assert [ring.find_key_id("local-key"), ring.find_key_id("other")] == ["local", None]


@pytest.mark.parametrize("environ", [{}, {"API_KEY": ""}, {"API_KEYS_SECRET_ID": "", "PATH": "/"}])
def test_there_is_no_default_key(environ: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=r"^API_KEYS_SECRET_ID: "):
        create_key_ring(environ)


@pytest.mark.parametrize("keys", [{"a": "1"}, {"a": "1", "b": "2"}])
def test_a_secret_of_one_or_two_keys_is_read(keys: dict[str, str]) -> None:
    assert parse_keys(json.dumps(keys)) == keys


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        '{"id": "hunter2"',
        "[]",
        '["hunter2"]',
        '"hunter2"',
        "null",
        "{}",
        '{"a": "hunter2", "b": "2", "c": "3"}',
        '{"a": ""}',
        '{"": "hunter2"}',
        '{"a": 1, "b": "hunter2"}',
        '{"a": ["hunter2"]}',
    ],
)
def test_a_bad_secret_is_refused_without_a_word_of_it(secret: str) -> None:
    with pytest.raises(InvalidSettings, match="the API key secret") as refused:
        parse_keys(secret)
    error: BaseException | None = refused.value
    while error:
        assert "hunter2" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
