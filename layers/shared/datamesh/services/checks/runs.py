"""Running the checks of a product's data, and recording the results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from datamesh.errors.datasets import UnreadableDataset
from datamesh.errors.requests import ScanTooLarge
from datamesh.models.access import Role
from datamesh.models.checks import MAX_CHECKS, Check, CheckMeasure
from datamesh.models.products import Product
from datamesh.models.quality import (
    MAX_FAILURES,
    CheckedQuality,
    CheckResult,
    Quality,
    QualityFailure,
    QualityRun,
)
from datamesh.services.checks.evaluation import NO_FILES, decide_check, find_newest_file
from datamesh.services.checks.history import QualityRuns
from datamesh.services.checks.restricted import find_physical_names, skip_foreign_checks
from datamesh.services.context import RequestContext
from datamesh.services.datasets.reading import DataAccess, Dataset, open_product_dataset
from datamesh.services.datasets.shared_places import list_restricted_columns
from datamesh.services.registry.registry import Registry
from datamesh.services.registry.renames import find_new_name, require_product_record
from datamesh.storage.files import ProductsFile
from datamesh.tables.check_counts import CheckCount
from datamesh.tables.scan import Scan

IS_READABLE = "dataset_is_readable"
TOO_MANY = f"it is beyond the {MAX_CHECKS} checks that are run of a dataset"
UNREADABLE = CheckCount(problem="the data cannot be read")
KEYED = (CheckMeasure.DUPLICATES, CheckMeasure.KEY)
MEMORY = "the values that have to differ need more memory than there is"

type ListChecks = Callable[[RequestContext, Product], Sequence[Check]]
"""Product -> the checks that it asks for. May raise StorageUnavailable."""


@dataclass(frozen=True)
class CheckRun:
    """The result of a run of checks."""

    quality: CheckedQuality
    remarks: Sequence[str]
    """Why the data cannot be read, and how many files were skipped, as far as it is so."""

    def keep(self, product: Product) -> QualityRun:
        """Return the run as it is kept."""
        return QualityRun.model_validate(
            {
                **dict(self.quality),
                "product": product.name,
                "registered_at": product.created_at,
            }
        )


def check_quality(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    history: QualityRuns,
    product: Product,
    list_checks: ListChecks,
) -> CheckRun:
    """Check the data of a product, commit to it what is not as it should be, and keep the run.

    Data that cannot be read fails as a whole. Raises Forbidden, PortRefused, ScanTooLarge,
    StorageUnavailable, ProductNotFound, and what a commit raises.
    """
    context.permissions.check_role(Role.CONTRIBUTOR, product.domain)
    now = context.choose_registration_time(registry.now)
    run = run_checks(context, registry, access, product, list_checks(context, product), now)
    quality, name = build_recorded(run.quality), product.name

    def change(file: ProductsFile) -> tuple[ProductsFile, Quality]:
        # It may have got another name since it was looked at.
        record = require_product_record(file, find_new_name(file, name) or name)
        context.permissions.check_role(Role.CONTRIBUTOR, record.domain)
        product = record.to_model().model_copy(update={"quality": quality})
        return file.with_product(product), quality

    context.commit_audited(registry.products, change, lambda file, revision: quality)
    history.store_run(context, run.keep(product))
    return run


def build_recorded(quality: CheckedQuality) -> Quality:
    """Return what a product keeps of a result: no single checks."""
    return Quality(status=quality.status, checked_at=quality.checked_at, failures=quality.failures)


def run_checks(
    context: RequestContext,
    registry: Registry,
    access: DataAccess,
    product: Product,
    checks: Sequence[Check],
    now: datetime,
) -> CheckRun:
    """Return the results of checks of a product's data. Raises as `check_quality` does."""
    restricted = list_restricted_columns(context, registry, access.list_hidden, product)
    hidden = frozenset[str]().union(*restricted.values())
    asked = skip_foreign_checks(product, checks[: 2 * MAX_CHECKS], hidden)
    runnable, excess = asked[:MAX_CHECKS], asked[MAX_CHECKS:]
    remarks: list[str] = []
    failures: list[QualityFailure]
    try:
        dataset = open_product_dataset(context, registry, access, product, has_all_columns=True)
        if dataset.skipped:
            remarks.append(f"{dataset.skipped} files that are no data were skipped")
        failures, total, counts = _count_all(dataset, product, runnable)
    except UnreadableDataset as error:
        failures = [QualityFailure(assertion=IS_READABLE)]
        total, counts = None, [UNREADABLE] * len(runnable)
        remarks.insert(0, str(error))
    pairs = [*zip(runnable, counts, strict=True), *((each, _refuse(each)) for each in excess)]
    results = [decide_check(check, total, count, now, hidden) for check, count in pairs]
    failures += _list_failures([check for check, _ in pairs], results)
    quality = CheckedQuality(
        status="failed" if failures else "passed",
        checked_at=now,
        failures=failures[:MAX_FAILURES],
        checks=results,
    )
    return CheckRun(quality, remarks)


def _refuse(check: Check) -> CheckCount:
    return CheckCount(problem=check.problem or TOO_MANY)


def _list_failures(checks: Sequence[Check], results: Sequence[CheckResult]) -> list[QualityFailure]:
    failed = [
        QualityFailure(assertion=check.kind, column=check.column)
        for check, result in zip(checks, results, strict=True)
        if result.result == "failed" and check.is_fatal
    ]
    return list(dict.fromkeys(failed))


def _count_all(
    dataset: Dataset, product: Product, checks: Sequence[Check]
) -> tuple[list[QualityFailure], int | None, list[CheckCount]]:
    """Return what the schema does not say, how many rows there are, and what checks count."""
    from datamesh.tables.engine import profile_files  # DuckDB, for requests that need it

    scan = dataset.open_scan(dataset.files)
    profile = profile_files(scan, dataset.table, dataset.files)
    known = [_find_count(dataset, check) for check in checks]
    pending = [check for check, count in zip(checks, known, strict=True) if count is None]
    counted = iter(_count_in_bounds(dataset, scan.open_again(), pending, product))
    counts = [next(counted) if count is None else count for count in known]
    return profile.failures, profile.rows, counts


def _find_count(dataset: Dataset, check: Check) -> CheckCount | None:
    """Return what is counted without reading a file; None for what is not."""
    if check.problem:
        return CheckCount(problem=check.problem)
    if check.measure is CheckMeasure.AGE and not check.columns:
        return find_newest_file([each.file.modified_at for each in dataset.files])
    if not dataset.files:
        is_count = check.measure is CheckMeasure.ROWS
        return CheckCount(0, 0) if is_count else NO_FILES
    return None


def _count_in_bounds(
    dataset: Dataset, scan: Scan, checks: Sequence[Check], product: Product
) -> list[CheckCount]:
    """Return what checks count; those that need more than a scan may take say so.

    Values that have to differ are kept in memory: without it the other checks are counted.
    """
    from datamesh.tables.engine import count_checks

    if not checks:
        return []
    physical = find_physical_names(product)
    try:
        return count_checks(scan, dataset.table, dataset.files, checks, physical)[1]
    except ScanTooLarge as error:
        problem = CheckCount(problem=str(error))
        if scan.failure:
            return [problem] * len(checks)
    light = [replace(each, problem=MEMORY) if each.measure in KEYED else each for each in checks]
    try:
        again = scan.open_again()
        return count_checks(again, dataset.table, dataset.files, light, physical)[1]
    except ScanTooLarge:
        return [problem] * len(checks)
