"""What a route is given: the registry, now or as it was."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from datamesh.http.parameters import AsOf
from datamesh.services.registry.registry import Registry
from datamesh.wiring import Resources

if TYPE_CHECKING:
    pass


async def resources_of(request: Request) -> Resources:
    resources: Resources = request.app.state.resources
    return resources


async def registry_of(request: Request) -> Registry:
    """The registry, as the request sees it: whose commits have its identity."""
    resources = await resources_of(request)
    return replace(
        resources.registry,
        attempt=request.app.state.attempt,
        commit_id=resources.trail.commit_id,
    )


async def registry_at(request: Request, as_of: AsOf = None) -> Registry:
    """The registry, or what it was at the moment that the request names."""
    if as_of is None:
        return await registry_of(request)
    return (await resources_of(request)).past(as_of)


CurrentResources = Annotated[Resources, Depends(resources_of)]


CurrentRegistry = Annotated[Registry, Depends(registry_of)]


RegistryAsOf = Annotated[Registry, Depends(registry_at)]
