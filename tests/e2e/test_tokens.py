"""`make run` with an issuer of tokens: whom it signs in may write, and is named by the audit."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.e2e import local_run
from tests.e2e.documents import FENCE, ROOT
from tests.e2e.targets import TARGET
from tests.integration.processes import eventually
from tests.tokens import AUDIENCE, GRANTS, Issuer, running_issuer

pytestmark = pytest.mark.skipif(TARGET != "make-run", reason="it starts a registry of its own")

KEY = "a-key-beside-the-tokens"


@dataclass(frozen=True)
class SignedIn:
    issuer: Issuer
    github: Issuer
    url: str

    def register(self, token: str, name: str) -> requests.Response:
        return local_run.register(self.url, token, local_run.product(name))

    def get(self, path: str, token: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(f"{self.url}{path}", headers=headers, timeout=local_run.TIMEOUT_SECONDS)


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedIn]:
    folder = tmp_path_factory.mktemp("tokens")
    with running_issuer() as people, running_issuer() as github:
        listed = {
            "issuer": github.url,
            "audience": AUDIENCE,
            "groups_claim": "repository",
            "grants": {"octo/platform": "admin:*"},
        }
        variables = {
            "API_KEY": KEY,
            "EXAMPLES": "0",
            "JWT_ISSUER": people.url,
            "JWT_AUDIENCE": AUDIENCE,
            "JWT_GRANTS": json.dumps(GRANTS),
            "JWT_ISSUERS": json.dumps([listed]),
        }
        with local_run.running(folder / "data", folder / "output", **variables) as run:
            found = SignedIn(people, github, run.url)
            workflow = github.sign(repository="octo/platform", groups=None)
            # Keys that cannot be fetched within seconds are asked for again half a minute later.
            assert eventually(lambda: found.get("/me", people.sign()).ok)
            assert eventually(lambda: found.get("/me", workflow).ok)
            yield found


def test_a_token_writes_and_the_audit_trail_names_its_principal(signed_in: SignedIn) -> None:
    token = signed_in.issuer.sign("es256", groups=["data-platform"], sub="ada")
    assert signed_in.register(token, "by_ada").status_code == 200
    audit = signed_in.get("/audit?product=by_ada", token).json()
    [record] = audit["records"]
    assert record["principal"] == f"jwt:{signed_in.issuer.url}#ada"


def test_a_workflow_of_github_writes_without_a_stored_secret(signed_in: SignedIn) -> None:
    subject = "repo:octo/platform:ref:refs/heads/main"
    token = signed_in.github.sign(sub=subject, repository="octo/platform", groups=None)
    assert signed_in.register(token, "by_a_workflow").status_code == 200
    other = signed_in.github.sign(sub=subject, repository="octo/other", groups=["data-platform"])
    assert signed_in.register(other, "by_another_workflow").status_code == 403


def test_the_command_of_the_guide_writes(signed_in: SignedIn) -> None:
    [command] = [
        script
        for language, script in FENCE.findall((ROOT / "docs/guides/sign-in.md").read_text())
        if language == "shell"
    ]
    token = signed_in.issuer.sign("eddsa", groups=["data-platform"])
    run = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "URL": signed_in.url, "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=local_run.TIMEOUT_SECONDS,
    )
    assert json.loads(run.stdout)["success"] is True, run.stdout + run.stderr


def test_a_token_with_lesser_grants_does_not_write(signed_in: SignedIn) -> None:
    answer = signed_in.register(signed_in.issuer.sign(), "by_sales")
    assert answer.status_code == 403
    assert "needs the role contributor in the domain" in answer.json()["message"]


def test_a_token_for_another_service_does_not_write(signed_in: SignedIn) -> None:
    token = signed_in.issuer.sign(aud="another", groups=["data-platform"])
    answer = signed_in.register(token, "by_another")
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_the_key_writes_as_before(signed_in: SignedIn) -> None:
    assert signed_in.register(KEY, "by_key").status_code == 200


def test_a_bad_setting_is_told_in_one_line(tmp_path: Path) -> None:
    bad = {
        "JWT_ISSUER": "https://login.example.com",
        "JWT_AUDIENCE": "a",
        "JWT_GRANTS": '{"a": "boss:*"}',
    }
    run = local_run.start(tmp_path / "data", tmp_path / "output", **bad)
    assert run.process.wait(local_run.START_SECONDS) != 0
    assert "JWT_GRANTS: 'a': 'boss' is no role; one of reader, contributor," in run.printed()
