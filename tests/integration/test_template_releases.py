"""How a change reaches the callers: versions, the alias `live`, and the canary of prod."""

from dataclasses import dataclass

import pytest

from dev.template.intrinsics import Resolver, Yaml, read_map
from tests.template import DOCUMENT, find_at, list_resources, read_maps
from tests.transformed import (
    Resources,
    list_defaults,
    make_resolver,
    select_resources,
    transform_functions,
    transform_template,
)

FUNCTIONS = sorted(list_resources("AWS::Serverless::Function"))

OTHER = {
    "Stage": "prod",
    "Architecture": "x86_64",
    "LogLevel": "DEBUG",
    "ReadAccess": "catalog",
    "MaxProducts": "1001",
    "MaxLineageEntries": "10001",
    "MaxProductsBytes": "10485761",
    "MaxLineageBytes": "29360129",
    "MissingProducts": "register",
    "MissingProductsDomain": "d" * 50,
    "OpenLineageAutoRegister": "false",
    "OpenLineageDomains": '{"postgres://db": "' + "d" * 50 + '"}',
    "OpenLineageConfidence": "0.9999,0.8888,0.7777",
    "CacheSeconds": "1",
    "HealthProbeSeconds": "61",
    "StaleDays": "91",
    "MaxScanBytes": "1048577",
    "AnonymousScanFiles": "33",
    "AnonymousScanBytes": "1048577",
    "AnonymousScanSeconds": "3",
    "DownloadLinkSeconds": "3600",
    "DataBucketArns": "arn:aws:s3:::" + "b" * 63,
    "DataLocations": "sales=s3://" + "b" * 63 + "/" + "p" * 14 + "/",
    "CorsOrigins": "https://portal.example.com",
    "JwtIssuer": "https://login.example.com/" + "i" * 74,
    "JwtAudience": "a" * 64,
    "JwksUrl": "https://login.example.com/keys",
    "JwtGroupsClaim": "c" * 40,
    "JwtGrants": '{"sales-team": "contributor:sales"}',
    "JwtIssuers": '[{"issuer": "https://ci.example.com", "audience": "data-mesh"}]',
    "JwtRevision": "999999",
    "LogRetentionDays": "7",
    "ThrottlingRateLimit": "101",
    "ThrottlingBurstLimit": "201",
    "WriteThrottlingRateLimit": "21",
    "WriteThrottlingBurstLimit": "41",
    "DomainsReservedConcurrency": "10",
    "MonthlyBudget": "5",
    "BudgetEmail": "data-team@example.com",
    "EventRetentionDays": "90",
    "AuditRetentionDays": "400",
    "VersionDays": "30",
    "HistoryDays": "730",
    "AnalyticsSchedule": "rate(2 hours)",
    "CheckSchedule": "rate(2 hours)",
    "SnapStart": "PublishedVersions",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:topic",
    "Dashboard": "true",
    "RouteMetrics": "true",
    "PortalClientId": "c" * 64,
    "PortalScope": "openid groups",
    "PortalOrigins": "https://token.example.com",
}
"""A value for each parameter that is not its default."""

LONG = {"JwksUrl", "JwtGrants", "JwtIssuers", "PortalScope", "PortalOrigins"}
"""The parameters that do not fit into the text of a version: `JwtRevision` stands for them."""


@dataclass(frozen=True)
class Release:
    """The values that CloudFormation compares: what a function is, and the version that `live`
    points to."""

    configuration: Yaml
    version: tuple[str, Yaml]


def releases(changed: str = "", /, **parameters: str) -> dict[str, Release]:
    found = transform_functions(changed, **parameters)
    return {name: release(name, found, make_resolver(found, **parameters)) for name in FUNCTIONS}


def release(name: str, found: Resources, resolver: Resolver) -> Release:
    version = find_at(found[f"{name}Aliaslive"], "Properties", "FunctionVersion", "Fn::GetAtt")
    assert isinstance(version, list)
    logical_id = str(version[0])
    # Tags and reserved concurrency belong to the function, not to its versions.
    own: dict[str, Yaml] = {"Tags": None, "ReservedConcurrentExecutions": None}
    configuration = read_map(resolver.resolve(found[name]["Properties"]), name) | own
    description = resolver.resolve(find_at(found[logical_id], "Properties", "Description"))
    return Release(configuration, (logical_id, description))


def published(before: dict[str, Release], after: dict[str, Release]) -> set[str]:
    """The functions whose callers get a new version."""
    return {name for name in FUNCTIONS if before[name].version != after[name].version}


BASE = releases()


def test_the_same_template_publishes_nothing() -> None:
    assert releases() == BASE


@pytest.mark.parametrize("function", FUNCTIONS)
def test_new_code_publishes_its_function_alone(function: str) -> None:
    assert published(BASE, releases(function)) == {function}


def test_a_new_layer_alone_publishes_every_function() -> None:
    assert published(BASE, releases("SharedLayer")) == set(FUNCTIONS)


@pytest.mark.parametrize("parameter", sorted(list_defaults().keys() - LONG))
def test_a_parameter_publishes_the_functions_that_it_changes_and_no_other(parameter: str) -> None:
    """No other: Lambda refuses to publish a version that differs from the last one in nothing."""
    changed = releases(**{parameter: OTHER[parameter]})
    differing = {
        name for name in FUNCTIONS if BASE[name].configuration != changed[name].configuration
    }
    assert published(BASE, changed) == differing


@pytest.mark.parametrize("parameter", sorted(LONG))
def test_a_long_parameter_takes_effect_with_its_revision(parameter: str) -> None:
    changed = releases(**{parameter: OTHER[parameter], "JwtRevision": "2"})
    differing = {
        name for name in FUNCTIONS if BASE[name].configuration != changed[name].configuration
    }
    assert published(BASE, changed) == differing == {"AuthorizerFunction", "PortalFunction"}


def test_parameters_do_reach_the_functions() -> None:
    """Or the test above would compare nothing with nothing."""
    assert published(BASE, releases(LogLevel="DEBUG")) == set(FUNCTIONS)
    assert published(BASE, releases(MaxProducts="7")) == {
        "ContractsWriteFunction",
        "ProductsWriteFunction",
        "LineageWriteFunction",
        "OpenLineageDeriveFunction",
        "OpenLineageRebuildFunction",
        "PlatformFunction",
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_version_tells_its_parameters_in_256_characters(function: str) -> None:
    """Whatever values the template takes."""
    text = find_at(DOCUMENT, "Resources", function, "Properties", "VersionDescription")
    resolver = Resolver(DOCUMENT, {name: "x" * find_longest(name) for name in OTHER}, {})
    assert 0 < len(str(resolver.resolve(text))) <= 256


def find_longest(parameter: str) -> int:
    """Return how many characters a value of a parameter may have."""
    declared = read_map(find_at(DOCUMENT["Parameters"], parameter), parameter)
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list):
        return max(len(str(each)) for each in allowed)
    if "MaxValue" in declared:
        return len(str(declared["MaxValue"]))
    # The three numbers of OpenLineageConfidence have no length of their own.
    return int(str(declared.get("MaxLength", len("0.9999,0.8888,0.7777"))))


def test_everything_calls_the_alias() -> None:
    found = transform_template()
    permissions = select_resources(found, "AWS::Lambda::Permission")
    # The rebuild is called by operators, with rights of their own.
    aliases = {f"{name}Aliaslive" for name in FUNCTIONS if name != "OpenLineageRebuildFunction"}
    # What takes messages of a queue needs no permission to call.
    mappings = select_resources(found, "AWS::Lambda::EventSourceMapping")
    calling = [*permissions.values(), *mappings.values()]
    called = {find_at(each, "Properties", "FunctionName", "Ref") for each in calling}
    assert called == aliases
    rules = select_resources(found, "AWS::Events::Rule").values()
    targets = [each for rule in rules for each in read_maps(find_at(rule, "Properties", "Targets"))]
    assert {find_at(target, "Arn", "Ref") for target in targets} == {
        "AnalyticsScheduledFunctionAliaslive",
        "DomainsScheduledFunctionAliaslive",
    }
    for invocation in select_resources(found, "AWS::Lambda::EventInvokeConfig").values():
        assert find_at(invocation, "Properties", "Qualifier") == "live"


def test_dev_releases_at_once() -> None:
    found = transform_template(Stage="dev")
    assert not [each for each in found.values() if "CodeDeploy" in str(each["Type"])]
    aliases = select_resources(found, "AWS::Lambda::Alias")
    assert len(aliases) == len(FUNCTIONS)
    assert not [each for each in aliases.values() if "UpdatePolicy" in each]


def test_prod_releases_a_canary_that_an_alarm_rolls_back() -> None:
    found = transform_template(Stage="prod")
    resolved = make_resolver(found, Stage="prod")
    for name in FUNCTIONS:
        policy = find_at(found[f"{name}Aliaslive"], "UpdatePolicy", "CodeDeployLambdaAliasUpdate")
        assert find_at(policy, "DeploymentGroupName", "Ref") == f"{name}DeploymentGroup"
        group = resolved.resolve(found[f"{name}DeploymentGroup"]["Properties"])
        canary = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        assert find_at(group, "DeploymentConfigName") == canary
        events = find_at(group, "AutoRollbackConfiguration", "Events")
        assert "DEPLOYMENT_STOP_ON_ALARM" in str(events)
        assert find_at(group, "AlarmConfiguration") == {
            "Enabled": True,
            "Alarms": [{"Name": "local-server-errors"}, {"Name": "local-latency"}],
        }
    alarms = select_resources(found, "AWS::CloudWatch::Alarm").values()
    names = {resolved.resolve(find_at(each, "Properties", "AlarmName")) for each in alarms}
    assert names >= {"local-server-errors", "local-latency"}
