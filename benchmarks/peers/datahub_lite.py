"""DataHub Lite, in its own environment: `fill FILE`, `write SECONDS` or `serve PORT`.

Its HTTP API only reads, so that writes are calls in one process: no HTTP is in their figure. HOME
holds `.datahubenv`, which names its SQLite file.
"""

import json
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def main(command: str, argument: str) -> None:
    if command == "serve":
        import uvicorn
        from datahub.lite.lite_server import app

        uvicorn.run(app, port=int(argument), log_level="warning", access_log=False)
        return
    from datahub.cli.lite_cli import _get_datahub_lite

    lite = _get_datahub_lite()
    if command == "fill":
        for item in json.loads(Path(argument).read_text()):
            register_dataset(lite, item)
        return
    began, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < float(argument):
        item = {"name": f"new_{time.time_ns()}", "description": "a b c", "domain": "sales"}
        register_dataset(lite, {**item, "owner": "me@example.com", "schema": {"id": "string"}})
        count += 1
    print(count / spent)


def register_dataset(lite: Any, item: Mapping[str, Any]) -> None:
    """Write the four aspects that hold what the registry holds of a product."""
    from datahub.emitter.mce_builder import make_dataset_urn
    from datahub.emitter.mcp import MetadataChangeProposalWrapper

    urn = make_dataset_urn("s3", item["name"])
    for aspect in build_aspects(item):
        lite.write(MetadataChangeProposalWrapper(entityUrn=urn, aspect=aspect))


def build_aspects(item: Mapping[str, Any]) -> Iterable[Any]:
    from datahub.metadata import schema_classes as known

    yield known.DatasetPropertiesClass(name=item["name"], description=item["description"])
    owner = known.OwnerClass(f"urn:li:corpuser:{item['owner']}", "DATAOWNER")
    yield known.OwnershipClass([owner])
    yield known.DomainsClass([f"urn:li:domain:{item['domain']}"])
    fields = [
        known.SchemaFieldClass(
            name, known.SchemaFieldDataTypeClass(known.StringTypeClass()), str(kind)
        )
        for name, kind in item["schema"].items()
    ]
    yield known.SchemaMetadataClass(
        item["name"], "urn:li:dataPlatform:s3", 0, "", known.OtherSchemaClass(""), fields
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
