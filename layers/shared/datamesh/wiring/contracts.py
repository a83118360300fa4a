"""Where the documents of contracts are kept."""

from typing import TYPE_CHECKING

from datamesh.wiring.bucket import Bucket

if TYPE_CHECKING:
    from datamesh.storage.contract_sources import ContractSources


def open_contracts(bucket: Bucket) -> "ContractSources":
    """Return where the documents of contracts are kept."""
    # Not imported where nobody asks for one: every other cold start would pay for it.
    from datamesh.storage.contract_sources import ContractSources

    return ContractSources(bucket.open_object, bucket.backoff)
