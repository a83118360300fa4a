"""The built template, deployed to MiniStack as `sam deploy` would deploy it."""

import contextlib
import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dev.template.intrinsics import Yaml, load_template, read_map
from tests.deploy.adaptation import adapted
from tests.deploy.ministack import Emulator
from tests.template import ROOT
from tests.transformed import CODE, translate_document

BUILD = ROOT / ".aws-sam" / "build"
CODE_BUCKET = "code"
STACK_SECONDS = 600
POLL_SECONDS = 1
NO_TIME = (1980, 1, 1, 0, 0, 0)

WHOLE = {
    "Stage": "prod",
    "Dashboard": "true",
    "ReadAccess": "open",
    "RouteMetrics": "true",
    # The functions run on this machine.
    "Architecture": "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64",
}
"""Parameters with which the stack has all that it can have."""


class Stack:
    def __init__(self, emulator: Emulator, name: str, build: Path = BUILD) -> None:
        self.emulator = emulator
        self._name = name
        self._build = build
        self._cloudformation = emulator.client("cloudformation")
        self._s3 = emulator.client("s3")

    def create(self, **parameters: str) -> None:
        self._cloudformation.create_stack(**self._request(parameters))
        self._wait("stack_create_complete")

    def update(self, **parameters: str) -> None:
        """Update the stack to the code and the template as they are now, with these parameters
        alone."""
        self._cloudformation.update_stack(**self._request(parameters))
        self._wait("stack_update_complete")

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self._name)
        self._wait("stack_delete_complete")

    def resource(self, logical_id: str) -> str:
        """The physical id."""
        found = self._cloudformation.describe_stack_resource(
            StackName=self._name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def bucket(self) -> str:
        return self.resource("CatalogBucket")

    @property
    def url(self) -> str:
        """The address with the API in its path: not every machine resolves names below
        `localhost`."""
        return f"{self.emulator.endpoint}/_aws/execute-api/{self.resource('RegistryApi')}/$default"

    @property
    def key(self) -> str:
        """The generated one."""
        found = self.emulator.client("secretsmanager").get_secret_value(
            SecretId=self.resource("ApiKeySecret")
        )
        keys: dict[str, str] = json.loads(found["SecretString"])
        [key] = keys.values()
        return key

    def _request(self, changed: dict[str, str]) -> dict[str, Any]:
        parameters = WHOLE | changed
        document = translate_document(self._with_code_uploaded(), **parameters)
        return {
            "StackName": self._name,
            "TemplateURL": self._stored(json.dumps(adapted(document)).encode(), "template"),
            "Capabilities": ["CAPABILITY_IAM"],
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in parameters.items()
            ],
        }

    def _with_code_uploaded(self) -> dict[str, Yaml]:
        """The built template, its code in a bucket, as `sam package` leaves it."""
        with contextlib.suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            self._s3.create_bucket(Bucket=CODE_BUCKET)
        document = load_template(self._build / "template.yaml")
        for name, resource in read_map(document["Resources"], "Resources").items():
            declared = read_map(resource, name)
            if key := CODE.get(str(declared["Type"])):
                url = self._stored(zipped(self._build / name), "zip")
                read_map(declared["Properties"], name)[key] = f"s3://{url.split('/', 3)[3]}"
        return document

    def _stored(self, content: bytes, suffix: str) -> str:
        """The content's URL, alike for equal content: an update leaves alone what is unchanged."""
        key = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        self._s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=content)
        return f"{self.emulator.endpoint}/{CODE_BUCKET}/{key}"

    def _wait(self, state: str) -> None:
        limits = {"Delay": POLL_SECONDS, "MaxAttempts": STACK_SECONDS // POLL_SECONDS}
        try:
            self._cloudformation.get_waiter(state).wait(StackName=self._name, WaiterConfig=limits)
        except Exception as error:
            error.add_note("\n".join(self._failures()))
            raise

    def _failures(self) -> Iterator[str]:
        events = self._cloudformation.describe_stack_events(StackName=self._name)
        for event in events["StackEvents"]:
            if event["ResourceStatus"].endswith("FAILED"):
                yield f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"


def zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), NO_TIME)
            archive.writestr(entry, file.read_bytes())
    return content.getvalue()
