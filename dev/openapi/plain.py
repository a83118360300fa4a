"""The words and types that FastAPI and pydantic generate, made plain."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

type Schema = dict[str, Any]

NULL = {"type": "null"}
LEFT_OUT = {"Problem": "errors", "MarquezProblem": "errors"}
"""Schema -> its field that is left out of an answer where it would be null."""
RETURNED = "Successful Response"
"""FastAPI's text for an answer that has no description."""


def describe_operation(operation: Schema) -> None:
    """Take the summary from the first line of the route's docstring, and leave the rest of it."""
    summary, _, description = operation["description"].partition("\n\n")
    operation["summary"] = " ".join(summary.split()).removesuffix(".")
    operation["description"] = description
    for response in operation["responses"].values():
        if response["description"] == RETURNED:
            response["description"] = "Done"


def simplify_parameter(parameter: Schema) -> None:
    """Say each thing once: a parameter may be left out, but is never null."""
    schema = parameter["schema"]
    _drop_null(schema)
    for noise in ("title", "description"):
        schema.pop(noise, None)
    if examples := schema.pop("examples", None):
        [parameter["example"]] = examples


def simplify_answers(responses: Schema) -> None:
    """Drop the titles that FastAPI makes from the names of routes."""
    for response in responses.values():
        for content in response.get("content", {}).values():
            content.get("schema", {}).pop("title", None)


def simplify_schema(name: str, schema: Schema) -> None:
    """Drop the titles that pydantic makes from the names of fields, and write nullable types short.

    Its examples get back the order of their fields, which pydantic sorts by name.
    """
    for field_name, field in schema.get("properties", {}).items():
        field.pop("title", None)
        if LEFT_OUT.get(name) == field_name:
            _drop_null(field)
        _join_null(field)
    if "examples" in schema:
        schema["examples"] = _find_examples(name)


def _drop_null(schema: Schema) -> None:
    """Turn `string or null` into `string`."""
    options = schema.get("anyOf", [])
    if NULL in options:
        [schema_of_value] = [option for option in options if option != NULL]
        del schema["anyOf"]
        schema.update(schema_of_value)


def _join_null(schema: Schema) -> None:
    """Turn `anyOf: [{type: string}, {type: null}]` into `type: [string, null]`."""
    options = schema.get("anyOf", [])
    is_plain = all("type" in each and not each.keys() & {"enum", "const"} for each in options)
    if NULL in options and len(options) == 2 and is_plain:
        _drop_null(schema)
        schema["type"] = [schema["type"], "null"]


def _find_examples(name: str) -> list[Any]:
    [model] = {model for model in _iterate_models(BaseModel) if model.__name__ == name}
    extra = model.model_config["json_schema_extra"]
    assert isinstance(extra, dict), name
    examples = extra["examples"]
    assert isinstance(examples, list), name
    return examples


def _iterate_models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _iterate_models(model)
