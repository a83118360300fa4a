"""The gateway over functions made for the occasion: events, responses, routes, authorizer."""

import json
import os
from pathlib import Path

import httpx
import pytest

from dev.execution import sources
from dev.gateway.app import MAX_BODY_BYTES
from tests.integration.fake_project import FakeProject, run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeProject:
    monkeypatch.setattr(sources, "STAMP_SECONDS", 0.0)
    return FakeProject(tmp_path)


def test_a_handler_sees_the_event_the_context_and_its_own_environment(
    project: FakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the developer")
    monkeypatch.setenv("AWS_PROFILE", "of-the-developer")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    (project.layer / "common.py").write_text("WHERE = 'layer'\n")
    project.code(
        "things",
        """
        import json, os, sys
        import common

        def handler(event, context):
            seen = {
                "event": event,
                "environment": dict(os.environ),
                "path": sys.path,
                "common": common.WHERE,
                "context": [
                    context.function_name,
                    context.memory_limit_in_mb,
                    context.aws_request_id == event["requestContext"]["requestId"],
                    context.invoked_function_arn.endswith(":Things"),
                    0 < context.get_remaining_time_in_millis() <= 20_000,
                ],
            }
            return {"statusCode": 200, "body": json.dumps(seen)}
        """,
    )

    async def scenario(client: httpx.AsyncClient) -> None:
        seen = (await client.get("/things/a%20b?x=1&x=2")).json()
        assert seen["common"] == "layer"
        assert seen["context"] == ["Things", "128", True, True, True]
        assert seen["event"]["pathParameters"] == {"id": "a b"}
        assert seen["event"]["queryStringParameters"] == {"x": "1,2"}
        assert seen["event"]["requestContext"]["http"]["sourceIp"] == "192.0.2.7"
        assert seen["path"][:2] == [str(project.root / "functions/things"), str(project.layer)]
        assert str(Path(__file__).parents[2]) not in seen["path"]
        assert "/elsewhere" not in seen["path"]
        environment = seen["environment"]
        assert environment["CATALOG_BUCKET"] == "catalog"
        assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "Things"
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
        assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
        assert "AWS_SECRET_ACCESS_KEY" not in environment
        assert "AWS_PROFILE" not in environment

    run(project, scenario)


def test_responses_reach_the_client_as_the_handler_made_them(project: FakeProject) -> None:
    project.code(
        "things",
        """
        RESULTS = {
            "binary": {
                "statusCode": 201,
                "headers": {"Content-Type": "image/png", "X-Total-Count": "3"},
                "cookies": ["a=1", "b=2"],
                "body": "/wA=",
                "isBase64Encoded": True,
            },
            "plain": {"hello": "world"},
            "empty": {"statusCode": 204},
            "bad": {"statusCode": "soon"},
            "unserialisable": {"statusCode": 200, "body": {1, 2}},
            "huge": "x" * (6 * 1024 * 1024),
            "letters": "é" * (2 * 1024 * 1024),
        }

        def handler(event, context):
            return RESULTS[event["pathParameters"]["id"]]
        """,
    )

    async def scenario(client: httpx.AsyncClient) -> None:
        binary = await client.get("/things/binary", headers={"Origin": "https://a.example"})
        assert (binary.status_code, binary.content) == (201, b"\xff\x00")
        assert binary.headers["content-type"] == "image/png"
        assert binary.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert binary.headers["access-control-allow-origin"] == "*"
        assert binary.headers["access-control-expose-headers"] == "X-Total-Count"
        plain = await client.get("/things/plain")
        assert (plain.status_code, plain.json()) == (200, {"hello": "world"})
        assert "access-control-allow-origin" not in plain.headers
        empty = await client.get("/things/empty")
        assert (empty.status_code, empty.content) == (204, b"")
        letters = await client.get("/things/letters")
        assert letters.text == "é" * (2 * 1024 * 1024), "each takes two bytes, as on Lambda"
        for name in ("bad", "unserialisable", "huge", "unknown"):
            failed = await client.get(f"/things/{name}")
            assert failed.status_code == 500
            assert failed.json() == {"message": "Internal Server Error"}

    run(project, scenario)


def test_what_is_not_routed(project: FakeProject) -> None:
    async def scenario(client: httpx.AsyncClient) -> None:
        for method, path in [
            ("GET", "/nothing"),
            ("GET", "/things/"),
            ("DELETE", "/things"),
        ]:
            response = await client.request(method, path)
            assert (response.status_code, response.json()) == (404, {"message": "Not Found"})
        assert (await client.head("/things")).status_code == 404
        assert (await client.get("/things/%FF")).status_code == 400
        preflight = await client.options(
            "/things",
            headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"},
        )
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-methods"] == "GET,POST"

    run(project, scenario)


def test_outcomes_of_the_authorizer(project: FakeProject) -> None:
    project.code(
        "things",
        """
        def handler(event, context):
            return event["requestContext"]["authorizer"]["lambda"]
        """,
    )
    outcomes = [
        ({}, 401, {"message": "Unauthorized"}),
        ({"Authorization": ""}, 401, {"message": "Unauthorized"}),
        ({"Authorization": "Bearer wrong"}, 403, {"message": "Forbidden"}),
        ({"Authorization": "broken"}, 500, {"message": "Internal Server Error"}),
        ({"Authorization": "Bearer right"}, 200, {"principal": "local"}),
    ]

    async def scenario(client: httpx.AsyncClient) -> None:
        for headers, status, body in outcomes:
            response = await client.post("/things", headers=headers)
            assert (response.status_code, response.json()) == (status, body)

    run(project, scenario)


def test_an_authorizer_without_an_identity_header_is_asked_of_every_request(
    project: FakeProject,
) -> None:
    project.code(
        "things",
        """
        def handler(event, context):
            return event["requestContext"]["authorizer"]["lambda"]
        """,
    )
    project.code(
        "guard",
        """
        count = 0

        def handler(event, context):
            global count
            count += 1
            assert event["identitySource"] == ["GET /asked"]
            presented = event["headers"].get("authorization", "nothing")
            return {
                "isAuthorized": presented != "wrong",
                "context": {"principal": presented, "count": count},
            }
        """,
    )

    async def scenario(client: httpx.AsyncClient) -> None:
        async def ask(**headers: str) -> tuple[int, object]:
            answer = await client.get("/asked", headers=headers)
            return answer.status_code, answer.json()

        assert await ask() == (200, {"principal": "nothing", "count": 1})
        assert await ask() == (200, {"principal": "nothing", "count": 2})
        assert await ask(Authorization="a") == (200, {"principal": "a", "count": 3})
        assert await ask(Authorization="wrong") == (403, {"message": "Forbidden"})
        assert await ask(Authorization="a") == (200, {"principal": "a", "count": 5})

    run(project, scenario)


def test_the_authorizer_is_asked_once_per_key_until_it_changes(project: FakeProject) -> None:
    counter = project.root / "calls"
    counting = f"""
        def handler(event, context):
            with open({str(counter)!r}, "a") as file:
                file.write("x")
            return {{"isAuthorized": event["identitySource"] == ["{{}}"]}}
        """
    project.code("guard", counting.replace("{}", "one"))

    async def scenario(client: httpx.AsyncClient) -> None:
        async def status(key: str) -> int:
            return (await client.post("/things", headers={"Authorization": key})).status_code

        assert [await status(key) for key in ("one", "one", "two", "two", "")] == [
            *(200, 200, 403, 403),
            401,
        ]
        assert counter.read_text() == "xx"
        project.code("guard", counting.replace("{}", "two"))
        assert [await status(key) for key in ("one", "two")] == [403, 200]

    run(project, scenario)


def test_bodies_that_are_too_large_are_refused(project: FakeProject) -> None:
    project.code("things", "def handler(event, context):\n    return str(len(event['body']))\n")
    project.code("guard", "def handler(event, context):\n    return {'isAuthorized': True}\n")

    async def scenario(client: httpx.AsyncClient) -> None:
        for size, status in [
            (5_000_000, 200),
            (7_000_000, 413),  # Lambda's limit
            (MAX_BODY_BYTES + 1, 413),  # API Gateway's
        ]:
            headers = {"Authorization": "k", "Content-Type": "text/plain"}
            response = await client.post("/things", headers=headers, content=b"x" * size)
            assert response.status_code == status
            if status == 413:
                assert response.json() == {"message": "Request Entity Too Large"}

    run(project, scenario)


def test_every_request_is_logged_without_keys_and_query(
    project: FakeProject, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("INFO", logger="gateway")

    async def scenario(client: httpx.AsyncClient) -> None:
        await client.post("/things?token=secret-1", headers={"Authorization": "Bearer secret-2"})

    run(project, scenario)
    [line] = [record.getMessage() for record in caplog.records if record.name == "gateway"]
    assert line.startswith("POST /things 403 ")
    assert "secret" not in caplog.text + json.dumps(capfd.readouterr())
