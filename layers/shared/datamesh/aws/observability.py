"""Structured logs and metrics of a function, through Powertools."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit

from datamesh.errors.storage import Contended, OutcomeUnknown
from datamesh.models.audit import AuditRecord
from datamesh.storage.commit import CompletedCommit

LEAST_FULLNESS = 50
"""Percent of its limit from which on the size of a document is counted."""

type Handler = Callable[[Any, Any], Any]
"""A Lambda handler: event and context in, response out."""
TOLD_BY_THE_TRAIL = {"changes", "commit_id", "more_changes", "domains"}
"""The fields of a commit that its audit record has, and the log does not."""
COUNTED = {"products.json": "Products", "lineage.json": "Lineage"}
"""Document -> the items of it whose changes are counted."""


class Observer:
    """The log and the metrics of a function, one for each process.

    The name of the service is POWERTOOLS_SERVICE_NAME; the namespace of the metrics, one for each
    stack, is POWERTOOLS_METRICS_NAMESPACE.
    """

    def __init__(self, level: str) -> None:
        self.logger = Logger(level=level, use_rfc3339=True)
        # No dimension: of all functions together they are ten, as many as cost nothing. An eleventh
        # is of registries that are half full.
        self.metrics = Metrics(service="")
        package = logging.getLogger("datamesh")
        package.handlers = self.logger.handlers
        package.setLevel(level)
        package.propagate = False
        # Would repeat as plain text what the handler of unexpected errors has logged.
        logging.getLogger("mangum").setLevel(logging.CRITICAL)

    def count_commit(self, commit: CompletedCommit[Any]) -> None:
        """Count the attempts of a commit: more than one means contention."""
        self.metrics.add_metric(name="CommitAttempts", unit=MetricUnit.Count, value=commit.attempts)
        if commit.fullness >= LEAST_FULLNESS:
            self.metrics.add_metric(
                name="DocumentFullness", unit=MetricUnit.Percent, value=commit.fullness
            )
        self.logger.debug("committed", document=commit.document, attempts=commit.attempts)

    def log_write(self, record: AuditRecord) -> None:
        """Log a request that may have written, and count what its commits have changed."""
        told = record.model_dump(
            mode="json",
            exclude={
                "at": True,
                "commits": {"__all__": TOLD_BY_THE_TRAIL},
                "planned": True,
                "outcome": True,
                "events": {"__all__": {"names"}},
            },
        )
        self.logger.info("write", extra=told)
        for commit in record.commits:
            what = COUNTED.get(commit.document)
            if what is None:
                continue
            for how in ("added", "changed", "removed"):
                if count := getattr(commit, how):
                    name = f"{what}{how.title()}"
                    self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)

    def count_failed_write(self, error: Contended | OutcomeUnknown) -> None:
        """Count a write that ended with this error, under the error's name: alarms watch it."""
        name = "Contended" if isinstance(error, Contended) else "OutcomeUnknown"
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)

    def count_past_at_risk(self, documents: int) -> None:
        """Count the documents of whose past something is missing, or may soon be."""
        if documents:
            self.metrics.add_metric(name="PastAtRisk", unit=MetricUnit.Count, value=documents)

    def count_skipped_datasets(self, datasets: int) -> None:
        """Count the datasets of an event that are no products and were not registered."""
        if datasets:
            self.metrics.add_metric(name="SkippedDatasets", unit=MetricUnit.Count, value=datasets)

    def count_skipped_parts(self, places: Sequence[str], count: int) -> None:
        """Count the bad parts of events that were not read, and log where the first stand."""
        self.metrics.add_metric(name="SkippedParts", unit=MetricUnit.Count, value=count)
        self.logger.warning("skipped parts of events", extra={"parts": list(places)})

    def wrap_handler(self, handler: Handler) -> Handler:
        """Return a handler whose log lines have the request's id and whose metrics are flushed."""

        @self.logger.inject_lambda_context(
            correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True
        )
        def handle(event: Any, context: Any) -> Any:
            try:
                return handler(event, context)
            finally:
                if self.metrics.metric_set:
                    self.metrics.flush_metrics()

        return handle
