"""The plan of a contract: the products that it would make, and the fields of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import JsonValue, ValidationError

from datamesh.errors.contracts import InvalidContract, ObjectNotChosen
from datamesh.models.bulk import MAX_ITEMS
from datamesh.models.contract_requests import ContractedProduct, ContractedUpdate
from datamesh.models.contracts import (
    ContractFault,
    ContractReference,
    MappedObject,
    PlanAction,
    PlannedProduct,
)
from datamesh.models.ports import DataFormat, OutputPort
from datamesh.models.products import UNOWNED, ProductRegistration
from datamesh.models.stored_products import StoredProduct
from datamesh.models.values import utc_now
from datamesh.services.contracts.columns import Column, complete_columns, to_request
from datamesh.services.contracts.mapping import MappedProduct, list_objects, map_contract
from datamesh.services.contracts.output_ports import FIELDS, is_data_product
from datamesh.services.contracts.port_lineage import PlannedInputs
from datamesh.services.contracts.product_fields import DEFAULTS, HAS_DETAILS, find_base, read_fields
from datamesh.services.contracts.source import ContractSource
from datamesh.services.datasets.locations import Grants, is_allowed
from datamesh.services.products.column_edits import build_product, change_columns

NO_SCHEMA: dict[str, str] = {"unknown": "string"}
"""Stands for the schema of a contract without properties, which requests could not have."""


@dataclass(frozen=True)
class ImportOptions:
    """The parameters of a request beside its contract."""

    name: str | None = None
    domain: str | None = None
    object: str | None = None
    fan_out: bool = False


@dataclass(frozen=True)
class PlannedObject:
    """A product that a contract makes, or changes."""

    mapped: MappedProduct
    reference: ContractReference
    action: PlanAction
    name: str
    registration: ContractedProduct | None = None
    update: ContractedUpdate | None = None
    inputs: PlannedInputs = field(default_factory=PlannedInputs)

    def describe(self) -> PlannedProduct:
        """Return what callers are told of it."""
        changed = sorted(self.update.model_fields_set - _BASES) if self.update else []
        return PlannedProduct(
            product=self.name,
            object=self.reference.object,
            action=self.action,
            changed=[name.removesuffix("_") for name in changed],
        )

    def describe_mapping(self) -> MappedObject:
        """Return the fields that the contract determines."""
        columns = _read_columns(self.mapped)
        schema: dict[str, JsonValue] = {"schema": to_request(columns)} if columns else {}
        return MappedObject(
            product=self.name,
            object=self.reference.object,
            fields={**self.mapped.fields, **schema},
            sources=self.mapped.pointers,
        )


def choose_objects(source: ContractSource, options: ImportOptions) -> list[str | None]:
    """Return the objects of a contract that become products. Raises ObjectNotChosen."""
    objects = list_objects(source.tree)
    if options.object is not None:
        if options.object not in objects:
            raise ObjectNotChosen(objects, options.object)
        return [options.object]
    if len(objects) > 1 and not options.fan_out:
        raise ObjectNotChosen(objects, None)
    if len(objects) > MAX_ITEMS:
        pointer = "/outputPorts" if is_data_product(source.tree) else "/schema"
        text = f"one request registers at most {MAX_ITEMS}, got {len(objects)}"
        raise _refuse(source, pointer, f"{text}; choose one with `object`")
    if not is_data_product(source.tree):  # of whose ports there may be several versions
        _check_objects(source, objects)
    return [*dict.fromkeys(objects)] or [None]


def _check_objects(source: ContractSource, objects: Sequence[str]) -> None:
    """Raise InvalidContract if two objects that become products have one name."""
    known: set[str] = set()
    for index, name in enumerate(objects):
        if name in known:
            text = f"another object is called '{name[:100]}': rename one, or choose with `object`"
            raise _refuse(source, f"/schema/{index}/name", text)
        known.add(name)


def check_names(source: ContractSource, planned: Sequence[PlannedObject]) -> None:
    """Raise InvalidContract if two parts of a document would be one and the same product."""
    known: dict[str, PlannedObject] = {}
    for each in planned:
        other = known.setdefault(each.name, each)
        are_ports = is_data_product(source.tree) and not each.registration
        if other is not each and not are_ports:
            both = " and ".join(f"'{part.reference.object}'" for part in (other, each))
            text = f"{both} would both be the product '{each.name}': rename one"
            raise _refuse(source, each.mapped.pointers.get("name", ""), text[:500])


def map_object(
    source: ContractSource, name: str | None, options: ImportOptions, grants: Grants
) -> MappedProduct:
    """Return the fields of an object's product, with what the request adds to them.

    Raises InvalidContract if the contract does not say what a product needs.
    """
    is_part = len(list_objects(source.tree)) > 1 and (options.fan_out or options.name is None)
    tree: Mapping[str, Any] = source.tree
    if options.fan_out and options.name:
        tree = {**tree, "name": options.name}
    mapped = replace(map_contract(tree, name, is_part=is_part), is_named=tree is not source.tree)
    if not is_data_product(tree) or tree.get("version"):
        _check_version(source, mapped)
    port, domain = mapped.fields.get("output_port"), options.domain or mapped.fields.get("domain")
    if isinstance(port, dict) and not is_allowed(grants, str(domain), str(port["location"])):
        mapped.warnings.append(
            f"{mapped.pointers.pop('output_port')}: the domain may have no data at"
            f" {port['location']}, so that the product has no output port"
        )
        del mapped.fields["output_port"]
        mapped.unused.append("output_port")
    return mapped


def build_registration(
    source: ContractSource, mapped: MappedProduct, found: str | None, options: ImportOptions
) -> ContractedProduct:
    """Return the product that an object becomes. Raises InvalidContract."""
    given = {
        "name": None if options.fan_out else options.name,
        "domain": options.domain,
    }
    fields = {**mapped.fields, **{key: value for key, value in given.items() if value}}
    for name in ("name", "domain"):
        if name not in fields:
            raise _refuse(source, f"/{name}", f"{name} is missing: add it, or send `{name}=`")
    fields.setdefault("owner", UNOWNED)
    fields.setdefault("description", str(fields["name"]))
    fields = _complete_port(_add_deprecation_time(fields, None), mapped, None)
    product = _check_fields(source, mapped, fields, to_request(_read_columns(mapped)))
    shown = read_fields(build_product(product, utc_now(), 0, None))
    return ContractedProduct.extend_product(product, _build_document(source, found, shown, mapped))


def build_update(
    source: ContractSource, mapped: MappedProduct, found: str | None, before: StoredProduct
) -> ContractedUpdate:
    """Return how a product changes that gets a contract. Raises InvalidContract.

    What the contract does not say stays as it is, and so does the name.
    """
    known = {"name": before.name, "domain": before.domain, "owner": before.owner}
    fields = {**mapped.fields, "name": before.name}
    whole = _add_deprecation_time({**known, "description": before.description, **fields}, before)
    whole = _complete_port(whole, mapped, before.output_port)
    columns = complete_columns(_read_columns(mapped), before.column_tags)
    product = _check_fields(source, mapped, whole, columns)
    names = {name if name != "schema" else "schema_" for name in fields if name != "name"}
    if is_data_product(source.tree) and before.contract:
        names = set()  # its contract determines them
    update = ContractedUpdate.extend_product(product, names, {})
    attributes = update.to_attributes() | change_columns(before, update)
    if update.deprecation:
        attributes["deprecation"] = update.deprecation.build_deprecation(
            before.deprecation, utc_now()
        )
    after = before.model_copy(update=attributes)
    document = _build_document(source, found, read_fields(after), mapped)
    return ContractedUpdate.extend_product(product, names, document)


def _add_deprecation_time(
    fields: Mapping[str, Any], before: StoredProduct | None
) -> dict[str, JsonValue]:
    """Return the fields with the time of a deprecation: that of before, or the present one."""
    if not (said := fields.get("deprecation")) or "since" in said:
        return dict(fields)
    known = before.deprecation.since if before and before.deprecation else utc_now()
    sunset = said.get("sunset")
    since = known.isoformat() if sunset is None else min(known.isoformat(), str(sunset))
    return {**fields, "deprecation": {"since": since, **said}}


def _complete_port(
    fields: Mapping[str, Any], mapped: MappedProduct, before: OutputPort | None
) -> dict[str, Any]:
    """Return the fields with an output port that says how its files are to be read.

    What a contract does not say of the same files stays as it was.
    """
    port = fields.get("output_port")
    if port is None:
        return dict(fields)
    known: dict[str, JsonValue] = {}
    if before and (before.location, before.format) == (port["location"], port["format"]):
        known = before.model_dump(mode="json", exclude_unset=True)
    if mapped.partitions and port["format"] != DataFormat.DELTA:
        known["partitions"] = [*mapped.partitions]
    return {**fields, "output_port": {**known, **port}}


def choose_reference(tree: Mapping[str, Any]) -> str:
    """Return the field of a product that refers to a document."""
    return "data_product" if is_data_product(tree) else "contract"


def _build_document(
    source: ContractSource, found: str | None, shown: Mapping[str, Any], mapped: MappedProduct
) -> dict[str, Any]:
    """Return what a product keeps of its document; `shown` are its fields at the import."""
    name = choose_reference(source.tree)
    base = find_base(shown, mapped)
    if is_data_product(source.tree):
        known = {**DEFAULTS, **mapped.fields}
        said = {key: shown[key] for key in FIELDS if shown[key] != known.get(key)}
        base = {HAS_DETAILS: True, **said}
    if mapped.is_named:
        base["name"] = shown["name"]
    return {name: build_reference(source, found), f"{name}_base": base}


_BASES = {"contract_base", "data_product_base"}


def _read_columns(mapped: MappedProduct) -> dict[str, Column]:
    columns: Any = mapped.fields.get("schema") or {}
    return dict(columns)


def build_reference(source: ContractSource, found: str | None) -> ContractReference:
    """Return what a product keeps of its contract."""
    version = source.tree.get("version")
    return ContractReference(
        id=str(source.tree["id"]),
        version=None if version is None else str(version),
        api_version=str(source.tree["apiVersion"]),
        media_type=source.media_type,
        digest=source.digest,
        size=len(source.body),
        object=found,
    )


def _check_fields(
    source: ContractSource,
    mapped: MappedProduct,
    fields: Mapping[str, Any],
    columns: Mapping[str, JsonValue],
) -> ProductRegistration:
    """Return the fields as a registration. Raises InvalidContract."""
    sent = {**fields, "schema": columns or NO_SCHEMA}
    try:
        product = ProductRegistration.model_validate(sent)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        faults = [_to_fault(source, mapped, each["loc"], each["msg"]) for each in found]
        raise InvalidContract(faults) from None
    return product if columns else product.model_copy(update={"schema_": {}})


def _to_fault(
    source: ContractSource, mapped: MappedProduct, where: Sequence[int | str], message: str
) -> ContractFault:
    name = str(where[0]) if where else ""
    pointer = mapped.pointers.get(name, f"/{name}" if name else "")
    text = f"{'.'.join(map(str, where))}: {message.removeprefix('Value error, ')}"
    return ContractFault(pointer=pointer, line=source.find_line(pointer), message=text[:500])


def _check_version(source: ContractSource, mapped: MappedProduct) -> None:
    if "version" not in mapped.fields:
        text = "version must begin with a number, as 1.2.0, v1.2 or 1 do"
        raise _refuse(source, "/version", text)


def _refuse(source: ContractSource, pointer: str, message: str) -> InvalidContract:
    line = source.find_line(pointer)
    return InvalidContract([ContractFault(pointer=pointer, line=line, message=message)])
