"""The execution environments of one function: started when requests overlap, reused in between."""

import asyncio
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from dev.execution import sources
from dev.execution.environment import Environment, FunctionError
from dev.stack import Function

__all__ = ["EventTooLarge", "FunctionError", "Pool", "Unavailable"]

# Enough to see requests of one function overlap and race; a laptop carries the seven functions'
# worth of them (about 70 MB each).
MAX_ENVIRONMENTS = 4
# API Gateway gives up after 30 s, whether the request waited or ran.
INTEGRATION_SECONDS = 29.0
MAX_EVENT_BYTES = 6 * 1024 * 1024


class EventTooLarge(Exception):
    """Lambda takes no event of this size."""


class Unavailable(Exception):
    """No answer within `INTEGRATION_SECONDS`."""


class Pool:
    """`variables` are the environment of the processes besides what Lambda itself sets."""

    def __init__(self, function: Function, variables: Mapping[str, str]) -> None:
        self.function = function
        self.variables = variables
        self._idle: list[Environment] = []
        self._slots = asyncio.Semaphore(MAX_ENVIRONMENTS)  # serves its waiters in order

    async def invoke(self, event: dict[str, Any], request_id: str) -> object:
        """The handler's result; raises `FunctionError`, `Unavailable` or `EventTooLarge`."""
        payload = json.dumps(event)
        if len(payload) > MAX_EVENT_BYTES:
            raise EventTooLarge
        try:
            async with asyncio.timeout(INTEGRATION_SECONDS), self._slots:
                return await self._invoke(payload, request_id)
        except TimeoutError:
            raise Unavailable from None

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().stop()

    def stamp(self) -> str:
        """Changes whenever environments that run already are out of date."""
        files = sources.stamp([self.function.code, *self.function.layers])
        return sha256(repr((self.function, self.variables, files)).encode()).hexdigest()

    async def _invoke(self, payload: str, request_id: str) -> object:
        environment = await self._take()
        try:
            return await environment.invoke(payload, request_id)
        finally:
            if environment.usable:
                self._idle.append(environment)
            else:
                # Also after a cancelled call: its late answer must not meet the next event.
                await environment.stop()

    async def _take(self) -> Environment:
        stamp = self.stamp()
        while self._idle:
            environment = self._idle.pop()
            if environment.usable and environment.stamp == stamp:
                return environment
            await environment.stop()
        return await Environment.start(self.function, self.variables, stamp)
