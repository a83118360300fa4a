"""Routes whose paths hold names with slashes, and may end with one."""

from typing import Any

from starlette.routing import Match

from datamesh.http.app import MeshRoute
from datamesh.http.marquez.paths import PathReading, build_canonical_path
from datamesh.http.marquez.problems import MarquezProblem
from datamesh.models.read_access import ReadKind
from datamesh.services.access.read_access import can_read
from datamesh.services.marquez.index import open_index

CANONICAL_PATH = "marquez.path"
"""Where the path of a request is kept once its parts are told apart."""


class MarquezRoute(MeshRoute):
    """A route of Marquez' API: its path is matched once its parts are told apart."""

    problem = MarquezProblem

    def matches(self, scope: Any) -> tuple[Match, Any]:
        """Return whether the route matches a request, its method too. Raises StorageUnavailable.

        A method that a path does not have is answered 404, as API Gateway answers one.
        """
        path = scope.get(CANONICAL_PATH)
        if path is None:
            path = scope[CANONICAL_PATH] = build_canonical_path(
                scope["path"], lambda reading: _is_known(scope, reading)
            )
        match, child = super().matches({**scope, "path": path})
        return (Match.NONE, {}) if match is Match.PARTIAL else (match, child)


def _is_known(scope: Any, reading: PathReading) -> bool:
    context = scope["state"]["context"]
    if not can_read(context.permissions, ReadKind.CATALOG):
        return False  # its path is read the same, whatever is known
    index = open_index(context, scope["state"]["resources"].registry)
    namespace, kind, name, _ = reading
    if name is None:
        return namespace.encode(errors="surrogatepass") in index.namespaces
    find_node = index.find_dataset if kind == "datasets" else index.find_job
    return find_node(namespace, name) is not None
