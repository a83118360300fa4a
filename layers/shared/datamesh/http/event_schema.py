"""The JSON schema of OpenLineage events in the API's document, as far as events are checked."""

from typing import Any

from datamesh.models.openlineage import EVENT_EXAMPLE, EVENT_TYPES, MAX_EVENTS
from datamesh.models.products import MAX_DATASET_NAME_LENGTH

NAME = {"type": "string", "minLength": 1, "maxLength": MAX_DATASET_NAME_LENGTH}
FACETS = {"description": "Any facets. What is no object is skipped."}
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
DATASETS = {
    "description": "A list of datasets, each with `namespace` and `name` of 1 to "
    f"{MAX_DATASET_NAME_LENGTH} characters that are not blank, and any facets. Anything else is"
    " skipped."
}
TYPE = {"description": f"{', '.join(EVENT_TYPES)}, in upper or lower case. Others are skipped."}


RUN_ID = {
    "type": "string",
    "minLength": 1,
    "description": "A UUID. Any other text is made one, as Java's `UUID.nameUUIDFromBytes` does.",
}
RUN = {
    "type": "object",
    "required": ["runId"],
    "properties": {"runId": RUN_ID, "facets": FACETS},
}
JOB = {
    "type": "object",
    "required": ["namespace", "name"],
    "properties": {"namespace": NAME, "name": NAME, "facets": FACETS},
}


def _build_event_schema(
    title: str, absent: tuple[str, ...] = (), **properties: Any
) -> dict[str, Any]:
    """Return the schema of a kind of event, which has `properties` and none of `absent`.

    An event with `run` is a RunEvent, else one with `job` a JobEvent, else it is a DatasetEvent.
    Null is as good as absent.
    """
    required = [name for name in ("run", "job", "dataset") if name in properties]
    schema = {"title": title, "required": required, "properties": properties}
    if absent:
        schema["not"] = {
            "anyOf": [
                {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
                for name in absent
            ]
        }
    return schema


EVENT: dict[str, Any] = {
    "title": "OpenLineageEvent",
    "description": "A RunEvent, JobEvent or DatasetEvent of the OpenLineage specification 2-0-2. "
    "Whatever else it carries is kept.",
    "type": "object",
    "required": ["eventTime", "producer"],
    "properties": {
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": {"type": "string", "minLength": 1},
        "schemaURL": {"description": "The kind of event; it is not read."},
    },
    "anyOf": [
        _build_event_schema(
            "RunEvent",
            eventType=TYPE,
            run=RUN,
            job=JOB,
            inputs=DATASETS,
            outputs=DATASETS,
        ),
        _build_event_schema("JobEvent", ("run",), job=JOB, inputs=DATASETS, outputs=DATASETS),
        _build_event_schema("DatasetEvent", ("run", "job"), dataset=DATASET),
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


def document_body(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what the API's document says of a route that reads its body itself."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
