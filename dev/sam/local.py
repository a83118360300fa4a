"""`sam local` over the embedded S3: what `sam build` made, in Docker containers."""

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev import template
from dev.execution.variables import NOT_HERE, local_variables
from dev.intrinsics import load
from dev.sam import docker
from dev.sam.forwarding import forwarding
from dev.settings import Settings
from dev.storage.s3 import S3

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".venv-sam/bin/sam"
BUILD = ROOT / ".aws-sam/build"
BUCKET_RESOURCE = "CatalogBucket"
ENDPOINT = "AWS_ENDPOINT_URL_S3"


@dataclass(frozen=True)
class Sam:
    """`template` is the built one with the variables that functions need here."""

    template: Path
    environ: Mapping[str, str]
    parameters: Mapping[str, str]

    def start(self, command: str, *options: str, **more: Any) -> "subprocess.Popen[str]":
        """Start `sam local <command>` in a process group of its own, which Ctrl-C does not reach:
        it ends by SIGTERM, after which it has removed its containers."""
        overrides = [f"{name}={value}" for name, value in self.parameters.items()]
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


@contextlib.contextmanager
def prepared(chosen: Settings, s3: S3) -> Iterator[Sam]:
    """Raises `DockerError`. Leaves no container behind."""
    docker.require()
    docker.require_image()
    try:
        forward = forwarding(docker.gateway(), int(s3.endpoint.rpartition(":")[2]))
        with (
            forward as port,
            tempfile.NamedTemporaryFile("w", dir=BUILD, prefix="local-", suffix=".yaml") as file,
        ):
            endpoint = f"http://{docker.gateway()}:{port}"
            json.dump(_local_template(s3, chosen.api_key, endpoint), file)
            file.flush()
            parameters = {"Architecture": docker.ARCHITECTURE, **chosen.parameters}
            try:
                yield Sam(Path(file.name), _environ(s3), parameters)
            finally:
                docker.remove_functions(f"{ENDPOINT}={endpoint}")
    except OSError as error:
        raise docker.DockerError(f"containers cannot reach this machine: {error}") from None


def _local_template(s3: S3, api_key: str, endpoint: str) -> dict[str, Any]:
    """The built template, and in each function's environment what `make run` would add to it."""
    path = BUILD / "template.yaml"
    built: dict[str, Any] = load(path)
    api = template.read(path, {}, {})
    for function in api.functions.values():
        properties = built["Resources"][function.name]["Properties"]
        variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
        for name in NOT_HERE:
            variables.pop(name, None)
        variables |= local_variables(s3, api_key, api, function)
        if ENDPOINT in variables:
            variables[ENDPOINT] = endpoint
        for name, value in variables.items():
            if value == {"Ref": BUCKET_RESOURCE}:
                variables[name] = s3.bucket
    return built


def _environ(s3: S3) -> dict[str, str]:
    """Without the developer's AWS account. SAM gives every function the credentials that it finds
    here, whatever the template says, so that all of them may write: what a role may do is not
    emulated."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    credentials = s3.environment(s3.writer)
    del credentials[ENDPOINT]
    return {**inherited, **credentials, "AWS_MAX_ATTEMPTS": "1", "SAM_CLI_TELEMETRY": "0"}
