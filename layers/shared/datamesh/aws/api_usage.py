"""How the API was used, as CloudWatch counted it.

Metrics and dimensions: API Gateway Developer Guide, "Working with metrics for HTTP APIs". Those
of a route are there only if the API's detailed metrics are on.
"""

import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from datamesh.models.snapshot import RouteUsage, Usage

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
STATISTICS = {
    "requests": ("Count", "Sum"),
    "client_errors": ("4xx", "Sum"),
    "server_errors": ("5xx", "Sum"),
    "p50_ms": ("Latency", "p50"),
    "p99_ms": ("Latency", "p99"),
}
"""Figure -> metric and statistic."""
MAX_PAGES = 10
ALL = ""


def usage_of(api_id: str | None) -> Callable[[date], Usage | None]:
    """day -> how the API was used on it; None without an API or an answer."""

    def usage(day: date) -> Usage | None:
        if api_id is None:
            return None
        # No request needs the SDK: only the scheduled run asks.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return _usage(_client(), api_id, day)
        except (BotoCoreError, ClientError) as error:
            # The registry's own figures are worth keeping without these.
            logger.warning("CloudWatch does not tell the usage: %s", error)
            return None

    return usage


def _client() -> "CloudWatchClient":
    import boto3
    from botocore.config import Config

    return boto3.client(
        "cloudwatch",
        config=Config(
            connect_timeout=1,
            read_timeout=4,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
    )


def _usage(client: "CloudWatchClient", api_id: str, day: date) -> Usage:
    midnight = datetime.combine(day, time(), UTC)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=_queries(api_id), StartTime=midnight, EndTime=midnight + DAY
    )
    for page in islice(pages, MAX_PAGES):
        for result in page["MetricDataResults"]:
            figure, _, route = result["Label"].partition(" ")
            if result["Values"]:
                found[route][figure] = result["Values"][0]
    routes = [_route(route, found[route]) for route in sorted(found) if route != ALL]
    return Usage(day=day, total=_route(ALL, found[ALL]), routes=routes)


def _queries(api_id: str) -> Any:
    """For each figure that of the API and, by a search, that of each route."""
    seconds = int(DAY.total_seconds())
    queries: list[dict[str, object]] = []
    for figure, (metric, statistic) in STATISTICS.items():
        queries.append(
            {
                "Id": figure,
                "Label": figure,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ApiGateway",
                        "MetricName": metric,
                        "Dimensions": [{"Name": "ApiId", "Value": api_id}],
                    },
                    "Period": seconds,
                    "Stat": statistic,
                },
            }
        )
        schema = "{AWS/ApiGateway,ApiId,Method,Resource,Stage}"
        search = f'{schema} ApiId="{api_id}" MetricName="{metric}"'
        queries.append(
            {
                "Id": f"{figure}_by_route",
                "Label": figure + " ${PROP('Dim.Method')} ${PROP('Dim.Resource')}",
                "Expression": f"SEARCH('{search}', '{statistic}', {seconds})",
            }
        )
    return queries


def _route(route: str, figures: dict[str, float]) -> RouteUsage:
    return RouteUsage(
        route=route,
        requests=int(figures.get("requests", 0)),
        client_errors=int(figures.get("client_errors", 0)),
        server_errors=int(figures.get("server_errors", 0)),
        p50_ms=figures.get("p50_ms"),
        p99_ms=figures.get("p99_ms"),
    )
