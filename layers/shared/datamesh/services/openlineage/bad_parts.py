"""Bad parts of good events: each is left out of what is read, and the rest says what it says.

Clients send datasets without a name, facets that are no objects, and more that the specification
does not allow, or other servers do not take. The event is kept as it came, so that a rebuild leaves
out the same.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from datamesh.models.openlineage import EVENT_TYPES
from datamesh.models.products import MAX_DATASET_NAME_LENGTH
from datamesh.services.openlineage.facet_shapes import SHAPES, strip_facet

ENTITIES = ("run", "job", "dataset")
ROLES = ("inputs", "outputs")
FACETS = ("facets", "inputFacets", "outputFacets")
LEAP_SECOND = re.compile(r"(?<=[Tt]\d\d:\d\d:)60")


@dataclass
class EventCleaner:
    """Copies an event without its bad parts, and lists where they stand."""

    skipped: list[str] = field(default_factory=list)
    """The places of the bad parts, such as `outputs.1`, in the order of the event. Facets are named
    that the specification names, and no others."""

    def remove_bad_parts(self, raw: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the event without its bad parts; what it cannot do without stays as it is."""
        event = dict(raw)
        for name in ENTITIES:
            if isinstance(entity := event.get(name), dict):
                event[name] = self._remove_bad_facets(entity, name)
        for role in ROLES:
            if event.get(role) is not None:
                event[role] = self._select_datasets(event[role], role)
        if event.get("eventType") is not None:
            event["eventType"] = self._parse_type(event["eventType"])
        if isinstance(time := event.get("eventTime"), str):
            event["eventTime"] = LEAP_SECOND.sub("59", time, count=1)
        return event

    def _select_datasets(self, value: JsonValue, role: str) -> list[JsonValue]:
        if not isinstance(value, list):
            self.skipped.append(role)
            return []
        kept: list[JsonValue] = []
        for place, each in enumerate(value):
            if isinstance(each, dict) and _is_name(each.get("namespace"), each.get("name")):
                kept.append(self._remove_bad_facets(each, f"{role}.{place}"))
            else:
                self.skipped.append(f"{role}.{place}")
        return kept

    def _remove_bad_facets(self, entity: dict[str, JsonValue], where: str) -> dict[str, JsonValue]:
        """Return the entity without what should hold facets and is no object, or is bad in one.

        A facet that is no object stays, for it is read as saying nothing; it is listed all the
        same, unless it is null.
        """
        cleaned = dict(entity)
        for name in FACETS:
            if (facets := entity.get(name)) is None:
                continue
            if not isinstance(facets, dict):
                del cleaned[name]
                self.skipped.append(f"{where}.{name}")
                continue
            if any(each is not None and not isinstance(each, dict) for each in facets.values()):
                self.skipped.append(f"{where}.{name}")
            cleaned[name] = self._strip_facets(facets, f"{where}.{name}")
        return cleaned

    def _strip_facets(self, facets: dict[str, JsonValue], where: str) -> dict[str, JsonValue]:
        """Return facets without parts of another shape than the specification has."""
        stripped = {}
        for name, facet in facets.items():
            if name in SHAPES and isinstance(facet, dict):
                facet, skipped = strip_facet(name, facet)
                self.skipped += [f"{where}.{name}.{part}" for part in skipped]
            stripped[name] = facet
        return stripped

    def _parse_type(self, value: JsonValue) -> JsonValue:
        kind = value.upper() if isinstance(value, str) else None
        if kind not in EVENT_TYPES:
            self.skipped.append("eventType")
            return None
        return kind


def _is_name(*parts: JsonValue) -> bool:
    """Tell whether each part is text that is not blank, and not too long for a name."""
    return all(
        isinstance(part, str) and part.strip() and len(part) <= MAX_DATASET_NAME_LENGTH
        for part in parts
    )
