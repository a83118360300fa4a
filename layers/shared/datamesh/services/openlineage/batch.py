"""Many events in one request: the good ones are ingested, the others reported."""

from pydantic import JsonValue

from datamesh.errors import InvalidEvent
from datamesh.models.openlineage import MAX_EVENTS, BatchReport, BatchSummary, FailedEvent
from datamesh.services.context import RequestContext
from datamesh.services.openlineage.ingest import Ingested, Intake, ingest
from datamesh.services.openlineage.parsing import ReceivedEvent, receive_event
from datamesh.services.registry.registry import Registry


def ingest_batch(
    context: RequestContext, registry: Registry, intake: Intake, raw: JsonValue
) -> tuple[BatchReport, Ingested]:
    """Raises InvalidEvent on what is no batch, and what `ingest` raises: about all of them."""
    if not isinstance(raw, list):
        raise InvalidEvent([("", "a batch is a JSON array of events")])
    if len(raw) > MAX_EVENTS:
        raise InvalidEvent([("", f"a batch has at most {MAX_EVENTS} events, this one {len(raw)}")])
    events: list[ReceivedEvent] = []
    failed: list[FailedEvent] = []
    for index, each in enumerate(raw):
        try:
            events.append(receive_event(each))
        except InvalidEvent as error:
            failed.append(FailedEvent(index=index, reason=str(error), retriable=False))
    ingested = ingest(context, registry, intake, events) if events else Ingested()
    return _report(len(raw), failed), ingested


def _report(count: int, failed: list[FailedEvent]) -> BatchReport:
    """All of an accepted batch is kept and derived, so that nothing of it is to be sent again."""
    successful = count - len(failed)
    return BatchReport(
        status="success" if not failed else "partial_success" if successful else "error",
        summary=BatchSummary(
            received=count,
            successful=successful,
            failed=len(failed),
            retriable=0,
            non_retriable=len(failed),
        ),
        failed_events=failed,
    )
