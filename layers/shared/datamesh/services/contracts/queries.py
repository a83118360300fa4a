"""Contracts are read: which there are, and the document of a product."""

from datamesh.models.contracts import ContractEntry, ContractFormat
from datamesh.models.stored_products import StoredProduct
from datamesh.services.context import RequestContext
from datamesh.services.contracts.documents import (
    ContractDocument,
    export_contract,
    export_data_product,
)
from datamesh.services.contracts.formats.writing import WrittenFormat, write_format
from datamesh.services.contracts.hidden_parts import find_hidden_parts, leave_out_parts
from datamesh.services.contracts.port_lineage import Upstream, read_upstream
from datamesh.services.datasets.shared_places import ListHidden
from datamesh.services.products.queries import get_product
from datamesh.services.registry.registry import Page, Registry, cut_page
from datamesh.services.registry.renames import require_seen_record
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.records import ProductRecord


def read_contract(
    context: RequestContext,
    registry: Registry,
    sources: ContractSources,
    name: str,
    kind: ContractFormat = ContractFormat.ODCS,
    list_hidden: ListHidden = lambda deadline: (),
) -> tuple[ProductRecord, WrittenFormat]:
    """Return a product, and its contract as it is now or itself in another format.

    Parts of the document that are hidden products are left out. Raises ProductNotFound,
    ProductRenamed, StorageUnavailable.
    """
    upstream = read_upstream(context, registry, name) if kind is ContractFormat.ODPS else []
    record = get_product(context, registry, name)
    product = record.to_model()
    if kind is ContractFormat.ODPS and product.data_product:
        file = registry.products.read(context.deadline)
        described = sources.read_source(product.data_product.digest, context.deadline)
        document = export_data_product(product, described, Upstream(upstream, file))
    elif kind is ContractFormat.ODCS:
        document = _export_kept(context, sources, product)
    else:
        return record, write_format(product, kind, upstream)
    parts = find_hidden_parts(record, kind, list_hidden(context.deadline))
    shown = leave_out_parts(document, parts)
    return record, WrittenFormat(shown.body, shown.media_type)


def _export_kept(
    context: RequestContext, sources: ContractSources, product: StoredProduct
) -> ContractDocument:
    reference = product.contract
    source = sources.read_source(reference.digest, context.deadline) if reference else None
    return export_contract(product, source)


def read_latest_contract(
    context: RequestContext, registry: Registry, sources: ContractSources, name: str
) -> tuple[StoredProduct, bytes]:
    """Return a product that is to be changed, and its contract.

    Raises ProductNotFound, ProductRenamed, Forbidden, StorageUnavailable.
    """
    file = registry.products.read_latest(context.deadline)
    product = require_seen_record(file, name, context.permissions).to_model()
    return product, _export_kept(context, sources, product).body


def list_contracts(
    context: RequestContext,
    registry: Registry,
    contract_id: str | None,
    *,
    limit: int,
    offset: int,
) -> Page[ContractEntry]:
    """Return the contracts of products, the earliest registration first; those of an id."""
    file = registry.products.read(context.deadline)
    found = [
        record
        for record in file.products.values()
        if record.contract and contract_id in (None, record.contract.id)
    ]
    page = cut_page(found, limit, offset)
    items = [_build_entry(record.to_model()) for record in page.items]
    return Page(items, page.total, page.offset)


def _build_entry(product: StoredProduct) -> ContractEntry:
    assert product.contract
    return ContractEntry(
        **product.contract.model_dump(), product=product.name, domain=product.domain
    )
