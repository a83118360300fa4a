"""Datasets of private products that are gone: what events say of them stays hidden.

Events, jobs and runs are kept for longer than the product that hid them. So its domain keeps the
names when it is deleted, or when it gives a name up, until somebody of the domain registers them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from datamesh.errors.products import DatasetNameTaken
from datamesh.models.access import Role, Visibility
from datamesh.models.products import DatasetName
from datamesh.services.permissions import Permissions
from datamesh.storage.files import ProductsFile
from datamesh.storage.former_names import ConcealedDataset
from datamesh.storage.records import ProductRecord, RecordedName

type NamedDataset = DatasetName | RecordedName

MAX_CONCEALED = 5000
"""How many names are kept; of more, those of the longest ago are forgotten."""


def add_concealed(
    file: ProductsFile,
    product: ProductRecord,
    left: Collection[RecordedName],
    now: datetime,
) -> ProductsFile:
    """Return the file that conceals the names of a private product, but for those that it has left.

    It is the very file for any other product.
    """
    if product.visibility is not Visibility.PRIVATE:
        return file
    given_up = [each for each in product.openlineage if each not in left]
    if not given_up:
        return file
    concealed = [
        ConcealedDataset(each.namespace, each.name, product.domain, now) for each in given_up
    ]
    others = (each for each in file.concealed if each.dataset not in given_up)
    kept = (*others, *concealed)[-MAX_CONCEALED:]
    return file.model_copy(update={"concealed": kept})


def remove_concealed(file: ProductsFile, datasets: Iterable[NamedDataset]) -> ProductsFile:
    """Return the file without these names among the concealed; the very file if none is."""
    revealed = {RecordedName(each.namespace, each.name) for each in datasets}
    kept = tuple(each for each in file.concealed if each.dataset not in revealed)
    return file if len(kept) == len(file.concealed) else file.model_copy(update={"concealed": kept})


def check_concealed_names(
    permissions: Permissions, file: ProductsFile, datasets: Iterable[DatasetName]
) -> None:
    """Raise Forbidden unless the caller may say that a product is these datasets.

    Of those that are concealed it takes a contributor of the domain. Raises DatasetNameTaken for
    what the caller may not see.
    """
    asked = {RecordedName(each.namespace, each.name) for each in datasets}
    for each in file.concealed:
        if each.dataset in asked:
            if not permissions.has_role(Role.READER, each.domain):
                raise DatasetNameTaken(each.namespace, each.name)
            permissions.check_role(Role.CONTRIBUTOR, each.domain)


def find_concealing_domain(file: ProductsFile, datasets: Iterable[DatasetName]) -> str | None:
    """Return the domain that conceals one of the datasets; None if none does."""
    if not file.concealed:
        return None
    asked = {RecordedName(each.namespace, each.name) for each in datasets}
    return next((each.domain for each in file.concealed if each.dataset in asked), None)
