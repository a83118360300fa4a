"""Checks that were run: `quality/<product>/<moment>-<digest>.json` for each, kept for a year."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from datamesh.errors.requests import InvalidQuery
from datamesh.models.answer_size import MAX_PAGE_BYTES, measure_json
from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.quality import QualityHistory, QualityRun
from datamesh.services.context import RequestContext
from datamesh.storage.backoff import Backoff
from datamesh.storage.create_once import create_if_absent
from datamesh.storage.files import ProductsFile
from datamesh.storage.journal import PAGE_SIZE, Journal
from datamesh.storage.objects import OpenObject
from datamesh.storage.records import ProductRecord

QUALITY_FOLDER = "quality/"
MAX_FORMER_NAMES = 5
"""The number of names that a product had before, under which its checks are looked for."""
CHUNK_SIZE = 20
"""How many runs are read at a time."""
RESERVED_SECONDS = 2.0
"""The time of a request that must be left for another chunk to be read."""
DIGEST_LENGTH = 8
END = "~"
"""A text that sorts behind each name of a run at the same moment."""


@dataclass(frozen=True)
class QualityRuns:
    """The folder of the checks that were run."""

    open_object: OpenObject
    open_journal: Callable[[str], Journal]
    """Prefix of keys -> the objects below it."""
    backoff: Backoff

    def store_run(self, context: RequestContext, run: QualityRun) -> None:
        """Keep a run. Raises StorageUnavailable, OutcomeUnknown."""
        body = encode_model(run)
        name = f"{build_run_name(run.checked_at)}-{sha256(body).hexdigest()[:DIGEST_LENGTH]}.json"
        stored = self.open_object(f"{QUALITY_FOLDER}{run.product}/{name}")
        create_if_absent(stored, body, self.backoff, context.deadline)

    def find_runs(
        self,
        context: RequestContext,
        product: ProductRecord,
        former: Sequence[str],
        since: datetime,
        until: datetime,
        limit: int,
        cursor: str | None,
    ) -> QualityHistory:
        """Return the runs of a product from `since` to `until`, oldest first.

        `former` are the names that it had before. A page ends early where the runs do not fit into
        an answer, or time ends. Raises InvalidQuery, StorageUnavailable.
        """
        if since > until:
            raise InvalidQuery(f"since {since.isoformat()} is after until {until.isoformat()}")
        after = max(cursor or "", build_run_name(since))
        names, is_cut = self._list_names(context, [product.name, *former], after)
        last = build_run_name(until) + END
        names = [each for each in names if each[0] <= last]
        found: list[QualityRun] = []
        room, before = MAX_PAGE_BYTES, None
        for name, body in self._read_in_time(context, names):
            if body is None:
                return QualityHistory(product=product.name, runs=found, next=name)
            run = decode_model(QualityRun, body)
            if run.registered_at == product.created_at:
                room -= measure_json(body) + 1
                if (room < 0 and found) or len(found) == limit:
                    return QualityHistory(product=product.name, runs=found, next=before)
                found.append(run)
            before = name
        following = names[-1][0] if is_cut and names else None
        return QualityHistory(product=product.name, runs=found, next=following)

    def _list_names(
        self, context: RequestContext, products: Sequence[str], after: str
    ) -> tuple[list[tuple[str, str]], bool]:
        """Return the names of the next runs, each with its product, and whether there are more."""
        found, ends = [], []
        for product in products:
            journal = self.open_journal(f"{QUALITY_FOLDER}{product}/")
            listed = journal.list_names(after, context.deadline)
            found += [(name, product) for name in listed]
            if len(listed) == PAGE_SIZE:
                ends.append(listed[-1])
        is_cut = bool(ends)
        return sorted(each for each in found if not is_cut or each[0] <= min(ends)), is_cut

    def _read_in_time(
        self, context: RequestContext, names: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[str, bytes | None]]:
        """Yield each name with what it holds; the last one that was read with None if time ends.

        Raises StorageUnavailable.
        """
        for start in range(0, len(names), CHUNK_SIZE):
            if start and context.deadline.remaining_seconds < RESERVED_SECONDS:
                yield names[start - 1][0], None
                return
            chunk = names[start : start + CHUNK_SIZE]
            bodies: dict[tuple[str, str], bytes] = {}
            for product in dict.fromkeys(product for _, product in chunk):
                own = [each for each in chunk if each[1] == product]
                journal = self.open_journal(f"{QUALITY_FOLDER}{product}/")
                read = journal.read_all([name for name, _ in own], context.deadline)
                bodies.update(zip(own, read, strict=True))
            yield from ((each[0], bodies[each]) for each in chunk)


def build_run_name(moment: datetime) -> str:
    """Return the name of the run of a moment, which sorts by time: `2026-11-26T040300.000000Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H%M%S.%f}Z"


def list_former_names(file: ProductsFile, name: str) -> list[str]:
    """Return the latest names that a product had before, as many as are looked at."""
    former = [old for old, each in (file.renamed or {}).items() if each.to == name]
    return former[::-1][:MAX_FORMER_NAMES]
