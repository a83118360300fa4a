"""The answer of Marquez about the runs that a run comes after."""

from datamesh.models.marquez import CamelCaseModel
from datamesh.models.values import Timestamp


class UpstreamJob(CamelCaseModel):
    """The job of a run."""

    namespace: str
    name: str
    version: str | None = None


class UpstreamRunSummary(CamelCaseModel):
    """When a run was, and what became of it."""

    id: str
    start: Timestamp | None = None
    end: Timestamp | None = None
    status: str


class UpstreamDataset(CamelCaseModel):
    """A dataset that a run may have read."""

    namespace: str
    name: str
    version: str | None = None
    produced_by_run_id: str | None = None


class UpstreamRun(CamelCaseModel):
    """A run, its job, and the datasets that this job reads."""

    job: UpstreamJob
    run: UpstreamRunSummary
    inputs: list[UpstreamDataset]


class UpstreamRuns(CamelCaseModel):
    """A run, and those before it that wrote what it reads."""

    runs: list[UpstreamRun]
