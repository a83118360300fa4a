"""The state machine: anything that clients do and storage suffers, against the model.

A write may answer only what the model answers at some moment between its begin and its end, and
the registry then reads as the model does. A write whose outcome nobody learned, and one whose
process was killed, has been applied once or not at all.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, multiple, rule

from tests.properties import strategies as some
from tests.properties.judge import JudgedMachine, drop_given, read_items
from tests.properties.model import Body, ends
from tests.properties.world import CALM, Op, Trouble

PRODUCT: Body = {
    "domain": "sales",
    "owner": "team",
    "description": "there from the beginning",
    "schema": {"id": "string"},
}
ATTEMPTS = 3


class MeshMachine(JudgedMachine):
    seen = Bundle("seen")
    """(name, age, ETag) of products as they were read."""

    @initialize(body=some.lineage_bodies())
    def fill(self, body: Body) -> None:
        """Most that can go wrong needs two products with lineage."""
        for name in dict.fromkeys(ends(body)):
            self.write(Op("register", body=PRODUCT | {"name": name}), 0, CALM)
        self.write(Op("link", body=body), 0, CALM)

    @rule(op=some.registrations, who=some.instances, trouble=some.troubles)
    def register(self, op: Op, who: int, trouble: Trouble) -> None:
        self.write(op, who, trouble)

    @rule(op=some.registrations, who=some.instances, other=some.instances)
    def register_twice(self, op: Op, who: int, other: int) -> None:
        first = self.write(op, who, CALM)
        again = self.write(op, other, CALM)
        assert first and again and again.status == (409 if first.status == 200 else first.status)

    @rule(
        op=some.posts,
        who=some.instances,
        other=some.instances,
        trouble=some.faults_alone,
        between=some.rivals,
    )
    def post_again_with_its_key(
        self, op: Op, who: int, other: int, trouble: Trouble, between: Op
    ) -> None:
        """Whatever became of the first try, both together are applied once at most."""
        op = replace(op, key=f"key-{len(self.world.key_records)}")
        before = self.model
        first = self.write(op, who, trouble)
        done = (first and first.status == 200) or self.model != before
        self.world.outlast_the_killed()
        self.write(between, other, CALM)
        if not done:
            self.write(op, other, CALM)
            return
        again = self.world.send(other, op.event())  # the invariant sees that it changes nothing
        assert again.status == 200, again.body
        assert first is None or first.status != 200 or again.body == first.body

    @rule(op=some.links, who=some.instances, trouble=some.troubles)
    def register_lineage(self, op: Op, who: int, trouble: Trouble) -> None:
        self.write(op, who, trouble)

    @rule(op=some.bulks, who=some.instances, trouble=some.troubles)
    def register_many(self, op: Op, who: int, trouble: Trouble) -> None:
        before = self.model.size()
        answer = self.write(op, who, trouble)
        if answer and answer.status == 200 and trouble is CALM:
            report = answer.body["data"]
            assert report["registered"] == self.model.size() - before
            assert report["registered"] + report["refused"] == len(op.body["items"])

    @rule(op=some.updates, who=some.instances, trouble=some.troubles)
    def update(self, op: Op, who: int, trouble: Trouble) -> None:
        before, model = self.stored(op.name), self.model
        answer = self.write(op, who, trouble)
        if answer and answer.status == 200 and trouble is CALM:
            assert before and answer.body["data"]["created_at"] == before["created_at"]
            moved, was = (moment(item["updated_at"]) for item in (answer.body["data"], before))
            if self.model == model:
                assert moved == was, "what changes nothing moves no time"
            else:
                assert moved > was, "however wrong the clock of the instance is"

    @rule(op=some.deletions, who=some.instances, trouble=some.troubles)
    def delete(self, op: Op, who: int, trouble: Trouble) -> None:
        naming = sum(op.name in (each.source, each.target) for each in self.world.stored_entries())
        answer = self.write(op, who, trouble)
        if answer and answer.status == 200 and trouble is CALM:
            assert answer.body["data"] == {"name": op.name, "lineage_entries_removed": naming}

    @rule(body=some.product_bodies(), who=some.instances, trouble=some.troubles)
    def delete_and_register_again(self, body: Body, who: int, trouble: Trouble) -> None:
        self.write(Op("delete", body["name"]), who, trouble)
        self.write(Op("register", body=body), who, CALM)

    @rule(pick=st.integers(0, 5), body=some.product_bodies(), who=some.instances, how=some.half_way)
    def delete_half_way_and_register_again(
        self, pick: int, body: Body, who: int, how: Trouble
    ) -> None:
        """Nothing of the old product may come back with the new one."""
        name = self.linked(pick) or body["name"]
        self.write(Op("delete", name), who, how)
        self.write(Op("register", body=body | {"name": name}), who, CALM)

    @rule(pick=st.integers(0, 5), body=some.product_bodies(), op=some.links, who=some.instances)
    def delete_while_a_rival_brings_it_back(self, pick: int, body: Body, op: Op, who: int) -> None:
        """A rival registers the product between the two commits of the deletion: the second must
        spare what is new."""
        name = self.linked(pick) or body["name"]
        again = Op("register", body=body | {"name": name})
        link = Op("link", body=op.body | {"source": name})
        self.write(Op("delete", name), who, Trouble(lineage=((again, link),)))

    def linked(self, pick: int) -> str | None:
        """A product with lineage, if there is one."""
        found = [name for entry in self.model.entries for name in ends(entry)]
        return found[pick % len(found)] if found else None

    @rule(
        pick=st.tuples(st.integers(0, 3), st.integers(0, 3)),
        op=some.links,
        who=some.instances,
        trouble=some.troubles,
    )
    def register_lineage_of_products(
        self, pick: tuple[int, int], op: Op, who: int, trouble: Trouble
    ) -> None:
        """Register lineage of such products as are there."""
        if there := list(self.model.products):
            source, target = (there[number % len(there)] for number in pick)
            op = Op("link", body=op.body | {"source": source, "target": target})
        self.write(op, who, trouble)

    @rule(who=some.instances, trouble=some.troubles)
    def scheduled_run(self, who: int, trouble: Trouble) -> None:
        self.write(Op("prune"), who, trouble)
        if trouble is CALM:
            assert len(self.world.stored_entries()) == len(self.model.entries)

    @rule(who=some.instances)
    def another_instance(self, who: int) -> None:
        self.world.replace(who)

    @rule(target=seen, who=some.instances, name=some.names)
    def read_one(self, who: int, name: str) -> Any:
        answer = self.world.get(who, f"/product/{name}")
        if name not in self.model.products:
            assert answer.status == 404
            return multiple()
        assert drop_given(answer.body) == self.model.products[name]
        return name, self.model.ages[name], answer.headers["etag"]

    @rule(copy=seen, who=some.instances)
    def revalidate(self, copy: tuple[str, int, str], who: int) -> None:
        name, age, etag = copy
        answer = self.world.get(who, f"/product/{name}", if_none_match=etag)
        current = self.model.ages.get(name)
        assert answer.status == (404 if current is None else 304 if current == age else 200)

    @rule(
        copy=seen,
        op=st.one_of(some.updates, some.deletions),
        who=some.instances,
        trouble=some.troubles,
    )
    def change_if_match(
        self, copy: tuple[str, int, str], op: Op, who: int, trouble: Trouble
    ) -> None:
        name, age, etag = copy
        self.write(Op(op.verb, name, op.body, age, etag=etag), who, trouble)

    @rule(
        pick=st.integers(0, 3),
        between=some.updates,
        op=st.one_of(some.updates, some.deletions),
        who=some.instances,
        other=some.instances,
    )
    def change_if_match_after_another(
        self, pick: int, between: Op, op: Op, who: int, other: int
    ) -> None:
        """The copy is stale, whatever the instance that is asked has in memory.

        It is not if nothing was changed between.
        """
        if there := list(self.model.products):
            name = there[pick % len(there)]
            etag, age = self.etag(who, name), self.model.ages[name]
            self.write(replace(between, name=name), other, CALM)
            is_stale = self.model.ages[name] != age
            answer = self.write(Op(op.verb, name, op.body, age, etag=etag), who, CALM)
            assert answer and (answer.status == 412) == is_stale  # `write` judges the rest

    def etag(self, who: int, name: str) -> str:
        return self.world.get(who, f"/product/{name}").headers["etag"]

    @rule(
        who=some.instances,
        filters=some.product_filters,
        limit=st.integers(1, 4),
        offset=st.integers(0, 4),
    )
    def list_products(self, who: int, filters: dict[str, Any], limit: int, offset: int) -> None:
        answer = self.world.get(who, "/products", filters | {"limit": limit, "offset": offset})
        self.check_page(answer, self.model.find(**filters), limit, offset)

    @rule(
        who=some.instances,
        filters=some.lineage_filters,
        limit=st.integers(1, 5),
        offset=st.integers(0, 4),
    )
    def list_lineage(self, who: int, filters: dict[str, Any], limit: int, offset: int) -> None:
        answer = self.world.get(who, "/lineage", filters | {"limit": limit, "offset": offset})
        self.check_page(answer, self.model.find_entries(**filters), limit, offset)

    @rule(who=some.instances, name=some.names)
    def follow(self, who: int, name: str) -> None:
        for way, end in (("upstream", "target"), ("downstream", "source")):
            answer = self.world.get(who, f"/lineage/{way}/{name}")
            if name in self.model.products:
                assert read_items(answer) == self.model.find_entries(**{end: name})
            else:
                assert answer.status == 404

    @rule(who=some.instances)
    def count(self, who: int) -> None:
        assert self.world.get(who, "/analytics/domains").body == self.model.domains()
        assert self.world.get(who, "/analytics/lineage-stats").body == self.model.lineage_stats()
        health = self.world.get(who, "/health").body
        assert health["total_products"] == len(self.model.products)
        assert health["total_lineage_entries"] == len(self.model.entries)

    @rule(who=some.instances, failing=st.integers(1, 4))
    def read_in_a_storm(self, who: int, failing: int) -> None:
        self.world.arm(who, Trouble(failing_gets=failing), self.rival)
        answer = self.world.get(who, "/products")
        self.world.instances[who].calm()
        assert answer.status == (200 if failing < ATTEMPTS else 503)

    @rule(who=some.instances, op=some.rivals)
    def read_across_a_commit(self, who: int, op: Op) -> None:
        """A rival between the two GETs of a read: what both states have is there, and nothing
        that neither has."""
        before, way = self.model.copy(), self.world.instances[who].products
        way.between = lambda: self.rivals_commit(op)
        found = read_items(self.world.get(who, "/lineage"))
        assert way.between is None
        both = [entry for entry in before.entries if entry in self.model.entries]
        rest = iter(found)  # in their order; entries may be alike, so that there may be more
        assert [entry for entry in both if entry not in rest] == []
        assert [
            entry for entry in found if not (entry in before.entries or entry in self.model.entries)
        ] == []

    @rule(
        who=some.instances,
        broken=st.sampled_from(
            ({"name": "no spaces"}, {"tags": ["x" * n for n in range(1, 13)]}, {"schema": {}})
        ),
        body=some.product_bodies(),
    )
    def bad_input(self, who: int, broken: Body, body: Body) -> None:
        """Changes nothing, as the invariant sees."""
        answer = self.world.send(who, Op("register", body=body | broken).event())
        assert answer.status == 422

    @invariant()
    def reads_equal_the_model(self) -> None:
        """Read from one instance after another, whose copies are of different ages."""
        self.reader = (self.reader + 1) % some.INSTANCES
        answer = self.world.get(self.reader, "/products")
        self.check_page(answer, list(self.model.products.values()), 100, 0)
        answer = self.world.get(self.reader, "/lineage")
        self.check_page(answer, self.model.entries, 100, 0)
        assert all(end in self.model.products for each in read_items(answer) for end in ends(each))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
