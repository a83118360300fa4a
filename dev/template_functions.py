"""Reads the functions of a template."""

from pathlib import Path

from dev.intrinsics import Resolver, TemplateError, Yaml, mapping, strings, text
from dev.stack import Function

MAX_TIMEOUT_SECONDS = 900


def read_layers(
    root: Path, resources: dict[str, dict[str, Yaml]], resolver: Resolver
) -> dict[str, Path]:
    return {
        logical_id: root / text(resource.get("Properties"), "ContentUri", logical_id, resolver)
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
            logical_id: mapping(resolver.resolve(resource.get("Properties")), logical_id)
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
    for policy in strings(role.get("ManagedPolicyArns")):
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
    declared = mapping(properties.get("Environment"), name).get("Variables")
    variables = mapping(resolver.resolve(declared), name)
    try:
        timeout = float(str(resolver.resolve(properties.get("Timeout", 3))))
        memory = int(str(resolver.resolve(properties.get("MemorySize", 128))))
    except ValueError as error:
        raise TemplateError(f"{name}: {error}") from None
    if not 0 < timeout <= MAX_TIMEOUT_SECONDS:
        raise TemplateError(f"{name}: Timeout is not from 1 to {MAX_TIMEOUT_SECONDS}")
    return Function(
        name=name,
        code=root / text(properties, "CodeUri", name, resolver),
        layers=tuple(
            layers[layer]
            for layer in strings(resolver.resolve(properties.get("Layers")))
            if layer in layers
        ),
        handler=text(properties, "Handler", name, resolver),
        timeout=timeout,
        memory=memory,
        environment={key: _variable(value) for key, value in variables.items()},
        actions=frozenset(_allowed_actions(_policies(name, properties, roles, resolver))),
    )


def is_scheduled(name: str, properties: dict[str, Yaml]) -> bool:
    events = mapping(properties.get("Events"), name).values()
    return any(mapping(event, name).get("Type") == "Schedule" for event in events)


def _policies(
    name: str, properties: dict[str, Yaml], roles: dict[str, list[Yaml]], resolver: Resolver
) -> Yaml:
    """Those of the role that the function names, or else those that SAM makes a role of."""
    if "Role" not in properties:
        return resolver.resolve(properties.get("Policies"))
    role = text(properties, "Role", name, resolver)
    if role not in roles:
        raise TemplateError(f"{name}: the template has no role {role}")
    return roles[role]


def _allowed_actions(policies: Yaml) -> list[str]:
    statements: list[Yaml] = []
    for policy in policies if isinstance(policies, list) else [policies]:
        document = policy.get("PolicyDocument", policy) if isinstance(policy, dict) else None
        found = document.get("Statement") if isinstance(document, dict) else None
        statements += found if isinstance(found, list) else [found]
    return [
        action
        for statement in statements
        if isinstance(statement, dict) and statement.get("Effect", "Allow") == "Allow"
        for action in strings(statement.get("Action"))
    ]


def _variable(value: Yaml) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(strings(value))
