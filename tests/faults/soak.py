"""`make soak`: fresh seeds for SOAK_SECONDS, then the figures. Fails if a plan has failed."""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from dev.storage import seaweed
from tests.faults import campaign, report
from tests.faults.audit_runs import open_audit_slots
from tests.faults.event_runs import open_event_slots

ROUND = 40
"""Plans of commits between two looks at the clock."""
OTHER_PLANS = 8
"""Plans of events and of audited writes beside them, which take longer."""
KINDS = {"Soak": "commits", "Soak of events": "events", "Soak of audited writes": "writes"}
"""Title -> the name of what its plans count."""


def main() -> int:
    ends = time.monotonic() + float(os.environ.get("SOAK_SECONDS") or 600)
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)
    totals = {title: campaign.Figures() for title in KINDS}
    while True:
        for title, found in zip(KINDS, run_round(range(first, first + ROUND)), strict=True):
            totals[title].merge(found)
        first += ROUND
        failed = {title: found.failed for title, found in totals.items() if found.failed}
        plans = sum(found.plans for found in totals.values())
        print(f"{plans} plans, {sum(map(len, failed.values()))} failed", flush=True)
        if time.monotonic() >= ends:
            break
    tables = {title: totals[title].table(unit) for title, unit in KINDS.items()}
    for table in tables.values():
        print("\n".join(report.format_lines(table)))
    report.store_figures("soak.json", tables)
    for title, complaints in failed.items():
        for seed, complaint in complaints.items():
            print(f"{title}: SEED={seed} make races replays: {complaint}")
    return 1 if failed else 0


def run_round(seeds: range) -> tuple[campaign.Figures, ...]:
    """Return the figures of plans of each of KINDS."""
    # A bucket of its own for each round: versions are kept, and the disk is not endless.
    with tempfile.TemporaryDirectory() as folder, seaweed.run_server(Path(folder)) as s3:
        s3.ensure_bucket()
        fewer = seeds[:: ROUND // OTHER_PLANS]
        return (
            campaign.run(s3, seeds),
            campaign.run(s3, fewer, opens=open_event_slots),
            campaign.run(s3, fewer, opens=open_audit_slots),
        )


if __name__ == "__main__":
    sys.exit(main())
