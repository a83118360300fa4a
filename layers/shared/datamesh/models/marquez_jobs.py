"""The answers of Marquez about jobs and runs, in its own shapes."""

from pydantic import Field

from datamesh.models.marquez import (
    CamelCaseModel,
    MarquezJob,
    MarquezName,
    MarquezRun,
    MarquezVersionName,
)
from datamesh.models.values import Timestamp


class MarquezJobs(CamelCaseModel):
    """A page of jobs, those that ran last first."""

    jobs: list[MarquezJob]
    total_count: int = Field(description="How many there are, whatever limit and offset.")


class MarquezRuns(CamelCaseModel):
    """A page of the runs of a job, those that began last first."""

    runs: list[MarquezRun]
    total_count: int = Field(description="How many are known: at most the last 100.")


class MarquezFacetsOfRun(CamelCaseModel):
    """The facets of a run, or of its job as that run had them."""

    run_id: str
    facets: dict[str, object]


class MarquezJobVersion(CamelCaseModel):
    """A job with the datasets that it reads and writes."""

    id: MarquezVersionName
    name: str
    created_at: Timestamp
    version: str
    namespace: str
    location: str | None = None
    inputs: list[MarquezName]
    outputs: list[MarquezName]
    latest_run: MarquezRun | None = None


class MarquezJobVersions(CamelCaseModel):
    """The versions of a job, that of its latest run first."""

    versions: list[MarquezJobVersion]
    total_count: int
