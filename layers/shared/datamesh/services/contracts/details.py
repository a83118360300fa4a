"""The details of a product that a contract determines: what the registry can do without.

Title, links, contacts, support, service levels, glossary terms, custom properties and the end of
the product.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from datamesh.models.product_details import MAX_DETAILS, MAX_TITLE_LENGTH
from datamesh.services.contracts.detail_entries import (
    DEPRECATION,
    LEVELS,
    TERMS,
    TITLE,
    Place,
    Tree,
    cut_text,
    find_custom,
    find_end,
    find_levels,
    find_object,
    find_team_place,
    list_entries,
    list_link_places,
    list_object_names,
    map_channel,
    map_contact,
    map_custom,
    map_link,
    read_deprecation,
)


class DetailBuilder:
    """Collects the details that a contract determines."""

    def __init__(self, tree: Tree, found: str | None, *, is_part: bool) -> None:
        self._tree, self._is_part = tree, is_part
        self._object = find_object(tree, found)
        self.fields: dict[str, JsonValue] = {}
        self.places: dict[str, Place] = {}
        self.warnings: list[str] = []

    def map_details(self, name: str, *, is_deprecated: bool) -> None:
        """Map all of them; `name` is that of the product."""
        self._map_title(name)
        links = [
            (place, map_link(entry))
            for where in list_link_places(self._tree)
            for place, entry in list_entries(self._tree, where)
        ]
        self._map_list("links", links)
        team = list_entries(self._tree, find_team_place(self._tree))
        self._map_list("contacts", [(place, map_contact(entry)) for place, entry in team])
        for place, entry in list_entries(self._tree, ("support",)):
            if channel := map_channel(entry):
                self._set("support", channel, place)
                break
        self._map_levels()
        self._map_terms()
        self._map_custom()
        self._map_deprecation(is_deprecated=is_deprecated)

    def _map_title(self, name: str) -> None:
        """Map the business name; else the name, if that of the product is not the same."""
        said = str(self._tree.get("name") or "").strip()
        candidates: list[tuple[Place, Any]] = []
        if self._object:
            place, found = self._object
            candidates.append(((*place, "businessName"), found.get("businessName")))
        if custom := find_custom(self._tree, TITLE):
            candidates.append((custom[0], custom[1]))
        if said != name and not self._is_part:
            candidates.append((("name",), said))
        for place, text in candidates:
            if title := cut_text(text, MAX_TITLE_LENGTH):
                self._set("title", title, place)
                return

    def _map_list(
        self, name: str, entries: Sequence[tuple[Place, dict[str, JsonValue] | None]]
    ) -> None:
        found = [(place, entry) for place, entry in entries if entry]
        known = [*{tuple(entry.items()): entry for _, entry in found}.values()]
        if len(known) > MAX_DETAILS:
            self.warnings.append(f"{name}: a product has {MAX_DETAILS} of the {len(known)}")
        if known:
            self._set(name, [*known[:MAX_DETAILS]], found[0][0][:-1])

    def _map_levels(self) -> None:
        levels = find_levels(self._tree, list_object_names(self._object))
        if not levels:
            return
        fields: dict[str, JsonValue] = {}
        for kind in LEVELS:
            if kind in levels:
                fields[kind] = levels[kind][1]
        for kind in LEVELS[:2]:
            if kind in levels and levels[kind][2]:
                fields.setdefault("element", levels[kind][2])
        self._set("sla", fields, ("slaProperties",))

    def _map_terms(self) -> None:
        if custom := find_custom(self._tree, TERMS):
            place, terms = custom[0], custom[1]
        else:
            where: Place = (*self._object[0], "synonyms") if self._object else ("synonyms",)
            place, found = where, (self._object[1].get("synonyms") if self._object else None)
            terms = [each.get("synonym") for each in found or () if isinstance(each, Mapping)]
        texts = [text for each in terms if (text := cut_text(each, MAX_TITLE_LENGTH))]
        if known := list(dict.fromkeys(texts)):
            if len(known) > MAX_DETAILS:
                self.warnings.append(
                    f"glossary_terms: a product has {MAX_DETAILS} of the {len(known)}"
                )
            self._set("glossary_terms", [*known[:MAX_DETAILS]], place)

    def _map_custom(self) -> None:
        fields, left = map_custom(self._tree)
        if left:
            self.warnings.append(f"custom: {left} of the custom properties are too large or deep")
        if fields:
            self._set("custom", fields, ("customProperties",))

    def _map_deprecation(self, *, is_deprecated: bool) -> None:
        fields: dict[str, JsonValue] = {}
        place: Place = ("slaProperties",)
        if custom := find_custom(self._tree, DEPRECATION):
            place = custom[0]
            fields = read_deprecation(custom[1])
        end = find_end(self._tree) if custom or is_deprecated else None
        if end and end[1] >= str(fields.get("since", "")):
            fields["sunset"] = end[1]
            place = place if custom else end[0]
        if fields:
            self._set("deprecation", fields, place)

    def _set(self, name: str, value: JsonValue, place: Place) -> None:
        self.fields[name], self.places[name] = value, place
