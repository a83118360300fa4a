"""datacontract-cli accepts each contract that is exported, also after changes of its product.

It starts slowly and checks in milliseconds: all documents go to one process.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from datamesh.services.registry.registry import Registry
from tests.conftest import Serve
from tests.integration.test_datacontract import CLI
from tests.lambdas import Client, api_event
from tests.meshes import Bucket, product_body, resources
from tests.unit.contracts.documents import FULL, write_contract
from tests.unit.contracts.varied import COLUMNS, DETAILS, PRODUCTS, VERSIONS

RUN = """
import json, sys
from datacontract.data_contract import DataContract
from jsonschema import Draft201909Validator
Draft201909Validator.check_schema = lambda *schema, **options: None
for name in sys.argv[1:]:
    run = DataContract(data_contract_file=name).lint()
    print(json.dumps([name, run.result, [each.reason for each in run.checks]]))
"""
"""Lints each file. That the standard's schema is one is not checked again for each of them."""
EDITS = (
    {name: value for name, value in DETAILS.items() if name != "schema"},
    {"owner": "carl", "description": "New", "domain": "retail"},
    {"output_port": {"location": "domains/retail/x/", "format": "jsonl"}, "schema": COLUMNS},
)


@pytest.fixture
def mesh_clients(serve: Serve, registry: Registry) -> tuple[Client, Client]:
    """Return the functions of contracts and products over one registry."""
    shared = resources(registry, bucket=Bucket())
    return serve("contracts", shared), serve("products", shared)


def list_exports(contracts: Client, products: Client) -> Iterator[tuple[str, bytes]]:
    """Yield names and documents: of each product, of each contract before and after changes."""
    for number, (name, fields) in enumerate(PRODUCTS.items()):
        body = product_body(**{"name": f"p{number}", **fields})
        assert products.post("/register_product", body).status == 200
        yield name, contracts.get(f"/product/{body['name']}/contract").content
    sources = [write_contract(apiVersion=version) for version in VERSIONS]
    for number, text in enumerate([*sources, FULL]):
        tree = yaml.safe_load(text)
        name = f"c{number}"
        text = text.replace(tree["id"], f"urn:{name}")
        event = api_event("POST", "/contracts", text, query={"name": name})
        assert contracts.send(event).status == 200
        yield tree["apiVersion"], contracts.get(f"/product/{name}/contract").content
        for changes in EDITS:
            assert products.put(f"/product/{name}", changes).status == 200
        yield f"{tree['apiVersion']} changed", contracts.get(f"/product/{name}/contract").content


@pytest.mark.skipif(not CLI.exists(), reason="make .venv-datacontract/ready installs it")
def test_datacontract_lint_accepts_each_export(
    tmp_path: Path, mesh_clients: tuple[Client, Client]
) -> None:
    names = []
    for number, (name, body) in enumerate(list_exports(*mesh_clients)):
        names.append(f"{number} {name}.yaml")
        (tmp_path / names[-1]).write_bytes(body)
    run = subprocess.run(
        [CLI, "-c", RUN, *names],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("[")]
    assert [each[0] for each in found] == names
    assert [each for each in found if each[1] != "passed"] == []
