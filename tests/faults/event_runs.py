"""One plan of events: a sender and two workers behind the proxy, at once, which may die.

What was acknowledged is to be kept and derived, once, as if nothing had happened.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from datamesh.aws.observability import Observer
from datamesh.errors.storage import OutcomeUnknown, StorageUnavailable
from datamesh.http.context import create_task_record, open_task
from datamesh.http.event_queue import derive_messages
from datamesh.models.audit import AuditRecord
from datamesh.models.json_codec import decode_lenient
from datamesh.services.openlineage import batch
from datamesh.services.openlineage.groups import Delivery
from datamesh.services.openlineage.parsing import ReceivedEvent, receive_event
from datamesh.settings import load_settings
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.s3.client import S3Client
from datamesh.wiring.composition import open_resources
from datamesh.wiring.resources import Resources
from tests.contexts import NO_DEADLINE
from tests.faults.drawn_events import JUNK, MOST_PAIRS, build_poison, draw_events
from tests.faults.event_queue import UnreliableQueue
from tests.faults.event_state import derive_undisturbed, find_differences, list_derived, read_state
from tests.faults.judge import Outcome
from tests.faults.mortal import Killed, create_mortal
from tests.faults.plan_bucket import PlanBucket
from tests.faults.plans import Plan
from tests.faults.proxy import Proxy
from tests.faults.runs import Result, Slot, create_backoff, open_slots
from tests.lambdas import LambdaContext

TRIES = 2
"""How often a client sends an event that is not acknowledged; then it gives up."""
INVOCATIONS, LAST_INVOCATIONS = 5, 12
"""The invocations of each worker while faults are injected, and of one more without any."""
SEND_SECONDS, DERIVE_SECONDS = 3.0, 15.0
MOST_REASONS = 3


class QuietObserver(Observer):
    """Counts nothing: metrics are those of a process, and here a process has many workers."""

    def count_commit(self, commit: CompletedCommit[Any]) -> None:
        """Do nothing."""

    def count_skipped_datasets(self, datasets: int) -> None:
        """Do nothing."""

    def log_write(self, record: AuditRecord) -> None:
        """Do nothing."""


@dataclass
class Evidence:
    """The fate of the events of a plan."""

    queue: UnreliableQueue
    sent: list[ReceivedEvent]
    poison: list[ReceivedEvent]
    told: dict[str, Outcome] = field(default_factory=dict)
    """Name of an event -> the outcome of its last try."""
    deaths: int = 0
    crashes: list[str] = field(default_factory=list)


class EventSlot(Slot):
    """A sender in the first lane, and workers in the others."""

    def run(self, plan: Plan) -> Result:
        draw = plan.draw("events")
        poison = [receive_event(build_poison(at)) for at in range(draw.randint(0, 1))]
        sent = [*map(receive_event, draw_events(draw)), *poison]
        draw.shuffle(sent)
        found = Evidence(UnreliableQueue(plan.draw("queue")), sent, poison)
        if draw.random() < 0.5:
            found.queue.add([draw.choice(JUNK)])

        def work(lane: int) -> None:
            try:
                self._work(plan, found, lane) if lane else self._send(plan, found)
            except Exception as error:  # whatever else comes out of it is a defect
                found.crashes.append(repr(error))

        self._run_under_faults(plan, work)
        self._work_undisturbed(plan, found)
        return self._judge(plan, found)

    def _send(self, plan: Plan, found: Evidence) -> None:
        """Send the events one after the other, or two at once, each until it is acknowledged."""
        draw = plan.draw("sender")
        waiting = [*found.sent]
        try:
            while waiting:
                some = [waiting.pop() for _ in range(min(len(waiting), draw.randint(1, 2)))]
                for _ in range(TRIES):
                    outcome = self._send_once(plan, found, draw, some)
                    found.told.update({each.name: outcome for each in some})
                    if outcome is Outcome.ACKNOWLEDGED:
                        break
        finally:
            found.queue.close()

    def _send_once(
        self, plan: Plan, found: Evidence, draw: Random, some: Sequence[ReceivedEvent]
    ) -> Outcome:
        client = create_mortal(self.clients[0], draw)
        worked_on = self._open(plan, found, client, create_backoff(plan), MOST_PAIRS + 100)
        record = create_task_record("post", LambdaContext(), principal="key:etl")
        context, _ = open_task(worked_on, record, Deadline.from_now(SEND_SECONDS))
        pipeline = worked_on.open_event_pipeline()
        try:
            batch.accept_events(context, worked_on.registry, pipeline, found.queue, some)
        except StorageUnavailable:
            return Outcome.REFUSED
        except OutcomeUnknown:
            return Outcome.UNKNOWN
        except Killed:
            found.deaths += 1
            return Outcome.UNKNOWN
        return Outcome.ACKNOWLEDGED

    def _work(self, plan: Plan, found: Evidence, lane: int) -> None:
        """Derive from what the queue delivers; whoever dies is followed by another."""
        draw = plan.draw(f"worker {lane}")
        worked_on: Resources | None = None
        for _ in range(INVOCATIONS):
            client = create_mortal(self.clients[lane], draw)
            worked_on = worked_on or self._open(plan, found, client, create_backoff(plan))
            deliveries = found.queue.receive(draw)
            if not deliveries:
                break
            try:
                derive_deliveries(worked_on, found.queue, deliveries)
            except Killed:
                worked_on = None
                found.deaths += 1
                found.queue.release(deliveries)

    def _work_undisturbed(self, plan: Plan, found: Evidence) -> None:
        worked_on = self._open(plan, found, self.direct, Backoff())
        for _ in range(LAST_INVOCATIONS):
            if deliveries := found.queue.receive_all():
                derive_deliveries(worked_on, found.queue, deliveries)

    def _open(
        self,
        plan: Plan,
        found: Evidence,
        client: S3Client,
        backoff: Backoff,
        most: int = MOST_PAIRS,
    ) -> Resources:
        """Open what a process works on, with nothing in memory."""
        settings = load_settings(
            {"CATALOG_BUCKET": self.bucket, "MAX_LINEAGE_ENTRIES": str(most), "API_KEY": "k"}
        )
        bucket = PlanBucket(client, self.bucket, backoff, f"events-{plan.seed}/")
        opened = open_resources(settings, QuietObserver("CRITICAL"), bucket)
        return replace(opened, open_event_queue=lambda: found.queue)

    def _judge(self, plan: Plan, found: Evidence) -> Result:
        worked_on = self._open(plan, found, self.direct, Backoff())
        pipeline = worked_on.open_event_pipeline()
        kept = {name for page in pipeline.log.iterate_pages(NO_DEADLINE) for name in page}
        queued = {_find_name(each) for each in found.queue.bodies}
        poison = queued & {*JUNK_NAMES, *(each.name for each in found.poison)}
        derived = [each for each in found.sent if each.name in queued - poison]
        acknowledged = {name for name, told in found.told.items() if told is Outcome.ACKNOWLEDGED}
        named = list_derived(pipeline, found.sent)
        of_jobs = {each.name for each in derived if each.digest in named}
        lost = (acknowledged - kept) | {
            each.name
            for each in found.sent
            if each.name in acknowledged - poison
            and "dataset" not in each.event.model_fields_set
            and each.name not in of_jobs
        }
        differences = find_differences(
            read_state(worked_on.registry, pipeline, found.sent),
            derive_undisturbed(derived, found.sent),
        )
        buried = {_find_name(body): reason for body, reason in found.queue.dead}
        complaints = [
            *(f"lost {each}" for each in sorted(lost)),
            *found.crashes,
            *(f"not buried {each}" for each in sorted(poison - buried.keys())),
            *(f"buried {each}: {buried[each]}" for each in sorted(buried.keys() - poison)),
            *(f"waits {each.message[:80]}" for each in found.queue.receive_all()),
            *differences,
        ]
        result = self._create_result(plan)
        result.told = Counter(found.told.values())
        result.found.update(
            {
                "lost": len(lost),
                "derived otherwise than undisturbed": len(differences),
                "deaths of processes": found.deaths,
                "messages": len(found.queue.bodies),
                "deliveries": found.queue.deliveries,
                "dead letters": len(buried),
            }
        )
        result.complaint = "; ".join(complaints[:MOST_REASONS])
        return result


def derive_deliveries(
    worked_on: Resources, queue: UnreliableQueue, deliveries: Sequence[Delivery]
) -> None:
    """Invoke the worker as Lambda does, and delete what it does not want again."""
    records = [
        {
            "messageId": each.id,
            "body": each.message,
            "attributes": {"ApproximateReceiveCount": each.count},
        }
        for each in deliveries
    ]
    group = derive_messages(
        worked_on, QuietObserver("CRITICAL"), {"Records": records}, LambdaContext(), DERIVE_SECONDS
    )
    again = {each.id for each in group.unfinished}
    queue.delete([each for each in deliveries if each.id not in again])
    queue.release([each for each in deliveries if each.id in again])


def open_event_slots(
    environment: dict[str, str], bucket: str, proxy: Proxy, direct: S3Client
) -> list[Slot]:
    """Open as many slots as the proxy has lanes for."""
    return open_slots(environment, bucket, proxy, direct, EventSlot)


def _find_name(body: str) -> str:
    """Return the name of the event of a message; the message itself if it is none."""
    try:
        found = decode_lenient(body)
    except ValueError:
        return body
    return str(found["name"]) if isinstance(found, dict) and "name" in found else body


JUNK_NAMES = tuple(map(_find_name, JUNK))
