"""The local API's schedule, which EventBridge keeps on AWS."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dev.execution import schedule
from dev.execution.deployment import LocalDeployment
from dev.template.reader import read_api
from tests.integration.fake_project import FakeProject

NOTES = """
    def handler(event, context):
        with open({seen!r}, "a") as file:
            file.write(event["detail-type"] + " " + event["time"] + "\\n")
        {then}
"""


def invoked(tmp_path: Path, then: str, times: int = 1) -> list[str]:
    """Return what the scheduled function of a project has seen."""
    project, seen = FakeProject(tmp_path / "project"), tmp_path / "seen"
    project.describe(schedule="rate(1 hour)")
    project.code("things", NOTES.format(seen=str(seen), then=then))
    read = partial(read_api, project.template, {}, {"CatalogBucket": "catalog"})
    deployment = LocalDeployment(project.template, read, lambda api, function: function.environment)

    async def main() -> None:
        for _ in range(times):
            await schedule.invoke_scheduled(deployment)
        await deployment.close()

    asyncio.run(main())
    return seen.read_text().splitlines()


def test_a_scheduled_function_gets_the_sample_event_of_now(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    [line] = invoked(tmp_path, "return {}")
    kind, _, due = line.rpartition(" ")
    assert kind == json.loads(Path("events/schedule.json").read_text())["detail-type"]
    assert before <= datetime.fromisoformat(due) <= datetime.now(UTC)


def test_a_run_that_fails_is_told_and_the_next_one_comes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(invoked(tmp_path, "raise RuntimeError('no storage')", times=2)) == 2
    told = [record.getMessage() for record in caplog.records if record.name == "schedule"]
    assert told == ["schedule Things: RuntimeError: no storage"] * 2
