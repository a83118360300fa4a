"""Parts of archives without a text: every moment is as it was, and readers find their way."""

from datetime import datetime

import pytest

from datamesh.models.redaction_markers import MARKER, PLAIN_MARKER
from datamesh.services.redaction.archives import redact_archive_part
from datamesh.services.redaction.texts import RedactedText
from datamesh.storage.files import ProductsFile
from datamesh.storage.objects import StoredObject
from tests.archives import MemoryArchive
from tests.contexts import CONTEXT, NO_DEADLINE
from tests.meshes import store_product
from tests.past import Timeline

JANE = RedactedText("jane-doe")


def rename(timeline: Timeline, old: str, new: str) -> None:
    def change(file: ProductsFile) -> tuple[ProductsFile, None]:
        products = {}
        for name, record in file.products.items():
            model = record.to_model()
            if name == old:
                model = model.model_copy(update={"name": new})
            products[model.name] = model
        renamed = ProductsFile.from_models(products.values()).products
        return file.model_copy(update={"products": renamed}), None

    CONTEXT.commit_audited(timeline.registry.products, change)


@pytest.fixture
def moments() -> list[datetime]:
    return []


@pytest.fixture
def archive(moments: list[datetime]) -> MemoryArchive:
    """Names, texts, locations and tags of Jane, in a snapshot, whole contents and differences."""
    timeline = Timeline()
    archive = MemoryArchive(timeline.products)
    port = {"format": "csv", "location": "domains/sales/jane-doe/"}
    for name, changes in (
        ("orders", {"description": "by jane-doe"}),
        ("of-jane-doe", {}),
        ("bills", {"output_port": port}),
        ("of-jane-doe", {"description": "changed"}),
        ("orders", {"description": "by nobody", "tags": ["jane-doe"]}),
    ):
        store_product(timeline.registry, name, **changes)
        moments.append(timeline.tick(hours=5))
    rename(timeline, "of-jane-doe", "of-nobody")
    moments.append(timeline.tick(hours=5))
    store_product(timeline.registry, "last")
    archive.extend(timeline.now)
    return archive


def read(archive: MemoryArchive, moment: datetime) -> ProductsFile:
    state = archive.reader.find_at(moment, NO_DEADLINE)
    assert state
    text = state.read()
    assert text
    return ProductsFile.decode("products.json", text)


def redact(archive: MemoryArchive, chosen: str = "") -> int:
    """Redact the parts whose keys begin so, and return how many held the text."""
    count = 0
    for name, stored in archive.bucket.items():
        found = stored.get()
        assert isinstance(found, StoredObject)
        key = f"archive/products.json/{name}"
        redacted = redact_archive_part(key, ProductsFile, found.body, JANE)
        if redacted is not None and name.startswith(chosen):
            stored.put(redacted, found.etag)
            count += 1
    return count


def describe(file: ProductsFile) -> list[str]:
    return [str(each.to_model()) for each in file.products.values()]


def test_every_moment_is_as_it_was_without_the_text(
    archive: MemoryArchive, moments: list[datetime]
) -> None:
    before = [describe(read(archive, moment)) for moment in moments]
    assert "jane-doe" in str(before)
    assert redact(archive) == len(archive.bucket)
    files = [read(archive, moment) for moment in moments]
    for file, texts in zip(files, before, strict=True):
        file.check_records()
        for found, text in zip(describe(file), texts, strict=True):
            # A location has no brackets, nor has anything else of its product.
            expected = {text.replace("jane-doe", each) for each in (MARKER, PLAIN_MARKER)}
            assert found in expected
    assert [*files[-1].products] == ["orders", "of-nobody", "bills"]
    assert files[2].products["bills"].to_model().output_port
    assert redact(archive) == 0


@pytest.mark.parametrize("chosen", ["segments/", "snapshots/"])
def test_a_redaction_that_died_half_way_leaves_a_past_that_is_right(
    archive: MemoryArchive, moments: list[datetime], chosen: str
) -> None:
    """Names differ between a snapshot and the differences to it; places do not."""
    before = [len(read(archive, moment).products) for moment in moments]
    assert redact(archive, chosen)
    assert [len(read(archive, moment).products) for moment in moments] == before
    assert redact(archive)
    assert [len(read(archive, moment).products) for moment in moments] == before


def test_what_is_a_part_of_an_id_stays(archive: MemoryArchive, moments: list[datetime]) -> None:
    """Numbers, ids of versions and of commits: without them nothing would be found."""
    name = next(name for name in archive.bucket if name.startswith("segments/"))
    found = archive.bucket[name].get()
    assert isinstance(found, StoredObject)
    key = f"archive/products.json/{name}"
    assert redact_archive_part(key, ProductsFile, found.body, RedactedText('"newer":"v1"')) is None
