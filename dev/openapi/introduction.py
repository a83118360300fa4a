"""The texts of the API's document about the API as a whole, and about each tag."""

from typing import Any

REPOSITORY = "https://github.com/OWNER/REPO"
"""Put the address of your repository in place of OWNER/REPO, and run `make openapi`."""
DOCS = f"{REPOSITORY}/blob/main/docs"

SUMMARY = "Data products, the lineage between them, and the data of the domains."
DESCRIPTION = f"""\
A registry for a data mesh. Domains register **data products**, record the **lineage** between them,
and publish **data** from files. Everybody can find, follow and read them.

- **Keys.** Writes, and reads of the audit trail and of whole files, need a key:
  send `Authorization: Bearer <key>`. On `/docs`, press *Authorize*. `make run` prints its key.
  Whether other reads need one, the registry's `READ_ACCESS` says: 401 asks for it, and a key that
  is not active is 403.
- **Answers.** A write answers `success`, `message` and `data`. A list answers a bare array:
  `X-Total-Count` says how long it is, and `X-Next-Offset` where the next page begins.
- **Errors.** An error answers `success: false` and a `message` that says what is wrong. A 422 has
  `errors`, which names each refused field or parameter. Unknown fields and parameters are refused.
- **Repeating.** Send an `Idempotency-Key` with a POST: the same request with the same key takes
  effect once, and is answered alike for 24 hours. After a 503, wait for `Retry-After` seconds.
- **ETags.** Every read has an `ETag`. With `If-None-Match` it answers 304 while your copy is
  current. With `If-Match`, a product is changed or deleted only if it is still what you have read.
- **Time travel.** `as_of` answers a read of products or lineage as it was at that moment.
- **Limits.** A list has 100 items, and up to 1,000 with `limit`; a page of more than 5 MB is cut,
  with `X-Truncated: true`. A body has up to 6 MB, a bulk 1,000 items, a batch 100 events. A request
  that would read, hold or answer too much data answers 413.

**Try it out.** The values that `/docs` fills in work on the example mesh of `make run`, from top
to bottom: what one operation registers, a later one changes and deletes.

Guides: [requests and responses]({DOCS}/guides/requests.md), [products]({DOCS}/guides/products.md),
[lineage]({DOCS}/guides/lineage.md), [time travel]({DOCS}/guides/time-travel.md),
[OpenLineage]({DOCS}/guides/openlineage.md), [domain data]({DOCS}/guides/domain-data.md),
[analytics]({DOCS}/guides/analytics.md), [audit trail]({DOCS}/guides/audit.md).
"""

TAGS = {
    "Products": (
        "Register data products, find them, change and delete them. A product has a name, a "
        "domain, an owner and a schema.",
        "products",
    ),
    "Contracts": (
        "Take data contracts in, check them, and give them out: documents of the Open Data "
        "Contract Standard, kept byte for byte.",
        "contracts",
    ),
    "Lineage": (
        "Record which product feeds which, follow it in both directions, and export it. Each entry "
        "has a type and a confidence.",
        "lineage",
    ),
    "OpenLineage": (
        "Send the events of OpenLineage clients. Products and lineage are derived from them.",
        "openlineage",
    ),
    "Marquez": (
        "Read lineage with clients that were made for Marquez. The answers have the form of "
        "Marquez' own.",
        "openlineage",
    ),
    "Domain data": (
        "Read the files behind a product as a table, with filters and pages, and check them "
        "against its schema.",
        "domain-data",
    ),
    "Analytics": (
        "Count what is registered, follow the numbers day by day, and list what changed.",
        "analytics",
    ),
    "Access": (
        "Grant roles to principals, take them back, and read which ones a caller has.",
        "access",
    ),
    "Redactions": (
        "Remove a text from the registry and its past, and read which ones were removed.",
        "redaction",
    ),
    "Audit": ("Read who changed what, and when. This read needs a key.", "audit"),
    "Search": ("Find products by their texts and columns, best first.", "search"),
    "Platform": ("Check the health of the registry, and read metrics for Prometheus.", None),
}
"""Tag, in the order of the document -> what it holds, and its guide."""


def build_info(version: str) -> dict[str, Any]:
    """Return the `info` of the document."""
    return {
        "title": "Data mesh registry",
        "summary": SUMMARY,
        "description": DESCRIPTION,
        "version": version,
        "license": {"name": "MIT", "identifier": "MIT"},
    }


def build_tags() -> list[dict[str, Any]]:
    """Return the tags of the document, in order, with a link to the guide of each."""
    return [_build_tag(name, *described) for name, described in TAGS.items()]


def _build_tag(name: str, description: str, guide: str | None) -> dict[str, Any]:
    page = f"guides/{guide}.md" if guide else "operations.md"
    link = {"description": "Guide", "url": f"{DOCS}/{page}"}
    return {"name": name, "description": description, "externalDocs": link}
