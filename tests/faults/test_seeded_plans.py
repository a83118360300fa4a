"""Rival writers through the fault proxy. SEED=n replays the one plan of that seed."""

import os

import pytest

from datamesh.storage import commit
from dev.storage.s3 import S3
from tests.faults import campaign, report
from tests.faults.judge import Outcome
from tests.faults.plans import Fault, Kind, Plan

PLANS = 200
MET = (Outcome.ACKNOWLEDGED, Outcome.REFUSED, Outcome.UNKNOWN)


def choose_seeds() -> list[int]:
    if seed := os.environ.get("SEED"):
        return [int(seed)]
    return list(range(1, PLANS + 1))


def test_seeded_plans(s3: S3, figures: report.Figures) -> None:
    found = campaign.run(s3, choose_seeds())
    figures["Seeded faults between writers and storage"] = found.table()
    assert not found.failed, "\n".join(
        f"SEED={seed} make races replays: {complaint}" for seed, complaint in found.failed.items()
    )
    if len(choose_seeds()) > 1:
        assert found.plans == PLANS
        assert all(found.commits[outcome] for outcome in MET), "a suite that never meets one"


def build_scripted_plan(*kinds: Kind) -> Plan:
    """Return a plan of these faults, for each writer the same. The seed is one of appends."""
    return Plan(seed=-1, scripted=[Fault(kind, 0.2) for kind in kinds])


@pytest.mark.parametrize("kind", [Kind.LOST_REPLY, Kind.LANDED_ERROR])
def test_the_suite_notices_a_commit_that_does_not_look_for_itself(
    s3: S3, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """The ring ignored, the first PUT whose reply is lost is made again."""
    honest = commit.PendingCommit.has_landed_in

    def forgetful(self: commit.PendingCommit, found: commit.FileVersion) -> bool:  # type: ignore[type-arg]
        stripped = found.file.model_copy(update={"recent": ()})
        return honest(self, commit.FileVersion(stripped, found.etag))

    monkeypatch.setattr(commit.PendingCommit, "has_landed_in", forgetful)
    plan = build_scripted_plan(Kind.PASS, kind)
    [result] = campaign.run_here(environment, s3.endpoint, s3.bucket, [plan])
    assert result.found["duplicated"]
    assert "duplicated=[" in result.complaint
