"""Registration of products whose schema is taken from their files."""

from dataclasses import dataclass

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.products import Product, ProductRegistration, ProductRequest
from datamesh.services.context import RequestContext
from datamesh.services.datasets.inference import DataSource, infer_files
from datamesh.services.datasets.reading import DataAccess
from datamesh.services.products.changes import check_registration
from datamesh.services.products.registration import register_product
from datamesh.services.registry.registry import Registry

MAX_REASONS = 5


@dataclass(frozen=True)
class InferredProduct:
    """A product that was registered, and what its schema was taken from."""

    product: Product
    summary: str
    """The files that were looked at, in words; empty if an earlier try has registered it."""
    warnings: list[str]
    """Where the files differ, and what was not looked at."""


def register_inferred(
    context: RequestContext, registry: Registry, access: DataAccess, request: ProductRequest
) -> InferredProduct:
    """Register a product with the schema and the output port that its files have.

    What the request says of the port is kept. Raises Forbidden, UnreadableDataset if not all
    columns of all sampled files can be served, LocationNotAllowed, and what `register_product`
    raises.
    """
    check_registration(context.permissions, request)
    if context.has_landed(registry.products):
        landed = registry.products.read(context.deadline).products.get(request.name)
        if landed:
            return InferredProduct(landed.to_model(), "", [])
    port = request.output_port
    location = port.location if port else f"domains/{request.domain}/{request.name}/"
    partitions = port.partitions if port and "partitions" in port.model_fields_set else None
    source = DataSource(
        location, port.format if port else None, partitions, port.csv if port else None
    )
    found = infer_files(context, registry, access, request.domain, source)
    if found.refused:
        raise UnreadableDataset(
            f"The schema of {location} cannot be inferred: {'; '.join(found.refused[:MAX_REASONS])}"
        )
    fields = {name: getattr(request, name) for name in ProductRegistration.model_fields}
    registration = ProductRegistration.model_construct(
        **{**fields, "schema_": found.schema, "output_port": found.port}
    )
    product = register_product(context, registry, registration)
    of_files = f"{found.sample.files_read} of {found.files} files"
    summary = f"{len(found.columns)} columns of {of_files}"
    return InferredProduct(product, summary, found.warnings)
