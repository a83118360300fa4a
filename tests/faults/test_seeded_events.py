"""Events, their queue and its workers through the fault proxy. SEED=n replays one plan."""

import os
from typing import Any

import pytest

from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.services.openlineage import batch
from datamesh.services.openlineage.queue import send_to_queue
from dev.storage.s3 import S3
from tests.faults import campaign, report
from tests.faults.event_runs import open_event_slots
from tests.faults.plans import Fault, Kind, Plan

PLANS = 12


def test_seeded_events(s3: S3, figures: report.Figures) -> None:
    seeds = [int(os.environ["SEED"])] if os.environ.get("SEED") else list(range(1, PLANS + 1))
    found = campaign.run(s3, seeds, opens=open_event_slots)
    figures["Seeded faults between events and what is derived from them"] = found.table("events")
    assert not found.failed, "\n".join(
        f"SEED={seed} make faults replays: {complaint}" for seed, complaint in found.failed.items()
    )
    if len(seeds) > 1:
        assert found.plans == PLANS
        assert found.found["deaths of processes"] > PLANS, "too gentle a suite"


def test_the_suite_notices_an_event_that_is_acknowledged_before_it_is_kept(
    s3: S3, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def hasty(*arguments: Any) -> None:
        try:
            send_to_queue(*arguments)
        except (StorageUnavailable, OutcomeUnknown):
            return  # it will be kept later

    monkeypatch.setattr(batch, "send_to_queue", hasty)
    plan = Plan(seed=-1, scripted=[Fault(Kind.SERVER_ERROR)] * 12)
    [result] = campaign.run_here(
        environment, s3.endpoint, s3.bucket, [plan], opens=open_event_slots
    )
    assert result.found["lost"]
    assert "lost 2026-01-31/" in result.complaint
