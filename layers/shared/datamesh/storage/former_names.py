"""Names that products have given up, as `products.json` keeps them."""

import msgspec

from datamesh.storage.records import AwareDatetime, RecordedName


class ConcealedDataset(msgspec.Struct, frozen=True, gc=False):
    """A dataset of a private product that is gone: what events say of it stays hidden."""

    namespace: str
    name: str
    domain: str
    """The domain whose readers may know of it."""
    at: AwareDatetime
    """When the product gave it up."""

    @property
    def dataset(self) -> RecordedName:
        """The name of the dataset."""
        return RecordedName(self.namespace, self.name)


class Redirect(msgspec.Struct, frozen=True, gc=False):
    """The fate of a name that a product had: the product has another name now.

    Entries of lineage that name it, and were registered in a revision from `since` to before
    `revision`, are read as those of the product `to`.
    """

    to: str
    """The name of the product now, which is registered. Never one that is itself redirected."""
    at: AwareDatetime
    """When the product gave the name up."""
    since: int
    """The `since_revision` that the product had under the name."""
    revision: int
    """The revision of `products.json` in which it gave the name up."""
