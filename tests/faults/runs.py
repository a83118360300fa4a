"""One plan: a few writers, each with clients and documents of its own, behind the proxy."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.models.lineage import StoredLineageEntry
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.commit import Change
from datamesh.storage.document import Document
from datamesh.storage.files import LineageFile
from datamesh.storage.records import LineageRecord
from datamesh.storage.s3.client import S3Client, create_client
from datamesh.storage.s3.object import S3Object
from tests.contexts import CONTEXT
from tests.faults.judge import Outcome, ReportedCommit, judge
from tests.faults.plans import Plan
from tests.faults.proxy import Lane, Proxy
from tests.meshes import NOON
from tests.races.history import History
from tests.races.linearizability import find_contradictions
from tests.races.traffic import operate, read_all, registry_over

WRITERS = 3
COMMITS = 5
OPERATIONS = 8
HISTORY_EVERY = 4
READ_SECONDS = 0.8
"""SeaweedFS polls its lock once a second: contended PUTs time out by themselves too, and land."""
BUDGETS = (2, 3, 5, 8)
BUDGET_SECONDS = 3.0


@dataclass
class Result:
    """The outcome of one plan."""

    seed: int
    told: "Counter[Outcome]" = field(default_factory=Counter)
    faults: "Counter[str]" = field(default_factory=Counter)
    found: "Counter[str]" = field(default_factory=Counter)
    """The counts of all else, by what it is called in the table."""
    complaint: str = ""
    """Why the plan has failed, if it has."""


@dataclass
class Slot:
    """Plans that run one after the other share it."""

    bucket: str
    proxy: Proxy
    lanes: Sequence[Lane]
    clients: Sequence[S3Client]
    direct: S3Client

    def run(self, plan: Plan) -> Result:
        raise NotImplementedError

    def _run_under_faults[T](self, plan: Plan, work: Callable[[int], T]) -> list[T]:
        """Run the work of all clients at once; return when whatever was under way has landed."""
        self.proxy.follow(plan, self.lanes)
        try:
            with ThreadPoolExecutor(len(self.lanes)) as pool:
                return list(pool.map(work, range(len(self.lanes))))
        finally:
            self.proxy.drain(self.lanes)

    def _create_result(self, plan: Plan) -> Result:
        counts = sum((lane.counts for lane in self.lanes), Counter())
        return Result(plan.seed, faults=Counter({str(kind): n for kind, n in counts.items()}))


class WriterSlot(Slot):
    """Writers of one document, each with a client of its own."""

    def run(self, plan: Plan) -> Result:
        if plan.seed % HISTORY_EVERY == 0:
            return self._run_traffic(plan)
        return self._run_appends(plan)

    def _run_appends(self, plan: Plan) -> Result:
        key = f"appends-{plan.seed}.json"
        told = self._run_under_faults(
            plan, lambda writer: append_tokens(self._open_object(writer, key), plan, writer)
        )
        file = _open_document(S3Object(self.direct, self.bucket, key), Backoff()).read_latest(
            create_deadline()
        )
        tokens = [entry.to_model().transformation for entry in file.lineage]
        result = self._create_result(plan)
        result.told = Counter(one.outcome for each in told for one in each)
        verdict = judge([one for each in told for one in each], tokens)
        result.found["lost"] = len(verdict.lost)
        result.found["duplicated"] = len(verdict.duplicated)
        result.found["refused and yet there"] = len(verdict.risen)
        if verdict.is_guilty:
            result.complaint = str(verdict)
        elif file.revision != len(tokens):
            result.complaint = f"{len(tokens)} commits in revision {file.revision}"
        return result

    def _run_traffic(self, plan: Plan) -> Result:
        key, history = f"history-{plan.seed}.json", History()

        def work(writer: int) -> None:
            backoff = create_backoff(plan)
            registry = registry_over(self._open_object(writer, key), backoff)
            draw = plan.draw(f"writer {writer}")
            for number in range(OPERATIONS):
                context = replace(CONTEXT, deadline=Deadline.from_now(BUDGET_SECONDS))
                operate(context, registry, history, draw, f"{writer}-{number}")

        self._run_under_faults(plan, work)
        registry = registry_over(S3Object(self.direct, self.bucket, key), Backoff())
        read_all(replace(CONTEXT, deadline=create_deadline()), registry, history)
        result = self._create_result(plan)
        result.found["operations checked for linearizability"] = len(history.operations)
        if wrong := find_contradictions(history):
            result.complaint = f"not linearizable: {wrong}"
        return result

    def _open_object(self, writer: int, key: str) -> S3Object:
        return S3Object(self.clients[writer], self.bucket, key)


def append_tokens(stored: S3Object, plan: Plan, writer: int) -> list[ReportedCommit]:
    """One writer's commits, each of which appends a token of its own."""
    backoff = create_backoff(plan)
    document = _open_document(stored, backoff)
    told: list[ReportedCommit] = []
    for number in range(COMMITS):
        token = f"{writer}-{number}"
        try:
            deadline = Deadline.from_now(BUDGET_SECONDS)
            position = document.commit(_append_token(token), deadline)
            told.append(ReportedCommit(token, Outcome.ACKNOWLEDGED, position))
        except OutcomeUnknown:
            told.append(ReportedCommit(token, Outcome.UNKNOWN))
        except (Contended, StorageUnavailable) as error:
            told.append(ReportedCommit(token, Outcome.REFUSED, reason=str(error)))
        except Exception as error:  # whatever else comes out of a commit is a defect
            told.append(ReportedCommit(token, Outcome.CRASHED, reason=repr(error)))
    return told


type OpenSlots = Callable[[dict[str, str], str, Proxy, S3Client], Sequence[Slot]]
"""Environment, bucket, proxy and a client beside it -> as many as the proxy has lanes for."""


def open_slots(
    environment: dict[str, str],
    bucket: str,
    proxy: Proxy,
    direct: S3Client,
    kind: type[Slot] = WriterSlot,
) -> list[Slot]:
    """Open as many slots as the proxy has lanes for."""
    clients = [_create_client(environment, lane) for lane in proxy.lanes]
    starts = range(0, len(clients), WRITERS)
    return [
        kind(bucket, proxy, proxy.lanes[at : at + WRITERS], clients[at : at + WRITERS], direct)
        for at in starts
    ]


def _create_client(environment: dict[str, str], lane: Lane) -> S3Client:
    """The project's own, but for the time-out and the proxy."""
    client = create_client(environment | {"AWS_ENDPOINT_URL_S3": lane.endpoint})
    return replace(client, read_seconds=READ_SECONDS)


def _open_document(stored: S3Object, backoff: Backoff) -> Document[LineageFile]:
    return Document(stored, LineageFile, backoff)


def _append_token(token: str) -> Change[LineageFile, int]:
    def change(file: LineageFile) -> tuple[LineageFile, int]:
        entry = StoredLineageEntry(
            source="orders", target="revenue", transformation=token, timestamp=NOON
        )
        entries = [*file.lineage, LineageRecord.from_model(entry)]
        return file.model_copy(update={"lineage": entries}), len(entries) - 1

    return change


def create_backoff(plan: Plan) -> Backoff:
    """Small, so that some plans run out of it in the middle."""
    attempts = plan.draw("budget").choice(BUDGETS)
    return Backoff(attempts, first_pause=0.01, longest_pause=0.1)


def create_deadline() -> Deadline:
    return Deadline.from_now(30)
