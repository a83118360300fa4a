"""CloudFormation's YAML: its short tags, and the intrinsic functions that the template needs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml

type Yaml = dict[str, Yaml] | list[Yaml] | str | int | float | bool | None

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}


class TemplateError(Exception):
    """The template cannot be read or says something that the local API does not support."""


class _NoValue:
    """What `Ref: AWS::NoValue` becomes, until the property that holds it is left out."""


_NO_VALUE = _NoValue()


class _Loader(yaml.SafeLoader):
    # A policy's `Version: 2012-10-17` is text, as CloudFormation reads it, not a date.
    yaml_implicit_resolvers = {  # noqa: RUF012 (the base class declares it so)
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> Yaml:
    value: Yaml
    if isinstance(node, yaml.MappingNode):
        value = cast(dict[str, Yaml], loader.construct_mapping(node, deep=True))
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = cast(yaml.ScalarNode, node).value
    if suffix == "GetAtt" and isinstance(value, str):
        value = [*value.split(".", 1)]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


def load(path: Path) -> dict[str, Yaml]:
    """The whole template with `!Sub x` as `{"Fn::Sub": "x"}` and so on, nothing resolved."""
    try:
        document: object = yaml.load(path.read_text(), _Loader)  # a SafeLoader
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise TemplateError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise TemplateError(f"{path.name} is not a mapping")
    return cast(dict[str, Yaml], document)


def mapping(value: Yaml, where: str) -> dict[str, Yaml]:
    """The value as a mapping, an absent one as an empty mapping."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise TemplateError(f"{where} is not a mapping")
    return value


class Resolver:
    """Resolves intrinsics with the given parameters (absent ones take the template's defaults).

    A reference to a resource, or to an attribute of one, gives its name in `names`, or else its
    logical id: nothing here has an ARN.
    """

    def __init__(
        self, document: dict[str, Yaml], parameters: Mapping[str, str], names: Mapping[str, str]
    ) -> None:
        self._conditions = mapping(document.get("Conditions"), "Conditions")
        self._mappings = mapping(document.get("Mappings"), "Mappings")
        self._names: dict[str, Yaml] = dict(PSEUDO_PARAMETERS)
        for logical_id in mapping(document.get("Resources"), "Resources"):
            self._names[logical_id] = names.get(logical_id, logical_id)
        for name, declared in mapping(document.get("Parameters"), "Parameters").items():
            self._names[name] = _parameter(name, mapping(declared, name), parameters.get(name))

    def resolve(self, value: Yaml) -> Yaml:
        resolved = self._resolve(value)
        return None if isinstance(resolved, _NoValue) else resolved

    def _resolve(self, value: Yaml) -> Yaml | _NoValue:
        if isinstance(value, list):
            items = [self._resolve(item) for item in value]
            return [item for item in items if not isinstance(item, _NoValue)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        pairs = [(key, self._resolve(item)) for key, item in value.items()]
        return {key: item for key, item in pairs if not isinstance(item, _NoValue)}

    def _call(self, name: str, argument: Yaml) -> Yaml | _NoValue:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return _NO_VALUE
            case "Ref", str():
                return self._lookup(argument)
            case "Fn::GetAtt", [str() as logical_id, _]:
                return self._lookup(logical_id)
            case "Fn::GetAtt", str():
                return self._lookup(argument.split(".")[0])
            case "Fn::Sub", str():
                return self._substitute(argument, {})
            case "Fn::Sub", [str() as text, dict() as values]:
                return self._substitute(text, values)
            case "Fn::Join", [str() as separator, parts]:
                return separator.join(str(part) for part in self._list(parts, name))
            case "Fn::Split", [str() as separator, text]:
                return [*str(self.resolve(text)).split(separator)]
            case "Fn::If", [str() as condition, yes, no]:
                return self._resolve(yes if self._condition(condition) else no)
            case "Fn::FindInMap", [*keys]:
                return self._find_in_map([str(self.resolve(key)) for key in keys])
        raise TemplateError(f"the local API does not support {name} of {argument!r}")

    def _lookup(self, name: str) -> Yaml:
        try:
            return self._names[name]
        except KeyError:
            raise TemplateError(f"nothing is called {name}") from None

    def _substitute(self, text: str, values: dict[str, Yaml]) -> str:
        def one(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):  # ${!Literal} stays as ${Literal}
                return f"${{{name[1:]}}}"
            found = self.resolve(values[name]) if name in values else None
            return str(self._lookup(name.split(".")[0]) if found is None else found)

        return re.sub(r"\$\{([^}]+)\}", one, text)

    def _list(self, value: Yaml, where: str) -> list[Yaml]:
        resolved = self.resolve(value)
        if not isinstance(resolved, list):
            raise TemplateError(f"{where} needs a list")
        return resolved

    def _find_in_map(self, keys: list[str]) -> Yaml:
        found: Yaml = self._mappings
        for key in keys:
            found = mapping(found, "Fn::FindInMap").get(key)
        return found

    def _condition(self, name: str) -> bool:
        if name not in self._conditions:
            raise TemplateError(f"there is no condition {name}")
        return self._holds(self._conditions[name])

    def _holds(self, condition: Yaml) -> bool:
        match condition:
            case {"Condition": str() as name}:
                return self._condition(name)
            case {"Fn::Equals": [left, right]}:
                return str(self.resolve(left)) == str(self.resolve(right))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case {"Fn::And": [*inner]}:
                return all(self._holds(each) for each in inner)
            case {"Fn::Or": [*inner]}:
                return any(self._holds(each) for each in inner)
        raise TemplateError(f"the local API does not support the condition {condition!r}")


def _parameter(name: str, declared: dict[str, Yaml], override: str | None) -> Yaml:
    value = declared.get("Default") if override is None else override
    if value is None:
        raise TemplateError(f"parameter {name} has no value")
    if declared.get("Type") == "CommaDelimitedList":
        return [part.strip() for part in str(value).split(",")]
    return str(value)


def text(holder: Yaml, key: str, where: str, resolver: Resolver) -> str:
    """A property that must be there and resolve to text."""
    value = resolver.resolve(mapping(holder, where).get(key))
    if not isinstance(value, str) or not value:
        raise TemplateError(f"{where}: {key} is missing")
    return value


def strings(value: Yaml) -> list[str]:
    """One value or a list of them as a list of text, an absent one as an empty list."""
    if value is None:
        return []
    return [str(item) for item in (value if isinstance(value, list) else [value])]
