"""Files packed part by part: what stays the same is not compressed again, and nothing is lost."""

import gzip
import tracemalloc
import zlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.storage import gzip_members
from datamesh.storage.gzip_members import FileChunk, GzipMemberCache

files = st.lists(st.lists(st.binary(max_size=9), max_size=6), max_size=5)


@given(files)
def test_every_version_is_a_gzip_file_of_its_own(versions: list[list[bytes]]) -> None:
    kept = GzipMemberCache()
    for parts in versions:
        packed = kept.pack(parts)
        assert packed == GzipMemberCache().pack(parts)
        if parts:
            assert gzip.decompress(packed) == GzipMemberCache().unpack(packed) == b"".join(parts)


@pytest.fixture
def compressed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The parts that were compressed."""
    seen = []

    def spy(part: bytes) -> bytes:
        seen.append(part)
        return plain(part)

    plain = gzip_members._compress_member
    monkeypatch.setattr(gzip_members, "_compress_member", spy)
    return seen


def test_only_what_has_changed_is_compressed(compressed: list[bytes]) -> None:
    kept = GzipMemberCache()
    kept.pack([b"head 1", b"a", b"b"])
    compressed.clear()
    kept.pack([b"head 2", b"a", b"b changed"])
    assert compressed == [b"head 2", b"b changed"]


def test_what_somebody_else_has_packed_is_not_compressed_again(compressed: list[bytes]) -> None:
    body = GzipMemberCache().pack([b"head 1", b"a", b"b"])
    compressed.clear()
    kept = GzipMemberCache()
    kept.unpack(body)
    kept.pack([b"head 2", b"a", b"b"])
    assert compressed == [b"head 2"]


def test_parts_of_the_version_before_the_last_are_forgotten(compressed: list[bytes]) -> None:
    kept = GzipMemberCache()
    for parts in ([b"a"], [b"b"]):
        kept.pack(parts)
    compressed.clear()
    kept.pack([b"a"])
    assert compressed == [b"a"]


def test_members_larger_than_a_read_are_unpacked_whole() -> None:
    noise = b"".join(zlib.crc32(bytes([n % 256, n // 256])).to_bytes(4) for n in range(50_000))
    body = GzipMemberCache().pack([noise, b"short", noise])
    assert len(body) > 3 * gzip_members.CHUNK_BYTES
    assert GzipMemberCache().unpack(body) == noise + b"short" + noise


def test_one_member_of_another_writer_is_read_and_replaced(compressed: list[bytes]) -> None:
    kept = GzipMemberCache()
    assert kept.unpack(gzip.compress(b"head and all", 9)) == b"head and all"
    kept.pack([b"head", b" and all"])
    assert compressed == [b"head", b" and all"]


def test_the_content_of_one_large_member_is_held_once() -> None:
    body = gzip.compress(b"0123456789abcdef" * 500_000, 9, mtime=0)
    tracemalloc.start()
    try:
        text = GzipMemberCache().unpack(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * len(text)


@pytest.mark.parametrize("cut", [1, 5, 9])
def test_a_file_that_ends_early_is_told(cut: int) -> None:
    body = GzipMemberCache().pack([b"head", b"rows"])
    with pytest.raises(EOFError):
        GzipMemberCache().unpack(body[:-cut])


def test_a_damaged_member_is_told() -> None:
    body = bytearray(GzipMemberCache().pack([b"head", b"rows"]))
    body[-6] ^= 1  # of the check (CRC32)
    with pytest.raises(zlib.error):
        GzipMemberCache().unpack(bytes(body))


@dataclass
class CountedSource:
    """A source of a chunk, which counts how often the chunk is encoded."""

    text: bytes
    encoded: int = 0

    def to_chunk(self) -> FileChunk:
        def encode() -> list[bytes]:
            self.encoded += 1
            return [self.text]

        return FileChunk(encode, [self])


def test_a_chunk_of_the_same_sources_is_not_encoded_again() -> None:
    kept = GzipMemberCache()
    old, new = CountedSource(b"old"), CountedSource(b"new")
    [first] = kept.pack_chunks([old.to_chunk()])
    [again, added] = kept.pack_chunks([old.to_chunk(), new.to_chunk()])
    assert (old.encoded, new.encoded) == (1, 1)
    assert again.body + added.body == GzipMemberCache().pack([b"old", b"new"])
    assert (first.size, added.size) == (3, 3)


def test_a_chunk_at_another_place_is_encoded_again() -> None:
    kept = GzipMemberCache()
    one, two = CountedSource(b"one"), CountedSource(b"two")
    kept.pack_chunks([one.to_chunk(), two.to_chunk()])
    [chunk] = kept.pack_chunks([two.to_chunk()])
    assert gzip.decompress(chunk.body) == b"two"
    assert two.encoded == 2


def test_what_was_packed_is_forgotten_once_another_version_is_read() -> None:
    kept = GzipMemberCache()
    source = CountedSource(b"rows")
    kept.pack_chunks([source.to_chunk()])
    kept.unpack(gzip.compress(b"those of a rival"))
    kept.pack_chunks([source.to_chunk()])
    assert source.encoded == 2


def test_a_chunk_without_sources_is_encoded_each_time() -> None:
    kept = GzipMemberCache()
    for part in ([b"head 1"], [b"head 2"]):
        [chunk] = kept.pack_chunks([FileChunk(part.copy)])
        assert [gzip.decompress(chunk.body)] == part
