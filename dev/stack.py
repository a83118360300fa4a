"""What the local API serves: functions, routes, authorizers and CORS."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path


@dataclass(frozen=True)
class Function:
    """`timeout` is in seconds, `memory` in MB; `actions` are those that its policies allow."""

    name: str
    code: Path
    layers: tuple[Path, ...]
    handler: str
    timeout: float
    memory: int
    environment: Mapping[str, str]
    actions: frozenset[str]

    def allows(self, action: str) -> bool:
        # IAM compares actions without case.
        return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in self.actions)


@dataclass(frozen=True)
class Authorizer:
    """`function` is a function's name, `header` lower-case, `ttl` the cache time in seconds."""

    name: str
    function: str
    header: str
    ttl: int


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    function: str
    authorizer: Authorizer | None = None

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Cors:
    origins: tuple[str, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age: int | None = None


@dataclass(frozen=True)
class Api:
    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    cors: Cors | None = None
    authorizers: tuple[Authorizer, ...] = ()
    scheduled: tuple[str, ...] = ()
    """Functions that EventBridge invokes."""
