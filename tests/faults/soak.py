"""`make soak`: fresh seeds for SOAK_SECONDS, then the figures. Fails if a plan has failed."""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from dev.storage import seaweed
from tests.faults import campaign, report
from tests.faults.event_runs import open_event_slots

ROUND = 40
"""Plans of commits between two looks at the clock."""
EVENT_PLANS = 8
"""Plans of events beside them."""


def main() -> int:
    ends = time.monotonic() + float(os.environ.get("SOAK_SECONDS") or 600)
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)
    total, total_of_events = campaign.Figures(), campaign.Figures()
    while True:
        commits, events = one_round(range(first, first + ROUND))
        total.merge(commits)
        total_of_events.merge(events)
        first += ROUND
        failed = total.failed | total_of_events.failed
        plans = total.plans + total_of_events.plans
        print(f"{plans} plans, {len(failed)} failed", flush=True)
        if time.monotonic() >= ends:
            break
    tables = {"Soak": total.table(), "Soak of events": total_of_events.table("events")}
    for table in tables.values():
        print("\n".join(report.format_lines(table)))
    report.store_figures("soak.json", tables)
    for seed, complaint in failed.items():
        print(f"SEED={seed} make races replays: {complaint}")
    return 1 if failed else 0


def one_round(seeds: range) -> tuple[campaign.Figures, campaign.Figures]:
    # A bucket of its own for each round: versions are kept, and the disk is not endless.
    with tempfile.TemporaryDirectory() as folder, seaweed.run_server(Path(folder)) as s3:
        s3.ensure_bucket()
        # A plan of events takes about as long as five of commits.
        of_events = seeds[:: ROUND // EVENT_PLANS]
        return campaign.run(s3, seeds), campaign.run(s3, of_events, opens=open_event_slots)


if __name__ == "__main__":
    sys.exit(main())
