"""The watch over the stack: alarms on metrics that exist, and a dashboard."""

import json
from collections.abc import Iterator

import pytest

from dev.template.intrinsics import Resolver, Yaml, read_map
from tests.template import DOCUMENT, list_resources, read_at, read_properties

ALARMS = sorted(list_resources("AWS::CloudWatch::Alarm"))
STACK = "local"
API = [{"Name": "ApiId", "Value": "RegistryApi"}]


def metric(alarm: str) -> tuple[str, str, str]:
    """Namespace, name and statistic of what an alarm looks at."""
    declared = read_map(read_properties(alarm), alarm)
    statistic = declared.get("Statistic") or declared.get("ExtendedStatistic")
    return str(declared["Namespace"]), str(declared["MetricName"]), str(statistic)


def test_each_kind_of_trouble_has_an_alarm() -> None:
    assert {metric(alarm) for alarm in ALARMS} == {
        ("AWS/ApiGateway", "5xx", "Sum"),
        ("AWS/ApiGateway", "Latency", "p99"),
        ("AWS/Lambda", "Throttles", "Sum"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
        (STACK, "Contended", "Sum"),
        (STACK, "OutcomeUnknown", "Sum"),
        (STACK, "DocumentFullness", "Maximum"),
        (STACK, "PastAtRisk", "Maximum"),
    }


def test_the_alarms_stay_within_the_ten_metrics_that_cost_nothing() -> None:
    assert len(ALARMS) <= 10


@pytest.mark.parametrize("alarm", ["ServerErrorsAlarm", "LatencyAlarm"])
def test_metrics_of_an_http_api_are_told_apart_by_its_id(alarm: str) -> None:
    assert read_at(read_properties(alarm), "Dimensions") == API


@pytest.mark.parametrize(
    "alarm", ["ContentionAlarm", "OutcomeUnknownAlarm", "DocumentFullnessAlarm", "PastAtRiskAlarm"]
)
def test_what_functions_count_has_no_dimension(alarm: str) -> None:
    assert "Dimensions" not in read_map(read_properties(alarm), alarm)
    assert read_at(read_properties(alarm), "Namespace") == STACK


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_is_of_prod_and_quiet_without_traffic(alarm: str) -> None:
    assert read_at(DOCUMENT, "Resources", alarm, "Condition") == "Watched"
    assert read_at(read_properties(alarm), "TreatMissingData") == "notBreaching"
    assert read_at(read_properties(alarm), "AlarmDescription")
    assert str(read_at(read_properties(alarm), "AlarmName")).startswith(f"{STACK}-")


def test_an_alarm_notifies_the_topic_if_there_is_one() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:topic"
    for given, notified in (({}, None), ({"AlarmTopicArn": topic}, [topic])):
        resolver = Resolver(DOCUMENT, given, {})
        for alarm in ALARMS:
            declared = read_map(read_map(DOCUMENT["Resources"], "Resources")[alarm], alarm)
            found = read_map(resolver.resolve(declared["Properties"]), alarm)
            assert found.get("AlarmActions") == found.get("OKActions") == notified


def shown(body: Yaml) -> Iterator[tuple[str, str]]:
    for widget in json.loads(str(body))["widgets"]:
        for namespace, name, *_ in widget["properties"]["metrics"]:
            yield namespace, name


def test_the_dashboard_shows_every_metric_that_an_alarm_watches() -> None:
    body = read_at(read_properties("RegistryDashboard"), "DashboardBody")
    watched = {metric(alarm)[:2] for alarm in ALARMS}
    assert {*shown(body)} >= watched
    assert str(body).count('"AWS/Lambda", "Errors"') == len(
        list_resources("AWS::Serverless::Function")
    )
    assert read_at(DOCUMENT, "Resources", "RegistryDashboard", "Condition") == "HasDashboard"
