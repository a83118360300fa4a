"""Reads the functions of a template."""

from pathlib import Path

from dev.stack import Function
from dev.template.intrinsics import (
    Resolver,
    TemplateError,
    Yaml,
    read_map,
    read_strings,
    read_text,
)

MAX_TIMEOUT_SECONDS = 900


def read_layers(
    root: Path, resources: dict[str, dict[str, Yaml]], resolver: Resolver
) -> dict[str, Path]:
    """Return the folder of each layer by its logical id."""
    return {
        logical_id: root / read_text(resource.get("Properties"), "ContentUri", logical_id, resolver)
        for logical_id, resource in resources.items()
        if resource.get("Type") == "AWS::Serverless::LayerVersion"
    }


def read_roles(resources: dict[str, dict[str, Yaml]], resolver: Resolver) -> dict[str, list[Yaml]]:
    """Return the policies of each role by its logical id, those that roles share included.

    Raises:
        TemplateError: A role names a managed policy that the template does not declare.
    """

    def resolve_type(kind: str) -> dict[str, dict[str, Yaml]]:
        return {
            logical_id: read_map(resolver.resolve(resource.get("Properties")), logical_id)
            for logical_id, resource in resources.items()
            if resource.get("Type") == kind
        }

    shared = resolve_type("AWS::IAM::ManagedPolicy")
    return {
        name: _join_policies(name, role, shared)
        for name, role in resolve_type("AWS::IAM::Role").items()
    }


def _join_policies(
    name: str, role: dict[str, Yaml], shared: dict[str, dict[str, Yaml]]
) -> list[Yaml]:
    own = role.get("Policies")
    policies = list(own) if isinstance(own, list) else []
    for policy in read_strings(role.get("ManagedPolicyArns")):
        if policy not in shared:
            raise TemplateError(f"{name}: the template has no managed policy {policy}")
        policies.append(shared[policy])
    return policies


def read_function(
    name: str,
    properties: dict[str, Yaml],
    root: Path,
    layers: dict[str, Path],
    roles: dict[str, list[Yaml]],
    resolver: Resolver,
) -> Function:
    """Read a function whose properties are merged with Globals.

    Raises:
        TemplateError: A property is missing or wrong, or the role is not in the template.
    """
    declared = read_map(properties.get("Environment"), name).get("Variables")
    variables = read_map(resolver.resolve(declared), name)
    try:
        timeout = float(str(resolver.resolve(properties.get("Timeout", 3))))
        memory = int(str(resolver.resolve(properties.get("MemorySize", 128))))
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from None
    if not 0 < timeout <= MAX_TIMEOUT_SECONDS:
        raise TemplateError(f"{name}: Timeout is not from 1 to {MAX_TIMEOUT_SECONDS}")
    return Function(
        name=name,
        code=root / read_text(properties, "CodeUri", name, resolver),
        layers=tuple(
            layers[layer]
            for layer in read_strings(resolver.resolve(properties.get("Layers")))
            if layer in layers
        ),
        handler=read_text(properties, "Handler", name, resolver),
        timeout=timeout,
        memory=memory,
        environment={key: _format_variable(value) for key, value in variables.items()},
        grants=frozenset(_list_grants(_read_policies(name, properties, roles, resolver))),
    )


def is_scheduled(name: str, properties: dict[str, Yaml]) -> bool:
    """Tell whether a schedule invokes the function."""
    events = read_map(properties.get("Events"), name).values()
    return any(read_map(event, name).get("Type") == "Schedule" for event in events)


def _read_policies(
    name: str, properties: dict[str, Yaml], roles: dict[str, list[Yaml]], resolver: Resolver
) -> Yaml:
    """Return the policies of the function's role, or else those that SAM makes a role of."""
    if "Role" not in properties:
        return resolver.resolve(properties.get("Policies"))
    role = read_text(properties, "Role", name, resolver)
    if role not in roles:
        raise TemplateError(f"{name}: the template has no role {role}")
    return roles[role]


def _list_grants(policies: Yaml) -> list[tuple[str, str]]:
    """Return the allowed actions, each with a resource; one without any is allowed on `*`."""
    statements: list[Yaml] = []
    for policy in policies if isinstance(policies, list) else [policies]:
        document = policy.get("PolicyDocument", policy) if isinstance(policy, dict) else None
        found = document.get("Statement") if isinstance(document, dict) else None
        statements += found if isinstance(found, list) else [found]
    return [
        (action, resource)
        for statement in statements
        if isinstance(statement, dict) and statement.get("Effect", "Allow") == "Allow"
        for action in read_strings(statement.get("Action"))
        for resource in read_strings(statement.get("Resource", "*"))
    ]


def _format_variable(value: Yaml) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(read_strings(value))
