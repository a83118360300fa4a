"""The OpenAPI document: current, valid, and complete."""

import json
import re
from itertools import groupby
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from datamesh.models.access_requests import AccessApproval, AccessRefusal, AccessRequest
from datamesh.models.bulk import LineageBulk, ProductsBulk
from datamesh.models.grants import GrantRequest
from datamesh.models.inference import InferenceRequest
from datamesh.models.keys import KeyRequest, RotationRequest
from datamesh.models.lineage import LineageEntry, LineageRegistration
from datamesh.models.marquez_requests import NamespaceRequest, SourceRequest, TagRequest
from datamesh.models.products import Product, ProductRequest, ProductUpdate
from datamesh.models.redactions import RedactionRequest
from dev.openapi import document as openapi
from dev.openapi.introduction import DOCS, TAGS

DOCUMENT: dict[str, Any] = json.loads(openapi.DOCUMENT.read_text())

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}

PAST = {"410", "422", "503"}
WRITE = {"401", "403", "409", "422", "503"}
READING = {"404", "413", "422", "424", "503"}
EDITING = WRITE | {"404", "429"}
DECLARING = EDITING | {"400"}
DATASET = "/api/v1/namespaces/{namespace}/datasets/{dataset}"
JOB = "/api/v1/namespaces/{namespace}/jobs/{job}"
DOCUMENTED_ERRORS = {
    "POST /register_product": WRITE | {"400", "424", "429"},
    "POST /products/bulk": WRITE | {"400", "429"},
    "GET /products": PAST,
    "GET /product/{name}": PAST | {"404"},
    "GET /product/{name}/freshness": {"404", "422", "503"},
    "GET /product/{name}/quality": {"400", "404", "422", "503"},
    "GET /product/{name}/versions": PAST | {"404"},
    "GET /product/{name}/versions/{version}": PAST | {"404"},
    "PUT /product/{name}": WRITE | {"400", "404", "412", "429"},
    "DELETE /product/{name}": WRITE | {"404", "412"},
    "POST /contracts": WRITE | {"413", "429"},
    "POST /contracts/lint": {"401", "403", "413", "422"},
    "GET /contracts": PAST,
    "GET /product/{name}/contract": PAST | {"404"},
    "PUT /product/{name}/contract": WRITE | {"404", "412", "413", "429"},
    "POST /register_lineage": WRITE | {"400", "429"},
    "POST /lineage/bulk": WRITE | {"400", "429"},
    "GET /lineage": PAST,
    "GET /lineage/upstream/{product_name}": PAST | {"404"},
    "GET /lineage/downstream/{product_name}": PAST | {"404"},
    "GET /lineage/graph/{product}": PAST | {"404"} | {"413"},
    "GET /lineage/impact/{product}": PAST | {"404"} | {"413"},
    "GET /lineage/path": PAST | {"404"} | {"413"},
    "GET /lineage/export": PAST | {"404"} | {"413"},
    "GET /lineage/columns/{product}": PAST | {"404"} | {"413"},
    "GET /lineage/columns/{product}/{column}": PAST | {"404"} | {"413"},
    "DELETE /lineage": WRITE | {"404"},
    "POST /api/v1/lineage": WRITE | {"400", "413", "429"},
    "POST /api/v1/lineage/batch": WRITE | {"400", "413", "429"},
    "GET /me": {"401", "403", "422", "503"},
    "GET /grants": PAST | {"401", "403"},
    "POST /grants": WRITE | {"400", "429"},
    "DELETE /grants/{grant_id}": WRITE | {"404"},
    "GET /keys": {"401", "403", "422", "503"},
    "GET /redactions": {"401", "403", "422", "503"},
    "POST /redactions": WRITE | {"400", "413", "429"},
    "POST /keys": WRITE | {"400", "429"},
    "POST /keys/{key_id}/rotate": WRITE | {"400", "404"},
    "DELETE /keys/{key_id}": WRITE | {"404"},
    "GET /requests": {"401", "403", "422", "503"},
    "GET /product/{name}/requests": {"401", "403", "404", "422", "503"},
    "POST /product/{name}/requests": EDITING | {"400"},
    "POST /requests/{request_id}/grant": EDITING | {"400"},
    "POST /requests/{request_id}/refuse": EDITING | {"400"},
    "DELETE /requests/{request_id}": WRITE | {"404"},
    "GET /api/v1/lineage": {"404", "413", "422", "503"},
    "GET /api/v1/namespaces": {"422", "503"},
    "GET /api/v1/namespaces/{namespace}/datasets": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/datasets/{dataset}": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/datasets/{dataset}/versions": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/datasets/{dataset}/versions/{version}": {
        "404",
        "413",
        "422",
        "503",
    },
    "PUT /api/v1/tags/{tag}": DECLARING,
    "PUT /api/v1/namespaces/{namespace}": DECLARING,
    "PUT /api/v1/sources/{source}": DECLARING,
    f"POST {DATASET}/tags/{{tag}}": EDITING,
    f"DELETE {DATASET}/tags/{{tag}}": EDITING,
    f"POST {DATASET}/fields/{{field}}/tags/{{tag}}": EDITING,
    f"DELETE {DATASET}/fields/{{field}}/tags/{{tag}}": EDITING,
    f"POST {JOB}/tags/{{tag}}": EDITING,
    f"DELETE {JOB}/tags/{{tag}}": EDITING,
    f"DELETE {DATASET}": EDITING,
    f"DELETE {JOB}": EDITING,
    "GET /api/v1/column-lineage": {"404", "413", "422", "503"},
    "GET /api/v1/tags": {"422", "503"},
    "GET /api/v1/events/lineage": {"422", "503"},
    "GET /api/v1/events": {"422", "503"},
    "GET /api/v1/events/{namespace}": {"422", "503"},
    "GET /api/v1/jobs": {"422", "503"},
    "GET /api/v1/jobs/runs/{run_id}": {"404", "413", "422", "503"},
    "GET /api/v1/jobs/runs/{run_id}/facets": {"404", "413", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/jobs": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/jobs/{job}": {"404", "413", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/jobs/{job}/runs": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/jobs/{job}/versions": {"404", "422", "503"},
    "GET /api/v1/namespaces/{namespace}/jobs/{job}/versions/{version}": {"404", "422", "503"},
    "GET /api/v1/runlineage/upstream": {"404", "422", "503"},
    "GET /api/v1/stats/lineage-events": {"422", "503"},
    "GET /api/v1/stats/{counted}": {"422", "503"},
    "GET /api/v1/sources": {"422", "503"},
    "GET /api/v1/sources/{source}": {"404", "422", "503"},
    "GET /api/v1/search": {"422", "503"},
    "GET /domains": {"422", "503"},
    "GET /domains/{domain}": {"404", "422", "503"},
    "GET /domains/{domain}/{dataset}": {"406", "410"} | READING,
    "GET /domains/{domain}/{dataset}/profile": READING,
    "GET /domains/{domain}/{dataset}/files": {"401", "403", "410"} | READING,
    "POST /domains/{domain}/{dataset}/check": WRITE | READING | {"429"},
    "POST /domains/{domain}/{dataset}/infer": WRITE | {"400", "424"},
    "GET /sales/orders": {"400"} | READING,
    "GET /marketing/campaigns": READING,
    "GET /finance/transactions": {"400"} | READING,
    "GET /analytics/domains": PAST,
    "GET /analytics/lineage-stats": PAST,
    "GET /analytics/snapshot": {"404", "422", "503"},
    "GET /analytics/usage": {"404", "422", "503"},
    "GET /analytics/trends": {"400", "422", "503"},
    "GET /analytics/top-products": PAST,
    "GET /changes": PAST | {"400"} | {"413"} | {"429"},
    "GET /search": PAST,
    "GET /audit": {"400", "401", "403", "422", "503"},
    "GET /health": {"422", "503"},
    "GET /metrics": {"422", "503"},
    "GET /openlineage/status": {"422", "503"},
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def responses_of(name: str) -> dict[str, Any]:
    """Return the responses of an operation, those too that many operations share."""
    shared = DOCUMENT["components"]["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in OPERATIONS[name]["responses"].items()
    }


def test_the_committed_document_is_current(imported_functions: None) -> None:
    assert openapi.DOCUMENT.read_text() == openapi.render_document(), "run `make openapi`"


def test_it_is_valid_openapi_31() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_it_documents_every_route_and_its_errors() -> None:
    found = {
        name: {status for status in operation["responses"] if status[0] in "45"}
        for name, operation in OPERATIONS.items()
    }
    read = {name: {"401", "403"} if is_asked_who(name) else set() for name in OPERATIONS}
    assert found == {name: each | read[name] for name, each in DOCUMENTED_ERRORS.items()}


KEYED_READS = ("/audit", "/files", "/me", "/grants", "/keys", "/requests", "/redactions")


def is_asked_who(name: str) -> bool:
    """Tell whether a read may need a key, by the mode of the registry."""
    return name.startswith("GET ") and not name.endswith(("/health", *KEYED_READS))


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_response_has_a_description_and_a_schema(name: str) -> None:
    for status, response in responses_of(name).items():
        assert response["description"], f"{status} has no description"
        empty = status in ("201", "304")
        assert ("content" in response) == (not empty), f"{status}: only 201 and 304 have no body"
        kinds = response.get("content", {})
        assert [kind for kind, each in kinds.items() if not each["schema"]] == [], status


@pytest.mark.parametrize("name", OPERATIONS)
def test_errors_are_problems_and_those_of_the_gateway_its_own(name: str) -> None:
    for status, response in responses_of(name).items():
        if status in ("201", "202", "304"):
            continue
        expected = {"401": "GatewayProblem", "403": "GatewayProblem", "200": None}
        own = "MarquezProblem" if OPERATIONS[name]["tags"] == ["Marquez"] else "Problem"
        if is_asked_who(name):
            expected["401"] = own  # which the function answers, not API Gateway
            if status == "401":
                assert "WWW-Authenticate" in response["headers"]
        if kind := expected.get(status, own):
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": f"#/components/schemas/{kind}"}
            assert accepts(kind, response["content"]["application/json"]["example"])
        assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_writes_and_two_reads_need_the_security_scheme_and_other_reads_may(name: str) -> None:
    security = OPERATIONS[name].get("security")
    if is_asked_who(name):
        assert security == [{}, {"ApiKey": []}]
    else:
        assert security == (None if name == "GET /health" else [{"ApiKey": []}])


def test_the_security_scheme_is_a_bearer_key() -> None:
    [(name, scheme)] = DOCUMENT["components"]["securitySchemes"].items()
    assert (name, scheme["type"], scheme["scheme"]) == ("ApiKey", "http", "bearer")


BODIES: dict[str, type[BaseModel]] = {
    "POST /register_product": ProductRequest,
    "POST /domains/{domain}/{dataset}/infer": InferenceRequest,
    "PUT /product/{name}": ProductUpdate,
    "POST /register_lineage": LineageRegistration,
    "POST /products/bulk": ProductsBulk,
    "POST /lineage/bulk": LineageBulk,
    "POST /grants": GrantRequest,
    "POST /keys": KeyRequest,
    "POST /redactions": RedactionRequest,
    "POST /keys/{key_id}/rotate": RotationRequest,
    "POST /product/{name}/requests": AccessRequest,
    "POST /requests/{request_id}/grant": AccessApproval,
    "POST /requests/{request_id}/refuse": AccessRefusal,
    "PUT /api/v1/tags/{tag}": TagRequest,
    "PUT /api/v1/namespaces/{namespace}": NamespaceRequest,
    "PUT /api/v1/sources/{source}": SourceRequest,
}


NOTHING_REQUIRED = {
    "POST /domains/{domain}/{dataset}/infer",
    "POST /requests/{request_id}/grant",
    "POST /keys/{key_id}/rotate",
    "PUT /api/v1/tags/{tag}",
}
EVENTS = {"POST /api/v1/lineage", "POST /api/v1/lineage/batch"}
"""The routes that speak OpenLineage; tests/unit/openlineage compares its words with what is
accepted."""
CONTRACTS = {"POST /contracts", "POST /contracts/lint", "PUT /product/{name}/contract"}
"""The routes that speak the contracts' standard; tests/unit/contracts compares its words with what
is accepted."""


def examples_of(name: str) -> list[Any]:
    content = OPERATIONS[name]["requestBody"]["content"]["application/json"]
    found: list[Any] = resolved(content["schema"])["examples"]
    return found


def test_every_body_is_known() -> None:
    found = {name for name, operation in OPERATIONS.items() if "requestBody" in operation}
    assert found == BODIES.keys() | EVENTS | CONTRACTS


@pytest.mark.parametrize("name", BODIES)
def test_a_body_has_an_example_that_is_accepted(name: str) -> None:
    examples = examples_of(name)
    assert examples, "a body has an example"
    for example in examples:
        BODIES[name].model_validate(example)


def schema_of(component: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{component}", "components": DOCUMENT["components"]}


def accepts(component: str, value: object) -> bool:
    return not list(OAS31Validator(schema_of(component)).iter_errors(value))


@pytest.mark.parametrize("name", BODIES)
def test_the_documented_schema_says_what_the_model_checks(name: str) -> None:
    component = BODIES[name].__name__
    [example] = examples_of(name)
    assert accepts(component, example), "the schema refuses its own example"
    assert accepts(component, {}) == (name in NOTHING_REQUIRED)
    assert not accepts(component, example | {"unknown": 1}), "unknown fields are accepted"
    for field in example:
        may_lack = "/api/v1/" in name and field == "description"  # clients of Marquez send both
        assert accepts(component, example | {field: None}) == may_lack, f"{field} may be null"
        assert accepts(component, example | {field: ""}) == may_lack, f"{field} may be empty"


@pytest.mark.parametrize("model", [Product, LineageEntry])
def test_an_answer_has_an_example_that_its_schema_accepts(
    model: type[Product | LineageEntry],
) -> None:
    [example] = DOCUMENT["components"]["schemas"][model.__name__]["examples"]
    assert accepts(model.__name__, example)
    model.model_validate(example)


@pytest.mark.parametrize("name", ["GET /products", "GET /lineage"])
def test_lists_document_their_total(name: str) -> None:
    headers = OPERATIONS[name]["responses"]["200"]["headers"]
    assert headers["X-Total-Count"]["schema"] == {"type": "integer"}


def test_nothing_of_the_stored_form_is_shown() -> None:
    text = openapi.DOCUMENT.read_text()
    assert "since_revision" not in text
    assert "products_revision" not in text
    assert "HTTPValidationError" not in text


# its words


def test_it_introduces_itself_and_its_links_lead_to_guides() -> None:
    text = DOCUMENT["info"]["description"]
    for word in ("Bearer <key>", "errors", "Idempotency-Key", "ETag", "limit", "Try it out"):
        assert word in text
    guides = re.findall(rf"{DOCS}/([a-z/-]+[.]md)", openapi.DOCUMENT.read_text())
    missing = [guide for guide in guides if not (openapi.ROOT / "docs" / guide).is_file()]
    assert guides and missing == []


def test_operations_stand_below_described_tags_in_their_order() -> None:
    tags = [operation["tags"] for operation in OPERATIONS.values()]
    assert all(len(names) == 1 for names in tags)
    described = [tag["name"] for tag in DOCUMENT["tags"] if tag["description"].endswith(".")]
    # One path has an operation of OpenLineage and one of Marquez.
    order = [name for [name], _ in groupby(tags)]
    assert list(dict.fromkeys(order)) == described == list(TAGS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_summary_is_a_short_sentence_and_the_description_says_more(name: str) -> None:
    summary, description = OPERATIONS[name]["summary"], OPERATIONS[name]["description"]
    assert re.fullmatch(r"[A-Z][a-z]+( [\w,]+)+", summary), "a verb and its object, no full stop"
    assert len(summary) <= 60
    assert summary.istitle() is False, "the name of a function is no sentence"
    assert description.endswith(".") and summary not in description


@pytest.mark.parametrize("name", OPERATIONS)
def test_parameters_read_plainly(name: str) -> None:
    for parameter in OPERATIONS[name].get("parameters", []):
        assert parameter["description"].endswith("."), parameter["name"]
        # Swagger UI writes `anyOf: [string, null]` as `string | (string | null)`.
        assert not {"anyOf", "title", "description", "examples"} & parameter["schema"].keys()


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_must_be_given_is_filled_in(name: str) -> None:
    given = {"example", "examples"}
    for parameter in OPERATIONS[name].get("parameters", []):
        assert not parameter["required"] or given & parameter.keys(), parameter["name"]


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_fields_have_no_made_up_titles_and_short_types(name: str) -> None:
    for field in DOCUMENT["components"]["schemas"][name].get("properties", {}).values():
        assert "title" not in field
        assert {"type": "string"} not in field.get("anyOf", []), "say `type: [string, null]`"
