"""Docker, as far as the local API on SAM needs it."""

import json
import platform
import subprocess
from ipaddress import ip_network

SECONDS = 120
PULL_SECONDS = 300
LABEL = "sam.cli.container.type=lambda"
ARCHITECTURE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"
IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"
"""The image in which SAM runs functions of this architecture."""


class DockerError(Exception):
    """Docker cannot do it; the message is for the operator."""


def run_docker(*arguments: str, seconds: float = SECONDS) -> str:
    """Return what a `docker` command prints.

    Raises:
        DockerError: It fails, takes too long, or is not there.
    """
    try:
        done = subprocess.run(
            ["docker", *arguments], capture_output=True, text=True, timeout=seconds, check=True
        )
    except FileNotFoundError:
        raise DockerError("there is no docker command") from None
    except subprocess.TimeoutExpired:
        raise DockerError(f"docker {arguments[0]} took more than {seconds:.0f} s") from None
    except subprocess.CalledProcessError as error:
        reason = str(error.stderr).strip() or f"docker {arguments[0]} failed"
        raise DockerError(reason.splitlines()[-1]) from None
    return done.stdout.strip()


def require_daemon() -> None:
    """Make sure that a daemon answers.

    Raises:
        DockerError: None does.
    """
    run_docker("version", "--format", "{{.Server.Version}}")


def require_image() -> None:
    """Pull the image that functions run in, unless it is there.

    Raises:
        DockerError: It cannot be pulled.
    """
    try:
        run_docker("image", "inspect", "--format", "{{.Id}}", IMAGE)
    except DockerError:
        try:
            run_docker("pull", "--quiet", IMAGE, seconds=PULL_SECONDS)
        except DockerError as error:
            message = f"{IMAGE} cannot be pulled ({error}); `make lambda-image` makes a stand-in"
            raise DockerError(message) from None


def find_host_address() -> str:
    """Return this machine's address as containers see it.

    Raises:
        DockerError: There is none.
    """
    networks = json.loads(
        run_docker("network", "inspect", "bridge", "--format", "{{json .IPAM.Config}}")
    )
    for network in networks or ():
        if ":" not in network["Subnet"]:
            # A daemon that has made the bridge itself does not name the address that it gave it.
            first = next(ip_network(network["Subnet"]).hosts())
            return str(network.get("Gateway") or first)
    raise DockerError("the default bridge has no IPv4 address")


def remove_function_containers(variable: str) -> None:
    """Remove the containers of functions whose environment has `NAME=value`."""
    for container in run_docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split():
        try:
            environment = run_docker("inspect", "--format", "{{json .Config.Env}}", container)
            if f'"{variable}"' in environment:
                run_docker("rm", "--force", "--volumes", container)
        except DockerError:
            continue  # it has gone meanwhile
