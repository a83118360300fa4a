"""Indexes that follow the versions of a file know of each what one made for it alone would know."""

from collections.abc import Iterator

from hypothesis import example, given
from hypothesis import strategies as st

from datamesh.models.products import DatasetName
from datamesh.models.stored_products import Provenance
from datamesh.services.registry.dataset_names import DatasetNameCache
from datamesh.services.registry.product_naming import list_wordy_names
from datamesh.services.registry.wanted_names import WantedNamesCache
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord
from tests.graphs import product

DATASETS = [
    DatasetName(namespace=namespace, name=name)
    for namespace in ("a", "b")
    for name in ("orders", "x.orders")
]
NAMES = {name for dataset in DATASETS for name in list_wordy_names(dataset)}

type Versions = list[tuple[dict[str, tuple[list[DatasetName], bool]], bool]]

products = st.tuples(
    st.lists(st.sampled_from(DATASETS), max_size=2, unique_by=str),
    st.booleans(),
)
"""The datasets of a product, and whether events name it."""
versions = st.lists(
    st.tuples(st.dictionaries(st.sampled_from("pqr"), products), st.booleans()), max_size=8
)
"""The products of each version, and whether somebody else has written it."""


def build_files(found: Versions) -> Iterator[ProductsFile]:
    """Yield the versions: a product that is as it was has the very same record."""
    known: dict[str, ProductRecord] = {}
    for told, is_foreign in found:
        records: dict[str, ProductRecord] = {}
        for name, (datasets, is_followed) in told.items():
            observed = Provenance() if is_followed else None
            update = {"openlineage": datasets, "observed": observed}
            record = ProductRecord.from_model(product(name).model_copy(update=update))
            is_same = not is_foreign and known.get(name) == record
            records[name] = known[name] if is_same else record
        known = records
        yield ProductsFile(products=records)


@given(versions)
@example(
    [
        ({"p": (DATASETS[:1], True), "q": (DATASETS[:1], True)}, False),
        ({"p": (DATASETS[:1], True)}, False),
    ]
)
def test_what_is_followed_is_known_as_if_it_was_looked_at_anew(found: Versions) -> None:
    datasets, wanted = DatasetNameCache(), WantedNamesCache()
    for file in build_files(found):
        index, fresh = datasets.open_index(file), DatasetNameCache().open_index(file)
        assert [*map(index.find_product, DATASETS)] == [*map(fresh.find_product, DATASETS)]
        names, anew = wanted.open_index(file), WantedNamesCache().open_index(file)
        assert [*map(names.is_shared, NAMES)] == [*map(anew.is_shared, NAMES)]
