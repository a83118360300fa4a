"""Contracts come in: as new products, or to products that there are."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

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
from datamesh.services.contracts.output_ports import find_port, is_data_product
from datamesh.services.contracts.planning import (
    ImportOptions,
    PlannedObject,
    build_reference,
    build_registration,
    build_update,
    check_names,
    choose_objects,
    choose_reference,
    map_object,
)
from datamesh.services.contracts.port_lineage import (
    INPUTS,
    find_contracted,
    prepare_inputs,
    register_inputs,
)
from datamesh.services.contracts.source import ContractSource, read_source
from datamesh.services.permissions import Permissions
from datamesh.services.products.changes import check_registration, check_update
from datamesh.services.products.registration import ProductAdmission, update_product
from datamesh.services.products.updating import Precondition, apply_update
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import require_seen_record
from datamesh.storage.contract_sources import ContractSources
from datamesh.storage.files import ProductsFile
from datamesh.storage.records import ProductRecord, RecordedContract


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
    """Register a contract as products, which are made or changed in one commit.

    A product that is as this very document says stays as it is. The input ports of a data product
    become lineage, once its products are there. Of a dry run only the report comes.
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
        _prepare_lineage(
            context,
            registry,
            file,
            source,
            _prepare_object(context.permissions, registry, file, source, name, options),
        )
        for name in choose_objects(source, options)
    ]
    check_names(source, planned)
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
    _check_id(context.permissions, file, source.tree, [name])
    planned = _prepare_lineage(
        context,
        registry,
        file,
        source,
        _prepare_update(
            context.permissions, registry, file, source, before, chosen, ImportOptions()
        ),
    )
    assert planned.update
    if planned.action is not PlanAction.UNCHANGED:
        sources.store_source(source.body, context.deadline)
    product = update_product(context, registry, name, planned.update, precondition)
    register_inputs(context, registry, [planned.inputs])
    return product, planned


def _choose_object(source: ContractSource, before: ProductRecord, found: str | None) -> str | None:
    """Return the object that a product is: the one asked for, that of before, or the only one."""
    objects = list_objects(source.tree)
    reference = _get_reference(before, source.tree)
    known = reference.object if reference else None
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
    described = _find_described(permissions, file, source.tree, name, options)
    if described:
        return _prepare_update(permissions, registry, file, source, described, name, options)
    mapped = map_object(source, name, options, registry.data_locations)
    registration = build_registration(source, mapped, name, options)
    check_registration(permissions, registration)
    before = file.products.get(registration.name)
    if before is None:
        reference = build_reference(source, name)
        return PlannedObject(mapped, reference, PlanAction.CREATE, registration.name, registration)
    known = _get_reference(before, source.tree)
    if known is None or known.id != source.tree["id"] or not permissions.can_see(before):
        raise ProductNameTaken(registration.name)
    return _prepare_update(permissions, registry, file, source, before, name, options)


def _get_reference(record: ProductRecord, tree: Mapping[str, Any]) -> RecordedContract | None:
    """Return the reference that a product has to a document of this kind."""
    return record.data_product if is_data_product(tree) else record.contract


def _find_described(
    permissions: Permissions,
    file: ProductsFile,
    tree: Mapping[str, Any],
    port: str | None,
    options: ImportOptions,
) -> ProductRecord | None:
    """Return the product that an output port has been registered as, or whose contract it has.

    Raises ProductNameTaken if another document describes that one.
    """
    found = find_port(tree, port)
    if found is None or not is_data_product(tree):
        return None
    for record in file.products.values():
        known = record.data_product
        if known and (known.id, known.object) == (tree["id"], port) and permissions.can_see(record):
            return record
    contract = str(found[1].get("contractId") or "").strip()
    records = find_contracted(permissions, file, contract) if contract else []
    if len(records) != 1 or options.name:
        return None
    [record] = records
    if record.data_product and record.data_product.id != tree["id"]:
        raise ProductNameTaken(record.name)
    return record


def _prepare_lineage(
    context: RequestContext,
    registry: Registry,
    file: ProductsFile,
    source: ContractSource,
    planned: PlannedObject,
) -> PlannedObject:
    """Return what is planned with the lineage of the input ports, of a data product."""
    if not is_data_product(source.tree):
        return planned
    port = planned.reference.object
    inputs = prepare_inputs(context, registry, file, source.tree, port, planned.name)
    registration, update = planned.registration, planned.update
    if registration:
        base = {**registration.data_product_base, INPUTS: inputs.upstream}
        registration = registration.model_copy(update={"data_product_base": base})
    if update:
        base = {**update.data_product_base, INPUTS: inputs.upstream}
        update = update.model_copy(update={"data_product_base": base})
    return replace(planned, inputs=inputs, registration=registration, update=update)


def _prepare_update(
    permissions: Permissions,
    registry: Registry,
    file: ProductsFile,
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
    reference = build_reference(source, found)
    # The same document may have been changed through the product since: then it is so no more.
    is_same = getattr(product, choose_reference(source.tree)) == reference
    if is_same:
        now = registry.now()
        after = apply_update(permissions, registry, file, before.name, update, None, now)
        is_same = after.products[before.name].public_json == before.public_json
    action = PlanAction.UNCHANGED if is_same else PlanAction.UPDATE
    return PlannedObject(mapped, reference, action, before.name, update=update)


def _apply_plan(
    context: RequestContext,
    registry: Registry,
    sources: ContractSources,
    source: ContractSource,
    planned: Sequence[PlannedObject],
) -> None:
    """Store the document, then commit the products that are new or changed together."""
    names = [each.name for each in planned]
    updates = {
        each.name: each.update
        for each in planned
        if each.update and each.action is PlanAction.UPDATE
    }
    now, changed_at = context.choose_registration_time(registry.now), registry.now()

    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        _check_id(context.permissions, file, source.tree, names)
        for name, update in updates.items():
            file = apply_update(context.permissions, registry, file, name, update, None, changed_at)
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

    if any(each.action is not PlanAction.UNCHANGED for each in planned):
        sources.store_source(source.body, context.deadline)
    if updates or any(each.registration for each in planned):
        context.commit_audited(registry.products, change, lambda file, revision: None)
    register_inputs(context, registry, [each.inputs for each in planned])


def _check_id(
    permissions: Permissions, file: ProductsFile, tree: Mapping[str, Any], names: Sequence[str]
) -> None:
    """Raise ContractIdTaken if a product of another name has the document."""
    for name, record in file.products.items():
        known = _get_reference(record, tree)
        if known and known.id == tree["id"] and name not in names:
            if not permissions.can_see(record):
                continue  # whose document nobody may learn of
            raise ContractIdTaken(known.id, name)


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
        lineage=[entry for each in planned for entry in each.inputs.entries],
        warnings=list(
            dict.fromkeys(
                text for each in planned for text in (*each.mapped.warnings, *each.inputs.warnings)
            )
        ),
    )
