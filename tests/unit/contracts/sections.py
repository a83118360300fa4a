"""Every section of the standard as 3.0 and 3.1 have it, and a server of every type."""

import json
from typing import Any

type Tree = dict[str, Any]

MEANING = {"url": "https://example.com/terms/parcel", "type": "businessDefinition"}
CUSTOM: list[Tree] = [
    {"property": "plain", "value": "text"},
    {"property": "deep", "value": [1, 2.5, None, True, {"a": {"b": [{"c": "d"}]}}]},
]
ROLE = {
    "role": "reader",
    "description": "Reads: all of it",
    "access": "read",
    "firstLevelApprovers": "anna",
    "secondLevelApprovers": "bert",
    "customProperties": CUSTOM,
}
MEMBER = {
    "username": "anna@example.com",
    "name": "Anna",
    "description": "Knows it",
    "role": "Owner",
    "dateIn": "2024-01-01",
}
FORMER = {
    "username": "carl@example.com",
    "role": "steward",
    "dateIn": "2023-01-01",
    "dateOut": "2023-12-31",
    "replacedByUsername": "anna@example.com",
}
SERVICE_LEVELS: list[Tree] = [
    {"property": "latency", "value": 4, "unit": "h", "element": "parcels.sent_at"},
    {"property": "freshness", "value": 1, "valueExt": 2, "unit": "d", "driver": "regulatory"},
    {"property": "generalAvailability", "value": "2026-01-31T09:30:00Z"},
    {"property": "retention", "value": None},
    {"property": "frequency", "value": 1.5, "valueExt": None, "unit": "d"},
    {"property": "supported", "value": True},
]
TEXT_RULE = {
    "type": "text",
    "name": "Looks right",
    "description": "Somebody looks: every day",
    "dimension": "accuracy",
    "method": "reconciliation",
    "severity": "error",
    "businessImpact": "operational",
    "unit": "rows",
    "scheduler": "cron",
    "schedule": "0 20 * * *",
    "tags": ["by hand"],
    "authoritativeDefinitions": [MEANING],
    "customProperties": CUSTOM,
}
SQL_RULE = {"type": "sql", "query": "select count(*)\nfrom ${object}\n", "mustBeBetween": [1, 9]}
CUSTOM_RULES: list[Tree] = [
    {"type": "custom", "engine": "soda", "implementation": "checks:\n  - row_count > 0\n"},
    {"type": "custom", "engine": "greatExpectations", "implementation": {"any": {"thing": [1]}}},
]
RULES_3_0: list[Tree] = [
    TEXT_RULE,
    {"type": "library", "rule": "rowCount", "mustBeGreaterThan": 0},
    {"rule": "duplicateCount", "mustBeLessThan": 5, "unit": "percent"},
    SQL_RULE,
    *CUSTOM_RULES,
]
RULES_3_1: list[Tree] = [
    {"id": "looks-right", **TEXT_RULE},
    {"type": "library", "metric": "rowCount", "mustBeGreaterOrEqualTo": 1},
    {"metric": "missingValues", "mustNotBe": 7, "arguments": {"missingValues": ["", None, "n/a"]}},
    {"metric": "duplicateValues", "mustNotBeBetween": [3, 9], "arguments": {"properties": ["a"]}},
    SQL_RULE,
    *CUSTOM_RULES,
]
KEY_COLUMN: Tree = {
    "name": "parcel_id",
    "businessName": "Id of the parcel",
    "logicalType": "string",
    "physicalType": "varchar(36)",
    "physicalName": "PARCEL_ID",
    "description": "Id: of the parcel # not of the order",
    "required": True,
    "unique": True,
    "primaryKey": True,
    "primaryKeyPosition": 1,
    "partitioned": True,
    "partitionKeyPosition": 1,
    "classification": "restricted",
    "encryptedName": "parcel_id_encrypted",
    "criticalDataElement": True,
    "examples": ["A1", 2, 3.5, None, True],
    "logicalTypeOptions": {"minLength": 2, "maxLength": 36, "pattern": "^[A-Z0-9]+$"},
    "transformSourceObjects": ["raw.parcels"],
    "transformLogic": "select id\nfrom raw.parcels\n",
    "transformDescription": "As it is",
    "authoritativeDefinitions": [MEANING],
    "tags": ["key"],
    "customProperties": CUSTOM,
}
OTHER_COLUMNS: list[Tree] = [
    {
        "name": "weight",
        "logicalType": "number",
        "physicalType": "decimal(9,2)",
        "logicalTypeOptions": {"minimum": 0, "maximum": 1000, "multipleOf": 0.01},
    },
    {"name": "pieces", "logicalType": "integer", "logicalTypeOptions": {"format": "i64"}},
    {"name": "sent_on", "logicalType": "date", "logicalTypeOptions": {"format": "yyyy-MM-dd"}},
    {"name": "is_insured", "logicalType": "boolean"},
    {"name": "raw", "physicalType": "variant"},
]
NAMED_SCHEMA: Tree = {
    "name": "parcels",
    "logicalType": "object",
    "physicalName": "PARCELS",
    "physicalType": "table",
    "businessName": "Parcels",
    "description": "One row per parcel",
    "dataGranularityDescription": "A parcel",
    "authoritativeDefinitions": [MEANING],
    "tags": ["a", "B"],
    "customProperties": CUSTOM,
}


def build_nested_columns(rules: list[Tree]) -> list[Tree]:
    """Return columns within columns, with rules at every level."""
    city = {"name": "city", "logicalType": "string", "quality": rules}
    line = {"logicalType": "object", "properties": [city, {"name": "no", "logicalType": "integer"}]}
    return [
        {"name": "address", "logicalType": "object", "properties": [city]},
        {
            "name": "lines",
            "logicalType": "array",
            "logicalTypeOptions": {"minItems": 1, "maxItems": 9, "uniqueItems": True},
            "items": line,
        },
        {
            "name": "route",
            "logicalType": "array",
            "items": {"logicalType": "array", "items": {"logicalType": "number"}},
        },
    ]


LOCATION = {"location": "s3://lake/parcels/*.json"}
FILES = {"format": "json", "delimiter": "new_line"}
AT_HOST = {"host": "db.example.com", "port": 5432}
DATABASE = {**AT_HOST, "database": "sales"}
WITH_SCHEMA = {**DATABASE, "schema": "parcels"}
SERVERS_3_0: dict[str, Tree] = {
    "api": {"location": "https://example.com/parcels"},
    "athena": {"stagingDir": "s3://a/b", "schema": "s", "catalog": "c", "regionName": "eu-west-1"},
    "azure": {"location": "abfss://a@b.dfs.core.windows.net/parcels", "format": "parquet"},
    "bigquery": {"project": "p", "dataset": "d"},
    "clickhouse": DATABASE,
    "databricks": {"host": "h", "catalog": "c", "schema": "s"},
    "denodo": DATABASE,
    "dremio": {**AT_HOST, "schema": "s"},
    "duckdb": {"database": "parcels.duckdb"},
    "glue": {"account": "1234", "database": "d", "location": "s3://a/b", "format": "parquet"},
    "cloudsql": WITH_SCHEMA,
    "db2": WITH_SCHEMA,
    "informix": DATABASE,
    "kafka": {"host": "kafka:9092", "format": "avro"},
    "kinesis": {"region": "eu-west-1", "format": "json"},
    "local": {"path": "./parcels.csv", "format": "csv"},
    "mysql": DATABASE,
    "oracle": {**AT_HOST, "serviceName": "SALES"},
    "postgresql": WITH_SCHEMA,
    "postgres": WITH_SCHEMA,
    "presto": {"host": "h", "catalog": "c", "schema": "s"},
    "pubsub": {"project": "p"},
    "redshift": {"host": "h", "database": "d", "schema": "s", "region": "r", "account": "a"},
    "s3": {**LOCATION, **FILES, "endpointUrl": "https://s3.example.com"},
    "sftp": {"location": "sftp://a/b", **FILES},
    "snowflake": {**WITH_SCHEMA, "account": "a", "warehouse": "w"},
    "sqlserver": WITH_SCHEMA,
    "synapse": DATABASE,
    "trino": {**AT_HOST, "catalog": "c", "schema": "s"},
    "vertica": WITH_SCHEMA,
    "custom": {**LOCATION, **WITH_SCHEMA, "account": "a", "project": "p", "region": "r"},
}
SERVERS_3_1: dict[str, Tree] = {
    **SERVERS_3_0,
    "duckdb": {"database": "parcels.duckdb", "schema": "main"},
    "hive": DATABASE,
    "impala": DATABASE,
    "zen": DATABASE,
    "custom": {**SERVERS_3_0["custom"], "stream": "s"},
}


def build_servers(types: dict[str, Tree], **more: Any) -> list[Tree]:
    """Return a server of each type."""
    common = {"description": "Where it is", "environment": "prod", "roles": [ROLE], **more}
    return [
        {"server": f"the-{kind}", "type": kind, **fields, **common, "customProperties": CUSTOM}
        for kind, fields in types.items()
    ]


COMMON: Tree = {
    "tenant": "northwind",
    "dataProduct": "order-book",
    "contractCreatedTs": "2026-01-31T09:30:00Z",
    "tags": ["Gold", "daily", "gold"],
    "description": {
        "purpose": "One row per parcel\nand day",
        "usage": "Reports",
        "limitations": "No personal data",
        "authoritativeDefinitions": [MEANING],
        "customProperties": CUSTOM,
    },
    "authoritativeDefinitions": [{"url": "https://example.com/all", "type": "tutorial"}, MEANING],
    "price": {"priceAmount": 9.95, "priceCurrency": "EUR", "priceUnit": "megabyte"},
    "roles": [ROLE, {"role": "writer", "access": "write"}],
    "slaDefaultElement": "parcels.sent_on",
    "slaProperties": SERVICE_LEVELS,
    "customProperties": CUSTOM,
}
CHANNEL = {
    "channel": "#parcels",
    "url": "https://example.com/chat",
    "description": "Ask here",
    "tool": "slack",
    "scope": "interactive",
    "invitationUrl": "https://example.com/join",
}
SECTIONS_3_0: Tree = {
    **COMMON,
    "schema": [
        {
            **NAMED_SCHEMA,
            "quality": RULES_3_0,
            "properties": [
                {**KEY_COLUMN, "quality": RULES_3_0},
                *OTHER_COLUMNS,
                *build_nested_columns(RULES_3_0),
            ],
        }
    ],
    "servers": build_servers(SERVERS_3_0),
    "support": [CHANNEL, {"channel": "mail", "url": "mailto:parcels@example.com"}],
    "team": [FORMER, MEMBER],
}
LINK_TO_ORDERS = {"type": "foreignKey", "to": "orders.order_id", "customProperties": CUSTOM}
PERSON = {
    "id": "person-1",
    **MEMBER,
    "tags": ["on call"],
    "customProperties": CUSTOM,
    "authoritativeDefinitions": [{"id": "page", **MEANING, "description": "Her page"}],
}
SECTIONS_3_1: Tree = {
    **COMMON,
    "schema": [
        {
            "id": "parcels-object",
            **NAMED_SCHEMA,
            "relationships": [
                {"from": "parcels.parcel_id", "to": "orders.parcel_id"},
                {"from": ["parcels.a", "parcels.b"], "to": ["orders.a", "orders.b"]},
            ],
            "quality": RULES_3_1,
            "properties": [
                {
                    "id": "key-column",
                    **KEY_COLUMN,
                    "relationships": [LINK_TO_ORDERS],
                    "quality": RULES_3_1,
                },
                *OTHER_COLUMNS,
                {
                    "name": "sent_at",
                    "logicalType": "timestamp",
                    "logicalTypeOptions": {"timezone": True, "defaultTimezone": "Europe/Berlin"},
                },
                {"name": "cut_off", "logicalType": "time"},
                *build_nested_columns(RULES_3_1),
            ],
        }
    ],
    "servers": build_servers(SERVERS_3_1, id="a-server"),
    "price": {"id": "a-price", **COMMON["price"]},
    "support": [{"id": "a", **CHANNEL, "customProperties": CUSTOM}, {"channel": "mail"}],
    "team": {
        "id": "the-team",
        "name": "parcel team",
        "description": "Those who know",
        "members": [FORMER, PERSON],
        "tags": ["eu"],
        "customProperties": CUSTOM,
        "authoritativeDefinitions": [MEANING],
    },
    "slaProperties": [
        {
            "id": "l",
            **SERVICE_LEVELS[0],
            "description": "d",
            "scheduler": "cron",
            "schedule": "* *",
        },
        *SERVICE_LEVELS[1:],
    ],
    "customProperties": [{"id": "c", **CUSTOM[0], "description": "Plain"}, CUSTOM[1]],
}
SECTIONS: dict[str, Tree] = json.loads(json.dumps({"v3.0.2": SECTIONS_3_0, "v3.1.0": SECTIONS_3_1}))
"""Version of the standard -> name of each section -> that section with all that it may have.

No two places share a value: YAML would have aliases, and a change of one would change the others.
"""
