"""The published schemas of the standards, as their packages have them, made strict.

They are installed at build time and not part of this project; `find_spec` finds them without
importing the packages, whose other parts are not there.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import jsonschema_rs

from datamesh.services.contracts.strict_schema import Schema, make_strict

DATA_CONTRACT, DATA_PRODUCT = "DataContract", "DataProduct"

SCHEMA_FILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        DATA_CONTRACT: {
            "v3.0.0": "datacontract/schemas/odcs-3.0.2.schema.json",
            "v3.0.1": "datacontract/schemas/odcs-3.0.2.schema.json",
            "v3.0.2": "datacontract/schemas/odcs-3.0.2.schema.json",
            "v3.1.0": "datacontract/schemas/odcs-3.1.0.schema.json",
            "v3.2.0": "datacontract/schemas/odcs-3.2.0.schema.json",
        },
        DATA_PRODUCT: {
            "v1.0.0": "dataproduct/schemas/odps-1.0.0.schema.json",
            "v1.1.0": "dataproduct/schemas/odps-1.1.0.schema.json",
        },
    }
)
"""Kind -> apiVersion -> the file of its schema."""
NEWEST_CONTRACT_SCHEMA = SCHEMA_FILES[DATA_CONTRACT]["v3.2.0"]

MASK = "the value"
"""The text that stands in messages for a value, which may be long."""


@cache
def load_schema(file: str) -> Schema:
    """Return a schema, made strict."""
    package, _, rest = file.partition("/")
    spec = find_spec(package)
    assert spec and spec.submodule_search_locations, f"{package} is not installed"
    path = Path(next(iter(spec.submodule_search_locations))) / rest
    return make_strict(json.loads(path.read_bytes()))


@cache
def open_validator(file: str) -> jsonschema_rs.Draft201909Validator:
    """Return the validator of a schema. Its patterns are matched in linear time."""
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.Draft201909Validator(load_schema(file), mask=MASK, pattern_options=options)
