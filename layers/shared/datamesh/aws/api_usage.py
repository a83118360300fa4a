"""The usage of the API, as CloudWatch counted it.

Metrics and dimensions: API Gateway Developer Guide, "Working with metrics for HTTP APIs". Those
of single routes exist only if the API's detailed metrics are on.
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
"""Field of `RouteUsage` -> CloudWatch's metric and statistic."""
MAX_RESULT_PAGES = 10
ALL_ROUTES = ""
"""Stands for the API as a whole where a route is expected."""


def create_usage_reader(api_id: str | None) -> Callable[[date], Usage | None]:
    """Create a function that returns the usage of the API on a day.

    It returns None without an API (`api_id` is None), or if CloudWatch does not answer.
    """

    def read_usage(day: date) -> Usage | None:
        if api_id is None:
            return None
        # No request needs the SDK: only the scheduled run asks.
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return _fetch_usage(_create_client(), api_id, day)
        except (BotoCoreError, ClientError) as error:
            # The rest of the snapshot is worth keeping without the usage.
            logger.warning("CloudWatch does not tell the usage: %s", error)
            return None

    return read_usage


def _create_client() -> "CloudWatchClient":
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


def _fetch_usage(client: "CloudWatchClient", api_id: str, day: date) -> Usage:
    midnight = datetime.combine(day, time(), UTC)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    pages = client.get_paginator("get_metric_data").paginate(
        MetricDataQueries=_build_queries(api_id), StartTime=midnight, EndTime=midnight + DAY
    )
    for page in islice(pages, MAX_RESULT_PAGES):
        for result in page["MetricDataResults"]:
            field, _, route = result["Label"].partition(" ")
            if result["Values"]:
                found[route][field] = result["Values"][0]
    routes = [
        _build_route_usage(route, found[route]) for route in sorted(found) if route != ALL_ROUTES
    ]
    return Usage(day=day, total=_build_route_usage(ALL_ROUTES, found[ALL_ROUTES]), routes=routes)


def _build_queries(api_id: str) -> Any:
    """Build two queries per statistic: of the API and, by a search, of each of its routes."""
    seconds = int(DAY.total_seconds())
    queries: list[dict[str, object]] = []
    for field, (metric, statistic) in STATISTICS.items():
        queries.append(
            {
                "Id": field,
                "Label": field,
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
                "Id": f"{field}_by_route",
                "Label": field + " ${PROP('Dim.Method')} ${PROP('Dim.Resource')}",
                "Expression": f"SEARCH('{search}', '{statistic}', {seconds})",
            }
        )
    return queries


def _build_route_usage(route: str, values: dict[str, float]) -> RouteUsage:
    return RouteUsage(
        route=route,
        requests=int(values.get("requests", 0)),
        client_errors=int(values.get("client_errors", 0)),
        server_errors=int(values.get("server_errors", 0)),
        p50_ms=values.get("p50_ms"),
        p99_ms=values.get("p99_ms"),
    )
