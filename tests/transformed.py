"""Transforms `template.yaml` as SAM does, into what CloudFormation gets for given parameters."""

import json
from copy import deepcopy
from typing import cast

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

from dev.template.intrinsics import Resolver, Yaml, read_map
from tests.template import DOCUMENT

type Resources = dict[str, dict[str, Yaml]]

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def transform_template(changed: str = "", /, **parameters: str) -> Resources:
    """Return each resource by its logical id, intrinsics as they stand.

    Args:
        changed: A function or layer whose code was edited: `sam package` then uploads it under
            another name.
        parameters: Values of parameters; the others keep their defaults.
    """
    document = _upload_code(changed)
    return cast(Resources, translate_document(document, **parameters)["Resources"])


def transform_functions(changed: str = "", /, **parameters: str) -> Resources:
    """Return what `transform_template` does, as if nothing called the functions.

    The routes take nine tenths of the time.
    """
    document = _upload_code(changed)
    for name, resource in read_map(document["Resources"], "Resources").items():
        read_map(read_map(resource, name).get("Properties", {}), name).pop("Events", None)
    return cast(Resources, translate_document(document, **parameters)["Resources"])


def _upload_code(changed: str) -> dict[str, Yaml]:
    document = deepcopy(DOCUMENT)
    for name, resource in read_map(document["Resources"], "Resources").items():
        declared = read_map(resource, name)
        if key := CODE.get(str(declared["Type"])):
            edited = "-edited" if name == changed else ""
            read_map(declared["Properties"], name)[key] = f"s3://code-bucket/{name}{edited}"
    return document


def translate_document(document: dict[str, Yaml], **parameters: str) -> dict[str, Yaml]:
    """Translate a whole template whose code has been uploaded; absent parameters are defaults."""
    session = boto3.Session(region_name="us-east-1")
    values = {name: str(value) for name, value in list_defaults().items()} | parameters
    result = Translator({}, Parser(), boto_session=session).translate(document, values)
    # As it would be sent, without the classes of the translator.
    return cast(dict[str, Yaml], json.loads(json.dumps(result)))


def make_resolver(found: Resources, **parameters: str) -> Resolver:
    """Return a resolver of transformed intrinsics; a resource resolves to its logical id."""
    document: dict[str, Yaml] = DOCUMENT | {"Resources": cast(dict[str, Yaml], found)}
    return Resolver(document, parameters, {})


def list_defaults() -> dict[str, Yaml]:
    """Return the default of each parameter by its name."""
    declared = read_map(DOCUMENT["Parameters"], "Parameters")
    return {name: read_map(each, name)["Default"] for name, each in declared.items()}


def select_resources(found: Resources, type_: str) -> Resources:
    """Return the resources of one type."""
    return {name: each for name, each in found.items() if each["Type"] == type_}
