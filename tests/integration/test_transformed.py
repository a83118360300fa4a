"""The generated API, layers and roles, which a deployment to an emulator does not prove.

MiniStack ignores the OpenAPI body, finds layers by other paths, and does not check who may invoke.
"""

from fnmatch import fnmatchcase

import pytest

from dev.template.intrinsics import Yaml, read_map, read_strings
from tests.deploy.adaptation import operations
from tests.integration.test_template_api import AUTHORIZERS, ROUTES
from tests.template import (
    keep_defaults,
    list_all_statements,
    list_denials,
    list_resources,
    list_statements,
)
from tests.transformed import make_resolver, select_resources, transform_template

FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))
FOUND = transform_template()
RESOLVER = make_resolver(FOUND)
INVOCATIONS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations"


def resolved(logical_id: str) -> dict[str, Yaml]:
    return read_map(RESOLVER.resolve(FOUND[logical_id]["Properties"]), logical_id)


BODY = read_map(resolved("RegistryApi")["Body"], "Body")
OPERATIONS = dict(operations(BODY))


def test_the_document_has_every_route_and_no_other() -> None:
    assert OPERATIONS.keys() == ROUTES.keys()


@pytest.mark.parametrize(("route", "function"), ROUTES.items())
def test_a_route_calls_its_functions_alias(route: str, function: str) -> None:
    assert OPERATIONS[route]["x-amazon-apigateway-integration"] == {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "payloadFormatVersion": "2.0",
        "uri": INVOCATIONS.format(f"{function}Aliaslive"),
    }


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_has_its_authorizer(route: str) -> None:
    # A scheme that the document does not have is SAM's word for none.
    expected: Yaml = [{AUTHORIZERS.get(route, "NONE"): []}]
    assert OPERATIONS[route].get("security") == expected
    assert "security" not in BODY


@pytest.mark.parametrize(
    ("name", "seconds", "source"),
    [("ApiKey", 60, "$request.header.Authorization"), ("AnyCaller", 0, "$context.routeKey")],
)
def test_an_authorizer_answers_simply_and_only_a_key_is_cached(
    name: str, seconds: int, source: str
) -> None:
    schemes = read_map(read_map(BODY["components"], "components")["securitySchemes"], "schemes")
    assert schemes.keys() == {"ApiKey", "AnyCaller"}
    assert read_map(schemes[name], name)["x-amazon-apigateway-authorizer"] == {
        "type": "request",
        "authorizerUri": INVOCATIONS.format("AuthorizerFunction:live"),
        "authorizerPayloadFormatVersion": "2.0",
        "authorizerResultTtlInSeconds": seconds,
        "enableSimpleResponses": True,
        "identitySource": [source],
    }


@pytest.mark.parametrize(("route", "function"), ROUTES.items())
def test_api_gateway_may_call_what_a_route_calls(route: str, function: str) -> None:
    method, _, path = route.partition(" ")
    called = f"arn:aws:execute-api:us-east-1:123456789012:RegistryApi/$default/{method}{path}"
    allowed = [
        properties["SourceArn"]
        for properties in map(resolved, select_resources(FOUND, "AWS::Lambda::Permission"))
        if properties["FunctionName"] == f"{function}Aliaslive"
        and properties["Principal"] == "apigateway.amazonaws.com"
    ]
    assert any(fnmatchcase(called, str(source)) for source in allowed), allowed


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_one_layer_that_was_built_for_it(function: str) -> None:
    [layer] = select_resources(FOUND, "AWS::Lambda::LayerVersion")
    properties = resolved(function)
    assert properties["Layers"] == [layer]
    offered = resolved(layer)
    assert offered["CompatibleRuntimes"] == [properties["Runtime"]]
    assert set(read_strings(properties["Architectures"])) <= set(
        read_strings(offered["CompatibleArchitectures"])
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_role_that_the_template_declares_and_nothing_more(function: str) -> None:
    """What the statements must hold is in test_iam.py."""
    assert resolved(function)["Role"] == f"{function}Role"
    properties = read_map(FOUND[f"{function}Role"]["Properties"], function)
    declared = {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Policies", "Tags"}
    assert properties.keys() <= declared
    found = keep_defaults(list_all_statements(function, FOUND))
    assert [each for each in found if each["Effect"] == "Allow"] == list_statements(function)
    assert [each for each in found if each["Effect"] != "Allow"] == list_denials(function)


def test_no_two_functions_share_a_role() -> None:
    roles = [resolved(function)["Role"] for function in FUNCTIONS]
    assert len(set(map(str, roles))) == len(FUNCTIONS)
    assert not select_resources(FOUND, "AWS::IAM::Policy")
    assert [*select_resources(FOUND, "AWS::IAM::ManagedPolicy")] == list_resources(
        "AWS::IAM::ManagedPolicy"
    )
