"""What events say about datasets themselves. Facts are joined too: the newest of each kind wins."""

import zlib
from typing import Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

from datamesh.models.products import DatasetName, Quality
from datamesh.models.statements import Statement
from datamesh.models.values import Timestamp


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
    quality: Quality | None = None

    def joined(self, other: Self) -> Self:
        first = min(self, other, key=lambda each: (each.at, each.job_namespace))
        return first.model_copy(
            update={
                "schema_": newest(self.schema_, other.schema_),
                "owner": newest(self.owner, other.owner),
                "quality": newest_quality(self.quality, other.quality),
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


def newest_quality(*found: Quality | None) -> Quality | None:
    known = [each for each in found if each]
    return max(known, key=lambda each: (each.checked_at, to_json(each)), default=None)
