"""Properties that are partitioned, as the folders of an output port."""

from typing import Any

from tests.lambdas import Client
from tests.unit.contracts.documents import write_contract
from tests.unit.contracts.test_contracts_api import post

SERVERS = [
    {"server": "own", "type": "local", "path": "domains/sales/parcels/", "format": "parquet"}
]


def write(*properties: dict[str, Any], **more: Any) -> str:
    schema = [{"name": "parcels", "properties": [{"name": "a"}, *properties]}]
    return write_contract(**{"servers": SERVERS, "schema": schema, **more})


def partition(name: str, position: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "partitioned": True, "partitionKeyPosition": position, **more}


def read_port(products: Client) -> Any:
    return products.get("/product/parcels").body["output_port"]


def test_partitioned_properties_are_folders_by_their_position(
    client: Client, products: Client
) -> None:
    document = write(
        partition("country", 2),
        partition("day", 1),
        {"name": "month", "partitioned": False},
        partition("elsewhere", 3, physicalName="else"),
        partition("no folder", 4),
    )
    assert post(client, document).status == 200
    assert read_port(products) == {
        "location": "domains/sales/parcels/",
        "format": "parquet",
        "partitions": ["day", "country"],
    }
    assert client.get("/product/parcels/contract").content == document.encode()


def test_what_a_contract_does_not_say_of_the_same_files_stays(
    client: Client, products: Client
) -> None:
    assert post(client, write({"name": "day"})).status == 200
    port = {**read_port(products), "partitions": ["day"]}
    assert products.put("/product/parcels", {"output_port": port}).status == 200
    assert post(client, write({"name": "day", "description": "Sent then"})).status == 200
    assert read_port(products)["partitions"] == ["day"]
    elsewhere = [{**SERVERS[0], "path": "domains/sales/others/"}]
    assert post(client, write({"name": "day"}, servers=elsewhere)).status == 200
    assert read_port(products)["partitions"] == []
