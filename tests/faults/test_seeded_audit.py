"""Audited writes through the fault proxy, of processes that die. SEED=n replays one plan."""

import os

import pytest

from datamesh.services.audit.trail import AuditTrail
from dev.storage.s3 import S3
from tests.faults import campaign, report
from tests.faults.audit_runs import open_audit_slots
from tests.faults.plans import Plan

PLANS = 8


def test_seeded_audit(s3: S3, figures: report.Figures) -> None:
    seeds = [int(os.environ["SEED"])] if os.environ.get("SEED") else list(range(1, PLANS + 1))
    found = campaign.run(s3, seeds, opens=open_audit_slots)
    figures["Seeded faults and deaths between writes and their audit records"] = found.table(
        "writes"
    )
    assert not found.failed, "\n".join(
        f"SEED={seed} make races replays: {complaint}" for seed, complaint in found.failed.items()
    )
    if len(seeds) > 1:
        assert found.plans == PLANS
        # Twice to four times as many on most machines: a slow one sends fewer requests in a life.
        assert found.found["deaths of processes"] >= PLANS // 4, "too gentle a suite"
        for outcome in ("recorded", "landed", "not_landed"):
            assert found.found[f"outcomes {outcome}"], f"a suite that never meets {outcome}"


def test_the_suite_notices_a_commit_that_is_not_on_record(
    s3: S3, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the record before the commit."""
    monkeypatch.setattr(AuditTrail, "announce_commit", lambda *arguments: None)
    [result] = campaign.run_here(
        environment, s3.endpoint, s3.bucket, [Plan(seed=-1)], opens=open_audit_slots
    )
    assert "in the history, and not on record" in result.complaint
