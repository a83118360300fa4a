"""Events through the emulator's SQS: they are derived from, and what cannot be is a dead letter."""

from tests.deploy.stack import Stack
from tests.e2e.api import Api
from tests.e2e.local_run import TIMEOUT_SECONDS
from tests.events import run_event
from tests.integration.processes import eventually


def test_events_are_derived_from_by_the_worker_and_poison_is_a_dead_letter(stack: Stack) -> None:
    api, sqs = Api(stack.url, stack.key), stack.emulator.client("sqs")
    queue, dead = (stack.resource(name) for name in ("EventQueue", "EventDeadLetters"))
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    events = [run_event([f"in_{n}"], ["queued"], run=n, job=f"job_{n}") for n in range(12)]
    # Returns once nothing waits.
    answer = api.write("POST", "/api/v1/lineage/batch", events)
    assert answer.status_code == 200, answer.text
    found = api.get("/lineage", params={"target": "queued", "limit": "100"}).json()
    assert len(found) == 12

    def has_dead_letter() -> bool:
        return bool(api.get("/openlineage/status").json()["dead_letters"] == 1)

    assert eventually(has_dead_letter, TIMEOUT_SECONDS)
    [message] = sqs.receive_message(QueueUrl=dead, MessageAttributeNames=["Reason"])["Messages"]
    assert message["MessageAttributes"]["Reason"]["StringValue"] == "it names no event"
