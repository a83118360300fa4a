"""The cost of a day of one anonymous caller, who asks at the limit of a route without a pause.

The question is the dearest of its kind about the real orders of the example mesh, in a file for
each day: an order of all rows that may be read. Requests to S3 are counted at the door of the
embedded server; the time is of the clock, without that door. Free tiers are not counted: others
have used them up.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import prices
from benchmarks.cost import FUNCTIONS, GB
from benchmarks.domain_reads import orders_by_day, product, put
from benchmarks.door import Door
from benchmarks.lambdas import CONTEXT, Event, deployed
from benchmarks.measure import Row, alternately, ratio_at_most, wall_ms
from benchmarks.prices import Line
from benchmarks.store import holding
from datamesh.settings import Settings
from datamesh.tables.budget import MAX_SECONDS
from dev.storage.s3 import S3
from dev.template.intrinsics import read_map
from tests.lambdas import api_event, read_answer
from tests.template import DOCUMENT

DAY = 24 * 3600
ROUNDS = 5
LARGEST = {"order_by": "-amount", "limit": 1}
A_MONTH = {"order_date_gte": "1997-07-01", "order_date_lt": "1997-08-01"}
PATH = "/domains/bench/orders"


@dataclass(frozen=True)
class Request:
    """The answer to one request, and the requests to S3 and the time that it took."""

    status: int
    files: int
    gets: int
    lists: int
    seconds: float
    sent_bytes: int

    def dollars(self, number: float) -> float:
        """Return what so many of them cost at list prices."""
        memory = FUNCTIONS["DomainsFunction"].memory / 1024
        lines = (
            Line(prices.HTTP_API, number),
            Line(prices.LAMBDA_REQUESTS, number),
            Line(prices.LAMBDA_TIME, number * self.seconds * memory),
            Line(prices.S3_GET, number * self.gets),
            Line(prices.S3_PUT, number * self.lists),
            Line(prices.TRANSFER, number * self.sent_bytes / GB),
        )
        return sum(line.list_dollars for line in lines)


def rows() -> list[Row]:
    schema, files = orders_by_day()
    with tempfile.TemporaryDirectory() as folder, holding(Path(folder)) as s3:
        put(s3, "domains/bench/orders/", files)
        orders = product("orders", schema, "order_date")
        put(s3, "", {"products.json": json.dumps({"orders": orders}).encode()})
        # With a principal, a query may read what anybody's could before there were two budgets.
        before = measure_request(s3, api_event("GET", PATH, query=LARGEST))
        month = measure_request(s3, ask_anonymously(LARGEST | A_MONTH))
        refused = measure_request(s3, ask_anonymously(LARGEST))
    assert (before.status, month.status, refused.status) == (200, 200, 413)
    return build_rows(before, month, refused)


def build_rows(before: Request, month: Request, refused: Request) -> list[Row]:
    rate = read_rate()
    number = rate * DAY
    reference = before.dollars(number)
    longest = Settings.model_fields["anonymous_scan_seconds"].default
    bound = replace(month, seconds=month.seconds + longest)
    bound_before = replace(before, seconds=before.seconds + MAX_SECONDS)
    asked = f"{rate} a second for a day"
    return [
        Row(
            f"the largest order of a month, {asked}",
            "USD",
            month.dollars(number),
            reference,
            "of all time, as it could be asked before",
            ratio_at_most(0.5),
            _describe(month, before),
        ),
        Row(
            f"the largest order of all time, {asked}: 413",
            "USD",
            refused.dollars(number),
            reference,
            "the same, answered as before",
            note=_describe(refused, before),
        ),
        Row(
            f"a query that takes all its time, {asked}",
            "USD",
            bound.dollars(number),
            bound_before.dollars(number),
            "before",
            note=f"computed: {longest:g} s of statements against {MAX_SECONDS:g} s",
        ),
    ]


def _describe(ours: Request, before: Request) -> str:
    return (
        f"{ours.files} files, {ours.gets} GETs, {ours.seconds * 1000:.0f} ms against"
        f" {before.files}, {before.gets}, {before.seconds * 1000:.0f} ms"
    )


def ask_anonymously(query: Mapping[str, object]) -> Event:
    return api_event("GET", PATH, query=query, principal="anonymous")


def measure_request(s3: S3, event: Event) -> Request:
    """Measure one request of a warm function: its clock, and then its requests at the door."""
    handler = deployed("domains", s3).handler
    answer = read_answer(handler(event, CONTEXT))
    (milliseconds,) = alternately(wall_ms(lambda: handler(event, CONTEXT)), rounds=ROUNDS)
    with Door(s3.endpoint) as door:
        behind = deployed("domains", replace(s3, endpoint=door.lanes[0].endpoint)).handler
        behind(event, CONTEXT)
        door.counted.clear()
        behind(event, CONTEXT)
        lists = door.counted["GET "]  # which names no key
        gets = door.counted.total() - lists
    return Request(
        status=answer.status,
        files=int(answer.headers.get("x-files-read", 0)),
        gets=gets,
        lists=lists,
        seconds=milliseconds / 1000,
        sent_bytes=len(answer.content),
    )


def read_rate() -> int:
    """Return how many requests a second a reading route accepts, by default."""
    parameters = read_map(DOCUMENT["Parameters"], "parameters")
    return int(str(read_map(parameters["ThrottlingRateLimit"], "rate")["Default"]))
