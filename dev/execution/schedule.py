"""A small EventBridge: functions of the template that have a schedule are invoked by it."""

import asyncio
import json
import logging
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dev.execution.deployment import FunctionError, LocalDeployment
from dev.execution.pool import Unavailable
from dev.template.intrinsics import TemplateError

SECONDS = 3600
"""The time between two runs, as the template's parameter has it, which is not set for a local
run."""
SAMPLE = Path(__file__).resolve().parents[2] / "events" / "schedule.json"

log = logging.getLogger("schedule")


async def run_schedule(deployment: LocalDeployment) -> None:
    """Invoke the scheduled functions at once and then every hour, until it is cancelled."""
    while True:
        await invoke_scheduled(deployment)
        await asyncio.sleep(SECONDS)


async def invoke_scheduled(deployment: LocalDeployment) -> None:
    """Invoke each scheduled function once; a failure is logged and does not concern the others."""
    try:
        names = deployment.read_api().scheduled
    except TemplateError as error:
        log.error("template.yaml: %s", error)
        return
    for name in names:
        started = time.monotonic()
        try:
            await deployment.invoke(name, _build_event(), str(uuid.uuid4()))
            await deployment.release(name)
        except (FunctionError, Unavailable) as error:
            log.error("schedule %s: %s", name, error or "no answer in time")
        else:
            log.info("schedule %s %d ms", name, round((time.monotonic() - started) * 1000))


def _build_event() -> dict[str, Any]:
    """Return the sample event as if it were due now, to the second as EventBridge says it."""
    due = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event: dict[str, Any] = json.loads(SAMPLE.read_text()) | {"id": str(uuid.uuid4()), "time": due}
    return event
