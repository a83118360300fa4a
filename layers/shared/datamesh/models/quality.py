"""Data quality: what checks found in a product's data."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from datamesh.models.values import Timestamp

MAX_FAILURES = 100
"""How many failures of quality checks a product keeps."""


class QualityFailure(BaseModel):
    """A check that failed."""

    model_config = ConfigDict(frozen=True)

    assertion: str
    column: str | None = Field(default=None, description="Null for one about the whole product.")


class Quality(BaseModel):
    """The latest result of the checks of a product's data."""

    status: Literal["passed", "failed"]
    checked_at: Timestamp
    failures: list[QualityFailure] = []


class RunChecks(BaseModel):
    """The checks of one run, or of the run that started it, as its events reported them."""

    model_config = ConfigDict(frozen=True)

    run: str
    checked_at: Timestamp
    failures: tuple[QualityFailure, ...] = ()

    def to_quality(self) -> Quality:
        """Return the result of the checks: failed if one of them did."""
        status: Literal["passed", "failed"] = "failed" if self.failures else "passed"
        return Quality(status=status, checked_at=self.checked_at, failures=[*self.failures])
