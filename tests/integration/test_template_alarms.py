"""What watches the stack: alarms on metrics that exist, and a dashboard."""

import json
import re
from collections.abc import Iterator

import pytest

from dev.intrinsics import Resolver, Yaml, mapping
from tests.template import DOCUMENT, at, maps, of_type, properties

ALARMS = sorted(of_type("AWS::CloudWatch::Alarm"))
STACK = "local"
API = [{"Name": "ApiId", "Value": "RegistryApi"}]


def metrics(alarm: str) -> Iterator[tuple[str, str, str]]:
    """Namespace, metric and statistic of each that an alarm looks at."""
    declared = mapping(properties(alarm), alarm)
    if "MetricName" in declared:
        statistic = declared.get("Statistic") or declared.get("ExtendedStatistic")
        yield str(declared["Namespace"]), str(declared["MetricName"]), str(statistic)
    for each in maps(declared.get("Metrics", [])):
        if "MetricStat" in each:
            metric = mapping(at(each, "MetricStat", "Metric"), alarm)
            statistic = at(each, "MetricStat", "Stat")
            yield str(metric["Namespace"]), str(metric["MetricName"]), str(statistic)


def test_each_kind_of_trouble_has_an_alarm() -> None:
    assert {metric for alarm in ALARMS for metric in metrics(alarm)} == {
        ("AWS/ApiGateway", "5xx", "Sum"),
        ("AWS/ApiGateway", "Latency", "p99"),
        ("AWS/Lambda", "Throttles", "Sum"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum"),
        (STACK, "Contended", "Sum"),
        (STACK, "OutcomeUnknown", "Sum"),
    }


def test_the_alarms_stay_within_the_ten_metrics_that_cost_nothing() -> None:
    assert sum(len(list(metrics(alarm))) for alarm in ALARMS) <= 10


@pytest.mark.parametrize("alarm", ["ServerErrorsAlarm", "LatencyAlarm"])
def test_metrics_of_an_http_api_are_told_apart_by_its_id(alarm: str) -> None:
    assert at(properties(alarm), "Dimensions") == API


@pytest.mark.parametrize("alarm", ["ContentionAlarm", "OutcomeUnknownAlarm"])
def test_an_alarm_sums_what_the_writing_functions_count(alarm: str) -> None:
    seen = maps(at(properties(alarm), "Metrics"))
    [expression] = [each for each in seen if "Expression" in each]
    counted = [each for each in seen if "MetricStat" in each]
    services = {
        str(at(properties(name), "Environment", "Variables", "POWERTOOLS_SERVICE_NAME"))
        for name in ("ProductsWriteFunction", "LineageWriteFunction", "OpenLineageWriteFunction")
    }
    assert {str(each["Id"]) for each in counted} == services
    assert set(re.findall(r"FILL\((\w+), 0\)", str(expression["Expression"]))) == services
    for each in counted:
        assert each["ReturnData"] is False
        [dimension] = maps(at(each, "MetricStat", "Metric", "Dimensions"))
        assert dimension == {"Name": "service", "Value": each["Id"]}


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_is_of_prod_and_quiet_without_traffic(alarm: str) -> None:
    assert at(DOCUMENT, "Resources", alarm, "Condition") == "Watched"
    assert at(properties(alarm), "TreatMissingData") == "notBreaching"
    assert at(properties(alarm), "AlarmDescription")
    assert str(at(properties(alarm), "AlarmName")).startswith(f"{STACK}-")


def test_an_alarm_notifies_the_topic_if_there_is_one() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:topic"
    for given, notified in (({}, None), ({"AlarmTopicArn": topic}, [topic])):
        resolver = Resolver(DOCUMENT, given, {})
        for alarm in ALARMS:
            declared = mapping(mapping(DOCUMENT["Resources"], "Resources")[alarm], alarm)
            found = mapping(resolver.resolve(declared["Properties"]), alarm)
            assert found.get("AlarmActions") == found.get("OKActions") == notified


def shown(body: Yaml) -> Iterator[tuple[str, str]]:
    for widget in json.loads(str(body))["widgets"]:
        for namespace, name, *_ in widget["properties"]["metrics"]:
            yield namespace, name


def test_the_dashboard_shows_every_metric_that_an_alarm_watches() -> None:
    body = at(properties("RegistryDashboard"), "DashboardBody")
    watched = {metric[:2] for alarm in ALARMS for metric in metrics(alarm)}
    assert {*shown(body)} >= watched - {("AWS/SQS", "ApproximateNumberOfMessagesVisible")}
    assert str(body).count('"AWS/Lambda", "Errors"') == len(of_type("AWS::Serverless::Function"))
    assert at(DOCUMENT, "Resources", "RegistryDashboard", "Condition") == "HasDashboard"
