"""The order in which versions are listed: S3's, which times of whole seconds do not tell."""

from collections.abc import Sequence
from typing import cast

import pytest

from datamesh.errors.storage import StorageUnavailable
from datamesh.storage.s3.client import S3Client, S3Error, S3Request
from datamesh.storage.s3.connections import S3Response
from datamesh.storage.s3.versions import S3Versions

type Listed = tuple[str, str, int]
"""The kind of an element, the version id, and the second."""


class Listing:
    """Stands for a client: a bucket whose listing has `page` elements a page."""

    def __init__(self, listed: Sequence[Listed], page: int, latest: str) -> None:
        self.listed = listed
        self.page = page
        self.latest = latest

    def send(self, request: S3Request) -> S3Response:
        after = request.query.get("version-id-marker")
        ids = [version_id for _, version_id, _ in self.listed]
        start = ids.index(after) + 1 if after else 0
        shown = self.listed[start : start + self.page]
        more = start + self.page < len(self.listed)
        parts = [f"<IsTruncated>{str(more).lower()}</IsTruncated>"]
        if more:
            parts.append("<NextKeyMarker>products.json</NextKeyMarker>")
            parts.append(f"<NextVersionIdMarker>{shown[-1][1]}</NextVersionIdMarker>")
        parts += [self._build_element(each) for each in shown]
        body = f'<ListVersionsResult xmlns="http://s3">{"".join(parts)}</ListVersionsResult>'
        return S3Response(200, {}, body.encode())

    def _build_element(self, listed: Listed) -> str:
        kind, version_id, second = listed
        latest = str(version_id == self.latest).lower()
        return (
            f"<{kind}><Key>products.json</Key><VersionId>{version_id}</VersionId>"
            f"<IsLatest>{latest}</IsLatest>"
            f"<LastModified>2026-01-31T12:00:{second:02}.000Z</LastModified></{kind}>"
        )


def ids_of(listed: Sequence[Listed], page: int = 1000, latest: str | None = None) -> list[str]:
    """Return the ids of all pages, as they are returned; the first element is the latest unless
    told otherwise."""
    client = cast(S3Client, Listing(listed, page, latest or listed[0][1]))
    versions = S3Versions(client, "catalog", "products.json")
    found = versions.list_versions()
    ids = [version.id for version in found.versions]
    while found.older:
        found = versions.list_versions(found.older)
        ids += [version.id for version in found.versions]
    return ids


SECOND: list[Listed] = [("Version", "v2", 0), ("DeleteMarker", "d1", 0), ("Version", "v1", 0)]


@pytest.mark.parametrize("page", [1, 2, 3])
def test_versions_of_one_second_stay_in_the_order_of_s3(page: int) -> None:
    assert ids_of(SECOND, page) == ["v2", "d1", "v1"]


@pytest.mark.parametrize("page", [1, 2, 3, 4, 5])
def test_deletions_and_versions_of_several_seconds_stay_where_they_are(page: int) -> None:
    listed: list[Listed] = [("DeleteMarker", "d2", 9), *SECOND, ("DeleteMarker", "d0", 0)]
    assert ids_of(listed, page) == ["d2", "v2", "d1", "v1", "d0"]


def test_a_clock_that_goes_back_changes_no_order() -> None:
    listed: list[Listed] = [("Version", "v3", 1), ("Version", "v2", 2), ("Version", "v1", 0)]
    assert ids_of(listed) == ["v3", "v2", "v1"]


def test_a_server_that_lists_deletions_apart_is_sorted_by_time() -> None:
    listed: list[Listed] = [("Version", "v3", 9), ("Version", "v1", 1), ("DeleteMarker", "d2", 5)]
    assert ids_of(listed) == ["v3", "d2", "v1"]


def test_the_latest_is_first_even_if_it_is_listed_apart() -> None:
    listed: list[Listed] = [("Version", "v1", 1), ("DeleteMarker", "d2", 1)]
    assert ids_of(listed, latest="d2") == ["d2", "v1"]


@pytest.mark.parametrize(("code", "older"), [("InvalidArgument", True), ("AccessDenied", False)])
def test_a_marker_that_is_refused_lists_nothing(code: str, older: bool) -> None:
    class Refusing:
        def send(self, request: S3Request) -> S3Response:
            raise S3Error(request.operation, 400, code)

    versions = S3Versions(cast(S3Client, Refusing()), "catalog", "products.json")
    with pytest.raises(StorageUnavailable, match=code):
        versions.list_versions()
    marker = ("products.json", "v1")
    if older:
        page = versions.list_versions(marker)
        assert (list(page.versions), page.older) == ([], None)
    else:
        with pytest.raises(StorageUnavailable, match=code):
            versions.list_versions(marker)
