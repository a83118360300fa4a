"""The answers of Marquez, in its own shapes (spec/openapi.yml of Marquez).

They have the fields that Marquez' clients read, and no others.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from datamesh.models.values import Timestamp


class CamelCaseModel(BaseModel):
    """Base of models whose JSON has camelCase names."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)


class MarquezName(CamelCaseModel):
    """The name of a dataset or job."""

    namespace: str
    name: str


class MarquezVersionName(CamelCaseModel):
    """The name of a version of a job."""

    namespace: str
    name: str
    version: str


class MarquezField(CamelCaseModel):
    """A column of a dataset."""

    name: str
    type: str
    tags: list[str] = []
    description: str | None = None


class MarquezDataset(CamelCaseModel):
    """A dataset: a product, under its OpenLineage name."""

    id: MarquezName
    type: Literal["DB_TABLE"] = "DB_TABLE"
    name: str
    physical_name: str
    created_at: Timestamp
    updated_at: Timestamp
    namespace: str
    source_name: str
    fields: list[MarquezField]
    tags: list[str]
    last_modified_at: Timestamp | None = None
    last_lifecycle_state: str | None = None
    description: str | None = None
    facets: dict[str, object] = {}
    deleted: bool = False


class MarquezRun(CamelCaseModel):
    """A run of a job."""

    id: str
    created_at: Timestamp
    updated_at: Timestamp
    nominal_start_time: str | None = None
    nominal_end_time: str | None = None
    state: Literal["NEW", "RUNNING", "COMPLETED", "ABORTED", "FAILED"]
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    duration_ms: int | None = Field(default=None, description="None until the run has ended.")
    args: dict[str, str] = {}
    job_version: MarquezVersionName | None = None
    input_dataset_versions: list[dict[str, object]] = []
    output_dataset_versions: list[dict[str, object]] = []
    facets: dict[str, object] = {}


class MarquezJob(CamelCaseModel):
    """A job that events, or lineage registered by hand, tell of."""

    id: MarquezName
    type: Literal["BATCH", "STREAM", "SERVICE"] = "BATCH"
    name: str
    simple_name: str
    parent_job_name: str | None = None
    parent_job_uuid: str | None = None
    created_at: Timestamp
    updated_at: Timestamp
    namespace: str
    inputs: list[MarquezName]
    outputs: list[MarquezName]
    location: str | None = None
    description: str | None = None
    latest_run: MarquezRun | None = None
    latest_runs: list[MarquezRun] = Field(default=[], description="Up to ten, the latest first.")
    tags: list[str] = []
    labels: list[str] = []
    current_version: str | None = None
    facets: dict[str, object] = {}


class MarquezEdge(CamelCaseModel):
    """An edge between a dataset and a job, by their node ids."""

    origin: str
    destination: str


class MarquezNode(CamelCaseModel):
    """A dataset or job in a lineage graph."""

    id: str
    type: Literal["DATASET", "JOB"]
    data: MarquezDataset | MarquezJob
    in_edges: list[MarquezEdge]
    out_edges: list[MarquezEdge]


class MarquezGraph(CamelCaseModel):
    """A lineage graph of datasets and jobs."""

    graph: list[MarquezNode]


class MarquezNamespace(CamelCaseModel):
    """A namespace of datasets and jobs."""

    name: str
    created_at: Timestamp
    updated_at: Timestamp
    owner_name: str = "anonymous"
    description: str | None = None
    is_hidden: bool = False


class MarquezNamespaces(CamelCaseModel):
    """A list of namespaces."""

    namespaces: list[MarquezNamespace]


class MarquezResult(CamelCaseModel):
    """A dataset or job that a search found."""

    type: Literal["DATASET", "JOB"]
    name: str
    updated_at: Timestamp
    namespace: str
    node_id: str


class MarquezResults(CamelCaseModel):
    """The results of a search."""

    total_count: int
    results: list[MarquezResult]
