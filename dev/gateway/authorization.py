"""Asks a route's authorizer, and remembers its answers as API Gateway does."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dev.stack import Authorizer

MAX_ANSWERS = 1000


class BadAnswer(Exception):
    """The authorizer's result is no simple response."""


@dataclass(frozen=True)
class Answer:
    """`context` reaches the handler as `requestContext.authorizer.lambda`."""

    allowed: bool
    context: Mapping[str, Any]


class Authorization:
    """Answers by authorizer and identity, for the authorizer's `ttl`; failures are not kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, Answer]] = OrderedDict()

    async def ask(
        self,
        authorizer: Authorizer,
        version: str,
        identity: str,
        call: Callable[[], Awaitable[object]],
    ) -> Answer:
        """Raises `BadAnswer`, and what `call` raises. `version` tells authorizer code apart: an
        edit must not meet the answers of what it replaced."""
        # Keys of clients are not kept, their digests are.
        key = sha256("\0".join((authorizer.name, version, identity)).encode()).hexdigest()
        known = self._answers.get(key)
        if known and self._clock() < known[0]:
            return known[1]
        answer = _read(await call())
        self._answers[key] = (self._clock() + authorizer.ttl, answer)
        self._answers.move_to_end(key)
        while len(self._answers) > MAX_ANSWERS:
            self._answers.popitem(last=False)
        return answer


def _read(result: object) -> Answer:
    match result:
        case {"isAuthorized": bool() as allowed, "context": dict() as context}:
            return Answer(allowed, context)
        case {"isAuthorized": bool() as allowed, **others} if others.get("context") is None:
            return Answer(allowed, {})
    raise BadAnswer("the authorizer's result is no simple response")
