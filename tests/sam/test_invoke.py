"""Every sample event by `sam local invoke`, over the embedded S3 with what the events ask for."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from datamesh.storage.s3.client import create_client
from dev import settings
from dev.sam import local
from dev.sam.local import SamProject
from dev.storage.s3 import S3
from dev.template.reader import read_api
from tests import deployed
from tests.integration.test_handlers import STATUSES
from tests.template import ROOT, TEMPLATE

SECONDS = 600
NAMES = sorted(deployed.EVENTS)


@pytest.fixture(scope="module")
def started(s3: S3) -> Iterator[SamProject]:
    chosen = settings.read_settings(os.environ | {"API_KEY": deployed.KEY})
    with local.prepare_project(chosen, s3) as prepared:
        yield prepared


def invoked(started: SamProject, name: str) -> Any:
    """Return what the function has returned."""
    function = deployed.function_of(read_api(TEMPLATE, {}, {}), deployed.EVENTS[name])
    event = ROOT / "events" / f"{name}.json"
    process = started.start(
        "invoke", function, "--event", str(event), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        output, log = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise
    assert process.returncode == 0, log
    return json.loads(output.strip().rpartition("\n")[2])


@pytest.mark.parametrize("name", NAMES)
def test_an_event(started: SamProject, s3: S3, name: str) -> None:
    ours = create_client(s3.build_environment(s3.admin))
    deployed.fill(s3.create_client(), ours, s3.bucket)
    result = invoked(started, name)
    if name == "authorizer":
        assert result == {
            "isAuthorized": True,
            "context": {"principal": "key:local", "grants": '[{"role":"admin","domain":"*"}]'},
        }
    elif name == "authorizer_stored_key":
        context = {"principal": "key:night", "grants": "[]"}
        assert result == {"isAuthorized": True, "context": context}
    elif name == "schedule":
        counts = {"pruned_lineage_entries": 1, "products": 3, "lineage_entries": 1}
        archived = {"archived_versions": 2, "missing_versions": 0, "lag_seconds": 0}
        assert result == counts | archived
    elif name == "check_daily":
        assert result == {"checked": 1, "failed": 0, "left": 0}
    elif name == "derive_events":
        assert result == {"batchItemFailures": []}
    elif name == "rebuild":
        assert result == {"finished": 1, "events": 2, "derived_entries": 2}
    else:
        assert result["statusCode"] == STATUSES[name][1], result
