"""The template as it is now, and the execution environments of its functions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dev.execution import sources
from dev.execution.pool import EnvironmentPool, FunctionError
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
        self._stamp: object = None
        self._api: Api | None = None
        self._pools: dict[str, EnvironmentPool] = {}

    def read_api(self) -> Api:
        """Return what the template declares now.

        Raises:
            TemplateError: The template is broken, which every call says until it is mended.
        """
        stamp = sources.stamp_files([self._template])
        if self._api is None or stamp != self._stamp:
            # A broken template serves nothing, as a failed deployment would be noticed, until
            # the next edit mends it.
            self._api = None
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

    def compute_version(self, name: str) -> str:
        """Return a text that changes with an edit of the function or of its configuration."""
        return self._get_pool(name).compute_stamp()

    async def close(self) -> None:
        """End all execution environments."""
        for pool in self._pools.values():
            await pool.close()

    def _get_pool(self, name: str) -> EnvironmentPool:
        api = self.read_api()
        function = api.functions.get(name)
        if function is None:  # an edit took it away while a request was on its way to it
            raise FunctionError("is not in the template any more")
        variables = self._variables(api, function)
        pool = self._pools.setdefault(name, EnvironmentPool(function, variables))
        # Environments of an older configuration are replaced when they are next asked for.
        pool.function, pool.variables = function, variables
        return pool
