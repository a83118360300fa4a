"""The registry as it would usually be written: a FastAPI app with everything in memory.

A dict and a list of pydantic models, `def` handlers, list scans, `response_model`, and Mangum as
the adapter. It answers the same items as ours, field by field, so that both send as much.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from fastapi import FastAPI, HTTPException, Query
from mangum import Mangum
from pydantic import BaseModel, ConfigDict, Field


class ProductStatus(StrEnum):
    ACTIVE = "active"
    DEPRECATED = "deprecated"
    INACTIVE = "inactive"


class LineageType(StrEnum):
    DIRECT = "direct"
    DERIVED = "derived"
    AGGREGATED = "aggregated"


class NewProduct(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    name: str
    domain: str
    owner: str
    description: str
    schema_: dict[str, str] = Field(alias="schema")
    status: ProductStatus = ProductStatus.ACTIVE
    version: str = "1.0.0"
    tags: list[str] = []
    openlineage: list[dict[str, str]] = []
    output_port: dict[str, str] | None = None
    quality: dict[str, str] | None = None


class DataProduct(NewProduct):
    created_at: datetime
    updated_at: datetime


class LineageEntry(BaseModel):
    id: str
    source: str
    target: str
    transformation: str
    lineage_type: LineageType
    confidence: float
    metadata: dict[str, Any]
    job: dict[str, str] | None
    columns: list[dict[str, str]]
    timestamp: datetime


products: dict[str, DataProduct] = {}
lineage: list[LineageEntry] = []
app = FastAPI(title="Data mesh registry, in memory")


def handler() -> Mangum:
    """A Lambda handler of the app."""
    return Mangum(app, lifespan="off")


def fill(products_file: bytes, lineage_file: bytes) -> None:
    """Fill the app with the content of the two files."""
    products.clear()
    lineage.clear()
    for name, item in json.loads(products_file)["products"].items():
        products[name] = DataProduct.model_validate(item)
    lineage.extend(LineageEntry.model_validate(e) for e in json.loads(lineage_file)["lineage"])


@app.get("/product/{name}", response_model=DataProduct)
def get_product(name: str) -> DataProduct:
    return _known(name)


@app.get("/products", response_model=list[DataProduct])
def list_products(
    domain: str | None = None,
    status: ProductStatus | None = None,
    tag: str | None = None,
    limit: int = Query(100, ge=1, le=1000),
    offset: int = Query(0, ge=0),
) -> list[DataProduct]:
    def wanted(product: DataProduct) -> bool:
        return (
            (domain is None or product.domain.lower() == domain.lower())
            and (status is None or product.status == status)
            and (tag is None or tag.lower() in product.tags)
        )

    return _those(list(products.values()), wanted)[offset : offset + limit]


@app.get("/lineage/upstream/{product_name}", response_model=list[LineageEntry])
def upstream(product_name: str) -> list[LineageEntry]:
    _known(product_name)
    return _those(lineage, lambda entry: entry.target == product_name)


@app.get("/lineage/downstream/{product_name}", response_model=list[LineageEntry])
def downstream(product_name: str) -> list[LineageEntry]:
    _known(product_name)
    return _those(lineage, lambda entry: entry.source == product_name)


@app.post("/register_product", response_model=DataProduct)
def register_product(product: NewProduct) -> DataProduct:
    if product.name in products:
        raise HTTPException(409, f"product {product.name} is there already")
    now = datetime.now(UTC)
    products[product.name] = DataProduct(**product.model_dump(), created_at=now, updated_at=now)
    return products[product.name]


def _known(name: str) -> DataProduct:
    if name not in products:
        raise HTTPException(404, f"no product {name}")
    return products[name]


def _those[T](items: list[T], wanted: Callable[[T], bool]) -> list[T]:
    return [item for item in items if wanted(item)]
