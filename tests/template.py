"""Reads `template.yaml` for tests: raw for its text, resolved for what it says."""

from collections.abc import Mapping
from pathlib import Path

from dev.template.intrinsics import Resolver, Yaml, load_template, read_map

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"
DOCUMENT = load_template(TEMPLATE)
RESOLVER = Resolver(DOCUMENT, {}, {})


def read_at(value: Yaml, *path: str) -> Yaml:
    """Return what lies at the end of a path of keys, intrinsics resolved.

    Raises:
        KeyError: There is nothing.
    """
    return RESOLVER.resolve(find_at(value, *path))


def find_at(value: Yaml, *path: str) -> Yaml:
    """Return what lies at the end of a path of keys, intrinsics as they stand.

    Raises:
        KeyError: There is nothing.
    """
    for key in path:
        value = read_map(value, key)[key]
    return value


def read_properties(logical_id: str) -> Yaml:
    """Return the properties of a resource, intrinsics resolved."""
    return read_at(DOCUMENT, "Resources", logical_id, "Properties")


def list_resources(kind: str) -> list[str]:
    """Return the logical ids of the resources of a type."""
    resources = read_map(DOCUMENT["Resources"], "Resources")
    return [
        name for name, resource in resources.items() if read_map(resource, name)["Type"] == kind
    ]


def read_maps(value: Yaml) -> list[dict[str, Yaml]]:
    """Return a list of mappings, or a single one, as a list."""
    items = value if isinstance(value, list) else [value]
    return [read_map(item, "item") for item in items]


def list_statements(function: str) -> list[dict[str, Yaml]]:
    """Return what the role of a function allows by default, intrinsics as they stand."""
    found = list_all_statements(function, read_map(DOCUMENT["Resources"], "Resources"))
    return [each for each in keep_defaults(found) if each.get("Effect") != "Deny"]


def list_denials(function: str) -> list[dict[str, Yaml]]:
    """Return what the role of a function denies itself, intrinsics as they stand."""
    found = list_all_statements(function, read_map(DOCUMENT["Resources"], "Resources"))
    return [each for each in keep_defaults(found) if each.get("Effect") == "Deny"]


def list_all_statements(function: str, resources: Mapping[str, Yaml]) -> list[dict[str, Yaml]]:
    """Return what the role of a function may allow, by policies of its own and shared ones."""
    role = read_map(find_at(resources[f"{function}Role"], "Properties"), function)
    shared = [str(arn["Ref"]) for arn in read_maps(role.get("ManagedPolicyArns", []))]
    documents = [policy["PolicyDocument"] for policy in read_maps(role["Policies"])]
    documents += [find_at(resources[name], "Properties", "PolicyDocument") for name in shared]
    return [each for document in documents for each in read_maps(find_at(document, "Statement"))]


def keep_defaults(found: list[dict[str, Yaml]]) -> list[dict[str, Yaml]]:
    """Return the statements without those that the default parameters leave out."""
    return [each for each in found if RESOLVER.resolve([each])]
