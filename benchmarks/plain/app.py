"""The plain way to serve a product from S3: what our own functions' cold start is compared with.

FastAPI, Mangum, Powertools and boto3's S3 client, each as its first page of documentation shows it.
"""

import gzip
import json
import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from fastapi import FastAPI, HTTPException
from mangum import Mangum
from pydantic import BaseModel

logger, metrics = Logger(service="plain"), Metrics(namespace="plain", service="plain")
s3 = boto3.client("s3")
app = FastAPI()


class Product(BaseModel):
    name: str
    domain: str
    owner: str
    description: str
    version: str
    tags: list[str] = []


@app.get("/product/{name}")
async def get_product(name: str) -> Product:
    stored = s3.get_object(Bucket=os.environ["CATALOG_BUCKET"], Key="products.json")
    body = stored["Body"].read()
    if stored.get("ContentEncoding") == "gzip":
        body = gzip.decompress(body)
    products = json.loads(body)["products"]
    if name not in products:
        raise HTTPException(404)
    metrics.add_metric(name="Read", unit=MetricUnit.Count, value=1)
    return Product(**products[name])


adapter = Mangum(app, lifespan="off")


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: Any) -> Any:
    return adapter(event, context)
