"""Functions stay within the memory that they have, with any content within the limits.

The registries are as large as the default limits allow, of the items that take most memory. Peaks
are not times: they are the same on a busy machine.
"""

import tracemalloc
from pathlib import Path

import pytest

from benchmarks.full_registry import (
    KINDS,
    MAX_ENTRIES,
    MAX_PRODUCTS,
    count_products,
    lineage_text,
    products_text,
)
from benchmarks.memory_at_bounds import (
    FUNCTIONS,
    READING,
    SCHEDULED,
    WRITING,
    measure,
    store,
)
from datamesh.models.lineage import LineageRegistration
from datamesh.models.products import MAX_PRODUCT_BYTES, ProductRegistration
from datamesh.settings import DEFAULT_LINEAGE_BYTES, DEFAULT_PRODUCTS_BYTES, load_settings
from datamesh.storage.archive.differences import Content, FieldDifference
from datamesh.storage.files import LineageFile, ProductsFile
from dev.template.reader import read_api
from tests.template import TEMPLATE

API = read_api(TEMPLATE, {}, {})


@pytest.mark.parametrize("kind", KINDS)
def test_functions_stay_within_their_memory(kind: str, tmp_path: Path) -> None:
    store(kind, tmp_path)
    for function in FUNCTIONS:
        if kind in function.kinds:
            found = measure(function, kind, tmp_path)
            assert {200} <= {*found.statuses} <= {200, 429}, function.name
            assert found.peak < function.memory, function.name


def test_the_registries_are_as_large_as_the_limits_allow_of_items_that_are_legal() -> None:
    settings = load_settings({"CATALOG_BUCKET": "catalog"})
    assert (settings.max_products, settings.max_lineage_entries) == (MAX_PRODUCTS, MAX_ENTRIES)
    for kind in ("many", "few"):
        products = ProductsFile.parse(products_text(kind))
        lineage = LineageFile.parse(lineage_text(kind, count_products(products_text(kind))))
        assert 0.9 < products.measure_records() / DEFAULT_PRODUCTS_BYTES <= 1
        assert 0.9 < lineage.measure_records() / DEFAULT_LINEAGE_BYTES <= 1
        for record in [*products.products.values()][:3]:
            assert record.size <= MAX_PRODUCT_BYTES
            sent = record.to_model().model_dump(include={*ProductRegistration.model_fields})
            ProductRegistration.model_validate(sent | {"schema": sent.pop("schema_")})
        for entry in lineage.lineage[:3]:
            sent = entry.to_model().model_dump(include={*LineageRegistration.model_fields})
            LineageRegistration.model_validate(sent)


def test_the_bounds_are_the_memory_that_the_functions_have() -> None:
    for area in ("Products", "Lineage", "OpenLineage"):
        assert API.functions[f"{area}ReadFunction"].memory == READING
        assert API.functions[f"{area}WriteFunction"].memory >= WRITING
    assert API.functions["PlatformFunction"].memory == READING
    assert API.functions["AnalyticsFunction"].memory == WRITING
    assert API.functions["AnalyticsScheduledFunction"].memory == SCHEDULED


def test_a_moment_of_the_archive_is_put_together_with_one_copy() -> None:
    """Beside the snapshot that it is made of: reading functions have little room left."""
    text = lineage_text("many", count_products(products_text("many")))
    tracemalloc.start()
    content = Content.parse(text)
    content.apply({"lineage": FieldDifference(remove=(1,))})
    encoded = content.encode()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(encoded) < len(text)
    assert peak < 2 * len(text)
