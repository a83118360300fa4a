"""Observations: what events say about datasets themselves.

They are joined like statements (see `statements`): the latest of each kind wins.
"""

import zlib
from typing import Self

from pydantic import BaseModel, ConfigDict

from datamesh.models.json_codec import decode_model, encode_model
from datamesh.models.product_facts import Observation, ProductFacts, select_latest
from datamesh.models.products import DatasetName
from datamesh.models.quality import RunChecks
from datamesh.models.values import Timestamp
from datamesh.services.openlineage.statements import Statement
from datamesh.services.registry.checks import join_checks


class DatasetObservations(BaseModel):
    """What events say about one dataset."""

    model_config = ConfigDict(frozen=True)

    dataset: DatasetName
    job_namespace: str = ""
    """Of the job of the earliest event that names the dataset; empty if that has no job."""
    at: Timestamp
    schema_: Observation[dict[str, str]] | None = None
    owner: Observation[str] | None = None
    facts: ProductFacts = ProductFacts()
    checks: tuple[RunChecks, ...] = ()

    def join_with(self, *others: Self) -> Self:
        """Return what all say together. Many are joined at once, in linear time, not one by one."""
        all_of = (self, *others)
        first = min(all_of, key=lambda each: (each.at, each.job_namespace))
        return first.model_copy(
            update={
                "schema_": select_latest(*(each.schema_ for each in all_of)),
                "owner": select_latest(*(each.owner for each in all_of)),
                "facts": self.facts.join_with(*(each.facts for each in others)),
                "checks": join_checks(*(each.checks for each in all_of)),
            }
        )


class EventTotals(BaseModel):
    """What many events say together, about lineage and about datasets."""

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
