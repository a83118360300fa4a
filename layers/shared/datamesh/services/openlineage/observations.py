"""Observations: what events say about datasets themselves.

They are joined like statements (see `statements`): the latest of each kind wins.
"""

import zlib
from typing import Self

from pydantic import BaseModel, ConfigDict

from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.lifecycle import NO_LIFE, DatasetLife
from datamesh.models.product_facts import Observation, ProductFacts, select_latest
from datamesh.models.products import DatasetName
from datamesh.models.quality import RunChecks
from datamesh.models.stored_products import DatasetMention, NamespaceMention
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.checks import join_checks


def select_first[M: (DatasetMention, NamespaceMention)](*mentions: M | None) -> M | None:
    """Return the first mention in time; None if there is none."""
    return min((each for each in mentions if each), key=lambda each: each.order, default=None)


def select_last(*mentions: DatasetMention | None) -> DatasetMention | None:
    """Return the last mention in time; None if there is none."""
    return max((each for each in mentions if each), key=lambda each: each.order, default=None)


class DatasetObservations(BaseModel):
    """The statements of events about one dataset."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    """The one that was named first, where several are one product."""
    at: Timestamp
    """When it was named first."""
    writer: NamespaceMention | None = None
    """The first job that writes it, by the time of events."""
    reader: NamespaceMention | None = None
    """The first job that reads it."""
    renamed: DatasetMention | None = None
    """The latest name that it was given in the place of another."""
    schema_: Observation[dict[str, str]] | None = None
    owner: Observation[str] | None = None
    facts: ProductFacts = ProductFacts()
    checks: tuple[RunChecks, ...] = ()
    life: DatasetLife = NO_LIFE
    is_gone: bool = False
    """True if all that is said is that it was dropped: then it is not registered."""

    @property
    def mention(self) -> DatasetMention:
        """The first mention of the dataset."""
        return DatasetMention(dataset=self.dataset, at=self.at)

    def join_with(self, *others: Self) -> Self:
        """Return what all say together. Many are joined at once, in linear time, not one by one.

        They may be about several datasets that are one product.
        """
        all_of = (self, *others)
        # Who only says that a dataset is gone does not decide what it is called.
        first = min(all_of, key=lambda each: (each.is_gone, each.mention.order))
        return first.model_copy(
            update={
                "writer": select_first(*(each.writer for each in all_of)),
                "reader": select_first(*(each.reader for each in all_of)),
                "renamed": select_last(*(each.renamed for each in all_of)),
                "schema_": select_latest(*(each.schema_ for each in all_of)),
                "owner": select_latest(*(each.owner for each in all_of)),
                "facts": self.facts.join_with(*(each.facts for each in others)),
                "checks": join_checks(*(each.checks for each in all_of)),
                "life": self.life.join_with(*(each.life for each in others)),
            }
        )


class EventTotals(BaseModel):
    """The statements of many events together, about lineage and about datasets."""

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    statements: dict[str, bytes] = {}
    """Digests of a run and its job, or of an event of no run -> its statement, compressed."""
    facts: tuple[DatasetObservations, ...] = ()


def compress_statement(statement: Statement) -> bytes:
    """Compress a statement to about a thirtieth of the memory that it takes as objects."""
    return zlib.compress(encode_model(statement, exclude_defaults=True), level=1)


def decompress_statement(statement: bytes) -> Statement:
    """Return the statement that `compress_statement` has compressed."""
    return decode_model(Statement, zlib.decompress(statement))
