"""Reads from a template what the local API serves."""

from collections.abc import Mapping
from pathlib import Path

from dev.stack import Api, Route
from dev.template.functions import is_scheduled, read_function, read_layers, read_roles
from dev.template.http_api import read_http_api, read_routes
from dev.template.intrinsics import Resolver, TemplateError, Yaml, load_template, read_map
from dev.template.queues import read_queue_sources


def read_api(path: Path, parameters: Mapping[str, str], names: Mapping[str, str]) -> Api:
    """Read the functions, routes and authorizers that a template declares.

    Args:
        path: The template; what its functions' code is relative to.
        parameters: Values of parameters by name; the others keep their defaults.
        names: Local names of resources by logical id.

    Raises:
        TemplateError: The template is broken, or says what the local API does not support.
    """
    document = load_template(path)
    resolver = Resolver(document, parameters, names)
    resources = {
        logical_id: read_map(resource, logical_id)
        for logical_id, resource in read_map(document.get("Resources"), "Resources").items()
    }
    shared = read_map(read_map(document.get("Globals"), "Globals").get("Function"), "Globals")
    merged = {
        logical_id: _merge_globals(shared, read_map(resource.get("Properties"), logical_id))
        for logical_id, resource in resources.items()
        if resource.get("Type") == "AWS::Serverless::Function"
    }
    layers = read_layers(path.parent, resources, resolver)
    roles = read_roles(resources, resolver)
    functions = {
        name: read_function(name, properties, path.parent, layers, roles, resolver)
        for name, properties in merged.items()
    }
    authorizers, default, cors = read_http_api(resources, resolver)
    for authorizer in authorizers.values():
        if authorizer.function not in functions:
            raise TemplateError(f"authorizer {authorizer.name}: no function {authorizer.function}")
    routes = [
        route
        for name, properties in merged.items()
        for route in read_routes(name, properties, authorizers, default, resolver)
    ]
    _refuse_duplicate_routes(routes)
    scheduled = tuple(name for name, own in merged.items() if is_scheduled(name, own))
    queues = tuple(read_queue_sources(merged, functions, resources, resolver))
    return Api(functions, tuple(routes), cors, tuple(authorizers.values()), scheduled, queues)


def _merge_globals(shared: dict[str, Yaml], own: dict[str, Yaml]) -> dict[str, Yaml]:
    """Merge a function into Globals as SAM does: maps by key, lists joined, the rest replaced."""
    merged = dict(shared)
    for key, value in own.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merge_globals(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            merged[key] = [*known, *value]
        else:
            merged[key] = value
    return merged


def _refuse_duplicate_routes(routes: list[Route]) -> None:
    keys = [route.key for route in routes]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise TemplateError(f"declared twice: {', '.join(twice)}")
