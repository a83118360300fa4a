"""Structured logs and metrics of a function, through Powertools."""

import logging
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit

from datamesh.errors import Contended, OutcomeUnknown
from datamesh.models.audit import AuditRecord
from datamesh.storage.commit import CompletedCommit

type Handler = Callable[[Any, Any], Any]
"""A Lambda handler: event and context in, response out."""


class Observer:
    """One per function. The service's name comes from POWERTOOLS_SERVICE_NAME, the metrics'
    namespace, which tells stacks apart, from POWERTOOLS_METRICS_NAMESPACE."""

    def __init__(self, level: str) -> None:
        self.logger = Logger(level=level, use_rfc3339=True)
        # No dimension: of all functions together they are ten, as many as cost nothing.
        self.metrics = Metrics(service="")
        package = logging.getLogger("datamesh")
        package.handlers = self.logger.handlers
        package.setLevel(level)
        package.propagate = False
        # Would repeat as plain text what the handler of unexpected errors has logged.
        logging.getLogger("mangum").setLevel(logging.CRITICAL)

    def committed(self, done: CompletedCommit[Any]) -> None:
        """Count what a commit took: more than one attempt means contention."""
        self.metrics.add_metric(name="CommitAttempts", unit=MetricUnit.Count, value=done.attempts)
        self.logger.debug("committed", document=done.document, attempts=done.attempts)

    def wrote(self, record: AuditRecord) -> None:
        """The line of a request that may have written."""
        self.logger.info("write", extra=record.model_dump(mode="json", exclude={"at"}))
        for commit in record.commits:
            what = "Products" if commit.document == "products.json" else "Lineage"
            for how in ("added", "changed", "removed"):
                if count := getattr(commit, how):
                    name = f"{what}{how.title()}"
                    self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=count)

    def gave_up(self, error: Contended | OutcomeUnknown) -> None:
        """Count a write that was answered so, under the error's name: alarms watch it."""
        name = "Contended" if isinstance(error, Contended) else "OutcomeUnknown"
        self.metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)

    def skipped(self, datasets: int) -> None:
        """Count the datasets of an event that are no product and were not registered."""
        if datasets:
            self.metrics.add_metric(name="SkippedDatasets", unit=MetricUnit.Count, value=datasets)

    def observe(self, handler: Handler) -> Handler:
        """Give each log line the request's id, and flush the metrics that a request left."""

        @self.logger.inject_lambda_context(
            correlation_id_path=correlation_paths.API_GATEWAY_HTTP, clear_state=True
        )
        def observed(event: Any, context: Any) -> Any:
            try:
                return handler(event, context)
            finally:
                if self.metrics.metric_set:
                    self.metrics.flush_metrics()

        return observed
