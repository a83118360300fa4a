"""The features that every function, log, parameter and output of the stack has."""

import json
from importlib import import_module

import pytest

from datamesh.http.domains import daily
from datamesh.services.openlineage.groups import GROUP_SIZES, MAX_GROUP
from datamesh.storage.backoff import LAST_CALLS_SECONDS
from datamesh.tables import budget
from dev.template.intrinsics import read_map
from dev.template.reader import read_api
from tests.template import DOCUMENT, ROOT, TEMPLATE, list_resources, read_at, read_properties

API = read_api(TEMPLATE, {}, {})
FUNCTIONS = sorted(API.functions)

COMMON = {"LOG_LEVEL", "CATALOG_BUCKET", "POWERTOOLS_SERVICE_NAME"}
COMMITTING = COMMON | {"POWERTOOLS_METRICS_NAMESPACE"}
DERIVING = {
    "MAX_PRODUCTS",
    "MAX_LINEAGE_ENTRIES",
    "MAX_PRODUCTS_BYTES",
    "MAX_LINEAGE_BYTES",
    "OPENLINEAGE_AUTO_REGISTER",
    "OPENLINEAGE_DOMAINS",
    "OPENLINEAGE_CONFIDENCE",
}
QUEUES = {"EVENT_QUEUE_URL", "EVENT_DEAD_LETTERS_URL"}
READING = COMMON | {"READ_ACCESS"}
ENVIRONMENT = {
    "AuthorizerFunction": {"LOG_LEVEL", "API_KEYS_SECRET_ID", "CATALOG_BUCKET"}
    | {"JWT_ISSUER", "JWT_AUDIENCE", "JWKS_URL", "JWT_GROUPS_CLAIM", "JWT_GRANTS"}
    | {"JWT_ISSUERS", "JWT_REVISION"},
    "ProductsReadFunction": READING | {"CACHE_SECONDS"},
    "ProductsWriteFunction": COMMITTING
    | {"MAX_PRODUCTS", "MAX_PRODUCTS_BYTES", "MAX_LINEAGE_BYTES"}
    | {"DATA_LOCATIONS", "OPENLINEAGE_DOMAINS"},
    "ContractsReadFunction": READING | {"CACHE_SECONDS"},
    "ContractsWriteFunction": COMMITTING
    | {"MAX_PRODUCTS", "MAX_PRODUCTS_BYTES", "DATA_LOCATIONS", "OPENLINEAGE_DOMAINS"}
    | {"MAX_LINEAGE_ENTRIES", "MAX_LINEAGE_BYTES"},
    "LineageReadFunction": READING | {"CACHE_SECONDS"},
    "LineageWriteFunction": COMMITTING
    | {"MAX_LINEAGE_ENTRIES", "MAX_LINEAGE_BYTES", "MAX_PRODUCTS", "MAX_PRODUCTS_BYTES"}
    | {"MISSING_PRODUCTS", "MISSING_PRODUCTS_DOMAIN"},
    "OpenLineageReadFunction": READING | {"CACHE_SECONDS"},
    "OpenLineageWriteFunction": COMMITTING
    | QUEUES
    | {"MAX_LINEAGE_ENTRIES", "OPENLINEAGE_DOMAINS"},
    "OpenLineageDeriveFunction": COMMITTING | DERIVING | QUEUES,
    "MarquezWriteFunction": COMMITTING | {"MAX_PRODUCTS_BYTES", "MAX_LINEAGE_ENTRIES"},
    "OpenLineageRebuildFunction": COMMITTING | DERIVING | {"EVENT_RETENTION_DAYS"},
    "DomainsFunction": READING
    | {"CACHE_SECONDS", "MAX_SCAN_BYTES", "DATA_LOCATIONS"}
    | {"ANONYMOUS_SCAN_FILES", "ANONYMOUS_SCAN_BYTES", "ANONYMOUS_SCAN_SECONDS"}
    | {"DOWNLOAD_LINK_SECONDS"},
    "DomainsWriteFunction": COMMITTING | {"MAX_PRODUCTS_BYTES", "MAX_SCAN_BYTES", "DATA_LOCATIONS"},
    "DomainsScheduledFunction": COMMITTING
    | {"MAX_PRODUCTS_BYTES", "MAX_SCAN_BYTES", "DATA_LOCATIONS"},
    "AnalyticsFunction": READING | {"CACHE_SECONDS"},
    "AnalyticsScheduledFunction": COMMITTING | {"MAX_LINEAGE_BYTES", "STALE_DAYS", "USAGE_API_ID"},
    "AccessFunction": COMMITTING | {"CACHE_SECONDS", "READ_ACCESS"},
    "RedactionsFunction": COMMITTING | {"CACHE_SECONDS"},
    "AuditFunction": COMMON,
    "SearchFunction": READING | {"CACHE_SECONDS"},
    "PlatformFunction": READING
    | {"CACHE_SECONDS", "HEALTH_PROBE_SECONDS"}
    | {"MAX_PRODUCTS", "MAX_LINEAGE_ENTRIES", "MAX_PRODUCTS_BYTES", "MAX_LINEAGE_BYTES"}
    | QUEUES,
    "PortalFunction": {"LOG_LEVEL", "JWT_ISSUER", "JWT_REVISION"}
    | {"PORTAL_CLIENT_ID", "PORTAL_SCOPE", "PORTAL_ORIGINS"},
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_gets_the_variables_that_it_reads(function: str) -> None:
    assert set(API.functions[function].environment) == ENVIRONMENT[function]


@pytest.mark.parametrize("function", sorted({route.function for route in API.routes}))
def test_a_function_answers_before_api_gateway_gives_up(function: str) -> None:
    assert 0 < API.functions[function].timeout < 30


def test_a_rebuild_stops_by_itself_before_lambda_stops_it(imported_functions: None) -> None:
    app = import_module("functions.openlineage.app")
    timeout = API.functions["OpenLineageRebuildFunction"].timeout
    assert app.COMMIT_SECONDS < app.REBUILD_SECONDS < timeout


def test_a_scheduled_run_stops_by_itself_before_lambda_stops_it(imported_functions: None) -> None:
    app = import_module("functions.analytics.app")
    timeout = API.functions["AnalyticsScheduledFunction"].timeout
    assert 0 < app.SCHEDULED_SECONDS < timeout


def test_scheduled_checks_stop_by_themselves_before_lambda_stops_them() -> None:
    timeout = API.functions["DomainsScheduledFunction"].timeout
    ending = daily.CHECK_SECONDS + LAST_CALLS_SECONDS + budget.MAX_SECONDS
    assert daily.SCHEDULED_SECONDS + ending < timeout


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_code_and_the_layer(function: str) -> None:
    declared = API.functions[function]
    assert (declared.code / "app.py").is_file()
    assert [layer.resolve() for layer in declared.layers] == [ROOT / "layers" / "shared"]


@pytest.mark.parametrize("name", [*FUNCTIONS, "RegistryApi"])
def test_a_log_has_a_group_of_its_own_with_retention(name: str) -> None:
    destination = {"RegistryApi": ("AccessLogSettings", "DestinationArn")}
    used = read_at(read_properties(name), *destination.get(name, ("LoggingConfig", "LogGroup")))
    assert used == f"{name}LogGroup"
    assert read_at(read_properties(f"{name}LogGroup"), "RetentionInDays") == "30"


def test_there_is_no_other_log_group() -> None:
    assert set(list_resources("AWS::Logs::LogGroup")) == {
        f"{name}LogGroup" for name in [*FUNCTIONS, "RegistryApi"]
    }


SCHEDULED = ("AnalyticsScheduledFunction", "DomainsScheduledFunction")


@pytest.mark.parametrize("function", SCHEDULED)
def test_a_scheduled_run_is_not_repeated_for_long(function: str) -> None:
    scheduled = read_properties(function)
    event = read_at(scheduled, "Events", "Schedule")
    assert read_at(event, "Type") == "Schedule"
    assert read_at(event, "Properties", "Schedule") == "rate(1 hour)"
    for limits in (
        read_at(event, "Properties", "RetryPolicy"),
        read_at(scheduled, "EventInvokeConfig"),
    ):
        assert int(str(read_at(limits, "MaximumRetryAttempts"))) <= 2
        assert int(str(read_at(limits, "MaximumEventAgeInSeconds"))) < 3600


@pytest.mark.parametrize("function", SCHEDULED)
def test_a_scheduled_run_that_fails_is_kept_for_two_weeks(function: str) -> None:
    config = read_at(read_properties(function), "EventInvokeConfig")
    failure = read_at(config, "DestinationConfig", "OnFailure")
    assert failure == {"Type": "SQS", "Destination": "ScheduledRunFailures"}
    queue = read_properties("ScheduledRunFailures")
    assert read_at(queue, "SqsManagedSseEnabled") is True
    assert read_at(queue, "MessageRetentionPeriod") == 14 * 24 * 3600


def test_events_are_derived_in_groups_by_two_at_once() -> None:
    event = read_at(read_properties("OpenLineageDeriveFunction"), "Events", "Queue")
    assert (read_at(event, "Type"), read_at(event, "Properties")) == (
        "SQS",
        {
            "Queue": "EventQueue",
            "BatchSize": MAX_GROUP,
            "MaximumBatchingWindowInSeconds": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": 2},
        },
    )


def test_a_worker_stops_by_itself_before_its_messages_are_delivered_again(
    imported_functions: None,
) -> None:
    app = import_module("functions.openlineage.app")
    timeout = API.functions["OpenLineageDeriveFunction"].timeout
    assert timeout > app.DERIVE_SECONDS + LAST_CALLS_SECONDS + 5
    assert read_at(read_properties("EventQueue"), "VisibilityTimeout") == 6 * timeout


@pytest.mark.parametrize("name", ["EventQueue", "EventDeadLetters"])
def test_an_event_waits_for_two_weeks(name: str) -> None:
    queue = read_properties(name)
    assert read_at(queue, "SqsManagedSseEnabled") is True
    assert read_at(queue, "MessageRetentionPeriod") == 14 * 24 * 3600


def test_an_event_that_is_never_dealt_with_is_a_dead_letter() -> None:
    [source] = API.queues
    assert (source.queue, source.dead_letters) == ("EventQueue", "EventDeadLetters")
    assert source.max_receives > len(GROUP_SIZES) + 1


@pytest.mark.parametrize("name", list(read_map(DOCUMENT["Parameters"], "Parameters")))
def test_a_parameter_is_limited_and_used(name: str) -> None:
    declared = read_map(read_at(DOCUMENT, "Parameters", name), name)
    assert "Default" in declared and "Description" in declared
    assert declared.keys() & {"AllowedValues", "AllowedPattern"} or (
        {"MinValue", "MaxValue"} <= declared.keys()
    ), "any value is taken"
    used = json.dumps({key: DOCUMENT[key] for key in ("Conditions", "Globals", "Resources")})
    assert f'{{"Ref": "{name}"}}' in used, "no condition or resource refers to it"


def test_the_variables_of_the_authorizer_fit_into_4_kb() -> None:
    """Lambda refuses a deployment with more, names and values together."""
    parameters = read_map(DOCUMENT["Parameters"], "Parameters")
    tokens = {name: read_map(each, name) for name, each in parameters.items() if "Jw" in name}
    longest = sum(int(str(each.get("MaxLength", 6))) for each in tokens.values())
    names = sum(map(len, API.functions["AuthorizerFunction"].environment))
    secret = len("arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:ApiKeySecret-") + 50
    assert len(tokens) == 7
    assert longest + names + secret < 4096


def test_outputs_say_what_they_are() -> None:
    outputs = read_map(DOCUMENT["Outputs"], "Outputs")
    assert {"ApiUrl", "BucketName", "ApiKeySecretArn"} <= set(outputs)
    assert [name for name, output in outputs.items() if not read_at(output, "Description")] == []
