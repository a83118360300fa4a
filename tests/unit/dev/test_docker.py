"""The questions to Docker, asked of a stand-in for its command."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dev.sam import docker
from dev.sam.docker import DockerError

type Answer = Callable[[str], None]


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """answer(script) -> the `docker` command is that shell script."""

    def answered(script: str) -> None:
        command = tmp_path / "docker"
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return answered


@pytest.mark.parametrize(
    ("networks", "address"),
    [
        ('[{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]', "172.17.0.1"),
        ('[{"Subnet": "10.9.0.0/24", "Gateway": "10.9.0.254"}]', "10.9.0.254"),
        ('[{"Subnet": "172.18.0.0/16"}]', "172.18.0.1"),
        ('[{"Subnet": "fd00::/80"}, {"Subnet": "172.18.0.0/16"}]', "172.18.0.1"),
    ],
)
def test_the_gateway_is_named_or_the_first_address(
    answer: Answer, networks: str, address: str
) -> None:
    answer(f"echo '{networks}'")
    assert docker.find_host_address() == address


@pytest.mark.parametrize("networks", ["null", "[]", '[{"Subnet": "fd00::/80"}]'])
def test_without_a_gateway_nothing_listens_anywhere(answer: Answer, networks: str) -> None:
    answer(f"echo '{networks}'")
    with pytest.raises(DockerError, match="has no IPv4 address"):
        docker.find_host_address()


def test_a_failure_tells_the_last_line_that_docker_printed(answer: Answer) -> None:
    answer("echo first >&2; echo 'Is the daemon running?' >&2; exit 1")
    with pytest.raises(DockerError, match=r"^Is the daemon running\?$"):
        docker.require_daemon()


def test_a_machine_without_docker_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DockerError, match="there is no docker command"):
        docker.require_daemon()
