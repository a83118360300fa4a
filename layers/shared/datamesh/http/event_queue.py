"""The Lambda handler for SQS that derives products and lineage from the queue of events.

The answer names the messages that SQS is to deliver again (`ReportBatchItemFailures`).
"""

from collections.abc import Mapping
from typing import Any

from datamesh import cold_start
from datamesh.aws.observability import Handler, Observer
from datamesh.http.context import EVENTS, create_task_record, open_task
from datamesh.services.openlineage.groups import (
    Delivery,
    Group,
    derive_group,
    note_derived,
    read_group,
    send_dead_letters,
)
from datamesh.settings import load_settings
from datamesh.storage.backoff import Deadline
from datamesh.wiring.composition import create_resources
from datamesh.wiring.resources import Resources

ROUTE = "derive_events"


def create_queue_handler(environ: Mapping[str, str], seconds: float) -> Handler:
    """Return a Lambda handler that derives from the kept events of SQS messages.

    `seconds` is how long it may go on beginning attempts at storage.
    """
    settings = load_settings(environ)
    observer = Observer(settings.log_level)
    resources = create_resources(settings, observer)

    def handle(event: Any, lambda_context: Any) -> dict[str, Any]:
        group = derive_messages(resources, observer, event, lambda_context, seconds)
        failed = [{"itemIdentifier": each.id} for each in group.unfinished]
        return {"batchItemFailures": failed}

    cold_start.freeze_imports()
    return observer.wrap_handler(handle)


def derive_messages(
    resources: Resources, observer: Observer, event: Any, lambda_context: Any, seconds: float
) -> Group:
    """Derive from the events of an SQS event, and return what became of each message."""
    deadline = Deadline.from_now(seconds)
    pipeline, queue = resources.open_event_pipeline(), resources.open_event_queue()
    group = read_group(pipeline.log, [_read_delivery(each) for each in event["Records"]], deadline)
    # The record names the senders beside their events. What they may say was decided when the
    # events came in.
    record = create_task_record(ROUTE, lambda_context, principal=EVENTS)
    context, trail = open_task(resources, record, deadline, group.principal)
    derive_group(context, resources.registry, pipeline, group)
    send_dead_letters(queue, group, deadline)
    note_derived(context, pipeline, group, resources.registry.now)
    observer.count_skipped_datasets(group.skipped)
    observer.log_write(trail.complete_record(200, deadline))
    counts = {"events": len(group.derived), "poison": len(group.poison)}
    observer.logger.info("derived", extra={**counts, "unfinished": len(group.unfinished)})
    return group


def _read_delivery(record: Any) -> Delivery:
    count = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
    return Delivery(record["messageId"], record["body"], count)
