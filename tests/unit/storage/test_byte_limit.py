"""The limit of bytes, which no commit may pass, under rivals."""

import pytest

from datamesh.errors.storage import DocumentFull
from datamesh.storage.byte_limit import ByteLimit
from datamesh.storage.commit import Change, CompletedCommit
from datamesh.storage.document import Document
from datamesh.storage.files import ProductsFile
from datamesh.storage.registry_file import RegistryFile
from tests.contexts import NO_DEADLINE
from tests.meshes import NO_WAIT
from tests.unit.storage.faults import (
    FaultyObject,
    MemoryView,
    add,
    document,
    reply_is_lost,
    rival,
)


def limited(
    stored: FaultyObject, most: int, told: list[CompletedCommit[ProductsFile]] | None = None
) -> Document[ProductsFile]:
    return Document(
        MemoryView(stored),
        ProductsFile,
        NO_WAIT,
        byte_limit=ByteLimit("MAX_PRODUCTS_BYTES", most),
        on_commit=(told if told is not None else []).append,
    )


def remove(name: str) -> Change[ProductsFile, None]:
    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        kept = {key: found for key, found in file.products.items() if key != name}
        return file.model_copy(update={"products": kept}), None

    return change


def measure(stored: FaultyObject) -> int:
    return document(MemoryView(stored)).read_latest(NO_DEADLINE).measure_records()


def names(stored: FaultyObject) -> list[str]:
    return list(document(MemoryView(stored)).read_latest(NO_DEADLINE).products)


@pytest.fixture
def two() -> FaultyObject:
    """Holds products `a` and `b`."""
    stored = FaultyObject()
    for name in ("a", "b"):
        document(stored).commit(add(name), NO_DEADLINE)
    return stored


def test_the_size_is_that_of_the_json_after_the_envelope(two: FaultyObject) -> None:
    file = document(MemoryView(two)).read_latest(NO_DEADLINE)
    text = b"".join(file.encode_parts())
    assert measure(two) == len(text) - text.index(b'"products":{') - len(b'"products":{')


def test_a_commit_may_fill_a_document_to_the_last_byte(two: FaultyObject) -> None:
    one = (measure(two) - 3) // 2
    full = measure(two) + one + 1
    with pytest.raises(DocumentFull) as refused:
        limited(two, full - 1).commit(add("c"), NO_DEADLINE)
    assert str(refused.value) == (
        f"The registry is full: MAX_PRODUCTS_BYTES is {full - 1}, and products.json would take"
        f" {full} bytes; remove something from it, or raise the setting"
    )
    assert names(two) == ["a", "b"]
    told: list[CompletedCommit[ProductsFile]] = []
    limited(two, full, told).commit(add("c"), NO_DEADLINE)
    assert names(two) == ["a", "b", "c"]
    assert measure(two) == full
    assert [commit.fullness for commit in told] == [100]


def test_a_document_above_a_lowered_limit_may_shrink_and_not_grow(two: FaultyObject) -> None:
    document(two).commit(add("c"), NO_DEADLINE)
    lowered = limited(two, 10)
    with pytest.raises(DocumentFull):
        lowered.commit(add("d"), NO_DEADLINE)
    lowered.commit(remove("b"), NO_DEADLINE)
    assert names(two) == ["a", "c"]


def test_a_refusal_counts_only_on_the_newest_revision(two: FaultyObject) -> None:
    """The copy in memory is full; the document is not, since another has removed a product."""
    mine = limited(two, measure(two))
    mine.read_latest(NO_DEADLINE)
    document(MemoryView(two)).commit(remove("a"), NO_DEADLINE)
    mine.commit(add("c"), NO_DEADLINE)
    assert names(two) == ["b", "c"]


def test_a_rival_that_fills_the_document_is_seen(two: FaultyObject) -> None:
    one = (measure(two) - 3) // 2
    mine = Document(two, ProductsFile, NO_WAIT, byte_limit=ByteLimit("MAX", measure(two) + one + 1))
    mine.read_latest(NO_DEADLINE)

    two.put_faults.append(rival(lambda file: (add("c")(file)[0], None)))
    with pytest.raises(DocumentFull):
        mine.commit(add("d"), NO_DEADLINE)
    assert names(two) == ["a", "b", "c"]


def test_a_commit_that_filled_the_document_itself_is_no_refusal(two: FaultyObject) -> None:
    one = (measure(two) - 3) // 2
    mine = Document(two, ProductsFile, NO_WAIT, byte_limit=ByteLimit("MAX", measure(two) + one + 1))
    two.put_faults.append(reply_is_lost)
    mine.commit(add("c"), NO_DEADLINE)
    assert names(two) == ["a", "b", "c"]


def test_a_file_that_is_not_limited_holds_no_records() -> None:
    assert RegistryFile().measure_records() == 0
