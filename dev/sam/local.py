"""The run of what `sam build` has made, by `sam local` over the embedded S3."""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.execution.variables import ABSENT_RESOURCES, build_local_variables
from dev.sam import docker
from dev.sam.forwarding import forward_port
from dev.settings import LocalSettings
from dev.storage.s3 import S3
from dev.template.intrinsics import load_template
from dev.template.reader import read_api

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".venv-sam/bin/sam"
BUILD = ROOT / ".aws-sam/build"
BUCKET_RESOURCE = "CatalogBucket"
ENDPOINT = "AWS_ENDPOINT_URL_S3"
TAKING, DERIVING = "OpenLineageWriteFunction", "OpenLineageDeriveFunction"
QUEUE_VARIABLES = ("EVENT_QUEUE_URL", "EVENT_DEAD_LETTERS_URL")
CONTAINER_SECONDS = "120"
"""How long SAM waits until a container listens; its own 20 s are few on a busy machine."""


@dataclass(frozen=True)
class SamProject:
    """A built template with the variables that functions need here, and how to start it."""

    template: Path
    environ: Mapping[str, str]
    parameters: Mapping[str, str]

    def start(self, command: str, *options: str, **more: Any) -> "subprocess.Popen[str]":
        """Start `sam local <command>` in a process group of its own, which Ctrl-C does not reach.

        It ends by SIGTERM, after which it has removed its containers.
        """
        overrides = [quote_override(name, value) for name, value in self.parameters.items()]
        return subprocess.Popen(
            [
                str(SAM),
                "local",
                command,
                *options,
                *("--template", str(self.template)),
                "--skip-pull-image",
                *("--parameter-overrides", *overrides),
            ],
            cwd=ROOT,
            env=self.environ,
            text=True,
            start_new_session=True,
            **more,
        )


def quote_override(name: str, value: str) -> str:
    """Return an override of a parameter as SAM parses it, which cuts a value at a bare quote."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


@contextlib.contextmanager
def prepare_project(chosen: LocalSettings, s3: S3) -> Iterator[SamProject]:
    """Give a project that can be started; at the end none of its containers is left.

    Raises:
        DockerError: Docker cannot run it.
    """
    docker.require_daemon()
    docker.require_image()
    try:
        forward = forward_port(docker.find_host_address(), int(s3.endpoint.rpartition(":")[2]))
        with (
            forward as port,
            tempfile.NamedTemporaryFile("w", dir=BUILD, prefix="local-", suffix=".yaml") as file,
        ):
            endpoint = f"http://{docker.find_host_address()}:{port}"
            json.dump(_build_template(s3, chosen.api_key, endpoint), file)
            file.flush()
            parameters = {"Architecture": docker.ARCHITECTURE, **chosen.parameters}
            try:
                yield SamProject(Path(file.name), _build_environ(s3), parameters)
            finally:
                docker.remove_function_containers(f"{ENDPOINT}={endpoint}")
    except OSError as error:
        raise docker.DockerError(f"containers cannot reach this machine: {error}") from None


def _build_template(s3: S3, api_key: str, endpoint: str) -> dict[str, Any]:
    """Return the built template with the variables that `make run` would add to each function."""
    path = BUILD / "template.yaml"
    built: dict[str, Any] = load_template(path)
    api = read_api(path, {}, {})
    for function in api.functions.values():
        properties = built["Resources"][function.name]["Properties"]
        variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
        for name in (*ABSENT_RESOURCES, *QUEUE_VARIABLES):
            variables.pop(name, None)
        if function.name == TAKING:
            # There are no event sources: the function that takes events derives from them itself.
            deriving = built["Resources"][DERIVING]["Properties"]["Environment"]["Variables"]
            variables |= {k: v for k, v in deriving.items() if k not in QUEUE_VARIABLES}
        variables |= build_local_variables(s3, api_key, api, function)
        if ENDPOINT in variables:
            variables[ENDPOINT] = endpoint
        for name, value in variables.items():
            if value == {"Ref": BUCKET_RESOURCE}:
                variables[name] = s3.bucket
    return built


def _build_environ(s3: S3) -> dict[str, str]:
    """Return SAM's own environment, without the developer's AWS account.

    SAM gives every function the credentials that it finds here, whatever the template says, so
    that all of them may write: what a role may do is not emulated.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    credentials = s3.build_environment(s3.writer)
    del credentials[ENDPOINT]
    return {
        "SAM_CLI_CONTAINER_CONNECTION_TIMEOUT": CONTAINER_SECONDS,
        **inherited,
        **credentials,
        "AWS_MAX_ATTEMPTS": "1",
        "SAM_CLI_TELEMETRY": "0",
    }
