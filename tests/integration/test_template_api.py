"""The promises of the API: routes and who may call them, limits, CORS, its access log."""

import json
import re
from pathlib import Path

import pytest

from datamesh.aws.api_keys import CACHE_SECONDS
from dev.template.intrinsics import Resolver, read_map, read_strings
from dev.template.reader import read_api
from tests.template import DOCUMENT, TEMPLATE, read_at, read_properties

API = read_api(TEMPLATE, {}, {})
ROOT = Path(__file__).parents[2]
FOLLOWED_BY_BROWSERS = {"Location"}
"""Headers that no script needs to read."""

WRITES = {
    "POST /register_product": "ProductsWriteFunction",
    "POST /products/bulk": "ProductsWriteFunction",
    "PUT /product/{name}": "ProductsWriteFunction",
    "DELETE /product/{name}": "ProductsWriteFunction",
    "POST /contracts": "ContractsWriteFunction",
    "POST /contracts/lint": "ContractsWriteFunction",
    "PUT /product/{name}/contract": "ContractsWriteFunction",
    "POST /register_lineage": "LineageWriteFunction",
    "POST /lineage/bulk": "LineageWriteFunction",
    "POST /domains/{domain}/{dataset}/check": "DomainsWriteFunction",
    "POST /domains/{domain}/{dataset}/infer": "DomainsWriteFunction",
    "DELETE /lineage": "LineageWriteFunction",
    "POST /api/v1/lineage": "OpenLineageWriteFunction",
    "POST /api/v1/lineage/batch": "OpenLineageWriteFunction",
    "POST /api/v1/{path+}": "MarquezWriteFunction",
    "PUT /api/v1/{path+}": "MarquezWriteFunction",
    "DELETE /api/v1/{path+}": "MarquezWriteFunction",
    "POST /grants": "AccessFunction",
    "POST /redactions": "RedactionsFunction",
    "DELETE /grants/{grant_id}": "AccessFunction",
    "POST /keys": "AccessFunction",
    "POST /keys/{key_id}/rotate": "AccessFunction",
    "DELETE /keys/{key_id}": "AccessFunction",
    "POST /product/{name}/requests": "AccessFunction",
    "POST /requests/{request_id}/grant": "AccessFunction",
    "POST /requests/{request_id}/refuse": "AccessFunction",
    "DELETE /requests/{request_id}": "AccessFunction",
}
READS = {
    "GET /products": "ProductsReadFunction",
    "GET /search": "SearchFunction",
    "GET /product/{name}": "ProductsReadFunction",
    "GET /product/{name}/freshness": "ProductsReadFunction",
    "GET /product/{name}/quality": "ProductsReadFunction",
    "GET /product/{name}/versions": "ProductsReadFunction",
    "GET /product/{name}/versions/{version}": "ProductsReadFunction",
    "GET /contracts": "ContractsReadFunction",
    "GET /product/{name}/contract": "ContractsReadFunction",
    "GET /lineage": "LineageReadFunction",
    "GET /lineage/upstream/{product_name}": "LineageReadFunction",
    "GET /lineage/downstream/{product_name}": "LineageReadFunction",
    "GET /domains": "DomainsFunction",
    "GET /domains/{domain}": "DomainsFunction",
    "GET /domains/{domain}/{dataset}": "DomainsFunction",
    "GET /domains/{domain}/{dataset}/profile": "DomainsFunction",
    "GET /lineage/graph/{product}": "LineageReadFunction",
    "GET /lineage/impact/{product}": "LineageReadFunction",
    "GET /lineage/path": "LineageReadFunction",
    "GET /lineage/export": "LineageReadFunction",
    "GET /lineage/columns/{product}": "LineageReadFunction",
    "GET /lineage/columns/{product}/{column+}": "LineageReadFunction",
    "GET /api/v1/lineage": "OpenLineageReadFunction",
    "GET /api/v1/namespaces": "OpenLineageReadFunction",
    "GET /api/v1/namespaces/{path+}": "OpenLineageReadFunction",
    "GET /api/v1/search": "OpenLineageReadFunction",
    "GET /api/v1/{path+}": "OpenLineageReadFunction",
    "GET /sales/orders": "DomainsFunction",
    "GET /marketing/campaigns": "DomainsFunction",
    "GET /finance/transactions": "DomainsFunction",
    "GET /analytics/domains": "AnalyticsFunction",
    "GET /analytics/lineage-stats": "AnalyticsFunction",
    "GET /analytics/snapshot": "AnalyticsFunction",
    "GET /analytics/trends": "AnalyticsFunction",
    "GET /analytics/usage": "AnalyticsFunction",
    "GET /analytics/top-products": "AnalyticsFunction",
    "GET /changes": "AnalyticsFunction",
    "GET /metrics": "PlatformFunction",
    "GET /openlineage/status": "PlatformFunction",
}
PUBLIC_READS = {
    "GET /health": "PlatformFunction",
    "GET /": "PortalFunction",
    "GET /ui": "PortalFunction",
    "GET /ui/{path+}": "PortalFunction",
    "GET /docs": "PlatformFunction",
    "GET /redoc": "PlatformFunction",
    "GET /openapi.json": "PlatformFunction",
    "GET /docs/assets/{file}": "PlatformFunction",
}
KEYED_READS = {
    "GET /audit": "AuditFunction",
    "GET /grants": "AccessFunction",
    "GET /redactions": "RedactionsFunction",
    "GET /keys": "AccessFunction",
    "GET /me": "AccessFunction",
    "GET /product/{name}/requests": "AccessFunction",
    "GET /requests": "AccessFunction",
    "GET /domains/{domain}/{dataset}/files": "DomainsFunction",
}


def add_heads(reads: dict[str, str]) -> dict[str, str]:
    """Return the routes with those of HEAD, which an HTTP API answers 404 without."""
    return reads | {f"HEAD {key.removeprefix('GET ')}": value for key, value in reads.items()}


KEYED = WRITES | add_heads(KEYED_READS)
"""The routes that take a key: of the reads, the audit trail, links to whole files, and who may do
what."""
PUBLIC = add_heads(PUBLIC_READS)
"""Health and documentation, which nobody has to ask the authorizer for."""
ROUTES = KEYED | PUBLIC | add_heads(READS)
AUTHORIZERS = {
    route: "ApiKey" if route in KEYED else "AnyCaller" for route in ROUTES if route not in PUBLIC
}
"""Route -> the authorizer that is asked."""


def test_every_endpoint_is_one_route_of_its_function() -> None:
    served = [(route.key, route.function) for route in API.routes]
    assert sorted(served) == sorted(ROUTES.items())


def test_every_write_needs_a_key_and_every_read_but_the_public_ones_says_who_asks() -> None:
    asked = {route.key: route.authorizer.name for route in API.routes if route.authorizer}
    assert asked == AUTHORIZERS
    assert {each.name: (each.function, each.header, each.ttl) for each in API.authorizers} == {
        "AnyCaller": ("AuthorizerFunction", None, 0),
        "ApiKey": ("AuthorizerFunction", "authorization", 60),
    }


def test_a_route_that_names_no_authorizer_is_closed_to_nobody_and_known_to_the_function() -> None:
    """Whoever adds one need not remember: without the default its event would have no caller."""
    assert read_at(read_properties("RegistryApi"), "Auth", "DefaultAuthorizer") == "AnyCaller"


def test_a_revoked_key_works_for_120_seconds_at_most() -> None:
    assert [each for each in API.authorizers if each.ttl + CACHE_SECONDS > 120] == []


def test_api_gateway_may_call_the_authorizers_alias() -> None:
    """The one that the API calls, by a reference: the alias has to be there before."""
    resources = read_map(DOCUMENT["Resources"], "Resources")
    permission = read_map(resources["AuthorizerPermission"], "permission")
    assert read_map(permission["Properties"], "permission") == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "AuthorizerFunction.Alias"},
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {
            "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}"
            ":${RegistryApi}/authorizers/*"
        },
    }
    authorizers = read_at(read_properties("RegistryApi"), "Auth", "Authorizers")
    for name in ("AnyCaller", "ApiKey"):
        assert read_at(authorizers, name, "FunctionArn") == "AuthorizerFunction:live"


def test_writes_are_throttled_more_tightly_than_reads() -> None:
    api = read_properties("RegistryApi")
    routes = read_map(read_at(api, "RouteSettings"), "RouteSettings")
    assert set(routes) == set(WRITES)
    for name in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
        of_reads = int(str(read_at(api, "DefaultRouteSettings", name)))
        for key, route in routes.items():
            limit = int(str(read_at(route, name)))
            # Clients give up an event that is throttled.
            assert (
                limit == 10 * of_reads
                if key.startswith("POST /api/v1/lineage")
                else 0 < limit < of_reads
            )


@pytest.mark.parametrize("chosen", ["false", "true"])
def test_each_route_is_counted_by_itself_if_that_is_asked_for(chosen: str) -> None:
    """It is paid for. A route's own settings take the place of all default ones."""
    resolve = Resolver(DOCUMENT, {"RouteMetrics": chosen} if chosen == "true" else {}, {}).resolve
    resources = read_map(DOCUMENT["Resources"], "Resources")
    api = read_map(read_map(resources["RegistryApi"], "API")["Properties"], "API")
    routes = read_map(api["RouteSettings"], "RouteSettings").values()
    for settings in (api["DefaultRouteSettings"], *routes):
        assert read_map(resolve(settings), "settings")["DetailedMetricsEnabled"] == chosen


def test_browsers_may_read_the_total_and_never_send_credentials() -> None:
    cors = read_at(read_properties("RegistryApi"), "CorsConfiguration")
    assert read_at(cors, "AllowOrigins") == ["*"]
    assert read_at(cors, "AllowCredentials") is False
    assert set(read_strings(read_at(cors, "AllowMethods"))) >= {
        route.method for route in API.routes
    }


def test_browsers_may_read_every_header_that_the_api_documents() -> None:
    document = json.loads((ROOT / "functions/platform/openapi.json").read_text())
    answers = [*document["components"].get("responses", {}).values()]
    for operations in document["paths"].values():
        for operation in operations.values():
            answers += operation["responses"].values()
    documented = {name for answer in answers for name in answer.get("headers", {})}
    assert documented >= {"X-Total-Count", "X-Skipped-Parts", "X-Next-Cursor", "Retry-After"}
    cors = read_at(read_properties("RegistryApi"), "CorsConfiguration")
    exposed = set(read_strings(read_at(cors, "ExposeHeaders")))
    assert (documented - FOLLOWED_BY_BROWSERS) | {"ETag"} <= exposed


def test_browsers_may_read_every_header_that_is_of_the_api() -> None:
    """`X-` headers that the code sets, beside those that tell browsers what not to do."""
    names = {
        name
        for folder in ("layers/shared/datamesh", "functions")
        for file in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'"(X-(?!Amz-)[A-Z][A-Za-z-]+)"', file.read_text())
    }
    cors = read_at(read_properties("RegistryApi"), "CorsConfiguration")
    assert names - {"X-Content-Type-Options"} <= set(read_strings(read_at(cors, "ExposeHeaders")))


@pytest.mark.parametrize("value", ["-", "200", "GET /product/{name}"])
def test_an_access_log_line_is_json_whatever_a_request_lacks(value: str) -> None:
    text = str(read_at(read_properties("RegistryApi"), "AccessLogSettings", "Format"))
    assert "\n" not in text
    line = json.loads(re.sub(r"\$context\.[A-Za-z.]+", lambda _: value, text))
    assert set(line.values()) == {value}
    assert {"requestId", "ip", "routeKey", "status", "responseLatency", "principal"} <= set(line)
