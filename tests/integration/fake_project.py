"""A tiny project of the registry's shape, whose functions do whatever a test needs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent

import httpx

from dev.execution.deployment import LocalDeployment
from dev.gateway.app import Gateway
from dev.template.reader import read_api

type Scenario = Callable[[httpx.AsyncClient], Awaitable[None]]

TEMPLATE = """
Parameters:
  LogLevel: {{Type: String, Default: INFO}}
  CorsOrigins: {{Type: CommaDelimitedList, Default: "*"}}
Resources:
  CatalogBucket: {{Type: "AWS::S3::Bucket"}}
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: {{ContentUri: layers/shared/}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          ApiKey:
            FunctionArn: !GetAtt Guard.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {{Headers: [Authorization], ReauthorizeEvery: 60}}
          AnyCaller:
            FunctionArn: !GetAtt Guard.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {{Context: [routeKey], ReauthorizeEvery: 0}}
      CorsConfiguration:
        AllowOrigins: !Ref CorsOrigins
        AllowMethods: [GET, POST]
        AllowHeaders: [Authorization]
        ExposeHeaders: [X-Total-Count]
  Guard:
    Type: AWS::Serverless::Function
    Properties: {{CodeUri: functions/guard/, Handler: app.handler, Layers: [!Ref Shared]}}
  Things:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/things/
      Handler: app.handler
      Layers: [!Ref Shared]
      Timeout: {timeout}
      Environment:
        Variables: {{LOG_LEVEL: !Ref LogLevel, CATALOG_BUCKET: !Ref CatalogBucket}}
      Policies:
        - Statement: [{{Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: "*"}}]
      Events:
        Read: {{Type: HttpApi, Properties: {{Method: GET, Path: "{path}"}}}}
        One: {{Type: HttpApi, Properties: {{Method: GET, Path: "/things/{{id}}"}}}}
        Ask:
          Type: HttpApi
          Properties: {{Method: GET, Path: /asked, Auth: {{Authorizer: AnyCaller}}}}
        Write:
          Type: HttpApi
          Properties: {{Method: POST, Path: /things, Auth: {{Authorizer: ApiKey}}}}
"""

SCHEDULE = """
        Due: {{Type: Schedule, Properties: {{Schedule: {schedule}}}}}
"""

GUARD = """
    import os

    def handler(event, context):
        [presented] = event["identitySource"]
        if presented == "Bearer " + os.environ.get("API_KEY", "right"):
            return {"isAuthorized": True, "context": {"principal": "local"}}
        if presented == "broken":
            raise RuntimeError("the authorizer is broken")
        return {"isAuthorized": False}
"""

ECHO = """
    def handler(event, context):
        return {"statusCode": 200, "body": "one"}
"""


class FakeProject:
    """Files below `root`; the setters overwrite what is there."""

    def __init__(self, root: Path, things: str = ECHO) -> None:
        self.root = root
        self.template = root / "template.yaml"
        self.layer = root / "layers/shared"
        for folder in ("functions/guard", "functions/things", "layers/shared"):
            (root / folder).mkdir(parents=True)
        self.describe()
        self.code("guard", GUARD)
        self.code("things", things)

    def describe(self, path: str = "/things", timeout: int = 20, schedule: str = "") -> None:
        text = TEMPLATE.format(path=path, timeout=timeout)
        self.template.write_text(text + (SCHEDULE.format(schedule=schedule) if schedule else ""))

    def code(self, function: str, source: str) -> None:
        (self.root / "functions" / function / "app.py").write_text(dedent(source))


@asynccontextmanager
async def _serving(project: FakeProject) -> AsyncIterator[httpx.AsyncClient]:
    read = partial(read_api, project.template, {}, {"CatalogBucket": "catalog"})
    deployment = LocalDeployment(project.template, read, lambda api, function: function.environment)
    gateway = Gateway(deployment, _wait_for_nothing)
    transport = httpx.ASGITransport(app=gateway, client=("192.0.2.7", 1234))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://local") as client:
            yield client
    finally:
        await gateway.close()


async def _wait_for_nothing() -> None:
    """Return at once: the project has no queues."""


def run(project: FakeProject, scenario: Scenario) -> None:
    """Play a scenario against a gateway in this process, which is closed at the end."""

    async def main() -> None:
        async with asyncio.timeout(120), _serving(project) as client:
            await scenario(client)

    asyncio.run(main())
