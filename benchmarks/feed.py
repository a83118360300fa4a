"""A page of the feed, a commit at a time: from versions of today, and from the archive."""

import gzip
import random
from functools import partial

from benchmarks.archive import change_entry
from benchmarks.measure import ROUNDS, Row, alternately, cpu_ms, ratio_at_most
from benchmarks.mesh import lineage_file, products_file
from datamesh.services.time_travel.changes import ChangesFilter
from datamesh.services.time_travel.feed import FeedReader
from datamesh.services.time_travel.feed_items import FeedView
from datamesh.storage.files import LineageFile
from tests.contexts import NO_DEADLINE
from tests.past import Timeline

PRODUCTS, ENTRIES = 1_000, 10_000
COMMITS = 40
"""How many commits of lineage there are, a minute apart: a page of them is read."""


def rows(rounds: int = ROUNDS) -> list[Row]:
    timeline = write_commits()
    body = timeline.lineage.kept[-1][1]
    assert body
    decode = partial(LineageFile.decode, "lineage.json", body.body)
    recent, parsed = alternately(
        cpu_ms(lambda: read_commits(timeline)), cpu_ms(decode, 5), rounds=rounds
    )
    timeline.tick(days=2)
    timeline.archive()
    (archived,) = alternately(cpu_ms(lambda: read_commits(timeline)), rounds=rounds)
    what = f"a commit of lineage, at {PRODUCTS:,} products and {ENTRIES:,} entries"
    against = "decoding the file once"
    return [
        Row(what, "ms CPU", recent / COMMITS, parsed, against, ratio_at_most(2)),
        Row(f"{what}, archived", "ms CPU", archived / COMMITS, parsed, against, ratio_at_most(2)),
    ]


def write_commits() -> Timeline:
    """Return a registry of which entries were changed and added, one in each commit."""
    timeline, chance = Timeline(), random.Random(48)
    timeline.products.put(gzip.compress(products_file(PRODUCTS)), None)
    timeline.lineage.put(gzip.compress(lineage_file(PRODUCTS, ENTRIES)), None)
    for _ in range(COMMITS):
        timeline.tick()
        timeline.registry.lineage.commit(
            lambda file: (change_entry(file, chance), None), NO_DEADLINE
        )
    return timeline


def read_commits(timeline: Timeline) -> None:
    held = timeline.resources()
    view = FeedView(held.registry_at, held.show_past_products, ChangesFilter())
    after, found = "oldest", 0
    while found < COMMITS:  # a page ends where its time does
        page = FeedReader(held.open_feed(), view, held.registry).read_page(after, COMMITS, 0)
        assert page.commits
        after, found = page.next_cursor, found + len(page.commits)
