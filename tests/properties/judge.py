"""How a write is judged: by the answers that were given and what can be read afterwards."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress

from hypothesis.stateful import RuleBasedStateMachine

from datamesh.errors.base import MeshError
from datamesh.http.errors import STATUS
from datamesh.services.lineage import registration
from tests.contexts import CONTEXT
from tests.lambdas import Answer
from tests.properties.model import Body, Mesh
from tests.properties.storage import Crash
from tests.properties.strategies import INSTANCES
from tests.properties.world import Op, Trouble, World

GIVEN = ("id", "created_at", "updated_at", "timestamp")
"""The fields that the registry makes up: the model does not foretell them."""


class JudgedMachine(RuleBasedStateMachine):
    """The real functions, and the model that follows them."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Mesh(max_products=3, max_lineage_entries=4)
        self.world = World(INSTANCES, 3, 4)
        self.reader = 0

    def write(self, op: Op, who: int, trouble: Trouble) -> Answer | None:
        """Send it, then let the model take the one order of events that explains all answers
        and what can be read; None if the process was killed."""
        instance, done = self.world.instances[who], list[tuple[Op, int]]()
        self.world.arm(who, trouble, lambda other: self.rival(other, who, done))
        answer, status = None, 0
        if op.verb == "prune":
            status = prune(lambda: registration.prune_lineage(CONTEXT, instance.registry))
        else:
            with suppress(Crash):
                answer = self.world.send(who, op.event())
                status = answer.status
        met, killed = instance.met(), instance.life.ended
        instance.calm()
        self.world.settle(trouble.late_lands)
        if killed:
            self.world.replace(who)
        outcomes = {"may"} if killed else outcome_of(status, answer, bool(met))
        self.model = self.explained(op, status, done, outcomes)
        return None if killed else answer

    def rival(self, op: Op, who: int = 0, done: list[tuple[Op, int]] | None = None) -> None:
        status = op.perform(self.world.instances[(who + 1) % INSTANCES].registry)
        if done is not None:
            done.append((op, status))

    def rivals_commit(self, op: Op) -> None:
        status = op.perform(self.world.cold(0).registry)
        assert status == op.apply(self.model)

    def explained(
        self, op: Op, status: int, rivals: list[tuple[Op, int]], outcomes: set[str]
    ) -> Mesh:
        products = read_items(self.world.get(0, "/products"))
        entries = read_items(self.world.get(0, "/lineage"))
        for candidate in self.orders(op, status, rivals, outcomes):
            if rivals and op.verb == "link_all" and in_some_order(candidate.entries, entries):
                candidate.entries = entries
            if [*candidate.products.values()] == products and candidate.entries == entries:
                return candidate
        raise AssertionError(f"{op} answered {status} with {rivals}: {products} {entries}")

    def orders(
        self, op: Op, status: int, rivals: list[tuple[Op, int]], outcomes: set[str]
    ) -> Iterator[Mesh]:
        """The models after each order of events in which everybody got the answer they got."""
        if "not" in outcomes or "may" in outcomes:
            model = self.model.copy()
            if all(other.apply(model) == got for other, got in rivals):
                yield model
        for place in range(len(rivals) + 1) if outcomes != {"not"} else ():
            model = self.model.copy()
            before = all(other.apply(model) == got for other, got in rivals[:place])
            own = op.apply(model)
            after = all(other.apply(model) == got for other, got in rivals[place:])
            if before and after and ("may" in outcomes or own == status):
                yield model

    def stored(self, name: str) -> Body | None:
        answer = self.world.get(0, f"/product/{name}")
        return answer.body if answer.status == 200 else None

    def check_page(self, answer: Answer, found: list[Body], limit: int, offset: int) -> None:
        assert answer.headers["x-total-count"] == str(len(found))
        assert read_items(answer) == found[offset : offset + limit]


def outcome_of(status: int, answer: Answer | None, troubled: bool) -> set[str]:
    """`did`: what was answered holds. `not`: nothing was written. `may`: nobody knows."""
    message = answer.body["message"] if answer and status >= 400 else ""
    if status == 503:
        assert troubled
        return {"may"} if "unknown" in message or answer is None else {"not"}
    if message.startswith("Too many writers"):
        assert troubled
        return {"not"}
    assert status < 500, message
    return {"did"}


def in_some_order(these: list[Body], others: list[Body]) -> bool:
    """The two objects are linearizable each, not together: a partial bulk of lineage that judged
    its items by the products before a rival's registration may land after that rival's lineage."""

    def told(entry: Body) -> str:
        return json.dumps(entry, sort_keys=True)

    return sorted(map(told, these)) == sorted(map(told, others))


def prune(run: Callable[[], object]) -> int:
    try:
        run()
    except MeshError as error:
        return STATUS[type(error)]
    except Crash:
        return 0
    return 200


def read_items(answer: Answer) -> list[Body]:
    assert answer.status == 200, answer.body
    return [drop_given(item) for item in answer.body]


def drop_given(item: Body) -> Body:
    return {name: value for name, value in item.items() if name not in GIVEN}
