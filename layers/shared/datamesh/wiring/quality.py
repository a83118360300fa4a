"""Where the checks of data that were run are kept."""

from typing import TYPE_CHECKING

from datamesh.wiring.bucket import Bucket

if TYPE_CHECKING:
    from datamesh.services.checks.history import QualityRuns


def open_quality_runs(bucket: Bucket) -> "QualityRuns":
    """Return the folder of runs."""
    # Not imported where nothing is checked: every other cold start would pay for it.
    from datamesh.services.checks.history import QualityRuns

    return QualityRuns(bucket.open_object, bucket.open_journal, bucket.backoff)
