"""The template as it is now, and the execution environments of its functions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dev.execution.pool import EnvironmentPool, FunctionError
from dev.execution.sources import SourceWatch, Stamp
from dev.stack import Api, Function

__all__ = ["FunctionError", "LocalDeployment"]

type BuildVariables = Callable[[Api, Function], Mapping[str, str]]
"""Returns the variables of a function's processes, besides those that Lambda itself sets."""


class LocalDeployment:
    """The functions of a template, which is read again after an edit."""

    def __init__(self, template: Path, read: Callable[[], Api], variables: BuildVariables) -> None:
        """Take the template's file, what reads it, and what builds variables of functions."""
        self._template = template
        self._read = read
        self._variables = variables
        self._watch = SourceWatch()
        self._stamp: Stamp | None = None
        self._api: Api | None = None
        self._pools: dict[str, EnvironmentPool] = {}
        self._current: dict[str, EnvironmentPool] = {}
        """The pools that are configured as the template is now."""

    def read_api(self) -> Api:
        """Return what the template declares now.

        Raises:
            TemplateError: The template is broken, which every call says until it is mended.
        """
        stamp = self._watch.read_stamp(self._template)
        if self._api is None or stamp is not self._stamp:
            # A broken template serves nothing, as a failed deployment would be noticed, until
            # the next edit mends it.
            self._api = None
            self._current.clear()
            self._api = self._read()
            self._stamp = stamp
        return self._api

    async def invoke(
        self,
        name: str,
        event: dict[str, Any],
        request_id: str,
        seconds: float | None = None,
    ) -> object:
        """Call a function by its name; raises what `EnvironmentPool.invoke` raises."""
        return await self._get_pool(name).invoke(event, request_id, seconds)

    async def release(self, name: str) -> None:
        """End the environments of a function that will not be called for long."""
        await self._get_pool(name).end_idle()

    def compute_version(self, name: str) -> str:
        """Return a text that changes with an edit of the function or of its configuration."""
        return self._get_pool(name).compute_stamp()

    async def close(self) -> None:
        """End all execution environments."""
        for pool in self._pools.values():
            await pool.end_idle()

    def _get_pool(self, name: str) -> EnvironmentPool:
        api = self.read_api()
        if pool := self._current.get(name):
            return pool
        function = api.functions.get(name)
        if function is None:  # an edit took it away while a request was on its way to it
            raise FunctionError("is not in the template any more")
        variables = self._variables(api, function)
        pool = self._pools.setdefault(name, EnvironmentPool(function, variables, self._watch))
        # Environments of an older configuration are replaced when they are next asked for.
        pool.function, pool.variables = function, variables
        self._current[name] = pool
        return pool
