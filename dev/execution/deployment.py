"""The template as it is now, and the execution environments of its functions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dev.execution import sources
from dev.execution.pool import FunctionError, Pool
from dev.stack import Api, Function

__all__ = ["Deployment", "FunctionError"]

type Variables = Callable[[Api, Function], Mapping[str, str]]
"""The environment of a function's processes, besides what Lambda itself sets."""


class Deployment:
    """Re-reads the template when it was edited; `read` raises `TemplateError` for a broken one."""

    def __init__(self, template: Path, read: Callable[[], Api], variables: Variables) -> None:
        self._template = template
        self._read = read
        self._variables = variables
        self._stamp: object = None
        self._api: Api | None = None
        self._pools: dict[str, Pool] = {}

    def api(self) -> Api:
        stamp = sources.stamp([self._template])
        if self._api is None or stamp != self._stamp:
            # A broken template serves nothing, as a failed deployment would be noticed, until
            # the next edit mends it.
            self._api = None
            self._api = self._read()
            self._stamp = stamp
        return self._api

    async def invoke(self, name: str, event: dict[str, Any], request_id: str) -> object:
        """Call a function by its name; raises what `Pool.invoke` raises."""
        return await self._pool(name).invoke(event, request_id)

    def version(self, name: str) -> str:
        """Changes with an edit of the function or of its configuration."""
        return self._pool(name).stamp()

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.close()

    def _pool(self, name: str) -> Pool:
        api = self.api()
        function = api.functions.get(name)
        if function is None:  # an edit took it away while a request was on its way to it
            raise FunctionError("is not in the template any more")
        variables = self._variables(api, function)
        pool = self._pools.setdefault(name, Pool(function, variables))
        # Environments of an older configuration are replaced when they are next asked for.
        pool.function, pool.variables = function, variables
        return pool
