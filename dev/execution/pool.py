"""The execution environments of one function: started when requests overlap, reused in between."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from dev.execution.environment import ExecutionEnvironment, FunctionError
from dev.execution.sources import SourceWatch, Stamp
from dev.stack import Function

__all__ = ["EnvironmentPool", "EventTooLarge", "FunctionError", "TooManyWaiting", "Unavailable"]

# Two are enough to see requests of one function overlap and race. Each holds a registry of its own
# (160 MB with 100,000 entries of lineage), and more than there are processors answer no faster.
MAX_ENVIRONMENTS = min(4, max(2, os.process_cpu_count() or 1))
# API Gateway gives up after 30 s, whether the request waited or ran.
INTEGRATION_SECONDS = 29.0
# Requests that only wait leave one environment for the others. On AWS each has one of its own.
MAX_WAITING = MAX_ENVIRONMENTS - 1
# Lambda keeps an idle environment for some minutes. It holds what its function reads in memory.
IDLE_SECONDS = 120.0
WAITS = frozenset(map(str, range(1, 11)))
MAX_EVENT_BYTES = 6 * 1024 * 1024


class EventTooLarge(Exception):
    """Lambda takes no event of this size."""


class TooManyWaiting(Exception):
    """So many requests wait for something new that another would leave none to answer others."""


class Unavailable(Exception):
    """The function gave no answer in time."""


@dataclass(frozen=True)
class _IdleEnvironment:
    """An environment that waits for a request, and the time of the loop since when it does."""

    environment: ExecutionEnvironment
    since: float


class EnvironmentPool:
    """The execution environments of one function, which come and go with its requests."""

    def __init__(
        self, function: Function, variables: Mapping[str, str], watch: SourceWatch
    ) -> None:
        """Take the function, and variables of its processes besides those that Lambda sets."""
        self.function = function
        self.variables = variables
        self._watch = watch
        self._idle: list[_IdleEnvironment] = []
        """The environments that wait for a request, the one that waits for longest first."""
        self._sweep: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._stamp = ""
        self._stamped: tuple[Function, Mapping[str, str], tuple[Stamp, ...]] | None = None
        self._slots = asyncio.Semaphore(MAX_ENVIRONMENTS)  # serves its waiters in order

    async def invoke(
        self, event: dict[str, Any], request_id: str, seconds: float | None = None
    ) -> object:
        """Return the handler's result; None waits as long as API Gateway does.

        Raises:
            EventTooLarge: The event is refused.
            TooManyWaiting: It would wait, as too many do.
            Unavailable: There was no answer in time.
            FunctionError: The function gave no result.
        """
        payload = json.dumps(event)
        if len(payload) > MAX_EVENT_BYTES:
            raise EventTooLarge
        waits = _is_waiting(event)
        if waits and self._waiting >= MAX_WAITING:
            raise TooManyWaiting
        self._waiting += waits
        try:
            limit = INTEGRATION_SECONDS if seconds is None else seconds
            async with asyncio.timeout(limit), self._slots:
                return await self._invoke(payload, request_id)
        except TimeoutError:
            raise Unavailable from None
        finally:
            self._waiting -= waits

    async def end_idle(self) -> None:
        """End the environments that wait for a request."""
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None
        while self._idle:
            await self._idle.pop().environment.stop()
        await asyncio.gather(*self._ending)

    def compute_stamp(self) -> str:
        """Return a text that changes once environments that run already are out of date."""
        folders = (self.function.code, *self.function.layers)
        state = (self.function, self.variables, tuple(map(self._watch.read_stamp, folders)))
        if state != self._stamped:
            self._stamp = sha256(repr(state).encode()).hexdigest()
            self._stamped = state
        return self._stamp

    async def _invoke(self, payload: str, request_id: str) -> object:
        environment = await self._take_environment()
        try:
            return await environment.invoke(payload, request_id)
        finally:
            if environment.is_usable:
                self._keep_idle(environment)
            else:
                # Also after a cancelled call: its late answer must not meet the next event.
                await environment.stop()

    async def _take_environment(self) -> ExecutionEnvironment:
        stamp = self.compute_stamp()
        while self._idle:
            # The one that was used last: those that the load does not need grow old.
            environment = self._idle.pop().environment
            if environment.is_usable and environment.stamp == stamp:
                return environment
            await environment.stop()
        return await ExecutionEnvironment.start(self.function, self.variables, stamp)

    def _keep_idle(self, environment: ExecutionEnvironment) -> None:
        self._idle.append(_IdleEnvironment(environment, asyncio.get_running_loop().time()))
        self._schedule_sweep()

    def _schedule_sweep(self) -> None:
        """See to it that the environment that has waited longest is ended if nobody takes it."""
        if self._idle and not self._sweep:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_at(self._idle[0].since + IDLE_SECONDS, self._start_sweep)

    def _start_sweep(self) -> None:
        """End the environments that have waited for too long.

        Those are out of the list before anything is awaited, so that no request is given one.
        """
        self._sweep = None
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0].since + IDLE_SECONDS <= loop.time():
            self._ending.add(task := loop.create_task(self._idle.pop(0).environment.stop()))
            task.add_done_callback(self._ending.discard)
        self._schedule_sweep()


def _is_waiting(event: Mapping[str, Any]) -> bool:
    """Tell whether a request asks to be answered only once there is something new."""
    parameters = event.get("queryStringParameters") or {}
    return "after" in parameters and parameters.get("wait", "0") in WAITS
