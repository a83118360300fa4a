"""Lineage and its graph."""

from datamesh.errors.base import MeshError


class UnknownLineageEnds(MeshError):
    """A lineage entry names products that are not registered."""

    def __init__(self, names: list[str], hint: str = "") -> None:
        quoted = ", ".join(f"'{name}'" for name in names)
        super().__init__(f"Lineage names unknown products: {quoted}{hint}")


class LineageNotFound(MeshError):
    """No visible entry leads from the source to the target."""

    def __init__(self, source: str, target: str) -> None:
        super().__init__(f"There is no such lineage '{source}' -> '{target}'")


class NodeNotFound(MeshError):
    """The lineage graph has no such node or namespace."""

    def __init__(self, kind: str, name: str, namespace: str | None = None) -> None:
        where = "" if namespace is None else f" in the namespace '{namespace}'"
        super().__init__(f"There is no {kind} '{name}'{where}")
