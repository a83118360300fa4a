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


class CheckResult(BaseModel):
    """The result of one check that a product or its contract asks for."""

    name: str
    column: str | None = Field(
        default=None, description="Null for a check of several columns, or of none."
    )
    kind: str = Field(
        description="What contracts call it: `required`, `unique`, `primaryKey`, `enum`, `pattern`,"
        " `minimum`, `nullValues`, `rowCount`, `freshness`, ..."
    )
    result: Literal["passed", "failed", "skipped"]
    failing_rows: int | None = Field(
        default=None,
        description="How many rows are counted by the check: those with a null or an invalid value,"
        " or with a value that others have too.",
    )
    total_rows: int | None = None
    expected: str | None = Field(default=None, description="The bound: `mustBeLessThan 10`.")
    reason: str | None = Field(default=None, description="Why it has failed, or was skipped.")
    severity: str | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        description="As the contract says it. A check of `warning` or `info` that fails does not"
        " make the data fail.",
    )


class CheckedQuality(Quality):
    """The result of a check of a product's data, with that of each check that it asks for."""

    checks: list[CheckResult] = Field(
        default=[],
        exclude_if=lambda checks: not checks,
        description="What the columns and the level of service of the product ask for; absent if"
        " that is nothing.",
    )


class QualityRun(CheckedQuality):
    """A check of a product's data that was kept."""

    product: str
    registered_at: Timestamp = Field(
        description="When the product was registered: another one may have had its name before."
    )


class QualityHistory(BaseModel):
    """The checks of a product's data that were run."""

    product: str
    runs: list[QualityRun] = Field(description="Oldest first.")
    next: str | None = Field(
        default=None,
        description="Send it as `cursor` to read the next page; null at the end. A page may have"
        " fewer runs than `limit`, or none, and still be followed by others.",
    )
