"""Reads from `template.yaml` what the local API serves."""

from collections.abc import Mapping
from pathlib import Path

from dev.intrinsics import Resolver, TemplateError, Yaml, load, mapping
from dev.stack import Api, Route
from dev.template_api import read_http_api, read_routes
from dev.template_functions import is_scheduled, read_function, read_layers, read_roles

__all__ = ["TemplateError", "load", "read"]


def read(path: Path, parameters: Mapping[str, str], names: Mapping[str, str]) -> Api:
    """Raises `TemplateError`. `names` are the local names of resources, by logical id."""
    document = load(path)
    resolver = Resolver(document, parameters, names)
    resources = {
        logical_id: mapping(resource, logical_id)
        for logical_id, resource in mapping(document.get("Resources"), "Resources").items()
    }
    shared = mapping(mapping(document.get("Globals"), "Globals").get("Function"), "Globals")
    merged = {
        logical_id: _merge(shared, mapping(resource.get("Properties"), logical_id))
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
    _refuse_duplicates(routes)
    scheduled = tuple(name for name, own in merged.items() if is_scheduled(name, own))
    return Api(functions, tuple(routes), cors, tuple(authorizers.values()), scheduled)


def _merge(shared: dict[str, Yaml], own: dict[str, Yaml]) -> dict[str, Yaml]:
    """As SAM merges Globals: maps by key, lists joined, anything else replaced."""
    merged = dict(shared)
    for key, value in own.items():
        known = merged.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _merge(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            merged[key] = [*known, *value]
        else:
            merged[key] = value
    return merged


def _refuse_duplicates(routes: list[Route]) -> None:
    keys = [route.key for route in routes]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise TemplateError(f"declared twice: {', '.join(twice)}")
