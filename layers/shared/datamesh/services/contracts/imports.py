"""Contracts come in: as new products, or to products that there are."""

from collections.abc import Sequence

from datamesh.errors.contracts import ContractIdTaken, InvalidContract, ObjectNotChosen
from datamesh.errors.products import ProductNameTaken
from datamesh.models.contracts import (
    ContractFault,
    ContractImport,
    ContractLint,
    ContractReference,
    PlanAction,
)
from datamesh.models.products import Product
from datamesh.services.context import RequestContext
from datamesh.services.contracts.lint import find_faults
from datamesh.services.contracts.mapping import list_objects
from datamesh.services.contracts.planning import (
    ImportOptions,
    PlannedObject,
    build_reference,
    build_registration,
    build_update,
    choose_objects,
    map_object,
)
from datamesh.services.contracts.source import ContractSource, read_source
from datamesh.services.permissions import Permissions
from datamesh.services.products.changes import check_registration, check_update
from datamesh.services.products.registration import ProductAdmission, update_product
from datamesh.services.products.updating import Precondition
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import require_seen_record
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord


def check_contract(body: bytes) -> ContractLint:
    """Return what is wrong with a document; that it cannot be parsed is one fault."""
    try:
        source = read_source(body)
    except InvalidContract as error:
        return ContractLint(valid=False, api_version=None, errors=[*error.faults])
    faults = find_faults(source)
    version = source.tree.get("apiVersion")
    known = version if isinstance(version, str) else None
    return ContractLint(valid=not faults, api_version=known, errors=faults)


def import_contract(
    context: RequestContext,
    registry: Registry,
    sources: ContractSources,
    body: bytes,
    options: ImportOptions,
    *,
    is_dry_run: bool,
) -> ContractImport:
    """Register a contract as products, new ones in one commit; others are changed by it.

    A product that has this very document stays as it is. Of a dry run only the report comes.
    Raises InvalidContract, ObjectNotChosen, ContractIdTaken, ProductNameTaken, Forbidden, and what
    registering and changing products raises.
    """
    source = read_source(body)
    if faults := find_faults(source):
        if is_dry_run and "id" in source.tree:
            return _build_report(source, [], is_dry_run=True, faults=faults)
        raise InvalidContract(faults)
    file = registry.products.read_latest(context.deadline)
    planned = [
        _prepare_object(context.permissions, registry, file, source, name, options)
        for name in choose_objects(source, options)
    ]
    if not is_dry_run:
        _apply_plan(context, registry, sources, source, planned)
    return _build_report(source, planned, is_dry_run=is_dry_run)


def replace_contract(
    context: RequestContext,
    registry: Registry,
    sources: ContractSources,
    name: str,
    body: bytes,
    found: str | None,
    precondition: Precondition | None = None,
) -> tuple[Product, PlannedObject]:
    """Give a product a contract, and return it with what has changed.

    Its name stays; the fields that the contract determines are set. Raises InvalidContract,
    ObjectNotChosen, and what changing a product raises.
    """
    source = read_source(body)
    if faults := find_faults(source):
        raise InvalidContract(faults)
    file = registry.products.read_latest(context.deadline)
    before = require_seen_record(file, name, context.permissions)
    chosen = _choose_object(source, before, found)
    _check_id(context.permissions, file, str(source.tree["id"]), [name])
    planned = _prepare_update(
        context.permissions, registry, source, before, chosen, ImportOptions()
    )
    assert planned.update
    if planned.action is PlanAction.UNCHANGED and precondition is None:
        return before.to_model(), planned
    sources.store_source(source.body, context.deadline)
    product = update_product(context, registry, name, planned.update, precondition)
    return product, planned


def _choose_object(source: ContractSource, before: ProductRecord, found: str | None) -> str | None:
    """Return the object that a product is: the one asked for, that of before, or the only one."""
    objects = list_objects(source.tree)
    known = before.contract.object if before.contract else None
    if found is None and len(objects) > 1 and known in objects:
        return known
    if found is None and len(objects) > 1:
        raise ObjectNotChosen(objects, None, fans_out=False)
    return choose_objects(source, ImportOptions(object=found))[0]


def _prepare_object(
    permissions: Permissions,
    registry: Registry,
    file: ProductsFile,
    source: ContractSource,
    name: str | None,
    options: ImportOptions,
) -> PlannedObject:
    mapped = map_object(source, name, options, registry.data_locations)
    registration = build_registration(source, mapped, name, options)
    check_registration(permissions, registration)
    before = file.products.get(registration.name)
    if before is None:
        return PlannedObject(
            mapped, registration.contract, PlanAction.CREATE, registration.name, registration
        )
    is_same = before.contract is not None and before.contract.id == registration.contract.id
    if not is_same or not permissions.can_see(before):
        raise ProductNameTaken(registration.name)
    return _prepare_update(permissions, registry, source, before, name, options)


def _prepare_update(
    permissions: Permissions,
    registry: Registry,
    source: ContractSource,
    before: ProductRecord,
    found: str | None,
    options: ImportOptions,
) -> PlannedObject:
    product = before.to_model()
    chosen = ImportOptions(domain=options.domain or product.domain, fan_out=options.fan_out)
    mapped = map_object(source, found, chosen, registry.data_locations)
    update = build_update(source, mapped, found, product)
    check_update(permissions, before, update)
    is_same = product.contract == build_reference(source, found)
    action = PlanAction.UNCHANGED if is_same else PlanAction.UPDATE
    return PlannedObject(mapped, update.contract, action, before.name, update=update)


def _apply_plan(
    context: RequestContext,
    registry: Registry,
    sources: ContractSources,
    source: ContractSource,
    planned: Sequence[PlannedObject],
) -> None:
    """Store the document, then commit the products that are new, then change the others."""
    names = [each.name for each in planned]
    now = context.choose_registration_time(registry.now)

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        _check_id(context.permissions, file, str(source.tree["id"]), names)
        admission = ProductAdmission(
            file,
            registry.max_products,
            now,
            registry.data_locations,
            registry.namespace_domains,
            context.permissions,
        )
        for each in planned:
            if each.registration:
                admission.admit(each.registration)
        return admission.to_file(), None

    if all(each.action is PlanAction.UNCHANGED for each in planned):
        return
    sources.store_source(source.body, context.deadline)
    if any(each.registration for each in planned):
        context.commit_audited(registry.products, change, lambda file, revision: None)
    for each in planned:
        if each.update and each.action is PlanAction.UPDATE:
            update_product(context, registry, each.name, each.update)


def _check_id(
    permissions: Permissions, file: ProductsFile, contract_id: str, names: Sequence[str]
) -> None:
    """Raise ContractIdTaken if a product of another name has the contract."""
    for name, record in file.products.items():
        if record.contract and record.contract.id == contract_id and name not in names:
            if not permissions.can_see(record):
                continue  # whose contract nobody may learn of
            raise ContractIdTaken(contract_id, name)


def _build_report(
    source: ContractSource,
    planned: Sequence[PlannedObject],
    *,
    is_dry_run: bool,
    faults: Sequence[ContractFault] = (),
) -> ContractImport:
    shown: ContractReference = build_reference(source, None)
    return ContractImport(
        **shown.model_dump(exclude={"object"}),
        dry_run=is_dry_run,
        lint=[*faults],
        mapping=[each.describe_mapping() for each in planned],
        plan=[each.describe() for each in planned],
        warnings=list(dict.fromkeys(text for each in planned for text in each.mapped.warnings)),
    )
