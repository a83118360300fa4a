"""The cost of a million requests, and of a month without any: the prices times what was counted.

Requests to S3, bytes and processor time of each kind of request are measured here, the functions
talking to the local S3 server; memory, alarms, schedule and how long versions are kept are those of
`template.yaml`. What Lambda's clock would show is reckoned from that: see `FULL_PROCESSOR` and
`S3_SECONDS`.

Not counted: transfer beyond what is always free, cold starts, requests that API Gateway throttles,
domain data, a dashboard and SnapStart (off), and what is free anyway (schedule, CodeDeploy).
"""

import io
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module

from benchmarks import prices
from benchmarks.door import Door, opened
from benchmarks.lambdas import CONTEXT, Event, deployed, get
from benchmarks.measure import Row, at_most
from benchmarks.mesh import domain_name, product_name
from benchmarks.prices import Line
from benchmarks.results import number
from datamesh.aws.api_usage import STATISTICS
from datamesh.aws.observability import Handler
from datamesh.models.values import utc_now
from datamesh.storage.archive.segments import (
    ARCHIVE_FOLDER,
    SEGMENTS,
    decode_segment,
    encode_segment,
)
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.objects import StoredObject
from datamesh.storage.s3.client import create_client
from datamesh.wiring.bucket import ARCHIVED, Bucket
from dev.storage.s3 import S3
from dev.template.intrinsics import read_map
from dev.template.reader import read_api
from tests.lambdas import api_event, read_answer
from tests.meshes import lineage_body, product_body
from tests.template import DOCUMENT, TEMPLATE, list_resources, read_at, read_properties

REQUESTS, WRITES = 1_000_000, 50_000
SMALL, LARGE, HUGE = (100, 1_000), (1_000, 10_000), (10_000, 100_000)
"""Products and entries; the second is what the default limits allow."""
SENT = 30
MONTHS_KEPT = 12
"""The months for which a version's difference is kept, and at the least an audit record."""
VERSION_MONTHS = float(str(read_at(DOCUMENT, "Parameters", "VersionDays", "Default"))) / 30
"""The months for which a whole version is kept that was replaced."""
MONTH = 30 * 24 * 3600
RUNS, DAYS = MONTH / 3600, 30
ASKED_A_DAY = 2
"""How often CloudWatch is asked about yesterday: by the runs up to that of one o'clock."""
OWN_METRICS = ("CommitAttempts", "ProductsAdded", "LineageAdded")
"""The custom metrics that these writes count."""
FULL_PROCESSOR = 1769
"""MB of memory with which a function has one processor; with less it has its share of one."""
POLLERS, POLL_SECONDS = 5, 20
"""How many requests of Lambda wait for messages of an empty queue, and for how long each."""
S3_SECONDS = {"GET": 0.015, "PUT": 0.030}
"""The time that a function waits for S3 within its region: assumed."""
AUTHORIZED_SECONDS = 60
"""The time for which API Gateway and the authorizer remember a key."""
AUTHORIZER_SECONDS = 0.050
ASKED_SECONDS = 0.002
"""The authorizer's time for a read: it looks nothing up, and no decision is remembered."""
LOG_EVENT_BYTES = 26
"""CloudWatch adds so many to each line."""
PLATFORM_LOG_BYTES = 83 + 53 + 170 + 3 * LOG_EVENT_BYTES
"""Lambda's own START, END and REPORT lines."""
LOGS_KEPT = 0.15
"""The share of the log's bytes that is kept for the month, since they are compressed."""
GB = 1e9

FUNCTIONS = read_api(TEMPLATE, {}, {"CatalogBucket": "catalog"}).functions


@dataclass
class Use:
    """The resources that requests use: a number of one kind, or all of them."""

    requests: float = 0
    gets: float = 0
    puts: float = 0
    put_bytes: float = 0
    document_bytes: float = 0
    """The bytes among `put_bytes` that are of the two documents."""
    archived_bytes: float = 0
    """The bytes that the archive keeps of the writes."""
    gb_seconds: float = 0
    log_bytes: float = 0
    sent_bytes: float = 0

    def times(self, factor: float) -> "Use":
        return Use(*[getattr(self, name) * factor for name in self.__dataclass_fields__])

    def __add__(self, other: "Use") -> "Use":
        pairs = [(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__]
        return Use(*[one + another for one, another in pairs])


def rows() -> list[Row]:
    small, large, huge = (bill_of_use(*size) for size in (SMALL, LARGE, HUGE))
    idle = bill_of_idling()
    what = f"{REQUESTS:,} requests, 5 % of them writes"
    return [
        _total(f"{what}; {SMALL[0]:,} products, {SMALL[1]:,} entries", small, 2.0),
        *_items(small),
        _total(f"{what}; {LARGE[0]:,} products, {LARGE[1]:,} entries", large, 2.2),
        _total(f"{what}; {HUGE[0]:,} products, {HUGE[1]:,} entries", huge, 3.0),
        _total("an idle month of prod", idle, 0.5),
        *_items(idle),
    ]


def _total(what: str, lines: Sequence[Line], bound: float | None = None) -> Row:
    target = None if bound is None else at_most(bound)
    full = sum(line.list_dollars for line in lines)
    note = f"{full:.2f} if nothing were free"
    return Row(what, "USD", sum(line.dollars for line in lines), target=target, note=note)


def _items(lines: Sequence[Line]) -> list[Row]:
    return [
        Row(f"- {line.price.what}", "USD", line.dollars, note=_described(line)) for line in lines
    ]


def _described(line: Line) -> str:
    price = line.price
    per = "each" if price.per == 1 else f"for {price.per:,.0f}"
    free = f"; {price.free:,.0f} are always free" if price.free else ""
    return f"{number(line.units)} at {price.dollars:g} {per}{free}"


def bill_of_use(products: int, entries: int) -> list[Line]:
    reads, writes, snapshots = uses(products, entries)
    use = reads.times(REQUESTS - WRITES) + writes.times(WRITES)
    # Writes are spread evenly: one that has the key looked up spares that to those after it.
    authorized = WRITES / (1 + WRITES * AUTHORIZED_SECONDS / MONTH)
    asked = REQUESTS - WRITES
    memory = FUNCTIONS["AuthorizerFunction"].memory / 1024
    waited = authorized * AUTHORIZER_SECONDS + asked * ASKED_SECONDS
    invoked = authorized + asked
    logs = (use.log_bytes + REQUESTS * _access_log_bytes() + invoked * PLATFORM_LOG_BYTES) / GB
    return [
        Line(prices.HTTP_API, REQUESTS),
        Line(prices.LAMBDA_REQUESTS, REQUESTS + invoked),
        Line(prices.LAMBDA_TIME, use.gb_seconds + waited * memory),
        # A run reads each version that was replaced.
        Line(prices.S3_GET, use.gets + WRITES),
        Line(prices.S3_PUT, use.puts + len(ARCHIVED) * (RUNS + DAYS)),
        Line(prices.S3_STORAGE, (_kept_bytes(use) + snapshots * MONTHS_KEPT) / GB),
        Line(prices.LOGS, logs),
        Line(prices.LOGS_KEPT, logs * LOGS_KEPT),
        Line(prices.METRICS, len(OWN_METRICS)),
        Line(prices.SECRET_CALLS, authorized),
        Line(prices.TRANSFER, use.sent_bytes / GB),
    ]


def _kept_bytes(use: Use) -> float:
    """Byte-months: those of whole versions, and of all that is kept for longer."""
    longer = use.put_bytes - use.document_bytes + use.archived_bytes
    return use.document_bytes * VERSION_MONTHS + longer * MONTHS_KEPT


def _access_log_bytes() -> int:
    """About as long as the format, whose variables are as long as what they stand for."""
    settings = read_map(read_map(read_properties("RegistryApi"), "api")["AccessLogSettings"], "log")
    return len(str(settings["Format"])) + LOG_EVENT_BYTES


def uses(products: int, entries: int) -> tuple[Use, Use, float]:
    """Return the use of a read, the use of a write, and the bytes of a month's snapshots. Reads are
    of one product, of a list of a domain and of one upstream, the first twice as often; writes are
    of a product and of lineage, as often."""
    names = [product_name(number % products) for number in range(SENT)]
    domains = [domain_name(number % 40) for number in range(SENT)]
    bodies = [product_body(name=f"new_{number}") for number in range(SENT)]
    ends = lineage_body(source=names[0], target=names[1])
    one = [get(f"/product/{name}") for name in names]
    several = [get(f"/products?domain={domain}&limit=100") for domain in domains]
    upstream = [get(f"/lineage/upstream/{name}") for name in names]
    product = [api_event("POST", "/register_product", body) for body in bodies]
    lineage = [api_event("POST", "/register_lineage", ends)] * SENT
    with opened(products, entries) as (s3, door):
        reads = use_of(s3, door, "Products", "Read", one).times(2)
        reads += use_of(s3, door, "Products", "Read", several)
        reads += use_of(s3, door, "Lineage", "Read", upstream)
        writes = use_of(s3, door, "Products", "Write", product)
        writes += use_of(s3, door, "Lineage", "Write", lineage)
        bucket = Bucket(create_client(), s3.bucket, Backoff())
        bucket.keep_past(utc_now(), Deadline.from_now(600))
        writes.archived_bytes = sum(_measure_archived(bucket, key) for key in ARCHIVED)
        snapshots = DAYS * sum(_measure_object(bucket, key) for key in ARCHIVED)
    return reads.times(1 / 4), writes.times(1 / 2), snapshots


def _measure_archived(bucket: Bucket, key: str) -> float:
    """Bytes of a commit, without the whole content with which the archive has begun."""
    journal = bucket.open_journal(f"{ARCHIVE_FOLDER}{key}/{SEGMENTS}")
    deadline = Deadline.from_now(60)
    names = journal.list_names("", deadline)
    segments = zip(names, journal.read_all(names, deadline), strict=True)
    entries = [entry for name, body in segments for entry in decode_segment(name, body)]
    changed = [entry for entry in entries if not entry.is_base]
    return len(encode_segment(changed)) / len(changed)


def _measure_object(bucket: Bucket, key: str) -> int:
    found = bucket.open_object(key).get()
    assert isinstance(found, StoredObject)
    return len(found.body)


def use_of(s3: S3, door: Door, area: str, role: str, events: Sequence[Event]) -> Use:
    """Return the use of one request of a warm function."""
    limits = {"MAX_PRODUCTS": "100000", "MAX_LINEAGE_ENTRIES": "1000000"}
    handler = deployed(area.lower(), s3, **limits).handler
    handler(events[0], CONTEXT)
    measured = _measured(door, handler, events[1:], FUNCTIONS[f"{area}{role}Function"].memory)
    return measured.times(1 / (len(events) - 1))


def _measured(door: Door, handler: Handler, events: Sequence[Event], memory: int) -> Use:
    door.counted, log, sent = Counter(), io.StringIO(), 0
    door.put_bytes = door.document_bytes = 0
    began = time.thread_time()
    with redirect_stdout(log):
        for event in events:
            answer = handler(event, CONTEXT)
            if "statusCode" in answer:
                assert answer["statusCode"] == 200, answer
                sent += len(read_answer(answer).content)
    cpu = time.thread_time() - began
    puts = sum(n for kind, n in door.counted.items() if kind.startswith("PUT"))
    gets = door.counted.total() - puts
    waited = gets * S3_SECONDS["GET"] + puts * S3_SECONDS["PUT"]
    seconds = cpu * FULL_PROCESSOR / memory + waited
    logged = len(log.getvalue()) + log.getvalue().count("\n") * LOG_EVENT_BYTES
    return Use(
        len(events),
        gets,
        puts,
        door.put_bytes,
        door.document_bytes,
        gb_seconds=seconds * memory / 1024,
        log_bytes=logged + len(events) * PLATFORM_LOG_BYTES,
        sent_bytes=sent,
    )


def bill_of_idling() -> list[Line]:
    """Return the bill of prod without requests. Alarms watch it, both schedules run once an hour,
    and the queue is polled."""
    first, other = scheduled_runs()
    use = first.times(DAYS) + other.times(RUNS - DAYS) + check_run().times(RUNS)
    return [
        Line(prices.SECRET, len(list_resources("AWS::SecretsManager::Secret"))),
        Line(prices.LAMBDA_REQUESTS, use.requests),
        Line(prices.LAMBDA_TIME, use.gb_seconds),
        Line(prices.S3_GET, use.gets),
        Line(prices.S3_PUT, use.puts),
        Line(prices.S3_STORAGE, _kept_bytes(use) / GB),
        Line(prices.LOGS, use.log_bytes / GB),
        Line(prices.QUEUE, POLLERS * MONTH / POLL_SECONDS),
        Line(prices.METRIC_DATA, DAYS * ASKED_A_DAY * 2 * len(STATISTICS)),
        Line(prices.ALARMS, len(list_resources("AWS::CloudWatch::Alarm"))),
    ]


def check_run() -> Use:
    """Return the use of the scheduled checks where no product asks for one."""
    memory = FUNCTIONS["DomainsScheduledFunction"].memory
    with opened(*SMALL) as (s3, door):
        deployed("domains", s3)
        handler = import_module("functions.domains.app").scheduled_handler
        return _measured(door, handler, [{"time": "2026-01-31T01:00:00Z"}], memory)


def scheduled_runs() -> tuple[Use, Use]:
    """The first of a day, and another."""
    memory = FUNCTIONS["AnalyticsScheduledFunction"].memory
    with opened(*SMALL) as (s3, door):
        deployed("analytics", s3)
        handler = import_module("functions.analytics.app").scheduled_handler
        events = [{"time": f"2026-01-31T{hour:02}:00:00Z"} for hour in range(1, 4)]
        found = [_measured(door, handler, [event], memory) for event in events]
    return found[0], found[-1]
