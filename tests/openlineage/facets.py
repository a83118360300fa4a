"""Every facet of the specification, as events of our own have it, and what becomes of each.

docs/facets.md shows the same: `tests/unit/openlineage/test_facet_corpus.py` holds both
together, and to what the registry does.
"""

from dataclasses import dataclass
from typing import Any, Literal

type Place = Literal["dataset", "input", "output", "job", "run"]

KEPT = "kept in the event"
"""A facet that changes with every run, or says what no read has a place for."""

OF_JOB = "recorded with the job"
OF_RUN = "recorded with the run"
OF_VERSIONS = "the versions of Marquez' datasets"

LAKE = "s3://lake"
WAREHOUSE = "postgres://warehouse:5432"
HEADER = {
    "_producer": "https://example.com/scheduler/1.4.2",
    "_schemaURL": "https://example.com/schemas/facet.json",
}


@dataclass(frozen=True)
class SpecifiedFacet:
    """A facet: where it stands, an example, and what it shows at, or why it does not."""

    place: Place
    name: str
    shown: str
    content: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The facet as a client sends it."""
        return HEADER | self.content


def link(name: str, namespace: str = WAREHOUSE, **more: Any) -> dict[str, Any]:
    return {"namespace": namespace, "name": name, **more}


def field(name: str, kind: str, description: str = "", *inner: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "type": kind}
    if description:
        found["description"] = description
    return found | ({"fields": [*inner]} if inner else {})


PAID = {"type": "compare", "left": {"type": "field", "field": "paid"}, "comparison": "EQUAL"}
DAY = {"type": "partition", "partitions": [{"dimensions": {"day": "2026-01-30"}}]}

FACETS = (
    SpecifiedFacet(
        "dataset",
        "catalog",
        "`facets`",
        {"framework": "iceberg", "type": "rest", "name": "lakehouse", "source": "spark"},
    ),
    SpecifiedFacet(
        "dataset",
        "columnLineage",
        "lineage, confidence 0.9, and `/lineage/columns`",
        {
            "fields": {
                "total": {
                    "inputFields": [
                        link(
                            "shop.orders",
                            field="amount",
                            transformations=[{"type": "DIRECT", "subtype": "AGGREGATION"}],
                        )
                    ]
                }
            }
        },
    ),
    SpecifiedFacet(
        "dataset",
        "dataQualityAssertions",
        "`quality`",
        {"assertions": [{"assertion": "not_null", "column": "total", "success": False}]},
    ),
    SpecifiedFacet("dataset", "dataQualityMetrics", KEPT, {"rowCount": 12, "columnMetrics": {}}),
    SpecifiedFacet(
        "dataset", "dataSource", "`facets`", {"name": "warehouse", "uri": "postgres://warehouse"}
    ),
    SpecifiedFacet(
        "dataset", "datasetType", "`facets`", {"datasetType": "VIEW", "subType": "MATERIALIZED"}
    ),
    SpecifiedFacet(
        "dataset", "documentation", "`description`", {"description": "What each customer spent"}
    ),
    SpecifiedFacet(
        "dataset",
        "hierarchy",
        "`facets`",
        {"hierarchy": [{"type": "SCHEMA", "name": "mart"}, {"type": "TABLE", "name": "spending"}]},
    ),
    SpecifiedFacet(
        "dataset",
        "lifecycleStateChange",
        "`dropped`; `lastLifecycleState` and `deleted` of Marquez' reads; a RENAME ties both names",
        {"lifecycleStateChange": "OVERWRITE"},
    ),
    SpecifiedFacet(
        "dataset",
        "lineage",
        "lineage, confidence 1.0",
        {"inputs": [link("shop.customers", type="DATASET")]},
    ),
    SpecifiedFacet(
        "dataset",
        "ownership",
        "`owner`, all of them in `facets`",
        {"owners": [{"name": "team:mart", "type": "MAINTAINER"}, {"name": "user:ada"}]},
    ),
    SpecifiedFacet(
        "dataset",
        "schema",
        "`schema`, descriptions in `columns`",
        {
            "fields": [
                field("customer", "string", "Number of the customer"),
                field("total", "decimal(10,2)"),
                field("address", "struct", "", field("city", "string", "Where they live")),
            ]
        },
    ),
    SpecifiedFacet(
        "dataset", "storage", "`facets`", {"storageLayer": "iceberg", "fileFormat": "parquet"}
    ),
    SpecifiedFacet(
        "dataset",
        "symlinks",
        "`openlineage`",
        {"identifiers": [link("mart/spending", LAKE, type="LOCATION")]},
    ),
    SpecifiedFacet(
        "dataset",
        "tags",
        "`tags` and the `tags` of `columns`, with their sources in `facets`",
        {
            "tags": [
                {"key": "PII", "value": "true", "source": "DBT"},
                {"key": "level", "value": "Gold", "source": "USER", "field": "total"},
            ]
        },
    ),
    SpecifiedFacet("dataset", "version", OF_VERSIONS, {"datasetVersion": "7701"}),
    SpecifiedFacet("input", "dataQualityMetrics", KEPT, {"rowCount": 40, "columnMetrics": {}}),
    SpecifiedFacet("input", "icebergScanReport", KEPT, {"snapshotId": 3, "scanMetrics": {}}),
    SpecifiedFacet("input", "inputStatistics", KEPT, {"rowCount": 40, "size": 9000}),
    SpecifiedFacet("input", "subset", KEPT, {"inputCondition": DAY}),
    SpecifiedFacet("output", "icebergCommitReport", KEPT, {"snapshotId": 4, "commitMetrics": {}}),
    SpecifiedFacet("output", "outputStatistics", KEPT, {"rowCount": 12, "size": 700}),
    SpecifiedFacet("output", "subset", KEPT, {"outputCondition": DAY | {"type": "partition"}}),
    SpecifiedFacet("job", "documentation", OF_JOB, {"description": "Sums up spending, nightly"}),
    SpecifiedFacet(
        "job",
        "jobType",
        OF_JOB + "; what a `TEST` writes is no dataset",
        {"processingType": "BATCH", "integration": "SPARK", "jobType": "JOB"},
    ),
    SpecifiedFacet(
        "job",
        "lineage",
        "lineage, confidence 1.0",
        {
            "entries": [
                link(
                    "mart.alerts",
                    type="DATASET",
                    inputs=[link("shop.orders", type="DATASET")],
                )
            ]
        },
    ),
    SpecifiedFacet(
        "job",
        "ownership",
        OF_JOB + ", and `owner` of what it writes, if that names none itself",
        {"owners": [{"name": "team:jobs"}]},
    ),
    SpecifiedFacet(
        "job",
        "sourceCode",
        OF_JOB + ": its language",
        {"language": "python", "sourceCode": "sum_up()"},
    ),
    SpecifiedFacet(
        "job", "sourceCodeLocation", OF_JOB, {"type": "git", "url": "https://example.com/sum.py"}
    ),
    SpecifiedFacet("job", "sql", OF_JOB, {"query": "SELECT customer, sum(amount) FROM orders"}),
    SpecifiedFacet("job", "tags", OF_JOB, {"tags": [{"key": "nightly", "value": "true"}]}),
    SpecifiedFacet(
        "run", "environmentVariables", KEPT, {"environmentVariables": [{"name": "TZ", "value": ""}]}
    ),
    SpecifiedFacet(
        "run", "errorMessage", OF_RUN, {"message": "no space", "programmingLanguage": "JAVA"}
    ),
    SpecifiedFacet(
        "run", "executionParameters", KEPT, {"parameters": [{"key": "day", "value": "30"}]}
    ),
    SpecifiedFacet("run", "externalQuery", KEPT, {"externalQueryId": "q1", "source": "snowflake"}),
    SpecifiedFacet(
        "run", "extractionError", KEPT, {"totalTasks": 2, "failedTasks": 0, "errors": []}
    ),
    SpecifiedFacet(
        "run", "jobDependencies", KEPT, {"upstream": [{"job": link("load", "nightly")}]}
    ),
    SpecifiedFacet("run", "nominalTime", OF_RUN, {"nominalStartTime": "2026-01-31T02:00:00Z"}),
    SpecifiedFacet(
        "run",
        "parent",
        OF_RUN + "; checks of all runs of one parent add up",
        {
            "run": {"runId": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b11"},
            "job": link("all", "nightly"),
        },
    ),
    SpecifiedFacet("run", "processing_engine", KEPT, {"name": "spark", "version": "3.5.1"}),
    SpecifiedFacet("run", "tags", KEPT, {"tags": [{"key": "backfill", "value": "false"}]}),
    SpecifiedFacet("run", "test", KEPT, {"tests": [{"name": "unique_customer", "status": "pass"}]}),
)
"""The facets of the specification."""


def build_table() -> str:
    """Return the rows of the documented table."""
    return "\n".join(f"| {each.place} | `{each.name}` | {each.shown} |" for each in FACETS)


def select_documents(*places: Place) -> dict[str, Any]:
    """Return the facets of some places: name -> document."""
    return {each.name: each.document for each in FACETS if each.place in places}


def build_events() -> list[dict[str, Any]]:
    """Return events that have every facet between them, of several runs and kinds."""
    base = {"producer": HEADER["_producer"], "schemaURL": "https://example.com/schemas/event.json"}
    job: dict[str, Any] = {
        **{"namespace": "nightly", "name": "sum_up"},
        "facets": select_documents("job"),
    }
    run = {"runId": "0192f0c5-5a4e-7cc3-9f0e-6f0c1f0d2b12", "facets": select_documents("run")}
    of_dataset, owned = select_documents("dataset"), job["facets"]["ownership"]
    spending = link("mart.spending")
    symlinks = {"symlinks": of_dataset["symlinks"]}
    read = link("shop.orders", inputFacets=select_documents("input"))
    written = spending | {"facets": of_dataset, "outputFacets": select_documents("output")}
    start = {
        **base,
        "eventType": "START",
        "eventTime": "2026-01-31T02:00:00Z",
        "run": run,
        "job": job,
        "inputs": [read],
        "outputs": [spending | {"facets": symlinks}],
    }
    return [
        start,
        start | {"eventType": "RUNNING", "eventTime": "2026-01-31T02:01:00Z"},
        start
        | {"eventType": "COMPLETE", "eventTime": "2026-01-31T02:05:00Z", "outputs": [written]},
        {
            **base,
            "eventTime": "2026-01-30T12:00:00Z",
            "job": {"namespace": "nightly", "name": "load", "facets": {"ownership": owned}},
            "outputs": [link("shop.orders", facets={"documentation": {"description": "Orders"}})],
        },
        {
            **base,
            "eventTime": "2026-01-30T13:00:00Z",
            "dataset": spending
            | {"facets": symlinks | {"documentation": {"description": "Told before"}}},
        },
        {
            **base,
            "eventTime": "2026-01-30T14:00:00Z",
            "dataset": link("shop.customers", facets={"datasetType": {"datasetType": "TABLE"}}),
        },
    ]
