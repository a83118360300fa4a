"""One plan of audited writes: three writers behind the proxy, whose processes die at any call.

Afterwards each record has to say what the history of the files says, and each commit of the history
has to be on record.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from datamesh.errors.base import MeshError
from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.http.context import create_task_record, open_task
from datamesh.models.audit import AuditedCommit, AuditRecord
from datamesh.models.lineage import LineageRegistration
from datamesh.models.products import ProductRegistration
from datamesh.models.values import utc_now
from datamesh.services.audit.outcomes import AuditOutcomes
from datamesh.services.audit.search import EPOCH, find_records
from datamesh.services.audit.summaries import summarize_commit
from datamesh.services.audit.trail import AUDIT_FOLDER
from datamesh.services.context import RequestContext
from datamesh.services.lineage.registration import register_lineage
from datamesh.services.products.registration import delete_product, register_product
from datamesh.services.registry.registry import Registry
from datamesh.settings import load_settings
from datamesh.storage.archive.segments import ARCHIVE_FOLDER
from datamesh.storage.archive.writer import ArchiveWriter
from datamesh.storage.backoff import Backoff, Deadline
from datamesh.storage.commit import ProposedCommit
from datamesh.storage.commit_finder import CommitFinder
from datamesh.storage.commit_log import BEFORE_ALL
from datamesh.storage.files import LineageFile, ProductsFile
from datamesh.storage.objects import ConditionalObject, ReadOnlyObject
from datamesh.storage.records import RegistryRecord
from datamesh.storage.registry_file import RegistryFile
from datamesh.storage.s3.client import S3Client
from datamesh.wiring.bucket import Bucket
from datamesh.wiring.composition import open_resources
from datamesh.wiring.resources import Resources
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.faults.event_runs import QuietObserver
from tests.faults.judge import Outcome
from tests.faults.mortal import Killed, create_mortal
from tests.faults.plan_bucket import PlanBucket
from tests.faults.plans import Plan
from tests.faults.proxy import Proxy
from tests.faults.runs import BUDGET_SECONDS, Result, Slot, create_backoff, open_slots
from tests.lambdas import LambdaContext
from tests.meshes import add_lineage, add_product, lineage_body, product_body

REQUESTS = 5
FILES: dict[str, type[RegistryFile]] = {"products.json": ProductsFile, "lineage.json": LineageFile}
MOST_REASONS = 3
LATER = timedelta(hours=1)
"""Afterwards, when no request is under way any more."""


@dataclass
class Evidence:
    """The answers to the writers, and how often they died."""

    told: dict[str, Outcome] = field(default_factory=dict)
    """Id of a record -> the answer of its request."""
    deaths: int = 0


class AuditSlot(Slot):
    """Writers of one registry, whose processes die."""

    def run(self, plan: Plan) -> Result:
        folder, found = f"audited-{plan.seed}/", Evidence()
        before = self._open(self.direct, folder, Backoff())
        for name in ("orders", "revenue"):
            add_product(before.registry, name)
        add_lineage(before.registry, "orders", "revenue")
        self._run_under_faults(plan, lambda writer: self._write(plan, folder, found, writer))
        return self._judge(plan, folder, found)

    def _write(self, plan: Plan, folder: str, found: Evidence, writer: int) -> None:
        draw, backoff = plan.draw(f"writer {writer}"), create_backoff(plan)
        over = None
        mine: list[str] = []
        for number in range(REQUESTS):
            over = over or self._open(create_mortal(self.clients[writer], draw), folder, backoff)
            try:
                serve(over, draw_request(draw, f"product-{writer}-{number}", mine), found)
            except Killed:
                over, found.deaths = None, found.deaths + 1

    def _open(self, client: S3Client, folder: str, backoff: Backoff) -> Resources:
        """Open what a process works on, with nothing in memory."""
        settings = load_settings({"CATALOG_BUCKET": self.bucket, "API_KEY": "k"})
        bucket = PlanBucket(client, self.bucket, backoff, folder)
        return open_resources(settings, QuietObserver("CRITICAL"), bucket)

    def _judge(self, plan: Plan, folder: str, found: Evidence) -> Result:
        bucket = Bucket(self.direct, self.bucket, Backoff())
        landed = [each for key in FILES for each in list_landed(bucket, folder, key)]
        complaints: list[str] = []
        by_files = self._read_records(folder, lambda key: bucket.open_object(folder + key))
        complaints += compare(by_files, landed, found)
        if plan.draw("archive").random() < 0.5:
            for key in FILES:
                archive(bucket, folder + key)
        # The files remember nothing: versions and the archive alone have to tell the same.
        by_past = self._read_records(folder, lambda key: ReadOnlyObject(key, "is not written"))
        complaints += [
            f"the past says {other}, the file {each}"
            for each, other in zip(by_files, by_past, strict=True)
            if each != other
        ]
        result = self._create_result(plan)
        result.told = Counter(found.told.values())
        result.found.update(
            Counter(f"outcomes {each.outcome}" for each in by_files)
            | {"deaths of processes": found.deaths, "commits on record": len(landed)}
        )
        result.complaint = "; ".join(complaints[:MOST_REASONS])
        return result

    def _read_records(
        self, folder: str, open_head: Callable[[str], ConditionalObject]
    ) -> list[AuditRecord]:
        bucket = Bucket(self.direct, self.bucket, Backoff())

        def open_finder(key: str) -> CommitFinder:
            past = (bucket.open_archive(folder + key), bucket._open_source(folder + key))
            return CommitFinder(open_head(key), bucket.backoff, past, look_later)

        page = find_records(
            bucket.open_journal(folder + AUDIT_FOLDER),
            AuditOutcomes(open_finder, look_later),
            Deadline.from_now(60),
            CONTEXT.permissions,
            since=EPOCH,
            until=utc_now() + LATER,
            product=None,
            principal=None,
            limit=1000,
            cursor=None,
        )
        return page.records


def look_later() -> datetime:
    return utc_now() + LATER


type Request = Callable[[RequestContext, Registry], object]


def draw_request(draw: Random, name: str, mine: list[str]) -> Request:
    """Return a write: of one commit, or the deletion of an own product, which takes two."""
    drawn = draw.random()
    if drawn < 0.3 and mine:
        gone = mine.pop()
        return lambda context, registry: delete_product(context, registry, gone)
    if drawn < 0.5 and mine:
        entry = LineageRegistration.model_validate(lineage_body(source=mine[-1], target="revenue"))
        return lambda context, registry: register_lineage(context, registry, entry)
    mine.append(name)
    product = ProductRegistration.model_validate(product_body(name=name))
    return lambda context, registry: register_product(context, registry, product)


def serve(over: Resources, request: Request, found: Evidence) -> None:
    """Do what the entry point does: the request, and its record's completion."""
    record = create_task_record("write", LambdaContext())
    context, trail = open_task(over, record, Deadline.from_now(BUDGET_SECONDS))
    status, told = 500, Outcome.CRASHED
    try:
        request(context, over.registry)
        status, told = 200, Outcome.ACKNOWLEDGED
    except OutcomeUnknown:
        status, told = 503, Outcome.UNKNOWN
    except (Contended, StorageUnavailable):
        status, told = 503, Outcome.REFUSED
    except MeshError:  # it names what another process of this writer has not registered
        status, told = 404, Outcome.REFUSED
    trail.complete_record(status, context.deadline)
    found.told[record.id] = told


def list_landed(bucket: Bucket, folder: str, key: str) -> Iterator[AuditedCommit]:
    """Yield the commits of a document as its versions have them."""
    log = bucket.open_commit_log(folder + key, FILES[key])
    for each in log.iterate_commits(BEFORE_ALL, NO_DEADLINE):
        version, after = each.version, share_records(each.before, each.after)
        change = ProposedCommit(key, version.commit, version.revision, each.before, after)
        yield summarize_commit(change, lambda name: set(), lambda name: False, with_changes=True)


def share_records(before: RegistryFile, after: RegistryFile) -> RegistryFile:
    """Return a file with the very records of the one before, where they are the same."""
    if isinstance(before, ProductsFile) and isinstance(after, ProductsFile):
        products = {
            name: share_record(before.products.get(name), each)
            for name, each in after.products.items()
        }
        return after.model_copy(update={"products": products})
    if isinstance(before, LineageFile) and isinstance(after, LineageFile):
        known = {each.id: each for each in before.lineage}
        lineage = [share_record(known.get(each.id), each) for each in after.lineage]
        return after.model_copy(update={"lineage": lineage})
    return after


def share_record[R: RegistryRecord](known: R | None, record: R) -> R:
    return known if known and bytes(known.json) == bytes(record.json) else record


def archive(bucket: Bucket, key: str) -> None:
    parts = f"{ARCHIVE_FOLDER}{key}/"
    writer = ArchiveWriter(
        bucket._open_source(key),
        bucket.open_archive(key),
        lambda name: bucket.open_object(parts + name),
        bucket.backoff,
    )
    writer.extend(utc_now(), Deadline.from_now(60))


def compare(
    records: Sequence[AuditRecord], landed: Sequence[AuditedCommit], found: Evidence
) -> Iterator[str]:
    """Yield what the records say and the history does not, or the other way round."""
    facts = Counter(map(describe, landed))
    told = Counter(describe(commit) for record in records for commit in record.commits)
    later = {
        (commit.document, commit.commit_id)
        for record in records
        if record.outcome == "landed_later"
        for commit in record.planned
    }
    setup = {
        describe(commit) for commit in landed if commit.revision <= 1 + ("prod" in commit.document)
    }
    known = {fact[:2]: fact for fact in facts}
    for fact in told - facts:
        yield f"on record: {fact}; in the history: {known.get(fact[:2])}"
    for fact in facts - told:
        if fact not in setup and fact[:2] not in later:
            yield f"in the history, and not on record: {fact}"
    for record in records:
        if record.outcome in ("pending", "unknown"):
            yield f"{record.id} is {record.outcome}"
    # A result that could not be stored is not one that says otherwise. A deletion is acknowledged
    # once its first commit has landed, whether the entries that name the product are gone or not.
    answered = {
        each.id
        for each in records
        if each.status == 200 or each.outcome == "landed_later" or each.commits
    }
    by_id = {each.id: each for each in records}
    for id, outcome in found.told.items():
        if outcome is Outcome.CRASHED:
            yield f"{id} has crashed"
        if outcome is Outcome.ACKNOWLEDGED and id not in answered:
            yield f"{id} was acknowledged, and its record says otherwise: {by_id.get(id)}"


type Fact = tuple[str, str, int, str]


def describe(commit: AuditedCommit) -> Fact:
    """Return all that is told of a commit but its domains, which versions alone do not tell."""
    changes = tuple(each.model_copy(update={"domains": ()}) for each in commit.changes)
    return (
        commit.document,
        commit.commit_id,
        commit.revision,
        str(commit.model_copy(update={"domains": {}, "changes": changes})),
    )


def open_audit_slots(
    environment: dict[str, str], bucket: str, proxy: Proxy, direct: S3Client
) -> list[Slot]:
    """Open as many slots as the proxy has lanes for."""
    return open_slots(environment, bucket, proxy, direct, AuditSlot)
