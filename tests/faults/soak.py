"""`make soak`: fresh seeds for SOAK_SECONDS, then the figures. Fails if a plan has failed."""

import os
import random
import sys
import tempfile
import time
from pathlib import Path

from dev.storage import seaweed
from tests.faults import campaign, report

ROUND = 40
"""Plans between two looks at the clock."""


def main() -> int:
    ends = time.monotonic() + float(os.environ.get("SOAK_SECONDS") or 600)
    first = random.SystemRandom().randrange(1_000_000, 1_000_000_000)
    total = campaign.Figures()
    while True:
        total.merge(one_round(range(first, first + ROUND)))
        first += ROUND
        print(f"{total.plans} plans, {len(total.failed)} failed", flush=True)
        if time.monotonic() >= ends:
            break
    table = total.table()
    print("\n".join(report.format_lines(table)))
    report.store_figures("soak.json", {"Soak": table})
    for seed, complaint in total.failed.items():
        print(f"SEED={seed} make races replays: {complaint}")
    return 1 if total.failed else 0


def one_round(seeds: range) -> campaign.Figures:
    # A bucket of its own for each round: versions are kept, and the disk is not endless.
    with tempfile.TemporaryDirectory() as folder, seaweed.run_server(Path(folder)) as s3:
        s3.ensure_bucket()
        return campaign.run(s3, seeds)


if __name__ == "__main__":
    sys.exit(main())
