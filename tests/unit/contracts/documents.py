"""Contracts of tests: one that has every section of the standard, and small ones."""

from typing import Any

import yaml

FULL = """\
# Comments are kept, too.
apiVersion: v3.2.0
kind: DataContract
id: urn:datacontract:sales:orders
name: orders
version: v1.2
status: active
domain: sales
tenant: "northwind"
dataProduct: order-book
contractCreatedTs: 2026-01-31T09:30:00Z
tags: [Gold, daily,   gold]
description:
  purpose: >-
    One row per order
    line
  usage: Reports
  limitations: 'No personal data'
  authoritativeDefinitions:
    - {url: "https://example.com/orders", type: businessDefinition}
  customProperties:
    - {property: reviewed, value: {by: [anna, bert], at: 2026-01-01}}
authoritativeDefinitions:
  - url: https://example.com/all
    type: tutorial
context:
  instructions: Ask for the currency
servers:
  - server: warehouse
    type: snowflake
    account: a
    database: b
    schema: c
  - server: lake
    type: s3
    location: s3://lake/orders/*.json
    format: json
    delimiter: new_line
    environment: prod
    roles: [{role: reader, access: read}]
schema:
  - name: order_lines
    physicalName: ORDER_LINES
    physicalType: table
    businessName: Order lines
    dataGranularityDescription: A line
    tags: [a]
    quality:
      - metric: rowCount
        mustBeGreaterThan: 0
        unit: rows
    relationships:
      - {type: foreignKey, from: order_lines.customer_id, to: customers.id}
    properties:
      - name: order_id
        logicalType: string
        physicalType: varchar(36)
        physicalName: ORDER_ID
        description: Id of the order
        required: true
        unique: true
        primaryKey: true
        primaryKeyPosition: 1
        classification: restricted
        criticalDataElement: true
        examples: [A1, 2, null]
        logicalTypeOptions: {minLength: 2, maxLength: 36, pattern: '^[A-Z0-9]+$'}
      - name: state
        logicalType: string
        enum: [{value: open}, {value: paid, label: Paid}]
      - name: amount
        logicalType: number
        physicalType: decimal(12,2)
        logicalTypeOptions: {minimum: 0, multipleOf: 0.01}
        deprecated: true
        transformSourceObjects: [raw.orders]
        transformLogic: |
          select sum(amount)
          from raw.orders
      - name: address
        logicalType: object
        properties:
          - {name: city, logicalType: string}
          - name: lines
            logicalType: array
            items: {logicalType: string, required: true}
      - name: tags
        logicalType: map
        map:
          key: {logicalType: string}
          value: {logicalType: integer}
      - name: embedding
        logicalType: vector
        logicalTypeOptions: {dimensions: 3}
price: {priceAmount: 9.95, priceCurrency: EUR, priceUnit: megabyte}
team:
  name: order team
  members:
    - {username: gone, role: Owner, dateOut: 2025-01-01}
    - {username: anna, role: Owner, dateIn: 2024-01-01}
roles:
  - {role: reader, access: read, firstLevelApprovers: anna}
support:
  - {channel: "#orders", tool: slack, url: https://example.com/chat}
slaProperties:
  - {property: latency, value: 4, unit: d, element: order_lines.order_id}
  - {property: retention, value: null}
customProperties:
  - {property: anything, value: [1, {deep: {er: true}}]}
"""

SMALL: dict[str, Any] = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "urn:datacontract:sales:parcels",
    "name": "parcels",
    "version": "1.0.0",
    "status": "active",
    "domain": "sales",
    "schema": [{"name": "parcels", "properties": [{"name": "parcel_id", "logicalType": "string"}]}],
}


def build_contract(**changes: Any) -> dict[str, Any]:
    """Return the small contract with other values; None removes one."""
    return {key: value for key, value in {**SMALL, **changes}.items() if value is not None}


def write_contract(**changes: Any) -> str:
    """Return the small contract as YAML, with other values."""
    text: str = yaml.safe_dump(build_contract(**changes), sort_keys=False)
    return text
