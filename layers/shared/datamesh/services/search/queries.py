"""Answers searches: finds, filters, counts, orders and pages."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest

import msgspec

from datamesh.errors.requests import InvalidCursor
from datamesh.models.search import (
    MAX_FACET_VALUES,
    FacetCount,
    FacetName,
    ResultOrder,
    SearchPage,
    SearchResult,
)
from datamesh.services.context import RequestContext
from datamesh.services.registry.registry import Registry
from datamesh.services.search.index import SearchIndex
from datamesh.services.search.index_cache import IndexCache
from datamesh.services.search.matches import build_pattern, list_matches
from datamesh.services.search.product_rows import read_texts_row
from datamesh.services.search.words import normalise_name, split_question
from datamesh.storage.files import ProductsFile

LOWERED = 0.8
"""The factor of the score of a product that is not active."""


@dataclass(frozen=True)
class SearchQuery:
    """A question, and the filters that what is found must meet."""

    text: str | None = None
    filters: Mapping[FacetName, str] = field(default_factory=dict)
    """Facet -> the value that a product must have, in upper or lower case."""
    order: ResultOrder = ResultOrder.RELEVANCE
    dropped: bool = False
    """True to find products whose dataset was dropped as well."""


class _Place(msgspec.Struct, frozen=True):
    """Where the next page begins: behind a product, or where that is gone at an offset."""

    after: str
    offset: int


def search_products(
    context: RequestContext,
    registry: Registry,
    indexes: IndexCache,
    query: SearchQuery,
    *,
    limit: int,
    cursor: str | None = None,
) -> SearchPage:
    """Return a page of the products that a question finds, best first.

    A product that is called as the question says comes first, then those whose name begins so,
    then all that have one of its words, by how rare and how prominent they are. A cursor goes on
    behind the last product of its page, wherever that stands now. Raises InvalidCursor,
    StorageUnavailable.
    """
    place = _read_cursor(cursor) if cursor else None
    file = registry.products.read(context.deadline)
    index = indexes.open_index(file)
    words = split_question(query.text) if query.text else []
    terms = index.list_terms(words)
    scores = _find_rows(index, query, terms)
    found = index.facets.filter_rows(scores, query.filters)
    # What follows on a cursor may have moved anywhere.
    ordered = _sort_rows(index, found, scores, query, words, len(found) if place else limit)
    offset = _find_offset(index, ordered, place) if place else 0
    page = ordered[offset : offset + limit]
    following = offset + len(page)
    return SearchPage(
        total=len(found),
        results=_build_results(file, index, page, terms),
        facets=_count_facets(index, scores, query.filters),
        next_cursor=(
            _write_cursor(_Place(index.names[page[-1]], following))
            if page and following < len(found)
            else None
        ),
    )


def _find_rows(index: SearchIndex, query: SearchQuery, terms: Sequence[str]) -> dict[int, float]:
    """Return the rows that the question finds: row -> score, the lower the better."""
    if query.text is None:
        found = dict.fromkeys(index.names, 0.0)
    else:
        found = dict.fromkeys(index.find_called(query.text), 0.0) | index.find_rows(terms)
    for row in found.keys() & index.inactive:
        found[row] *= LOWERED
    if not query.dropped:
        for row in found.keys() & index.dropped:
            del found[row]
    return found


def _count_facets(
    index: SearchIndex, found: Collection[int], filters: Mapping[FacetName, str]
) -> dict[FacetName, list[FacetCount]]:
    """Return how many of the rows that meet the other filters have each value, most first."""
    counts: dict[FacetName, list[FacetCount]] = {}
    for facet, counted in index.facets.count_values(found, filters).items():
        shown = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:MAX_FACET_VALUES]
        counts[facet] = [FacetCount(value=value, count=count) for value, count in shown]
    return counts


def _sort_rows(
    index: SearchIndex,
    rows: Collection[int],
    scores: Mapping[int, float],
    query: SearchQuery,
    words: Sequence[str],
    wanted: int,
) -> Sequence[int]:
    """Return the rows in their order: the first of them, at least as many as wanted."""
    if query.order is ResultOrder.NAME:
        return sorted(rows, key=lambda row: (index.normalised[row], index.names[row]))
    if query.order is ResultOrder.UPDATED:
        return sorted(rows, key=lambda row: (-index.updated[row], index.names[row]))
    if query.text is None:
        return [*rows]
    # "show me orders" asks for what is called "orders", as "orders" does.
    called = index.find_called(query.text) | index.find_called(" ".join(words))
    best = called | index.find_begun(normalise_name(query.text))
    ahead = [row for row in rows if row in best] if best else []
    ahead.sort(key=lambda row: (row not in called, scores[row]))
    rest = [row for row in rows if row not in best] if ahead else rows
    return [*ahead, *nsmallest(wanted - len(ahead), rest, scores.__getitem__)]


def _find_offset(index: SearchIndex, ordered: Sequence[int], place: _Place) -> int:
    """Return where the page behind a place begins."""
    following = place.offset
    if 0 < following <= len(ordered) and index.names[ordered[following - 1]] == place.after:
        return following
    return next(
        (at + 1 for at, row in enumerate(ordered) if index.names[row] == place.after), following
    )


def _build_results(
    file: ProductsFile, index: SearchIndex, rows: Sequence[int], terms: Sequence[str]
) -> list[SearchResult]:
    pattern = build_pattern(terms) if terms else None
    results = []
    for row in rows:
        record = file.products[index.names[row]]
        product = read_texts_row(record)
        results.append(
            SearchResult(
                name=product.name,
                domain=product.domain,
                owner=product.owner,
                title=product.title,
                description=product.description,
                status=record.status,
                version=product.version,
                tags=[*product.tags],
                quality=product.quality_state,
                type=product.type,
                updated_at=record.updated_at,
                matched=list_matches(product, pattern) if pattern else [],
            )
        )
    return results


def _write_cursor(place: _Place) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read_cursor(cursor: str) -> _Place:
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    try:
        place = msgspec.json.decode(urlsafe_b64decode(padded), type=_Place)
    except ValueError:
        raise InvalidCursor("is not one of this registry's") from None
    if place.offset < 1:
        raise InvalidCursor("is not one of this registry's")
    return place
