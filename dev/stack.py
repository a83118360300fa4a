"""The content of the local API: functions, routes, authorizers and CORS."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """A Lambda function: `timeout` in seconds, `memory` in MB.

    `grants` are pairs of an action that policies allow and the resource that they allow it on.
    """

    name: str
    code: Path
    layers: tuple[Path, ...]
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]
    grants: frozenset[tuple[str, str]]

    def can_perform(self, action: str) -> bool:
        """Tell whether its policies allow an action such as `s3:PutObject`."""
        return bool(self.list_resources(action))

    def list_resources(self, action: str) -> list[str]:
        """Return the resources, or patterns of them, on which its policies allow an action."""
        # IAM compares actions without case.
        return [
            resource
            for pattern, resource in self.grants
            if fnmatchcase(action.lower(), pattern.lower())
        ]


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer: its function's name, and the cache time in seconds.

    A request without `header`, in lower case, is refused before the function is asked; None if it
    is asked of every request.
    """

    name: str
    function: str
    header: str | None
    ttl: int


@dataclass(frozen=True)
class Route:
    """An endpoint of the HTTP API and the name of the function that answers it."""

    method: str
    path: str
    function: str
    authorizer: Authorizer | None = None

    @property
    def key(self) -> str:
        """The route as events name it: `GET /products`."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Cors:
    """The rules for what browsers may do from other origins; `max_age` is in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True)
class QueueSource:
    """A queue whose messages a function takes: `batch_size` of them at most at a time.

    A message that is not dealt with after `max_receives` deliveries goes to `dead_letters`;
    `timeout` is the function's, in seconds.
    """

    function: str
    queue: str
    dead_letters: str
    batch_size: int
    max_receives: int
    timeout: float


@dataclass(frozen=True)
class Api:
    """Everything that the local API serves."""

    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    cors: Cors | None = None
    authorizers: tuple[Authorizer, ...] = ()
    scheduled: tuple[str, ...] = ()
    """Functions that EventBridge invokes."""
    queues: tuple[QueueSource, ...] = ()
