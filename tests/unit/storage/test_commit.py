"""The commit protocol under injected rivals and faults: no threads, no sleeping."""

import pytest

from datamesh.errors.products import ProductNameTaken
from datamesh.errors.storage import Contended, OutcomeUnknown, StorageUnavailable
from datamesh.storage.backoff import Deadline
from datamesh.storage.commit import CompletedCommit
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import InDoubt, LostRace
from datamesh.storage.registry_file import RECENT_COMMITS
from tests.contexts import NO_DEADLINE
from tests.unit.storage.faults import (
    FaultyObject,
    MemoryView,
    Pauses,
    PutFault,
    add,
    backoff,
    bump,
    conflict,
    document,
    in_flight,
    lands,
    no_connection,
    reply_is_lost,
    request_is_lost,
    retried_below,
    rival,
    server_error,
    unreachable,
)


def names(stored: FaultyObject) -> list[str]:
    return list(document(MemoryView(stored)).read_latest(NO_DEADLINE).products)


def revision(stored: FaultyObject) -> int:
    return document(MemoryView(stored)).read_latest(NO_DEADLINE).revision


def refuse(file: ProductsFile) -> tuple[ProductsFile, None]:
    if "taken" in file.products:
        raise ProductNameTaken("taken")
    return add("taken")(file)[0], None


def nothing_to_do(file: ProductsFile) -> tuple[ProductsFile, int]:
    return file, len(file.products)


# without faults


def test_the_first_commit_creates_the_object() -> None:
    stored = FaultyObject()
    assert document(stored).commit(add("a"), NO_DEADLINE) == 1
    assert stored.calls == ["GET", "PUT"]
    assert names(stored) == ["a"]
    assert revision(stored) == 1


def test_an_uncontended_commit_is_one_put() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("a"), NO_DEADLINE)
    stored.calls.clear()
    assert writer.commit(add("b"), NO_DEADLINE) == 2
    assert stored.calls == ["PUT"]
    assert names(stored) == ["a", "b"]


def test_a_commit_to_what_is_probably_new_asks_nothing_before() -> None:
    stored = FaultyObject()
    assert document(stored).commit_to_new(add("a"), NO_DEADLINE) == 1
    assert stored.calls == ["PUT"]
    assert (names(stored), revision(stored)) == (["a"], 1)


def test_a_commit_to_what_is_there_all_the_same_adds_to_it() -> None:
    stored = FaultyObject()
    document(stored).commit(add("a"), NO_DEADLINE)
    stored.calls.clear()
    assert document(stored).commit_to_new(add("b"), NO_DEADLINE) == 2
    assert stored.calls == ["PUT", "GET", "PUT"]
    assert (names(stored), revision(stored)) == (["a", "b"], 2)


@pytest.mark.parametrize("fault", [reply_is_lost, request_is_lost, no_connection])
def test_a_commit_to_what_is_new_lands_whatever_becomes_of_its_first_try(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.append(fault)
    document(stored).commit_to_new(add("a"), NO_DEADLINE)
    assert names(stored) == ["a"]


def test_every_commit_leaves_its_own_id_and_moves_the_revision() -> None:
    stored = FaultyObject()
    writer = document(stored)
    for name in "abc":
        writer.commit(add(name), NO_DEADLINE)
    file = writer.read_latest(NO_DEADLINE)
    assert file.revision == 3
    assert len(set(file.recent)) == 3


def test_only_the_most_recent_ids_are_kept() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(bump, NO_DEADLINE)
    first = writer.read_latest(NO_DEADLINE).recent[0]
    for _ in range(RECENT_COMMITS - 1):
        writer.commit(bump, NO_DEADLINE)
    assert first in writer.read_latest(NO_DEADLINE).recent
    writer.commit(bump, NO_DEADLINE)
    recent = writer.read_latest(NO_DEADLINE).recent
    assert first not in recent
    assert len(recent) == RECENT_COMMITS


def test_what_a_commit_took_and_did_is_reported() -> None:
    stored = FaultyObject()
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(stored, on_commit=reported.append)
    writer.commit(add("a"), NO_DEADLINE)
    stored.put_faults.extend([conflict, conflict])
    writer.commit(add("b"), NO_DEADLINE)
    assert [(each.document, each.attempts, each.revision) for each in reported] == [
        ("products.json", 1, 1),
        ("products.json", 3, 2),
    ]
    assert [(list(each.before.products), list(each.after.products)) for each in reported] == [
        ([], ["a"]),
        (["a"], ["a", "b"]),
    ]


def test_what_landed_unheard_is_reported_with_the_revision_that_it_became() -> None:
    stored = FaultyObject()
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(stored, on_commit=reported.append)

    def overtaken_unheard(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.land(body, replaces)
        document(MemoryView(stored)).commit(add("rival"), NO_DEADLINE)
        raise InDoubt("the connection was reset")

    stored.put_faults.append(overtaken_unheard)
    writer.commit(add("mine"), NO_DEADLINE)
    assert names(stored) == ["mine", "rival"]
    assert [(each.attempts, each.revision) for each in reported] == [(2, 1)]


def test_the_revision_that_it_became_is_counted_from_the_newest_commit() -> None:
    stored = FaultyObject()
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(stored, on_commit=reported.append)
    for earlier in ("a", "b"):
        writer.commit(add(earlier), NO_DEADLINE)

    def overtaken_twice_unheard(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.land(body, replaces)
        for name in ("rival", "another"):
            document(MemoryView(stored)).commit(add(name), NO_DEADLINE)
        raise InDoubt("the connection was reset")

    stored.put_faults.append(overtaken_twice_unheard)
    writer.commit(add("mine"), NO_DEADLINE)
    assert names(stored) == ["a", "b", "mine", "rival", "another"]
    assert [each.revision for each in reported] == [1, 2, 3]


def test_a_change_that_writes_nothing_is_not_reported() -> None:
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(FaultyObject(), on_commit=reported.append)
    writer.commit(lambda file: (file, None), NO_DEADLINE)
    assert reported == []


def test_what_a_rival_has_done_meanwhile_is_not_reported() -> None:
    stored = FaultyObject()
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(stored, on_commit=reported.append)
    stored.put_faults.append(rival(add_mine_once))
    writer.commit(add_mine_once, NO_DEADLINE)
    assert (names(stored), revision(stored)) == (["mine"], 1)
    assert reported == []


def add_mine_once(file: ProductsFile) -> tuple[ProductsFile, None]:
    return (file if "mine" in file.products else add("mine")(file)[0]), None


def test_a_commit_that_only_the_last_look_finds_is_reported() -> None:
    stored = FaultyObject()
    reported: list[CompletedCommit[ProductsFile]] = []
    writer = document(stored, attempts=1, on_commit=reported.append)
    stored.put_faults.append(reply_is_lost)
    writer.commit(add("mine"), NO_DEADLINE)
    assert [each.revision for each in reported] == [1]


# rivals


def test_a_rival_between_read_and_put_loses_nothing() -> None:
    stored = FaultyObject()
    stored.put_faults.append(rival(lambda file: (add("rival")(file)[0], None)))
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 2
    assert names(stored) == ["rival", "mine"]


def test_a_stale_copy_in_memory_is_no_base_for_a_commit() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("a"), NO_DEADLINE)
    document(MemoryView(stored)).commit(add("rival"), NO_DEADLINE)
    assert writer.commit(add("mine"), NO_DEADLINE) == 3
    assert names(stored) == ["a", "rival", "mine"]


def test_a_change_is_decided_on_the_state_that_it_lands_on() -> None:
    stored = FaultyObject()
    stored.put_faults.append(rival(lambda file: (add("taken")(file)[0], None)))
    with pytest.raises(ProductNameTaken):
        document(stored).commit(refuse, NO_DEADLINE)
    assert revision(stored) == 1


def test_a_refusal_on_a_stale_copy_is_asked_again_on_the_newest() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("taken"), NO_DEADLINE)
    document(MemoryView(stored)).commit(
        lambda file: (file.model_copy(update={"products": {}}), None), NO_DEADLINE
    )
    writer.commit(refuse, NO_DEADLINE)
    assert names(stored) == ["taken"]


def test_a_refusal_on_the_newest_state_writes_nothing() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("taken"), NO_DEADLINE)
    stored.calls.clear()
    with pytest.raises(ProductNameTaken):
        writer.commit(refuse, NO_DEADLINE)
    assert stored.calls == ["GET"]


def test_nothing_to_do_is_decided_on_the_newest_state_and_writes_nothing() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("a"), NO_DEADLINE)
    document(MemoryView(stored)).commit(add("rival"), NO_DEADLINE)
    stored.calls.clear()
    assert writer.commit(nothing_to_do, NO_DEADLINE) == 2
    assert stored.calls == ["GET"]


def test_losing_every_race_is_reported_and_writes_nothing() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([rival(bump)] * 5)
    with pytest.raises(Contended):
        document(stored, attempts=5).commit(add("mine"), NO_DEADLINE)
    assert names(stored) == []
    assert stored.calls.count("PUT") == 5


@pytest.mark.parametrize("fault", [conflict, rival(bump)])
def test_409_and_412_are_tried_again(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.extend([fault] * 4)
    assert document(stored, attempts=5).commit(add("mine"), NO_DEADLINE) == 1
    assert names(stored) == ["mine"]


def test_an_object_that_vanished_is_created_again() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("a"), NO_DEADLINE)
    stored.vanish()
    assert writer.commit(add("mine"), NO_DEADLINE) == 1
    assert names(stored) == ["mine"]


# replies that are lost


@pytest.mark.parametrize("fault", [reply_is_lost, retried_below])
def test_a_put_that_landed_unheard_counts_once(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.append(fault)
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 1
    assert stored.calls == ["GET", "PUT", "GET"]
    assert revision(stored) == 1


def test_a_landed_put_is_recognised_behind_the_commits_of_others() -> None:
    stored = FaultyObject()

    def landed_then_overtaken(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.land(body, replaces)
        return rival(bump, times=RECENT_COMMITS - 2)(stored, body, replaces)

    stored.put_faults.append(landed_then_overtaken)
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 1
    assert revision(stored) == RECENT_COMMITS - 1


@pytest.mark.parametrize("landed", [True, False])
def test_being_overtaken_by_the_whole_ring_is_unknown(landed: bool) -> None:
    stored = FaultyObject()

    def overtaken(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        if landed:
            stored.land(body, replaces)
        return rival(bump, times=RECENT_COMMITS)(stored, body, replaces)

    stored.put_faults.append(overtaken)
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        document(stored).commit(add("mine"), NO_DEADLINE)
    assert stored.calls.count("PUT") == 1


@pytest.mark.parametrize("fault", [request_is_lost, server_error, no_connection])
def test_a_put_that_never_landed_is_sent_again(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.append(fault)
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 1
    assert revision(stored) == 1


def test_a_storm_of_server_errors_is_survived() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([server_error, reply_is_lost])
    stored.get_faults.extend([None, unreachable, unreachable])
    assert document(stored, attempts=6).commit(add("mine"), NO_DEADLINE) == 1
    assert revision(stored) == 1


def test_a_late_put_and_its_repetition_count_once() -> None:
    stored = FaultyObject()
    stored.put_faults.append(in_flight(then=lands))
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 1
    assert revision(stored) == 1


def test_a_late_put_cannot_land_on_what_a_rival_wrote() -> None:
    stored = FaultyObject()
    sent: list[tuple[bytes, str | None]] = []

    def delayed_behind_a_rival(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        sent.append((body, replaces))
        document(MemoryView(stored)).commit(bump, NO_DEADLINE)
        return request_is_lost(stored, body, replaces)

    def late_first(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        with pytest.raises(LostRace):
            stored.land(*sent[0])
        return stored.land(body, replaces)

    stored.put_faults.extend([delayed_behind_a_rival, late_first])
    assert document(stored).commit(add("mine"), NO_DEADLINE) == 1
    assert revision(stored) == 2


def test_an_own_landed_put_is_no_reason_for_a_refusal() -> None:
    stored = FaultyObject()
    stored.put_faults.append(reply_is_lost)
    document(stored).commit(refuse, NO_DEADLINE)
    assert names(stored) == ["taken"]


# the budget is spent


def test_an_unheard_put_of_the_last_attempt_is_looked_for() -> None:
    stored = FaultyObject()
    stored.put_faults.append(reply_is_lost)
    assert document(stored, attempts=1).commit(add("mine"), NO_DEADLINE) == 1


def test_a_put_that_may_yet_land_is_unknown() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([request_is_lost] * 3)
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        document(stored, attempts=3).commit(add("mine"), NO_DEADLINE)


def test_a_put_that_can_no_longer_land_is_not_unknown() -> None:
    stored = FaultyObject()

    def lost_behind_a_rival(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        document(MemoryView(stored)).commit(bump, NO_DEADLINE)
        return request_is_lost(stored, body, replaces)

    stored.put_faults.append(lost_behind_a_rival)
    with pytest.raises(StorageUnavailable, match=r"^products\.json cannot .*connection was reset"):
        document(stored, attempts=1).commit(add("mine"), NO_DEADLINE)
    assert names(stored) == []


@pytest.mark.parametrize("fault", [reply_is_lost, request_is_lost, conflict])
def test_a_put_after_which_storage_stays_out_of_reach_is_unknown(fault: PutFault) -> None:
    stored = FaultyObject()
    stored.put_faults.append(fault)
    stored.get_faults.extend([None, *[unreachable] * 10])
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        document(stored, attempts=3).commit(add("mine"), NO_DEADLINE)


def test_a_put_in_doubt_on_an_object_that_went_back_in_time_is_unknown() -> None:
    stored = FaultyObject()
    writer = document(stored)
    writer.commit(add("a"), NO_DEADLINE)

    def landed_and_removed(stored: FaultyObject, body: bytes, replaces: str | None) -> str:
        stored.vanish()
        return request_is_lost(stored, body, replaces)

    stored.put_faults.append(landed_and_removed)
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        writer.commit(add("mine"), NO_DEADLINE)


def test_storage_that_no_connection_reaches_was_not_written() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([no_connection] * 3)
    with pytest.raises(StorageUnavailable, match=r"^products\.json cannot .*connect timeout"):
        document(stored, attempts=3).commit(add("mine"), NO_DEADLINE)
    assert names(stored) == []


def test_a_commit_on_storage_that_cannot_be_read_was_not_written() -> None:
    stored = FaultyObject()
    stored.get_faults.extend([unreachable] * 3)
    with pytest.raises(StorageUnavailable, match=r"^products\.json cannot .*503 SlowDown"):
        document(stored, attempts=3).commit(add("mine"), NO_DEADLINE)
    assert "PUT" not in stored.calls


def test_a_lost_race_that_was_looked_into_is_not_unknown() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([conflict, no_connection])
    stored.get_faults.extend([None, None, *[unreachable] * 10])
    with pytest.raises(StorageUnavailable, match="503 SlowDown"):
        document(stored, attempts=3).commit(add("mine"), NO_DEADLINE)
    assert names(stored) == []


def access_denied(*_: object) -> str:
    raise StorageUnavailable("PutObject answered 403 AccessDenied")


def test_a_refused_put_is_not_tried_again() -> None:
    stored = FaultyObject()
    stored.put_faults.append(access_denied)
    with pytest.raises(StorageUnavailable, match="403 AccessDenied"):
        document(stored).commit(add("mine"), NO_DEADLINE)
    assert stored.calls == ["GET", "PUT"]


def test_a_refused_put_after_one_in_doubt_is_unknown() -> None:
    stored = FaultyObject()
    stored.put_faults.extend([request_is_lost, access_denied])
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        document(stored).commit(add("mine"), NO_DEADLINE)


def test_a_look_that_is_refused_after_a_lost_race_is_unknown() -> None:
    stored = FaultyObject()
    stored.put_faults.append(conflict)
    stored.get_faults.extend([None, access_denied])
    with pytest.raises(OutcomeUnknown, match=r"products\.json"):
        document(stored).commit(add("mine"), NO_DEADLINE)


def test_a_commit_without_time_writes_nothing() -> None:
    pauses = Pauses()
    deadline = Deadline.from_now(10, pauses.clock)
    stored = FaultyObject()
    writer = Document(stored, ProductsFile, backoff(5, pauses))
    pauses.now = 10.0
    with pytest.raises(StorageUnavailable):
        writer.commit(add("mine"), deadline)
    assert stored.calls == []
