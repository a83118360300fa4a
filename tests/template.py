"""`template.yaml` as tests look at it: raw for its text, resolved for what it says."""

from collections.abc import Mapping
from pathlib import Path

from dev.intrinsics import Resolver, Yaml, load, mapping

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"
DOCUMENT = load(TEMPLATE)
RESOLVER = Resolver(DOCUMENT, {}, {})


def at(value: Yaml, *path: str) -> Yaml:
    """What lies at the end of a path of keys, intrinsics resolved; KeyError if there is nothing."""
    return RESOLVER.resolve(at_raw(value, *path))


def at_raw(value: Yaml, *path: str) -> Yaml:
    """What lies at the end of a path of keys, intrinsics as they stand."""
    for key in path:
        value = mapping(value, key)[key]
    return value


def properties(logical_id: str) -> Yaml:
    return at(DOCUMENT, "Resources", logical_id, "Properties")


def of_type(kind: str) -> list[str]:
    """The logical ids of the resources of a type."""
    resources = mapping(DOCUMENT["Resources"], "Resources")
    return [name for name, resource in resources.items() if mapping(resource, name)["Type"] == kind]


def maps(value: Yaml) -> list[dict[str, Yaml]]:
    """A list of mappings, or a single one."""
    items = value if isinstance(value, list) else [value]
    return [mapping(item, "item") for item in items]


def statements(function: str) -> list[dict[str, Yaml]]:
    """What the role of a function allows by default, intrinsics as they stand."""
    return by_default(all_statements(function, mapping(DOCUMENT["Resources"], "Resources")))


def all_statements(function: str, resources: Mapping[str, Yaml]) -> list[dict[str, Yaml]]:
    """What the role of a function may allow, by its own policies and those that it shares."""
    role = mapping(at_raw(resources[f"{function}Role"], "Properties"), function)
    shared = [str(arn["Ref"]) for arn in maps(role.get("ManagedPolicyArns", []))]
    documents = [policy["PolicyDocument"] for policy in maps(role["Policies"])]
    documents += [at_raw(resources[name], "Properties", "PolicyDocument") for name in shared]
    return [each for document in documents for each in maps(at_raw(document, "Statement"))]


def by_default(found: list[dict[str, Yaml]]) -> list[dict[str, Yaml]]:
    """Without those that the default parameters leave out."""
    return [each for each in found if RESOLVER.resolve([each])]
