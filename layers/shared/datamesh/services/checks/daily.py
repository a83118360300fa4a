"""The checks that products ask the schedule for: each product with `check: daily` once a day.

`quality/daily.json` says how far the day has come. It is written before each check, so that a
run which ends early is resumed by the next one behind the product that has ended it
(docs/adr/0045-daily-checks.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from datamesh.errors.storage import OutcomeUnknown
from datamesh.models.daily_checks import DailyChecks
from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.products import Product
from datamesh.services.checks.history import QUALITY_FOLDER
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.storage.backoff import OUT_OF_TIME, Backoff, describe_unreachable
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import InDoubt, LostRace, OpenObject, StoredObject, Unreachable

DAILY_KEY = f"{QUALITY_FOLDER}daily.json"
MAX_PRODUCTS = 100
"""How many products a run checks at most."""
MAX_TRIES = 3
"""How often a day the check of a product is begun, if it does not end."""
ASKED = b'"daily"'
"""The text in the JSON of each product that asks for a daily check."""
CONTENDED, FULL, UNAVAILABLE = 409, 429, 503
PASSING = (CONTENDED, FULL, UNAVAILABLE)
"""The statuses of failures after which a later run tries again."""

type CheckProduct = Callable[[Product], int]
"""Checks a product and records the result; returns the status that a request would have had."""


@dataclass(frozen=True)
class DailyRun:
    """The numbers of a run."""

    checked: int = 0
    failed: int = 0
    """How many products could not be checked."""
    left: int = 0
    """How many products the next run is to check."""


@dataclass(frozen=True)
class DailyProgress:
    """The object that says how far the checks of a day have come."""

    open_object: OpenObject
    backoff: Backoff

    def load(self, context: RequestContext, day: date) -> tuple[DailyChecks, str | None]:
        """Return what was begun on a day, and the ETag of the object. Raises StorageUnavailable."""
        stored = self.open_object(DAILY_KEY)
        found = self.backoff.read_until_reached(stored.name, stored.get, context.deadline)
        if not isinstance(found, StoredObject):
            return DailyChecks(date=day), None
        known = decode_model(DailyChecks, found.body)
        # A run that is delivered late goes on with the day that has begun since.
        return (known if known.date >= day else DailyChecks(date=day)), found.etag

    def store(self, context: RequestContext, progress: DailyChecks, etag: str | None) -> str | None:
        """Replace the progress, and return its new ETag; None if another run has replaced it.

        Raises StorageUnavailable, OutcomeUnknown.
        """
        stored, reason = self.open_object(DAILY_KEY), OUT_OF_TIME
        for _ in self.backoff.iterate_attempts(context.deadline):
            try:
                return stored.put(encode_model(progress), etag)
            except LostRace:
                return None
            except InDoubt as error:
                raise OutcomeUnknown(stored.name) from error
            except Unreachable as error:
                reason = error
        raise describe_unreachable(stored.name, reason)


def check_daily(
    context: RequestContext,
    registry: Registry,
    stored: DailyProgress,
    check_product: CheckProduct,
    day: date,
) -> DailyRun:
    """Check the products that ask for it and were not checked on a day, and return the numbers.

    The run ends after MAX_PRODUCTS, with the time of its context, or when storage fails; what is
    left then is checked by the next one. Of two runs at a time one ends. Raises StorageUnavailable,
    OutcomeUnknown.
    """
    asking = {each.name: each for each in _list_asking(registry.products.read(context.deadline))}
    if not asking:
        return DailyRun()
    progress, etag = stored.load(context, day)
    due = _list_due(progress, asking)
    checked = failed = 0
    status = 0
    for name in due[:MAX_PRODUCTS]:
        if context.deadline.remaining_seconds <= 0 or status == UNAVAILABLE:
            break
        progress.tries[name] = progress.tries.get(name, 0) + 1
        etag = stored.store(context, progress, etag)
        if etag is None:
            break
        status = check_product(asking[name])
        checked, failed = checked + (status == 200), failed + (status != 200)
        if status not in PASSING:
            del progress.tries[name]
            progress.done.append(name)
    if etag is not None and (checked or failed):
        stored.store(context, progress, etag)
    return DailyRun(checked, failed, len(_list_due(progress, asking)))


def _list_asking(file: ProductsFile) -> Iterator[Product]:
    """Yield the products that ask for a daily check. Only those that may are parsed."""
    for record in file.products.values():
        if ASKED in bytes(record.json) and (product := record.to_model()).check == "daily":
            yield product


def _list_due(progress: DailyChecks, asking: dict[str, Product]) -> list[str]:
    """Return the products that are to be checked, those first whose check was begun least often."""
    due = [name for name in asking if name not in progress.done]
    due = [name for name in due if progress.tries.get(name, 0) < MAX_TRIES]
    return sorted(due, key=lambda name: (progress.tries.get(name, 0), name))
