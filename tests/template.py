"""`template.yaml` as tests look at it: raw for its text, resolved for what it says."""

from pathlib import Path

from dev.intrinsics import Resolver, Yaml, load, mapping

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "template.yaml"
DOCUMENT = load(TEMPLATE)
RESOLVER = Resolver(DOCUMENT, {}, {})


def at(value: Yaml, *path: str) -> Yaml:
    """What lies at the end of a path of keys, intrinsics resolved; KeyError if there is nothing."""
    for key in path:
        value = mapping(value, key)[key]
    return RESOLVER.resolve(value)


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
    resources = mapping(DOCUMENT["Resources"], "Resources")
    role = mapping(mapping(resources[f"{function}Role"], function)["Properties"], function)
    documents = [mapping(policy["PolicyDocument"], function) for policy in maps(role["Policies"])]
    found = [each for document in documents for each in maps(document["Statement"])]
    return by_default(found)


def by_default(found: list[dict[str, Yaml]]) -> list[dict[str, Yaml]]:
    """Without those that the default parameters leave out."""
    return [each for each in found if RESOLVER.resolve([each])]
