"""Names of products that follow events, as all of them together decide them.

Each is called by the words of its first dataset, qualified until no dataset of another product may
be called so. That is a function of what is known, and not of the order in which it became known: a
product whose name another one may have, too, gets a longer one, and its old name redirects.
"""

import re
from collections.abc import Iterable, Mapping

from datamesh.models.products import DatasetName
from datamesh.models.stored_products import DatasetMention, StoredProduct
from datamesh.services.registry.product_naming import build_product_name, list_product_names
from datamesh.services.registry.wanted_names import WantedNames, list_names_of
from datamesh.storage.records import ProductRecord, RecordedName

DIGEST_AT_END = re.compile(r"-[0-9a-f]{16}$")


def find_first_dataset(product: StoredProduct) -> DatasetName:
    """Return the dataset that a product which follows events is called after.

    It is the latest name that the dataset was given, else the one that was named first. Products
    of earlier versions do not know it: they are called after the first of their names.
    """
    known = product.observed
    if known and (named := known.renamed or known.first):
        return named.dataset
    mentions = [DatasetMention(dataset=each, at=product.created_at) for each in product.openlineage]
    return min(mentions, key=lambda each: each.order).dataset


def has_digest(name: str) -> bool:
    """Tell whether a name seems to be one with a digest, as earlier versions gave to all."""
    return bool(DIGEST_AT_END.search(name))


class ProductNamer:
    """Chooses names, while a change adds products and datasets to those of a file."""

    def __init__(self, wanted: WantedNames) -> None:
        self._wanted = wanted
        self._pending: dict[str, None] = {}

    def add_pending(self, product: str) -> None:
        """Note that a product gets the name that is the right one in the end."""
        self._pending[product] = None

    def drop_product(self, product: str) -> None:
        """Choose no name for a product that is gone."""
        self._pending.pop(product, None)

    def change_datasets(
        self,
        before: Iterable[RecordedName],
        after: Iterable[RecordedName],
        products: Mapping[str, ProductRecord],
    ) -> None:
        """Note the datasets that a product has from now on; others may have to give up names."""
        old, new = list_names_of(before), list_names_of(after)
        self._wanted.add_names(new - old)
        self._wanted.remove_names(old - new)
        for name in new - old:
            if name in products and products[name].has_followed_name:
                self.add_pending(name)

    def choose_names(self, products: Mapping[str, ProductRecord]) -> dict[str, str]:
        """Return the products that get another name, and which."""
        taken = dict.fromkeys(products)
        found = {}
        for name in sorted(self._pending):
            chosen = self._choose_name(products[name].to_model(), taken)
            if chosen != name:
                found[name] = chosen
                del taken[name]
                taken[chosen] = None
        return found

    def _choose_name(self, product: StoredProduct, taken: Mapping[str, None]) -> str:
        for name in list_product_names(find_first_dataset(product)):
            if name == product.name and not self._wanted.is_shared(name):
                return name
            if name not in taken and not self._wanted.is_shared(name):
                return name
        return product.name


def choose_first_name(dataset: DatasetName, taken: Mapping[str, object]) -> str:
    """Return a name that is not taken, which a new product has until all are named."""
    name = build_product_name(dataset)
    number = 2
    while name in taken:
        name = f"{build_product_name(dataset)}-{number}"
        number += 1
    return name
