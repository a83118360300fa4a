"""What the API's document says of OpenLineage events: their own schema, as far as it is checked."""

from typing import Any

from datamesh.models.openlineage import EVENT_EXAMPLE, MAX_EVENTS

NAME = {"type": "string", "minLength": 1, "maxLength": 1000}
FACETS = {"type": ["object", "null"], "description": "Any facets."}
DATASET = {
    "type": "object",
    "required": ["namespace", "name"],
    "properties": {
        "namespace": NAME,
        "name": NAME,
        "facets": FACETS,
        "inputFacets": FACETS,
        "outputFacets": FACETS,
    },
}
DATASETS = {"type": ["array", "null"], "items": DATASET}
TYPES = ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER", None]


def lacking(*names: str) -> dict[str, Any]:
    return {"not": {"anyOf": [{"required": [name]} for name in names]}}


EVENT: dict[str, Any] = {
    "title": "OpenLineageEvent",
    "description": "A RunEvent, JobEvent or DatasetEvent of the OpenLineage specification 2-0-2. "
    "Whatever else it carries is kept.",
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL"],
    "properties": {
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": {"type": "string", "minLength": 1},
        "schemaURL": {"type": "string", "minLength": 1},
        "eventType": {"enum": TYPES},
        "run": {
            "type": "object",
            "required": ["runId"],
            "properties": {"runId": {"type": "string", "format": "uuid"}, "facets": FACETS},
        },
        "job": {
            "type": "object",
            "required": ["namespace", "name"],
            "properties": {"namespace": NAME, "name": NAME, "facets": FACETS},
        },
        "inputs": DATASETS,
        "outputs": DATASETS,
        "dataset": DATASET,
    },
    "anyOf": [
        {"title": "RunEvent", "required": ["run", "job"]},
        {"title": "JobEvent", "required": ["job"], **lacking("run")},
        {"title": "DatasetEvent", "required": ["dataset"], **lacking("run", "job")},
    ],
    "examples": [EVENT_EXAMPLE],
}
BATCH: dict[str, Any] = {
    "type": "array",
    "maxItems": MAX_EVENTS,
    # Events are checked one by one, for the report.
    "items": {},
    "description": "OpenLineage events, as `POST /api/v1/lineage` takes them.",
    "examples": [[EVENT_EXAMPLE]],
}


def body(schema: dict[str, Any]) -> dict[str, Any]:
    """What to document for a route that reads its body itself."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
