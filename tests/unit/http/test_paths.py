"""The path of a request is percent-decoded once: by API Gateway, and `%25` by the entry point."""

from urllib.parse import quote

import pytest

from datamesh.http.app import create_app
from datamesh.services.registry.registry import Registry
from dev.gateway.events import GatewayRequest, build_http_event
from dev.gateway.routing import RouteTable
from dev.stack import Route
from tests.lambdas import Client, LambdaContext, create_configured_client, read_answer
from tests.meshes import resources

ROUTE = Route("GET", "/read/{name}", "ReadFunction", None)


@pytest.fixture
def client(registry: Registry) -> Client:
    app = create_app("Names")

    @app.get("/read/{name}")
    async def read(name: str) -> str:
        return name

    return create_configured_client(app, resources(registry))


@pytest.mark.parametrize(
    "name",
    ["orders", "my dir", "my%20dir", "100%", "%", "%zz", "a%2Fb", "%2520", "a%25b", "größe", "a+b"],
)
def test_a_name_arrives_as_it_was_before_it_was_encoded(client: Client, name: str) -> None:
    request = GatewayRequest(
        method="GET",
        target=f"/read/{quote(name, safe='')}",
        query="",
        headers=(),
        source_ip="127.0.0.1",
        request_id="request-1",
    )
    match = RouteTable([ROUTE]).match("GET", request.path)
    assert match
    event = build_http_event(request, match, {"principal": "anonymous"})
    answer = read_answer(client.handler(event, LambdaContext()))
    assert (answer.status, answer.body) == (200, name)


@pytest.mark.parametrize(
    ("path", "name"), [("/read/a b", "a b"), ("/read/a%20b", "a%20b"), ("/read/100%", "100%")]
)
def test_a_path_that_is_decoded_altogether_stays(client: Client, path: str, name: str) -> None:
    """As SAM's emulation sends it."""
    assert client.get(path).body == name
