"""The exact difference between two contents of a registry file, and its application.

Both are JSON, and nothing is known of it but that items of a list may have an `id`. A difference
names items by their places, not by their names: a redaction may change those.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

NOTHING = msgspec.Raw(b"")


class FieldDifference(msgspec.Struct, frozen=True, omit_defaults=True):
    """The change of one field. An item of an object is an object with that one member."""

    set: msgspec.Raw = NOTHING
    """The whole new value; then there is nothing else."""
    drop: bool = False
    """True if the field is gone."""
    remove: tuple[int, ...] = ()
    """The places of the items that are gone, in the old value, ascending."""
    replace: tuple[tuple[int, msgspec.Raw], ...] = ()
    """Places in the old value, and what is there now."""
    insert: tuple[tuple[int, msgspec.Raw], ...] = ()
    """Places in the new value, ascending, and what is there."""


type Difference = dict[str, FieldDifference]
"""Name of a field -> its change; a field that stays is left out."""


class _Identified(msgspec.Struct):
    id: str = ""


_IDENTIFIED = msgspec.json.Decoder(list[_Identified])
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass
class _Items:
    """A value that is an object or an array: its items in order."""

    is_object: bool
    keys: list[str] | None
    """The names of an object's members; None for an array."""
    values: list[msgspec.Raw]

    def get_item(self, place: int) -> msgspec.Raw:
        """Return an item as differences have it."""
        if self.keys is None:
            return self.values[place]
        return msgspec.Raw(b"{%b:%b}" % (msgspec.json.encode(self.keys[place]), self.values[place]))

    def list_parts(self) -> Sequence[object]:
        """Return what an item has to have to be the same: its name, if it has one, and value."""
        return self.values if self.keys is None else [*zip(self.keys, self.values, strict=True)]

    def cut_ends(self, start: int, end: int) -> "_Items":
        """Return the items without some at both ends."""
        chosen = slice(start, len(self.values) - end)
        keys = None if self.keys is None else self.keys[chosen]
        return _Items(self.is_object, keys, self.values[chosen])

    def write_parts(self) -> list[bytes | msgspec.Raw]:
        """Return the value as JSON, in parts: a value may have half of what memory has room for."""
        parts: list[bytes | msgspec.Raw] = []
        if self.keys is None:
            for value in self.values:
                parts += (b",", value)
            return [b"[", *parts[1:], b"]"]
        for key, value in zip(self.keys, self.values, strict=True):
            parts += (b",", msgspec.json.encode(key), b":", value)
        return [b"{", *parts[1:], b"}"]


class Content:
    """The content of a file, of which differences are taken and applied."""

    def __init__(self, fields: Mapping[str, msgspec.Raw]) -> None:
        self._raw: dict[str, msgspec.Raw] = dict(fields)
        self._items: dict[str, _Items] = {}
        """The values that have been taken apart; they count in place of the raw ones."""

    @classmethod
    def parse(cls, text: bytes) -> "Content":
        """Parse a JSON object. Raises ValueError on anything else."""
        if b"\n" in text or b"\r" in text:  # an entry of a segment is one line
            text = msgspec.json.format(text, indent=-1)
        return cls(_MEMBERS.decode(text))

    def get_field(self, name: str) -> bytes | None:
        """Return a field's JSON; None if there is no such field."""
        return self._encode_field(name) if name in self._raw else None

    def encode(self) -> bytes:
        """Return the content as JSON."""
        parts: list[bytes | msgspec.Raw] = []
        for name in self._raw:
            parts += (b",", msgspec.json.encode(name), b":", *self._write_parts(name))
        return b"".join([b"{", *parts[1:], b"}"])

    def subtract(self, older: "Content") -> Difference:
        """Return what has to be applied to the older content to get this one."""
        difference = {
            name: change for name, change in self._iterate_changes(older) if change is not None
        }
        dropped = {name: FieldDifference(drop=True) for name in older._raw if name not in self._raw}
        return difference | dropped

    def apply(self, difference: Difference) -> None:
        """Apply a difference to this content. Raises ValueError if it is of another content."""
        for name, change in difference.items():
            if change.drop:
                self._raw.pop(name, None)
                self._items.pop(name, None)
            elif bytes(change.set):
                self._raw[name] = change.set
                self._items.pop(name, None)
            else:
                _apply_change(self._take_apart(name), change)
                self._raw[name] = NOTHING  # its items count

    def _encode_field(self, name: str) -> bytes:
        return b"".join(self._write_parts(name))

    def _write_parts(self, name: str) -> list[bytes | msgspec.Raw]:
        items = self._items.get(name)
        return items.write_parts() if items else [self._raw[name]]

    def _iterate_changes(self, older: "Content") -> Iterator[tuple[str, FieldDifference | None]]:
        for name, value in self._raw.items():
            before = older._raw.get(name)
            if before is not None and before == value != NOTHING:
                continue
            yield name, self._compare_field(name, older)

    def _compare_field(self, name: str, older: "Content") -> FieldDifference | None:
        change = self._compare_parts(name, older)
        if change is None:
            return FieldDifference(set=msgspec.Raw(self._encode_field(name)))
        return None if change == FieldDifference() else change

    def _compare_parts(self, name: str, older: "Content") -> FieldDifference | None:
        """Return what has changed of a field's items; None if it is told by the whole alone."""
        if not (self._has_items(name) and name in older._raw and older._has_items(name)):
            return None
        old, new = older._take_apart(name), self._take_apart(name)
        if old.is_object != new.is_object:
            return None
        start, end = _find_changed(old, new)
        old_part, new_part = old.cut_ends(start, end), new.cut_ends(start, end)
        old_keys, new_keys = _list_keys(old_part), _list_keys(new_part)
        if old_keys is None or new_keys is None:
            return None
        return _compare_items(old_part, old_keys, new_part, new_keys, start)

    def _has_items(self, name: str) -> bool:
        return name in self._items or _is_container(self._raw[name])

    def _take_apart(self, name: str) -> _Items:
        """Return the items of a field. Raises ValueError if it has none."""
        items = self._items.get(name)
        if items is None:
            value = self._raw.get(name, NOTHING)
            if not _is_container(value):
                raise ValueError(f"{name} has no items")
            if _read_first(value) == b"{":
                members = _MEMBERS.decode(value)
                items = _Items(True, list(members), list(members.values()))
            else:
                items = _Items(False, None, _ELEMENTS.decode(value))
            self._items[name] = items
        return items


def _is_container(value: msgspec.Raw) -> bool:
    return _read_first(value) in (b"{", b"[")


def _read_first(value: msgspec.Raw) -> bytes:
    """Return the first byte, of what may be many megabytes."""
    return bytes(memoryview(value)[:1])


def _find_changed(old: _Items, new: _Items) -> tuple[int, int]:
    """Return how many items are the same at the beginning, and how many behind those at the end.

    Most commits change a few of many items, and to tell all of those apart takes time.
    """
    pairs = zip(old.list_parts(), new.list_parts(), strict=False)
    start = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
    shorter = min(len(old.values), len(new.values))
    start = shorter if start is None else start
    ends = zip(reversed(old.list_parts()), reversed(new.list_parts()), strict=False)
    end = next((place for place, (one, other) in enumerate(ends) if one != other), shorter)
    return start, min(end, shorter - start)


def _list_keys(items: _Items) -> Sequence[str | bytes] | None:
    """Return by what items are told apart; None if they cannot be."""
    if items.keys is not None:
        return items.keys
    texts = [bytes(each) for each in items.values]
    keys: Sequence[str | bytes] = texts
    if texts and texts[0][:1] == b"{":
        try:
            keys = [each.id for each in _IDENTIFIED.decode(b"[%b]" % b",".join(texts))]
        except msgspec.MsgspecError:
            keys = texts
        if not all(keys):
            keys = texts
    return keys if len({*keys}) == len(keys) else None


def _compare_items(
    old: _Items,
    old_keys: Sequence[str | bytes],
    new: _Items,
    new_keys: Sequence[str | bytes],
    start: int,
) -> FieldDifference | None:
    """Return the change of what begins at a place; None if items that stay have another order."""
    places = {key: place for place, key in enumerate(old_keys)}
    replaced: list[tuple[int, msgspec.Raw]] = []
    inserted: list[tuple[int, msgspec.Raw]] = []
    stays, last = 0, -1
    for place, key in enumerate(new_keys):
        before = places.get(key)
        if before is None:
            inserted.append((start + place, new.get_item(place)))
            continue
        if before < last:
            return None
        stays, last = stays + 1, before
        if old.values[before] != new.values[place]:
            replaced.append((start + before, new.get_item(place)))
    removed: tuple[int, ...] = ()
    if stays < len(old_keys):
        kept = {*new_keys}
        removed = tuple(start + place for place, key in enumerate(old_keys) if key not in kept)
    return FieldDifference(remove=removed, replace=tuple(replaced), insert=tuple(inserted))


def _apply_change(items: _Items, change: FieldDifference) -> None:
    """Change the items. Raises ValueError if there is no such place."""
    most = len(items.values)
    places = [*change.remove, *(place for place, _ in change.replace)]
    if places and max(places) >= most:
        raise ValueError("a difference is of another content")
    for place, item in change.replace:
        _put_item(items, place, item, is_new=False)
    for place in reversed(change.remove):
        del items.values[place]
        if items.keys is not None:
            del items.keys[place]
    for place, item in change.insert:
        if place > len(items.values):
            raise ValueError("a difference is of another content")
        _put_item(items, place, item, is_new=True)


def _put_item(items: _Items, place: int, item: msgspec.Raw, *, is_new: bool) -> None:
    key, value = "", item
    if items.keys is not None:
        [(key, value)] = _MEMBERS.decode(item).items()
    end = place if is_new else place + 1
    items.values[place:end] = [value]
    if items.keys is not None:
        items.keys[place:end] = [key]
