"""Decisions of authorizers, remembered as API Gateway does."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dev.stack import Authorizer

MAX_DECISIONS = 1000


class BadAnswer(Exception):
    """The authorizer's result is no simple response."""


@dataclass(frozen=True)
class Decision:
    """The authorizer's decision: if a request may go on, and what it says about it.

    `context` reaches the handler as `requestContext.authorizer.lambda`.
    """

    is_allowed: bool
    context: Mapping[str, Any]


class AuthorizerCache:
    """Decisions by authorizer and identity, kept for the authorizer's `ttl`; no failures."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start empty; `clock` gives seconds."""
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, Decision]] = OrderedDict()

    async def decide(
        self,
        authorizer: Authorizer,
        version: str,
        identity: str,
        call: Callable[[], Awaitable[object]],
    ) -> Decision:
        """Return the decision that is kept, or else that of `call`, which invokes the authorizer.

        `version` tells authorizer code apart: an edit must not meet the decisions of what it
        replaced.

        Raises:
            BadAnswer: The authorizer's result is no simple response.
        """
        if not authorizer.ttl:
            return _parse_decision(await call())
        # Keys of clients are not kept, their digests are.
        key = sha256("\0".join((authorizer.name, version, identity)).encode()).hexdigest()
        known = self._kept.get(key)
        if known and self._clock() < known[0]:
            return known[1]
        decision = _parse_decision(await call())
        self._kept[key] = (self._clock() + authorizer.ttl, decision)
        self._kept.move_to_end(key)
        while len(self._kept) > MAX_DECISIONS:
            self._kept.popitem(last=False)
        return decision


def _parse_decision(result: object) -> Decision:
    match result:
        case {"isAuthorized": bool() as allowed, "context": dict() as context}:
            return Decision(allowed, context)
        case {"isAuthorized": bool() as allowed, **others} if others.get("context") is None:
            return Decision(allowed, {})
    raise BadAnswer("the authorizer's result is no simple response")
