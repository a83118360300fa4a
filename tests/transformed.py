"""`template.yaml` as CloudFormation gets it: what SAM makes of it for given parameters."""

import json
from copy import deepcopy
from typing import cast

import boto3
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]

from dev.intrinsics import Resolver, Yaml, mapping
from tests.template import DOCUMENT

type Resources = dict[str, dict[str, Yaml]]

CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}


def resources(changed: str = "", /, **parameters: str) -> Resources:
    """Logical id -> resource, intrinsics as they stand. `changed` is a function or layer whose
    code was edited: `sam package` then uploads it under another name."""
    document = deepcopy(DOCUMENT)
    for name, resource in mapping(document["Resources"], "Resources").items():
        declared = mapping(resource, name)
        if key := CODE.get(str(declared["Type"])):
            edited = "-edited" if name == changed else ""
            mapping(declared["Properties"], name)[key] = f"s3://code-bucket/{name}{edited}"
    return cast(Resources, translated(document, **parameters)["Resources"])


def translated(document: dict[str, Yaml], **parameters: str) -> dict[str, Yaml]:
    """All of it, for a template whose code has been uploaded; absent parameters are defaults."""
    session = boto3.Session(region_name="us-east-1")
    values = {name: str(value) for name, value in defaults().items()} | parameters
    result = Translator({}, Parser(), boto_session=session).translate(document, values)
    # As it would be sent, without the classes of the translator.
    return cast(dict[str, Yaml], json.loads(json.dumps(result)))


def resolver(found: Resources, **parameters: str) -> Resolver:
    """Of the transformed template's intrinsics; a resource resolves to its logical id."""
    document: dict[str, Yaml] = DOCUMENT | {"Resources": cast(dict[str, Yaml], found)}
    return Resolver(document, parameters, {})


def defaults() -> dict[str, Yaml]:
    """Parameter -> its default."""
    declared = mapping(DOCUMENT["Parameters"], "Parameters")
    return {name: mapping(each, name)["Default"] for name, each in declared.items()}


def kind(found: Resources, type_: str) -> Resources:
    """The resources of one type."""
    return {name: each for name, each in found.items() if each["Type"] == type_}
