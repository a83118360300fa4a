"""The freshness of a product: when runs have last written it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.products import DatasetName
from datamesh.models.values import Timestamp, show_example

EXAMPLE: dict[str, Any] = {
    "last_success": {
        "job": {"namespace": "nightly", "name": "daily_revenue"},
        "run_id": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11",
        "started_at": "2026-01-31T09:25:00Z",
        "ended_at": "2026-01-31T09:30:00Z",
        "error_message": None,
    },
    "last_failure": None,
}


class WritingRun(BaseModel):
    """A run of a job that writes a product."""

    job: DatasetName = Field(description="Namespace and name of the job.")
    run_id: str
    started_at: Timestamp | None = Field(description="Null if no event told of the beginning.")
    ended_at: Timestamp
    error_message: str | None = Field(description="The message of a failed run, if it gave one.")


class Freshness(BaseModel):
    """When runs have last written a product, as their events tell."""

    model_config = ConfigDict(json_schema_extra=show_example(EXAMPLE))

    last_success: WritingRun | None = Field(
        default=None, description="The latest run that completed; null if none is known."
    )
    last_failure: WritingRun | None = Field(
        default=None, description="The latest run that failed; null if none is known."
    )
