"""What events say about datasets themselves. Facts are joined too: the newest of each kind wins."""

import zlib
from typing import Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from datamesh.models.products import DatasetName
from datamesh.models.quality import MAX_FAILURES, QualityFailure, RunChecks
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.statements import Statement

MAX_RUNS = 4
"""Whose checks of one dataset are kept apart."""


class Told[V](BaseModel):
    """What an event said, and when. `rank` comes before time: who said so."""

    model_config = ConfigDict(frozen=True)

    value: V
    at: Timestamp
    rank: int = 0

    @property
    def order(self) -> tuple[int, Timestamp, bytes]:
        """Of two values of one time the greater wins, so that it is not the later to arrive."""
        return (self.rank, self.at, to_json(self.value))


def newest[V](*told: Told[V] | None) -> Told[V] | None:
    return max((each for each in told if each), key=lambda each: each.order, default=None)


class Facts(BaseModel):
    """About one dataset."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    job_namespace: str = ""
    """Of the earliest event that names it; empty if that is of no job."""
    at: Timestamp
    schema_: Told[dict[str, str]] | None = None
    owner: Told[str] | None = None
    checks: tuple[RunChecks, ...] = ()

    def joined(self, other: Self) -> Self:
        first = min(self, other, key=lambda each: (each.at, each.job_namespace))
        return first.model_copy(
            update={
                "schema_": newest(self.schema_, other.schema_),
                "owner": newest(self.owner, other.owner),
                "checks": joined_checks(self.checks, other.checks),
            }
        )


class Gathered(BaseModel):
    """What many events have said together."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    statements: dict[str, bytes] = {}
    """By run, and by event of those that are of no run; packed."""
    facts: tuple[Facts, ...] = ()


def packed(statement: Statement) -> bytes:
    """A thirtieth of the memory that it takes as objects."""
    return zlib.compress(statement.model_dump_json(exclude_defaults=True).encode(), level=1)


def unpacked(statement: bytes) -> Statement:
    return Statement.model_validate_json(zlib.decompress(statement))


def joined_checks(*known: tuple[RunChecks, ...]) -> tuple[RunChecks, ...]:
    """Each test of a run is an event of its own, so that their failures add up; a later run begins
    anew. Latest first."""
    runs: dict[str, RunChecks] = {}
    for each in (each for checks in known for each in checks):
        runs[each.run] = _added(runs[each.run], each) if each.run in runs else each
    return tuple(sorted(runs.values(), key=_latest, reverse=True)[:MAX_RUNS])


def _added(one: RunChecks, other: RunChecks) -> RunChecks:
    failures = sorted({*one.failures, *other.failures}, key=failure_key)[:MAX_FAILURES]
    at = max(one.checked_at, other.checked_at)
    return RunChecks(run=one.run, checked_at=at, failures=tuple(failures))


def _latest(each: RunChecks) -> tuple[Timestamp, str]:
    return (each.checked_at, each.run)


def failure_key(failure: QualityFailure) -> tuple[str, str]:
    return (failure.assertion, failure.column or "")
