"""Events of a few runs, jobs and datasets that have much to do with each other, by a seed."""

from random import Random
from typing import Any

from tests.events import dataset, dataset_event, job_event, run_event

NAMES = ("shop.orders", "crm.orders", "raw/orders", "items", "revenue")
JOBS, RUNS = "jkl", 5
EVENTS = 10
POISON_DATASETS = 21
"""The datasets of each side of an event that has more pairs than MOST_PAIRS."""
MOST_PAIRS = 400
JUNK = ("{", '{"name": "2026-01-31/none.json.gz", "event": "bm8="}')


def draw_events(draw: Random) -> list[dict[str, Any]]:
    return [_draw_event(draw) for _ in range(EVENTS)]


def build_poison(number: int) -> dict[str, Any]:
    """An event that is good, and that nothing can be derived from with MOST_PAIRS."""
    sides = [[f"{side}{at}" for at in range(POISON_DATASETS)] for side in ("in", "out")]
    return run_event(*sides, run=100 + number, job=f"poison{number}")


def _draw_event(draw: Random) -> dict[str, Any]:
    minute = draw.randint(0, 9)
    if draw.random() < 0.2:
        return dataset_event(_draw_dataset(draw), minute)
    sides = [[_draw_dataset(draw) for _ in range(draw.randint(0, 2))] for _ in range(2)]
    if draw.random() < 0.15:
        return job_event(*sides, job=draw.choice(JOBS), minute=minute)
    run = draw.randint(1, RUNS)
    kind = draw.choice(["START", "RUNNING", "COMPLETE", "COMPLETE", "FAIL"])
    job = JOBS[run % len(JOBS)]
    return run_event(*sides, run=run, job=job, minute=minute, eventType=kind)


def _draw_dataset(draw: Random) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if draw.random() < 0.2:
        facets["symlinks"] = {"identifiers": [dataset(draw.choice(NAMES), "hive")]}
    if draw.random() < 0.3:
        facets["schema"] = {"fields": [{"name": draw.choice("xyz"), "type": "int"}]}
    if draw.random() < 0.3:
        state = draw.choice(["DROP", "DROP", "RENAME", "CREATE", "OVERWRITE"])
        facets["lifecycleStateChange"] = {"lifecycleStateChange": state}
        if state == "RENAME":
            previous = dataset(draw.choice(NAMES))
            facets["lifecycleStateChange"]["previousIdentifier"] = previous
    return dataset(draw.choice(NAMES), facets=facets)
