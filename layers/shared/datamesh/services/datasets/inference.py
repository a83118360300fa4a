"""The content of files, found by a sample, and the registration of a product of them."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from datamesh.errors.datasets import UnreadableDataset
from datamesh.models.access import Role
from datamesh.models.columns import fold_case
from datamesh.models.csv_dialect import RFC_4180, CsvDialect, CsvEncoding
from datamesh.models.inference import (
    ColumnOrigin,
    Inference,
    InferenceRequest,
    InferredColumn,
)
from datamesh.models.ports import DataFormat, OutputPort
from datamesh.models.products import (
    MAX_FIELD_LENGTH,
    MAX_FIELDS,
    UNOWNED,
    Product,
    ProductRegistration,
)
from datamesh.models.stored_products import StoredProduct
from datamesh.models.type_names import parse_type
from datamesh.models.values import utc_now
from datamesh.services.context import RequestContext
from datamesh.services.datasets.locations import check_new_location, find_location
from datamesh.services.datasets.proposals import ColumnProposals, propose_columns
from datamesh.services.datasets.reading import DataAccess, find_product
from datamesh.services.datasets.shared_places import check_sampled_place
from datamesh.services.registry.registry import Registry
from datamesh.storage.folders import Folder, StoredFile
from datamesh.tables.file_names import detect_format, is_data_of, is_hidden, refuse_other_tables
from datamesh.tables.folder_columns import find_folder_columns
from datamesh.tables.inferred import NULL, FileColumn
from datamesh.tables.sampling import SampledSchema, sample_schema

MAX_WARNINGS = 50
MAX_NAMED_FILES = 3
DELTA_LOG = "_delta_log/"
PARQUET = DataFormat.PARQUET
UNIT_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class DataSource:
    """The place of files, and what is known of them before one is looked at."""

    location: str
    format: DataFormat | None = None
    partitions: Sequence[str] | None = None
    """None to find those that there are."""
    csv: CsvDialect | None = None
    """The form of CSV files; None to find it."""


@dataclass
class InferredFiles:
    """The findings of a sample of files."""

    location: str
    format: DataFormat
    files: int
    sample: SampledSchema
    columns: list[InferredColumn] = field(default_factory=list)
    partitions: list[str] = field(default_factory=list)
    port: OutputPort | None = None
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Reasons why a column, or a file, cannot be served."""

    @property
    def schema(self) -> dict[str, str]:
        """Field name -> field type."""
        return {column.name: column.type for column in self.columns}


def infer_dataset(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    dataset: str,
    known: InferenceRequest,
) -> Inference:
    """Return what the files of a dataset hold, and a registration that would serve them.

    Nothing is registered. Raises Forbidden, LocationNotAllowed, UnreadableDataset,
    StorageUnavailable.
    """
    context.permissions.check_role(Role.CONTRIBUTOR, domain)
    product = find_product(context, registry, domain, dataset)
    source = _choose_source(domain, dataset, known, product)
    found = infer_files(context, registry, access, domain, source)
    name = NOT_IN_NAMES.sub("_", dataset)[:MAX_NAME_LENGTH]
    if product and product.name == name:
        found.warnings.append(
            f"product '{name}' is registered: PUT /product/{name} takes `schema` and `output_port`"
        )
    description = f"{found.files} {found.format} files in {found.location}"
    fields = {
        "name": name,
        "domain": domain,
        "owner": known.owner or (product.owner if product else UNOWNED),
        "description": known.description or (product and product.description) or description,
        "schema": found.schema,
        "output_port": found.port,
    }
    now = utc_now()
    served = StoredProduct.model_validate({**fields, "created_at": now, "updated_at": now})
    proposal = ColumnProposals(found.columns, 0, [])
    if found.port:
        missing = found.sample.missing
        proposal = propose_columns(context, registry, access, served, found.columns, missing)
    schema = {column.name: column.build_request() for column in proposal.columns}
    return Inference(
        location=found.location,
        format=found.format,
        files=found.files,
        files_read=found.sample.files_read,
        bytes_read=found.sample.bytes_read,
        rows_read=proposal.rows,
        columns=proposal.columns,
        warnings=[*found.refused, *found.warnings, *proposal.warnings][:MAX_WARNINGS],
        registration=ProductRegistration.model_validate({**fields, "schema": schema}),
    )


def infer_files(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    domain: str,
    source: DataSource,
) -> InferredFiles:
    """Return what files of a domain hold.

    Raises LocationNotAllowed, Forbidden, StorageUnavailable, and UnreadableDataset if there are
    none, or none that can be read.
    """
    check_new_location(registry.data_locations, domain, source.location)
    place = (context, registry, access.list_hidden, source.location, domain)
    check_sampled_place(*place)
    folder = access.open_folder(source.location, context.deadline)
    everything = folder.list_files()
    is_delta = any(file.name.startswith(DELTA_LOG) for file in everything)
    if not is_delta or source.format not in (None, DataFormat.DELTA):
        refuse_other_tables(folder.name, [file.name for file in everything])
    listed = [file for file in everything if file.size and not is_hidden(file.name)]
    data_format, files = _choose_format(folder, listed, source.format, is_delta)
    found = InferredFiles(
        source.location,
        data_format,
        len(files),
        sample_schema(folder, files, data_format, source.csv),
    )
    _note_differences(found, listed, files)
    folders = find_folder_columns([file.name for file in files])
    if source.partitions is not None:
        folders = _select_folders(folders, source.partitions)
    if found.format is not DataFormat.DELTA:  # its log names them
        found.partitions = [column.name for column in folders]
    _add_columns(found, found.sample.columns, folders)
    check_sampled_place(*place, _add_port(found, source.csv) or RFC_4180)
    if not found.columns:
        raise UnreadableDataset(f"{source.location}: {'; '.join(found.refused) or 'no column'}")
    return found


def _choose_source(
    domain: str, dataset: str, known: InferenceRequest, product: Product | None
) -> DataSource:
    """Return where the files are: as the request says, or else as a registered product does."""
    given = known.model_fields_set
    port = product.output_port if product and "location" not in given else None
    location = known.location or (
        find_location(product) if product else f"domains/{domain}/{dataset}/"
    )
    partitions = port.partitions or None if port else None
    return DataSource(
        location,
        known.format or (port.format if port else None),
        known.partitions if "partitions" in given else partitions,
        known.csv or (port.csv if port else None),
    )


def _choose_format(
    folder: Folder, listed: Sequence[StoredFile], expected: DataFormat | None, is_delta: bool
) -> tuple[DataFormat, list[StoredFile]]:
    """Return the format of most files unless one is expected, and the files of it."""
    formats = Counter(filter(None, (detect_format(file.name) for file in listed)))
    chosen = expected or (formats.most_common(1)[0][0] if formats else None)
    data_format = chosen
    if chosen is DataFormat.DELTA or (expected is None and is_delta):
        data_format, chosen = DataFormat.DELTA, PARQUET
    files = [file for file in listed if chosen and _is_data(folder, file, chosen)]
    if data_format is None or not files or (data_format is DataFormat.DELTA and not is_delta):
        raise UnreadableDataset(
            f"{folder.name} holds no {data_format or 'parquet, csv or jsonl'} file"
        )
    return data_format, files


def _is_data(folder: Folder, file: StoredFile, data_format: DataFormat) -> bool:
    """Return whether a file is data of the format. Raises UnreadableDataset as reading does."""
    try:
        return is_data_of(file.name, data_format)
    except UnreadableDataset as error:
        raise UnreadableDataset(f"{folder.name}{file.name}: {error}") from None


def _note_differences(
    found: InferredFiles, listed: Sequence[StoredFile], files: Sequence[StoredFile]
) -> None:
    kept = {file.name for file in files}
    others = [file.name for file in listed if file.name not in kept]
    if others and found.format is not DataFormat.DELTA:
        named = ", ".join(others[:MAX_NAMED_FILES])
        found.warnings.append(f"{len(others)} files are skipped, such as {named}")
    sample = found.sample
    found.refused += sample.refused
    has_footers = found.format in (PARQUET, DataFormat.DELTA)
    if found.format is DataFormat.DELTA:
        found.warnings.append("files that the table's log no longer names were looked at too")
    if sample.files_read < found.files or not has_footers:
        part = "footers" if has_footers else "first rows"
        found.warnings.append(
            f"the {part} of {sample.files_read} of {found.files} files were read: others may differ"
        )
    found.warnings += sample.notes


def _select_folders(folders: Sequence[FileColumn], names: Sequence[str]) -> list[FileColumn]:
    """Return the partitions of these names. Raises UnreadableDataset if not all files have one."""
    known = {column.name: column for column in folders}
    for name in names:
        if name not in known:
            raise UnreadableDataset(f"not every file is below a folder {name}=...")
    return [known[name] for name in names]


def _add_columns(
    found: InferredFiles, columns: Sequence[FileColumn], folders: Sequence[FileColumn]
) -> None:
    """Add the columns that a schema can have, those of the files first."""
    in_folders = {column.name for column in folders}
    seen = {fold_case(name): name for name in in_folders}
    for column in columns:
        # Names in schemas have no blanks at their ends, and keys of JSON are found as they are.
        name = column.name if found.format is DataFormat.JSONL else column.name.strip()
        if column.name in in_folders:
            found.warnings.append(f"column '{name}' is in the files too: folders decide")
            continue
        if problem := _find_problem(name, seen.get(fold_case(name))):
            found.refused.append(f"column '{column.name[:MAX_FIELD_LENGTH]}' {problem}")
            continue
        seen[fold_case(name)] = name
        if column.type == NULL:
            found.warnings.append(f"column '{name}' has only nulls: taken for text")
        if column.type.startswith("duration["):
            found.warnings.append(
                f"column '{name}' is a duration, which Parquet holds as an integer: it is served"
                f" as the number of {UNIT_WORDS[parse_type(column.type).unit or 's']}"
            )
        if column.durations_within:
            found.warnings.append(
                f"column '{name}' has durations in it ({', '.join(column.durations_within)}), which"
                " are served as integers; only the files say in which unit"
            )
        _add_column(found, replace(column, name=name), ColumnOrigin.FILES)
    for column in folders:
        _add_column(found, column, ColumnOrigin.FOLDERS)
    if len(found.columns) > MAX_FIELDS:
        found.refused.append(f"{len(found.columns)} columns, of which {MAX_FIELDS} are taken")
        del found.columns[MAX_FIELDS:]


def _add_column(found: InferredFiles, column: FileColumn, origin: ColumnOrigin) -> None:
    found.columns.append(
        InferredColumn(
            name=column.name,
            type="string" if column.type == NULL else column.type,
            nullable=column.nullable,
            origin=origin,
            description=found.sample.descriptions.get(column.name),
        )
    )


def _find_problem(name: str, other: str | None) -> str | None:
    """Return why a schema cannot have the name; `other` is one that is the same but for case."""
    if not name or "\0" in name or name != name.strip():
        return "has no name that a schema could have"
    if len(name) > MAX_FIELD_LENGTH:
        return f"has a name of more than {MAX_FIELD_LENGTH} characters"
    if other is None:
        return None
    return "is there twice" if other == name else f"differs from '{other}' in case alone"


def _add_port(found: InferredFiles, given: CsvDialect | None) -> CsvDialect | None:
    """Add the output port, if one can name the location, and return the form of CSV files."""
    dialect = given or _build_dialect(found)
    try:
        found.port = OutputPort(
            location=found.location,
            format=found.format,
            partitions=found.partitions,
            csv=None if dialect == RFC_4180 else dialect,
        )
    except ValidationError:
        if found.partitions or dialect not in (None, RFC_4180):
            found.refused.append(f"{found.location} is no location of an output port")
    return dialect


def _build_dialect(found: InferredFiles) -> CsvDialect | None:
    """Return the form of CSV files; None for others."""
    sampled, markers = found.sample.dialect, found.sample.null_markers
    if sampled is None:
        return None
    if markers:
        found.warnings.append(
            f"{', '.join(markers)} are taken for nulls, without quotes in columns of text too"
        )
    return CsvDialect(
        delimiter=sampled.delimiter,
        encoding=CsvEncoding(sampled.encoding),
        header=sampled.has_header,
        nulls=["", *markers],
    )
