"""The answers of Marquez about one thing: a dataset, its versions, its columns, a source, a tag."""

from typing import Literal

from pydantic import Field

from datamesh.models.marquez import (
    CamelCaseModel,
    MarquezDataset,
    MarquezEdge,
    MarquezField,
    MarquezName,
    MarquezRun,
)
from datamesh.models.values import Timestamp


class MarquezInputField(CamelCaseModel):
    """A column that another is made from."""

    namespace: str
    dataset: str
    field: str
    transformation_description: str | None = None
    transformation_type: str | None = None


class MarquezColumnLineage(CamelCaseModel):
    """A column of a dataset, and the columns that it is made from."""

    name: str
    input_fields: list[MarquezInputField]
    transformation_description: str | None = None
    transformation_type: str | None = None


class MarquezDetailedDataset(MarquezDataset):
    """A dataset with what is known of its columns and checks."""

    column_lineage: list[MarquezColumnLineage] | None = Field(
        default=None, description="The columns that are known to be made from others; else null."
    )
    current_version: str | None = Field(
        default=None, description="Id of the version that the dataset has now."
    )


class MarquezDatasets(CamelCaseModel):
    """A page of datasets."""

    datasets: list[MarquezDetailedDataset]
    total_count: int = Field(description="How many there are, whatever limit and offset.")


class MarquezDatasetVersion(CamelCaseModel):
    """A version of a dataset: its columns, its state and its data, from a moment on."""

    id: MarquezName
    type: Literal["DB_TABLE"] = "DB_TABLE"
    name: str
    physical_name: str
    created_at: Timestamp
    version: str
    namespace: str
    source_name: str
    fields: list[MarquezField]
    tags: list[str]
    lifecycle_state: str | None = None
    description: str | None = None
    created_by_run: MarquezRun | None = Field(
        default=None, description="The run that wrote it first; null if no run has."
    )
    facets: dict[str, object]


class MarquezDatasetVersions(CamelCaseModel):
    """A page of the versions of a dataset."""

    versions: list[MarquezDatasetVersion]
    total_count: int = Field(description="How many are known: at most 100.")


class MarquezColumn(CamelCaseModel):
    """A column in a graph of columns."""

    namespace: str
    dataset: str
    dataset_version: str | None = None
    field: str
    field_type: str | None = None
    transformation_description: str | None = None
    transformation_type: str | None = None
    input_fields: list[MarquezInputField]


class MarquezColumnNode(CamelCaseModel):
    """A node of a graph of columns. As Marquez has it, each edge begins at the node itself."""

    id: str
    type: Literal["DATASET_FIELD"] = "DATASET_FIELD"
    data: MarquezColumn
    in_edges: list[MarquezEdge] = Field(
        description="To the columns that it is made from: `destination` is the other column."
    )
    out_edges: list[MarquezEdge]


class MarquezColumnGraph(CamelCaseModel):
    """A graph of columns."""

    graph: list[MarquezColumnNode]


class MarquezSource(CamelCaseModel):
    """Where datasets lie: there is one for each namespace that has any."""

    type: str = Field(description="The scheme of the namespace, or `UNKNOWN`.")
    name: str
    created_at: Timestamp
    updated_at: Timestamp
    connection_url: str
    description: str | None = None


class MarquezSources(CamelCaseModel):
    """A page of sources."""

    sources: list[MarquezSource]


class MarquezTag(CamelCaseModel):
    """A tag that a dataset has."""

    name: str
    description: str | None = None


class MarquezTags(CamelCaseModel):
    """A page of tags."""

    tags: list[MarquezTag]
