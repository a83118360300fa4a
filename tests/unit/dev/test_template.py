from pathlib import Path

import pytest

from dev.stack import Api, Authorizer, Cors, Route
from dev.template.intrinsics import Resolver, TemplateError, Yaml, load_template
from dev.template.reader import read_api

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Limit: {Type: Number, Default: 10}
  Origins: {Type: CommaDelimitedList, Default: "*"}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    Timeout: 20
    Layers: [!Ref Shared]
    Environment:
      Variables: {LOG_LEVEL: INFO}
Resources:
  Bucket: {Type: "AWS::S3::Bucket"}
  Secret: {Type: "AWS::SecretsManager::Secret"}
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layers/shared/}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          ApiKey:
            FunctionArn: !GetAtt Guard.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 60}
      CorsConfiguration:
        AllowOrigins: !Ref Origins
        AllowMethods: [GET]
        ExposeHeaders: [X-Total-Count]
        MaxAge: 600
  Guard:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/guard/
      Timeout: 5
      Environment:
        Variables: {SECRET: !Ref Secret}
  Things:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/things/
      MemorySize: 512
      Environment:
        Variables:
          BUCKET: !Ref Bucket
          URL: !Sub "s3://${Bucket}/${Stage}"
          LIMIT: !Ref Limit
          MODE: !If [IsProd, strict, lax]
          GONE: !If [IsProd, x, !Ref "AWS::NoValue"]
      Policies:
        - Version: 2012-10-17
          Statement:
            - {Effect: Allow, Action: [s3:GetObject, s3:ListBucket], Resource: "*"}
            - {Effect: Deny, Action: s3:PutObject, Resource: "*"}
      Events:
        Read: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: get, Path: "/things/{id}"}}
        Write:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: POST, Path: /things, Auth: {Authorizer: ApiKey}}
        Nightly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
"""

AUTHORIZER = Authorizer(name="ApiKey", function="Guard", header="authorization", ttl=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    return file


def parse(path: Path, **parameters: str) -> Api:
    return read_api(path, parameters, {"Bucket": "local-bucket"})


def test_routes_and_the_authorizers_that_guard_them(path: Path) -> None:
    assert parse(path).routes == (
        Route("GET", "/things/{id}", "Things"),
        Route("POST", "/things", "Things", AUTHORIZER),
    )


def test_globals_are_merged_into_functions(path: Path) -> None:
    api = parse(path)
    guard, things = api.functions["Guard"], api.functions["Things"]
    assert guard.code == path.parent / "functions/guard"
    assert guard.handler == "app.handler"
    assert guard.layers == (path.parent / "layers/shared",)
    assert (guard.timeout, things.timeout) == (5, 20)
    assert (guard.memory, things.memory) == (128, 512)
    assert guard.environment == {"LOG_LEVEL": "INFO", "SECRET": "Secret"}


def test_environment_is_resolved(path: Path) -> None:
    assert parse(path).functions["Things"].environment == {
        "LOG_LEVEL": "INFO",
        "BUCKET": "local-bucket",
        "URL": "s3://local-bucket/dev",
        "LIMIT": "10",
        "MODE": "lax",
    }


def test_parameters_override_defaults(path: Path) -> None:
    api = parse(path, Stage="prod", Limit="3", Origins="https://a.example, https://b.example")
    environment = api.functions["Things"].environment
    assert environment["LIMIT"] == "3"
    assert (environment["MODE"], environment["GONE"]) == ("strict", "x")
    assert api.cors == Cors(
        origins=("https://a.example", "https://b.example"),
        methods=("GET",),
        expose=("X-Total-Count",),
        max_age=600,
    )


def test_what_policies_allow(path: Path) -> None:
    things = parse(path).functions["Things"]
    assert things.can_perform("s3:GetObject")
    assert not things.can_perform("s3:PutObject")
    assert not things.can_perform("s3:DeleteObject")


def test_wildcards_in_policies(path: Path) -> None:
    path.write_text(TEMPLATE.replace("[s3:GetObject, s3:ListBucket]", "S3:Get*"))
    things = parse(path).functions["Things"]
    assert things.can_perform("s3:GetObject")
    assert not things.can_perform("s3:ListBucket")


def test_a_default_authorizer_guards_every_route_that_does_not_opt_out(path: Path) -> None:
    text = TEMPLATE.replace("      Auth:\n", "      Auth:\n        DefaultAuthorizer: ApiKey\n", 1)
    path.write_text(text.replace("Path: /things, Auth: {Authorizer: ApiKey}", "Path: /things"))
    assert [route.authorizer for route in parse(path).routes] == [AUTHORIZER, AUTHORIZER]
    path.write_text(text.replace("Authorizer: ApiKey}", "Authorizer: NONE}"))
    assert [route.authorizer for route in parse(path).routes] == [AUTHORIZER, None]


ASKED_ALWAYS = TEMPLATE.replace(
    "{Headers: [Authorization], ReauthorizeEvery: 60}", "{Context: [routeKey], ReauthorizeEvery: 0}"
)


def test_an_authorizer_may_be_asked_of_every_request(path: Path) -> None:
    path.write_text(ASKED_ALWAYS)
    [_, write] = parse(path).routes
    assert write.authorizer == Authorizer(name="ApiKey", function="Guard", header=None, ttl=0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ReauthorizeEvery: 0", "ReauthorizeEvery: 1"),
        (", ReauthorizeEvery: 0", ""),
        ("[routeKey]", "[stage]"),
        ("[routeKey]", "[routeKey], Headers: [A, B]"),
        ("Context: [routeKey], ", ""),
    ],
)
def test_another_identity_cannot_be_served(path: Path, old: str, new: str) -> None:
    """A cache by route alone would answer one caller with the decision about another."""
    assert old in ASKED_ALWAYS
    path.write_text(ASKED_ALWAYS.replace(old, new))
    with pytest.raises(TemplateError, match="one identity header, or the context's routeKey"):
        parse(path)


def test_load_keeps_short_tags_as_mappings_and_policy_versions_as_text(path: Path) -> None:
    document = load_template(path)
    resources = document["Resources"]
    assert isinstance(resources, dict)
    things = resources["Things"]
    assert isinstance(things, dict)
    properties = things["Properties"]
    assert isinstance(properties, dict)
    assert properties["Environment"] == {
        "Variables": {
            "BUCKET": {"Ref": "Bucket"},
            "URL": {"Fn::Sub": "s3://${Bucket}/${Stage}"},
            "LIMIT": {"Ref": "Limit"},
            "MODE": {"Fn::If": ["IsProd", "strict", "lax"]},
            "GONE": {"Fn::If": ["IsProd", "x", {"Ref": "AWS::NoValue"}]},
        }
    }
    [policy] = properties["Policies"] if isinstance(properties["Policies"], list) else []
    assert isinstance(policy, dict)
    assert policy["Version"] == "2012-10-17"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("!Ref Stage", "!Ref Stag", "nothing is called Stag"),
        ("!Ref Limit", "!Select [0, [a]]", "does not support Fn::Select"),
        ("CodeUri: functions/things/", "X: y", "Things: CodeUri is missing"),
        ("Timeout: 5", "Timeout: soon", "Guard"),
        ("Timeout: 5", "Timeout: 901", "Guard: Timeout is not from 1 to 900"),
        ("{Authorizer: ApiKey}", "{Authorizer: Other}", "there is no authorizer Other"),
        ("!GetAtt Guard.Arn", "!GetAtt Secret.Arn", "no function Secret"),
        ('"2.0"', '"1.0"', "payload 2.0"),
        ("Method: POST, Path: /things,", "Method: GET, Path: '/things/{id}',", "declared twice"),
        ("/things/{id}", "/things/{id+}/more", "does not support the path"),
        ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "the template has 0"),
        ("!If [IsProd, strict, lax]", "!If [IsTest, strict, lax]", "no condition IsTest"),
        ("Default: dev", "AllowedValues: [dev]", "parameter Stage has no value"),
        ("Resources:", "Resources: [", "cannot be read"),
    ],
)
def test_what_cannot_be_served_is_named(path: Path, old: str, new: str, reason: str) -> None:
    assert old in TEMPLATE
    path.write_text(TEMPLATE.replace(old, new))
    with pytest.raises(TemplateError) as caught:
        parse(path)
    assert reason in str(caught.value)


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"nothing\.yaml cannot be read"):
        load_template(tmp_path / "nothing.yaml")


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "name"),
        ({"Fn::GetAtt": "Bucket.Arn"}, "name"),
        ({"Fn::Sub": "${Bucket.Arn}/x ${!Literal}"}, "name/x ${Literal}"),
        ({"Fn::Sub": ["${a}-${Stage}", {"a": {"Ref": "Bucket"}}]}, "name-dev"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-dev"),
        ({"Fn::FindInMap": ["Map", {"Ref": "Stage"}, "size"]}, 7),
        ({"Fn::If": ["Dev", "yes", "no"]}, "yes"),
        ({"Fn::If": ["Neither", "yes", "no"]}, "no"),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
    ],
)
def test_intrinsic_functions(value: Yaml, resolved: Yaml) -> None:
    document: dict[str, Yaml] = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Mappings": {"Map": {"dev": {"size": 7}}},
        "Conditions": {
            "Dev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "Prod": {"Fn::Not": [{"Condition": "Dev"}]},
            "Neither": {
                "Fn::And": [
                    {"Fn::Or": [{"Condition": "Dev"}, {"Condition": "Prod"}]},
                    {"Fn::Not": [{"Condition": "Dev"}]},
                ]
            },
        },
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
    }
    assert Resolver(document, {}, {"Bucket": "name"}).resolve(value) == resolved
