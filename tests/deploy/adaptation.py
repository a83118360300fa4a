"""The changes that MiniStack 1.5.33 needs: all of them are here, each with its reason.

- An API's `Body` is ignored there (an API without routes): its routes, integrations, authorizers
  and CORS become resources of their own. The body itself is looked at in tests/integration.
- `Ref` of a secret gives its name instead of its ARN, and policies name the ARN.
- Generated secrets have punctuation in spite of `ExcludePunctuation`.
- An alarm on metric math is refused.
- A batch of messages asks for a right of its own, `sqs:SendMessageBatch`, which AWS has not.
- The types of `LEFT_OUT` are not created. A type that is neither there nor in `AS_IT_IS` is an
  error: whoever adds it to the template decides.

What is created and yet proves nothing: permissions to invoke (a route works without), alarms and
the dashboard (nothing is measured), a canary. tests/integration looks at those in the template.
Functions can import the emulator's own packages; test_build.py looks at that.
"""

import re
import string
from collections.abc import Iterator

from dev.template.intrinsics import Yaml, read_map, read_strings

AS_IT_IS = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::ApiGatewayV2::Stage",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
}
LEFT_OUT = {
    "AWS::Budgets::Budget": "not known there, and off by default",
    "AWS::S3::BucketPolicy": "all is plain HTTP here, which it denies; and policies do not know a "
    "PUT's condition (s3:if-match), so that it would deny those of the registry too",
    "AWS::CodeDeploy::Application": "not known there: an alias moves to a new version at once",
    "AWS::CodeDeploy::DeploymentGroup": "as AWS::CodeDeploy::Application",
    "AWS::CloudWatch::CompositeAlarm": "not known there; the alarms that it combines are created",
}

API = "AWS::ApiGatewayV2::Api"
SECRET = "AWS::SecretsManager::Secret"

type Resources = dict[str, Yaml]


def adapted(document: dict[str, Yaml]) -> dict[str, Yaml]:
    """The transformed template with what MiniStack needs otherwise."""
    found = read_map(document["Resources"], "Resources")
    kinds = {name: str(read_map(resource, name)["Type"]) for name, resource in found.items()}
    unknown = set(kinds.values()) - AS_IT_IS - LEFT_OUT.keys() - {API, SECRET}
    assert not unknown, f"can MiniStack create {sorted(unknown)}? Say so in {__file__}"
    dropped = {name for name, kind in kinds.items() if kind in LEFT_OUT} | _computed(found)
    resources: Resources = {}
    for name, kind in kinds.items():
        resource = dict(read_map(found[name], name))
        if name in dropped:
            continue
        _forget(resource, dropped)
        if kind == API:
            resources |= _api(name, read_map(resource["Properties"], name))
        else:
            resources[name] = _secret(resource) if kind == SECRET else resource
    secrets = {name for name, kind in kinds.items() if kind == SECRET}
    result = _by_arn({**document, "Resources": resources}, secrets)
    return read_map(_with_batches(result), "the template")


def _computed(found: Resources) -> set[str]:
    """Alarms on several metrics, of which the emulator makes none."""
    return {
        name
        for name, resource in found.items()
        if "Metrics" in read_map(read_map(resource, name).get("Properties"), name)
    }


def _forget(resource: dict[str, Yaml], dropped: set[str]) -> None:
    """Remove that it depends on resources which are not created, and how CodeDeploy would update
    it."""
    if "DependsOn" in resource:
        depends: list[Yaml] = [n for n in read_strings(resource["DependsOn"]) if n not in dropped]
        resource["DependsOn"] = depends
    if "CodeDeployLambdaAliasUpdate" in read_map(resource.get("UpdatePolicy"), "UpdatePolicy"):
        del resource["UpdatePolicy"]


def _secret(resource: dict[str, Yaml]) -> dict[str, Yaml]:
    properties = read_map(resource["Properties"], SECRET)
    generated = read_map(properties["GenerateSecretString"], SECRET)
    generated = {**generated, "ExcludeCharacters": string.punctuation}
    return {**resource, "Properties": {**properties, "GenerateSecretString": generated}}


def _with_batches(value: Yaml) -> Yaml:
    """Policies that allow to send messages, which then allow to send batches of them."""
    if isinstance(value, list):
        return [_with_batches(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_batches(item) for key, item in value.items()}
    if found.get("Action") == "sqs:SendMessage":
        found["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
    return found


def _by_arn(value: Yaml, secrets: set[str]) -> Yaml:
    """The ARN of a secret for each reference to it."""
    match value:
        case {"Ref": str() as name} if name in secrets:
            return {"Fn::GetAtt": [name, "Id"]}
        case {"Fn::Sub": str() as text}:
            return {"Fn::Sub": re.sub(rf"\$\{{({'|'.join(secrets)})\}}", r"${\1.Id}", text)}
        case dict():
            return {key: _by_arn(item, secrets) for key, item in value.items()}
        case list():
            return [_by_arn(item, secrets) for item in value]
    return value


def operations(body: dict[str, Yaml]) -> Iterator[tuple[str, dict[str, Yaml]]]:
    """(route key, operation) of an OpenAPI document."""
    for path, methods in read_map(body["paths"], "paths").items():
        for method, operation in read_map(methods, path).items():
            yield f"{method.upper()} {path}", read_map(operation, path)


def _api(name: str, properties: dict[str, Yaml]) -> Resources:
    body = read_map(properties["Body"], name)
    info = read_map(body["info"], "info")
    cors = dict(read_map(body["x-amazon-apigateway-cors"], "CORS"))
    if isinstance(origins := cors["allowOrigins"], str):
        # AWS hands its transform a list for such a parameter, others hand it text.
        cors["allowOrigins"] = [*origins.split(",")]
    api: dict[str, Yaml] = {
        "Name": info["title"],
        "ProtocolType": "HTTP",
        "CorsConfiguration": cors,
    }
    made: Resources = {name: {"Type": API, "Properties": api}}
    schemes = read_map(read_map(body["components"], "components")["securitySchemes"], "schemes")
    for scheme, declared in schemes.items():
        made[f"{name}{scheme}"] = _authorizer(name, scheme, read_map(declared, scheme))
    for key, operation in operations(body):
        made |= _route(name, key, operation)
    return made


def _authorizer(api: str, scheme: str, declared: dict[str, Yaml]) -> Yaml:
    said = read_map(declared["x-amazon-apigateway-authorizer"], scheme)
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": api},
            "Name": scheme,
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": said["authorizerUri"],
            "AuthorizerPayloadFormatVersion": said["authorizerPayloadFormatVersion"],
            "AuthorizerResultTtlInSeconds": said["authorizerResultTtlInSeconds"],
            "EnableSimpleResponses": said["enableSimpleResponses"],
            "IdentitySource": said["identitySource"],
        },
    }


def _route(api: str, key: str, operation: dict[str, Yaml]) -> Resources:
    name = api + re.sub(r"[^A-Za-z0-9]", "", key.title())
    said = read_map(operation["x-amazon-apigateway-integration"], key)
    # One for a function, as a template has at most 500 resources.
    [function] = re.findall(r"\w+Aliaslive", str(said["uri"]))
    called = f"{api}Calls{function}"
    route: dict[str, Yaml] = {
        "ApiId": {"Ref": api},
        "RouteKey": key,
        "Target": {"Fn::Sub": f"integrations/${{{called}}}"},
    }
    security = operation.get("security")
    [scheme] = read_map(security[0], key) if isinstance(security, list) and security else ["NONE"]
    if scheme != "NONE":
        route |= {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": f"{api}{scheme}"}}
    integration: dict[str, Yaml] = {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": said["uri"],
        "PayloadFormatVersion": said["payloadFormatVersion"],
    }
    return {
        called: {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": integration,
        },
        name: {"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
    }
