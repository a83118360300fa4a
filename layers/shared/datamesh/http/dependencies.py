"""The dependencies of routes: the request's context, and the registry, now or as it was."""

from typing import Annotated

from fastapi import Depends, Request

from datamesh.http.parameters import AsOf
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.wiring.resources import Resources

# `async` for the reason that handlers are: FastAPI calls anything else in a thread.


async def get_context(request: Request) -> RequestContext:
    """Return the context that the entry point has made for this request."""
    context: RequestContext = request.state.context
    return context


async def get_resources(request: Request) -> Resources:
    """Return what the function works on; to a read, what its caller may see of it."""
    resources: Resources = request.state.resources
    return resources


async def get_shown_resources(request: Request) -> Resources:
    """Return what a caller who writes may see of what the function works on."""
    context = await get_context(request)
    return (await get_resources(request)).show_to(context.permissions)


async def get_registry(request: Request) -> Registry:
    """Return the registry as it is now."""
    return (await get_resources(request)).registry


async def get_registry_as_of(request: Request, as_of: AsOf = None) -> Registry:
    """Return the registry, or what it was at the moment that the request names."""
    resources = await get_resources(request)
    if as_of is None:
        return resources.registry
    request.state.past_registry = resources.registry_at(as_of)
    past: Registry = request.state.past_registry
    return past


CurrentContext = Annotated[RequestContext, Depends(get_context)]
CurrentResources = Annotated[Resources, Depends(get_resources)]
ShownResources = Annotated[Resources, Depends(get_shown_resources)]
CurrentRegistry = Annotated[Registry, Depends(get_registry)]
RegistryAsOf = Annotated[Registry, Depends(get_registry_as_of)]
