"""Building blocks of openlineage-python for `scenarios`. Imported in `.venv-openlineage` alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from openlineage.client.client import Event
from openlineage.client.event_v2 import (
    DatasetEvent,
    InputDataset,
    Job,
    JobEvent,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    StaticDataset,
)
from openlineage.client.facet_v2 import (
    DatasetFacet,
    JobFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    lineage,
    ownership_dataset,
    schema_dataset,
)
from openlineage.client.uuid import generate_new_uuid

SOON = timedelta(milliseconds=1)
INDIRECT = ("FILTER", "JOIN", "GROUP_BY")


class Pipeline:
    """Names everything after `unique`, so that several may run against one registry."""

    def __init__(self, unique: str) -> None:
        self.jobs = f"etl-{unique}"
        self.warehouse = f"warehouse://{unique}"
        self.lake = f"s3://lake-{unique}"
        start = datetime.now(UTC)
        self._times = ((start + number * SOON).isoformat() for number in count())

    def read(self, name: str, namespace: str = "", **facets: DatasetFacet) -> InputDataset:
        return InputDataset(namespace or self.warehouse, name, facets=facets)

    def written(self, name: str, **facets: DatasetFacet) -> OutputDataset:
        return OutputDataset(self.warehouse, name, facets=facets)

    def run(
        self,
        name: str,
        inputs: list[InputDataset],
        outputs: list[OutputDataset],
        end: RunState = RunState.COMPLETE,
        **facets: JobFacet,
    ) -> Iterator[Event]:
        """START, which knows no datasets yet, and the end, which knows all."""
        run = Run(str(generate_new_uuid()))
        job = Job(self.jobs, name)
        yield RunEvent(eventTime=next(self._times), run=run, job=job, eventType=RunState.START)
        yield RunEvent(
            eventTime=next(self._times),
            run=run,
            job=Job(self.jobs, name, facets),
            eventType=end,
            inputs=inputs,
            outputs=outputs,
        )

    def declared(
        self, name: str, inputs: list[InputDataset], outputs: list[OutputDataset]
    ) -> JobEvent:
        return JobEvent(
            eventTime=next(self._times),
            job=Job(self.jobs, name),
            inputs=inputs,
            outputs=outputs,
        )

    def described(self, name: str, **facets: DatasetFacet) -> DatasetEvent:
        dataset = StaticDataset(self.warehouse, name, facets=facets)
        return DatasetEvent(eventTime=next(self._times), dataset=dataset)

    def column(self, table: str, name: str, subtype: str) -> column_lineage_dataset.InputField:
        how = column_lineage_dataset.Transformation(_kind(subtype), subtype)
        return column_lineage_dataset.InputField(self.warehouse, table, name, [how])

    def flow(self, table: str, column: str | None, subtype: str) -> lineage.LineageDatasetInput:
        """Return an input as the `lineage` facet names it."""
        how = lineage.LineageTransformation(_kind(subtype), subtype)
        return lineage.LineageDatasetInput(self.warehouse, table, "DATASET", column, [how])


def schema(**fields: str | None) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        [schema_dataset.SchemaDatasetFacetFields(name, type_) for name, type_ in fields.items()]
    )


def owned_by(*names: str) -> ownership_dataset.OwnershipDatasetFacet:
    return ownership_dataset.OwnershipDatasetFacet(
        [ownership_dataset.Owner(name, "MAINTAINER") for name in names]
    )


def columns(
    *whole: column_lineage_dataset.InputField, **fields: list[column_lineage_dataset.InputField]
) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    """`whole`: columns that decide over all rows, as those of a filter do."""
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        {name: column_lineage_dataset.Fields(sources) for name, sources in fields.items()},
        list(whole),
    )


def checked(**results: bool) -> data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet:
    """Assertions about the column `id`."""
    return data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
        [
            data_quality_assertions_dataset.Assertion(assertion, success, "id")
            for assertion, success in results.items()
        ]
    )


def _kind(subtype: str) -> str:
    return "INDIRECT" if subtype in INDIRECT else "DIRECT"
