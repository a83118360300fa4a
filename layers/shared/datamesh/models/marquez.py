"""What Marquez answers, in its shapes (spec/openapi.yml of Marquez), as far as its clients look."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from datamesh.models.values import Timestamp


class Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)


class MarquezName(Camel):
    namespace: str
    name: str


class MarquezField(Camel):
    name: str
    type: str
    tags: list[str] = []
    description: str | None = None


class MarquezDataset(Camel):
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


class MarquezJob(Camel):
    id: MarquezName
    type: Literal["BATCH"] = "BATCH"
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
    latest_run: None = None
    facets: dict[str, object] = {}


class MarquezEdge(Camel):
    origin: str
    destination: str


class MarquezNode(Camel):
    id: str
    type: Literal["DATASET", "JOB"]
    data: MarquezDataset | MarquezJob
    in_edges: list[MarquezEdge]
    out_edges: list[MarquezEdge]


class MarquezGraph(Camel):
    graph: list[MarquezNode]


class MarquezNamespace(Camel):
    name: str
    created_at: Timestamp
    updated_at: Timestamp
    owner_name: str = "anonymous"
    description: str | None = None
    is_hidden: bool = False


class MarquezNamespaces(Camel):
    namespaces: list[MarquezNamespace]


class MarquezDatasets(Camel):
    datasets: list[MarquezDataset]
    total_count: int = Field(description="How many there are, whatever limit and offset.")


class MarquezResult(Camel):
    type: Literal["DATASET", "JOB"]
    name: str
    updated_at: Timestamp
    namespace: str
    node_id: str


class MarquezResults(Camel):
    total_count: int
    results: list[MarquezResult]
