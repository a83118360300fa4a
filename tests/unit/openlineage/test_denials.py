"""A `lineage` facet that says that a target comes from nowhere denies weaker evidence of its job.

Singly in any order, in one batch, and after a rebuild.
"""

from typing import Any

import pytest

from tests.events import column_lineage, dataset, dataset_event, job_event, run_event
from tests.unit.openlineage.test_runs import lineage_in_every_way

NOWHERE: dict[str, Any] = {"lineage": {"inputs": []}}
MADE_NOWHERE = dataset("b", facets=NOWHERE)


def lineage_of_job(**sources: list[str]) -> dict[str, Any]:
    entries = [
        {
            **dataset(target),
            "type": "DATASET",
            "inputs": [{**dataset(each), "type": "DATASET"} for each in found],
        }
        for target, found in sources.items()
    ]
    return {"lineage": {"entries": entries}}


def of_job(event: dict[str, Any], **sources: list[str]) -> dict[str, Any]:
    return {**event, "job": {**event["job"], "facets": lineage_of_job(**sources)}}


COLUMNS = dataset("b", facets=column_lineage(x=[("a", "y", "IDENTITY")]))
CASES: dict[str, tuple[list[dict[str, Any]], set[tuple[str, str]]]] = {
    "a later event of the run without the facet": (
        [of_job(run_event(["a"], ["b"]), b=[]), run_event(["a"], ["b"], minute=5)],
        set(),
    ),
    "later runs of the job without the facet": (
        [run_event(["a"], [MADE_NOWHERE]), run_event(["c"], ["b"], run=2, minute=5)],
        set(),
    ),
    "columns of the same output": (
        [of_job(run_event(["a"], [COLUMNS]), b=[]), run_event(["a"], [COLUMNS], run=2)],
        set(),
    ),
    "the events of a job without runs": (
        [job_event(["a"], [MADE_NOWHERE]), job_event(["a"], ["b"], minute=3)],
        set(),
    ),
    "a job whose client extends its name": (
        [of_job(run_event(["a"], job="app"), b=[]), run_event(["a"], ["b"], job="app.b")],
        set(),
    ),
    "other outputs are not denied": (
        [of_job(run_event(["a"], ["b", "c"]), b=[])],
        {("a", "c")},
    ),
    "other jobs are not denied": (
        [of_job(run_event(["a"], ["b"]), b=[]), run_event(["a"], ["b"], run=2, job="other")],
        {("a", "b")},
    ),
    "what a dataset says of itself denies no job": (
        [dataset_event(MADE_NOWHERE), run_event(["a"], ["b"])],
        {("a", "b")},
    ),
    "a facet that names a source is not complete": (
        [of_job(run_event(["a", "c"], ["b"]), b=["a"])],
        {("a", "b"), ("c", "b")},
    ),
    "a facet that was deleted denies nothing": (
        [run_event(["a"], [dataset("b", facets={"lineage": {"inputs": [], "_deleted": True}})])],
        {("a", "b")},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_a_facet_that_names_no_source_denies(case: str) -> None:
    events, expected = CASES[case]
    assert lineage_in_every_way(*events) == expected
