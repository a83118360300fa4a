"""Events that come in, one or a batch: the valid ones are accepted, the others reported."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import JsonValue

from datamesh.errors.access import ForeignNamespaces
from datamesh.errors.events import InvalidEvent, OversizedEvent
from datamesh.models.openlineage import MAX_EVENTS, BatchReport, BatchSummary, FailedEvent
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.event_reader import check_event_size
from datamesh.services.openlineage.ingest import EventPipeline, IngestionResult, ingest_events
from datamesh.services.openlineage.parsing import ReceivedEvent
from datamesh.services.openlineage.queue import EventQueue, send_to_queue
from datamesh.services.openlineage.sender import receive_event_of_sender
from datamesh.services.registry.registry import Registry


def accept_events(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    queue: EventQueue | None,
    events: Sequence[ReceivedEvent],
) -> IngestionResult:
    """Keep events, and leave it to a worker to derive from them; without a queue, do so at once.

    Raises OversizedEvent before anything is stored, and what `send_to_queue` or `ingest_events`
    raises.
    """
    if queue is None:
        return ingest_events(context, registry, pipeline, events)
    for each in events:
        check_event_size(each.event, registry.max_lineage_entries)
    send_to_queue(context, pipeline.log, queue, events)
    return IngestionResult(skipped_parts=tuple(part for each in events for part in each.skipped))


def accept_batch(
    context: RequestContext,
    registry: Registry,
    pipeline: EventPipeline,
    queue: EventQueue | None,
    raw: JsonValue,
) -> tuple[BatchReport, IngestionResult]:
    """Accept the valid events of a batch, and report the others.

    Raises InvalidEvent on what is no batch. What `accept_events` raises is about the whole batch.
    """
    if not isinstance(raw, list):
        raise InvalidEvent([("", "a batch is a JSON array of events")])
    if len(raw) > MAX_EVENTS:
        raise InvalidEvent([("", f"a batch has at most {MAX_EVENTS} events, this one {len(raw)}")])
    events: list[ReceivedEvent] = []
    failed: list[FailedEvent] = []
    skipped: list[str] = []
    for index, each in enumerate(raw):
        try:
            received = receive_event_of_sender(context.permissions, pipeline.policy, each)
            check_event_size(received.event, registry.max_lineage_entries)
        except (InvalidEvent, OversizedEvent, ForeignNamespaces) as error:
            failed.append(FailedEvent(index=index, reason=str(error), retriable=False))
        else:
            events.append(received)
            skipped += [f"{index}.{part}" for part in received.skipped]
    result = IngestionResult()
    if events:
        result = accept_events(context, registry, pipeline, queue, events)
    return _build_report(len(raw), failed), replace(result, skipped_parts=skipped)


def _build_report(count: int, failed: list[FailedEvent]) -> BatchReport:
    """Report a batch that was accepted whole, so that nothing of it needs to be sent again."""
    successful = count - len(failed)
    # The specification knows these two: what is no success, be it of none, is a partial one.
    return BatchReport(
        status="partial_success" if failed else "success",
        summary=BatchSummary(
            received=count,
            successful=successful,
            failed=len(failed),
            retriable=0,
            non_retriable=len(failed),
        ),
        failed_events=failed,
    )
