"""The requests of clients and their troubles, from small sets, so that names and times collide."""

from typing import Any

from hypothesis import strategies as st

from tests.properties.model import LINEAGE_TYPES, Body
from tests.properties.storage import (
    FAULTS,
    Fault,
    arrives_late,
    denied,
    killed_after,
    killed_before,
    no_connection,
)
from tests.properties.world import CALM, Op, Trouble

NAMES = ("a", "b", "c", "d")
INSTANCES = 3
NEVER_HEARD = (arrives_late,) * 3
"""No attempt learns anything, and a PUT may land after the answer."""

names = st.sampled_from(NAMES)
instances = st.integers(0, INSTANCES - 1)
statuses = st.sampled_from(("active", "deprecated", "inactive"))
domains = st.sampled_from(("sales", "Sales", "finance"))
tags = st.lists(st.sampled_from(("gold", "daily", "raw")), unique=True)
labels = st.integers(0, 10**6)


@st.composite
def product_bodies(draw: st.DrawFn) -> Body:
    body: Body = {
        "name": draw(names),
        "domain": draw(domains),
        "owner": "team",
        "description": f"made {draw(labels)}",
        "schema": {"id": "string"},
    }
    return body | draw(st.fixed_dictionaries({}, optional={"status": statuses, "tags": tags}))


changes = st.fixed_dictionaries(
    {"description": labels.map(lambda label: f"changed {label}")},
    optional={
        "status": statuses,
        "tags": tags,
        "version": st.sampled_from(("1.0.1", "2.0.0")),
        "schema": st.just({"id": "string", "amount": "decimal"}),
    },
)


@st.composite
def lineage_bodies(draw: st.DrawFn) -> Body:
    """Labels are wide enough to tell entries apart."""
    body: Body = {
        "source": draw(names),
        "target": draw(names),
        "transformation": f"made {draw(labels)}",
    }
    optional: dict[Any, st.SearchStrategy[object]] = {
        "lineage_type": st.sampled_from(LINEAGE_TYPES),
        "confidence": st.sampled_from((0.0, 0.5, 1.0)),
        "metadata": st.just({"job": "nightly", "deep": [{"n": 1}]}),
    }
    return body | draw(st.fixed_dictionaries({}, optional=optional))


product_filters = st.fixed_dictionaries(
    {
        "domain": st.none() | domains.map(str.lower),
        "status": st.none() | statuses,
        "tag": st.none() | st.sampled_from(("gold", "raw")),
    }
)
lineage_filters = st.fixed_dictionaries(
    {
        "source": st.none() | names,
        "target": st.none() | names,
        "lineage_type": st.sampled_from((None, "direct", "derived")),
    }
)

registrations = st.builds(Op, st.just("register"), body=product_bodies())
links = st.builds(Op, st.just("link"), body=lineage_bodies())
updates = st.builds(Op, st.just("update"), names, changes)
deletions = st.builds(Op, st.just("delete"), names)
bulks = st.one_of(
    st.builds(
        lambda items, partial: Op("register_all", body={"items": items}, partial=partial),
        st.lists(product_bodies(), min_size=1, max_size=3),
        st.booleans(),
    ),
    st.builds(
        lambda items, partial: Op("link_all", body={"items": items}, partial=partial),
        st.lists(lineage_bodies(), min_size=1, max_size=3),
        st.booleans(),
    ),
)
posts = st.one_of(registrations, links, bulks)
prunes = st.just(Op("prune"))
rivals = st.one_of(registrations, links, updates, deletions, deletions, prunes)


@st.composite
def rebuilds(draw: st.DrawFn) -> tuple[Op, ...]:
    """A product is deleted, and everything comes back under the same names."""
    link = draw(links)
    name = draw(st.sampled_from((link.body["source"], link.body["target"])))
    return Op("delete", name), Op("register", body=draw(product_bodies()) | {"name": name}), link


faults: st.SearchStrategy[Fault] = st.sampled_from(FAULTS)
rival = st.one_of(st.tuples(rivals), rebuilds())
meetings = st.lists(st.one_of(faults, rival), max_size=3)
troubles = st.one_of(
    st.just(CALM),
    st.builds(Trouble, st.tuples(rival)),
    st.builds(Trouble, st.just(()), st.tuples(rival)),
    # Both documents, so that a write of either meets it.
    st.builds(lambda fault: Trouble((fault,), (fault,)), faults),
    st.builds(lambda lands: Trouble(NEVER_HEARD, NEVER_HEARD, late_lands=lands), st.booleans()),
    st.builds(Trouble, meetings, meetings, st.sampled_from((0, 0, 0, 1, 3)), st.booleans()),
)
faults_alone = st.one_of(
    st.just(CALM),
    st.builds(lambda fault: Trouble((fault,), (fault,)), faults),
    st.just(Trouble((killed_after,), (killed_after,))),
    st.builds(lambda lands: Trouble(NEVER_HEARD, NEVER_HEARD, late_lands=lands), st.booleans()),
)
"""The troubles without rivals, so that what can be read tells whether the write has landed."""
half_way = st.builds(
    Trouble,
    st.just(()),
    st.sampled_from(((killed_before,), (killed_after,), (denied,), (no_connection,) * 3)),
)
"""The troubles that leave a deletion between its two commits."""
