"""Many plans, in a few processes and threads; what became of them, in figures."""

import math
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

from datamesh.storage.s3.client import create_client
from dev.storage.s3 import S3
from tests.faults.judge import Outcome
from tests.faults.plans import Plan
from tests.faults.proxy import Proxy
from tests.faults.runs import WRITERS, OpenSlots, Result, open_slots

PROCESSES = 2
SLOTS = 12
"""The plans at once in each process: writers wait for the proxy and the server most of the time."""


@dataclass
class Figures:
    """Sums over plans."""

    plans: int = 0
    commits: "Counter[str]" = field(default_factory=Counter)
    faults: "Counter[str]" = field(default_factory=Counter)
    found: "Counter[str]" = field(default_factory=Counter)
    """The counts of all else, by what it is called in the table."""
    failed: dict[int, str] = field(default_factory=dict)
    """Seed -> complaint."""
    seconds: float = 0.0

    def add(self, results: Iterable[Result]) -> None:
        for result in results:
            self.plans += 1
            self.commits.update({str(outcome): n for outcome, n in result.told.items()})
            self.faults.update(result.faults)
            self.found.update(result.found)
            if result.complaint:
                self.failed[result.seed] = result.complaint

    def merge(self, other: "Figures") -> None:
        self.plans += other.plans
        self.commits.update(other.commits)
        self.faults.update(other.faults)
        self.found.update(other.found)
        self.failed |= other.failed
        self.seconds += other.seconds

    def table(self, acts: str = "commits") -> Mapping[str, object]:
        told = {f"{acts} {outcome}": self.commits[outcome] for outcome in Outcome}
        passed = self.faults["pass"]
        return {
            "plans": self.plans,
            acts: self.commits.total(),
            **told,
            **self.found,
            "requests": self.faults.total(),
            "faults": self.faults.total() - passed,
            "faults by kind": {k: n for k, n in sorted(self.faults.items()) if k != "pass"},
            "failed plans": sorted(self.failed),
            "seconds": round(self.seconds, 1),
        }


def run(
    s3: S3,
    seeds: Sequence[int],
    processes: int = PROCESSES,
    slots: int = SLOTS,
    opens: OpenSlots = open_slots,
) -> Figures:
    """Every seed's plan, each in one of the processes, in slots that `opens` opens."""
    figures, started = Figures(), time.monotonic()
    environment = s3.build_environment(s3.writer)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        size = math.ceil(len(seeds) / processes)
        shares = [seeds[start : start + size] for start in range(0, len(seeds), size)]
        arguments = ((environment, s3.endpoint, s3.bucket, share, slots, opens) for share in shares)
        for results in pool.map(_share, arguments):
            figures.add(results)
    figures.seconds = time.monotonic() - started
    return figures


def _share(
    arguments: tuple[dict[str, str], str, str, Sequence[int], int, OpenSlots],
) -> list[Result]:
    environment, endpoint, bucket, seeds, slots, opens = arguments
    os.environ.update(environment)
    plans = [Plan(seed) for seed in seeds]
    return run_here(environment, endpoint, bucket, plans, slots, opens)


def run_here(
    environment: dict[str, str],
    endpoint: str,
    bucket: str,
    plans: Sequence[Plan],
    slots: int = 1,
    opens: OpenSlots = open_slots,
) -> list[Result]:
    """Run plans in this process, whose environment has to be set for the server."""
    slots = min(slots, len(plans))
    with Proxy(endpoint, slots * WRITERS) as proxy:
        free: SimpleQueue[int] = SimpleQueue()
        opened = opens(environment, bucket, proxy, create_client())
        for number in range(slots):
            free.put(number)

        def one(plan: Plan) -> Result:
            number = free.get()
            try:
                return opened[number].run(plan)
            except Exception as error:  # it must not hide the seed
                return Result(plan.seed, complaint=repr(error))
            finally:
                free.put(number)

        with ThreadPoolExecutor(slots) as pool:
            return list(pool.map(one, plans))
