"""Where the versions of products are kept."""

from typing import TYPE_CHECKING

from datamesh.wiring.bucket import Bucket

if TYPE_CHECKING:
    from datamesh.services.product_versions.keeping import ProductVersions


def open_product_versions(bucket: Bucket) -> "ProductVersions":
    """Return the folder of versions."""
    # Not imported where no product changes: every other cold start would pay for it.
    from datamesh.services.product_versions.keeping import ProductVersions

    return ProductVersions(bucket.open_object, bucket.backoff)
