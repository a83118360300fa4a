import asyncio

import pytest

from dev.gateway.authorization import MAX_DECISIONS, AuthorizerCache, BadAnswer, Decision
from dev.stack import Authorizer

ALLOWED = {"isAuthorized": True, "context": {"principal": "local"}}


class Guard:
    """Stands in for the authorizer's function and counts its calls."""

    def __init__(self, result: object = ALLOWED) -> None:
        self.result = result
        self.calls = 0
        self.now = 0.0
        self.authorization = AuthorizerCache(clock=lambda: self.now)

    async def _call(self) -> object:
        self.calls += 1
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def ask(self, identity: str = "k", version: str = "1", ttl: int = 60) -> Decision:
        authorizer = Authorizer("ApiKey", "Guard", "authorization", ttl)
        return asyncio.run(self.authorization.decide(authorizer, version, identity, self._call))


def test_answers_are_kept_for_the_ttl() -> None:
    guard = Guard()
    assert guard.ask() == guard.ask() == Decision(True, {"principal": "local"})
    guard.now = 59.9
    guard.ask()
    assert guard.calls == 1
    guard.now = 60
    guard.ask()
    assert guard.calls == 2


def test_denials_are_kept_too() -> None:
    guard = Guard({"isAuthorized": False})
    assert guard.ask() == guard.ask() == Decision(False, {})
    assert guard.calls == 1


def test_other_identities_and_edited_authorizers_are_asked_anew() -> None:
    guard = Guard()
    for identity, version in [("k", "1"), ("l", "1"), ("k", "2")]:
        guard.ask(identity, version)
    assert guard.calls == 3


def test_a_ttl_of_zero_keeps_nothing() -> None:
    guard = Guard()
    guard.ask(ttl=0)
    guard.ask(ttl=0)
    assert guard.calls == 2


def test_failures_are_not_kept() -> None:
    guard = Guard(RuntimeError())
    with pytest.raises(RuntimeError):
        guard.ask()
    guard.result = ALLOWED
    assert guard.ask().is_allowed


@pytest.mark.parametrize(
    "result",
    [None, {}, {"isAuthorized": "true"}, {"isAuthorized": 1}, {"isAuthorized": True, "context": 1}],
)
def test_anything_but_a_simple_response_is_an_error(result: object) -> None:
    guard = Guard(result)
    for _ in range(2):
        with pytest.raises(BadAnswer):
            guard.ask()
    assert guard.calls == 2


def test_the_oldest_answers_make_room() -> None:
    guard = Guard()
    for number in range(MAX_DECISIONS + 1):
        guard.ask(str(number))
    guard.ask(str(MAX_DECISIONS))
    assert guard.calls == MAX_DECISIONS + 1
    guard.ask("0")
    assert guard.calls == MAX_DECISIONS + 2
