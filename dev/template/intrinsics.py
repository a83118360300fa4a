"""Reads CloudFormation's YAML and resolves the intrinsic functions that the template uses."""

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
    """The value of `Ref: AWS::NoValue`, until the property that holds it is left out."""


_NO_VALUE = _NoValue()


class _Loader(yaml.CSafeLoader):  # in C: 0.02 s of a start instead of 0.2
    # A policy's `Version: 2012-10-17` is text, as CloudFormation reads it, not a date.
    yaml_implicit_resolvers = {  # noqa: RUF012 (the base class declares it so)
        first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


def _construct_short_tag(loader: _Loader, suffix: str, node: yaml.Node) -> Yaml:
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


_Loader.add_multi_constructor("!", _construct_short_tag)


def load_template(path: Path) -> dict[str, Yaml]:
    """Load a template with `!Sub x` as `{"Fn::Sub": "x"}` and so on, nothing resolved.

    Raises:
        TemplateError: The file cannot be read, or is not a YAML mapping.
    """
    try:
        document: object = yaml.load(path.read_text(), _Loader)  # a SafeLoader
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise TemplateError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise TemplateError(f"{path.name} is not a mapping")
    return cast(dict[str, Yaml], document)


def read_map(value: Yaml, where: str) -> dict[str, Yaml]:
    """Return the value as a mapping, an absent one as an empty mapping.

    Raises:
        TemplateError: The value, which lies at `where`, is anything else.
    """
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
        self._conditions = read_map(document.get("Conditions"), "Conditions")
        self._mappings = read_map(document.get("Mappings"), "Mappings")
        self._names: dict[str, Yaml] = dict(PSEUDO_PARAMETERS)
        for logical_id in read_map(document.get("Resources"), "Resources"):
            self._names[logical_id] = names.get(logical_id, logical_id)
        for name, declared in read_map(document.get("Parameters"), "Parameters").items():
            self._names[name] = _read_parameter(
                name, read_map(declared, name), parameters.get(name)
            )

    def resolve(self, value: Yaml) -> Yaml:
        """Return the value with each intrinsic function in it called.

        Raises:
            TemplateError: A function or condition is not supported, or names what is not there.
        """
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
                return self._call_function(name, argument)
        pairs = [(key, self._resolve(item)) for key, item in value.items()]
        return {key: item for key, item in pairs if not isinstance(item, _NoValue)}

    def _call_function(self, name: str, argument: Yaml) -> Yaml | _NoValue:
        match name, argument:
            case "Ref", "AWS::NoValue":
                return _NO_VALUE
            case "Ref", str():
                return self._look_up(argument)
            case "Fn::GetAtt", [str() as logical_id, _]:
                return self._look_up(logical_id)
            case "Fn::GetAtt", str():
                return self._look_up(argument.split(".")[0])
            case "Fn::Sub", str():
                return self._substitute(argument, {})
            case "Fn::Sub", [str() as text, dict() as values]:
                return self._substitute(text, values)
            case "Fn::Join", [str() as separator, parts]:
                return separator.join(str(part) for part in self._resolve_list(parts, name))
            case "Fn::Split", [str() as separator, text]:
                return [*str(self.resolve(text)).split(separator)]
            case "Fn::If", [str() as condition, yes, no]:
                return self._resolve(yes if self._is_condition_met(condition) else no)
            case "Fn::FindInMap", [*keys]:
                return self._find_in_map([str(self.resolve(key)) for key in keys])
        raise TemplateError(f"the local API does not support {name} of {argument!r}")

    def _look_up(self, name: str) -> Yaml:
        try:
            return self._names[name]
        except KeyError:
            raise TemplateError(f"nothing is called {name}") from None

    def _substitute(self, text: str, values: dict[str, Yaml]) -> str:
        def replace_variable(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):  # ${!Literal} stays as ${Literal}
                return f"${{{name[1:]}}}"
            found = self.resolve(values[name]) if name in values else None
            return str(self._look_up(name.split(".")[0]) if found is None else found)

        return re.sub(r"\$\{([^}]+)\}", replace_variable, text)

    def _resolve_list(self, value: Yaml, where: str) -> list[Yaml]:
        resolved = self.resolve(value)
        if not isinstance(resolved, list):
            raise TemplateError(f"{where} needs a list")
        return resolved

    def _find_in_map(self, keys: list[str]) -> Yaml:
        found: Yaml = self._mappings
        for key in keys:
            found = read_map(found, "Fn::FindInMap").get(key)
        return found

    def _is_condition_met(self, name: str) -> bool:
        if name not in self._conditions:
            raise TemplateError(f"there is no condition {name}")
        return self._is_met(self._conditions[name])

    def _is_met(self, condition: Yaml) -> bool:
        match condition:
            case {"Condition": str() as name}:
                return self._is_condition_met(name)
            case {"Fn::Equals": [left, right]}:
                return str(self.resolve(left)) == str(self.resolve(right))
            case {"Fn::Not": [inner]}:
                return not self._is_met(inner)
            case {"Fn::And": [*inner]}:
                return all(self._is_met(each) for each in inner)
            case {"Fn::Or": [*inner]}:
                return any(self._is_met(each) for each in inner)
        raise TemplateError(f"the local API does not support the condition {condition!r}")


def _read_parameter(name: str, declared: dict[str, Yaml], override: str | None) -> Yaml:
    value = declared.get("Default") if override is None else override
    if value is None:
        raise TemplateError(f"parameter {name} has no value")
    if declared.get("Type") == "CommaDelimitedList":
        return [part.strip() for part in str(value).split(",")]
    return str(value)


def read_text(holder: Yaml, key: str, where: str, resolver: Resolver) -> str:
    """Return a property that must be there and resolve to text.

    Raises:
        TemplateError: There is no such property, or its value is no text.
    """
    value = resolver.resolve(read_map(holder, where).get(key))
    if not isinstance(value, str) or not value:
        raise TemplateError(f"{where}: {key} is missing")
    return value


def read_strings(value: Yaml) -> list[str]:
    """Return one value or a list of them as a list of text, an absent one as an empty list."""
    if value is None:
        return []
    return [str(item) for item in (value if isinstance(value, list) else [value])]
