"""The query of a request by strict rules: each parameter is known, and but for lists given once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_origin

from fastapi.dependencies.models import Dependant

from datamesh.errors.requests import RefusedParameters

MAX_REFUSED = 20
MAX_NAME_LENGTH = 200
"""How many parameters an answer refuses, and how much it shows of the name of each."""


@dataclass(frozen=True)
class QueryRules:
    """The parameters that the query of a route may have."""

    names: tuple[str, ...]
    """The parameters that the route declares, in alphabetical order."""
    takes_others: bool = False
    """True if the route reads parameters of any name, and checks them itself."""
    lists: frozenset[str] = frozenset()
    """Parameters that may be given several times."""

    def check_query(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Check the names of a query: `?limit=5&ofset=10` is refused for `ofset`.

        A parameter that is ignored would be worse than one refused: a misspelt filter finds, or
        removes, everything. Raises RefusedParameters with the first MAX_REFUSED problems.
        """
        given = [name for name, _ in pairs]
        if len(set(given)) == len(given) and set(given).issubset(self.names):
            return  # at once, as nearly always
        problems: dict[str, str] = {}
        for name, times in Counter(given).items():
            problem = self._find_problem(name, times)
            if problem and len(problems) < MAX_REFUSED:
                problems[name[:MAX_NAME_LENGTH] or "(no name)"] = problem
        if problems:
            raise RefusedParameters(problems)

    def _find_problem(self, name: str, times: int) -> str | None:
        if name in self.names:
            return (
                None
                if times == 1 or name in self.lists
                else f"must be given once, was given {times} times"
            )
        if self.takes_others:
            return None
        known = ", ".join(self.names) or "none"
        return f"is no parameter of this route, which takes {known}"


def read_query_rules(dependant: Dependant, documented: Iterable[Mapping[str, Any]]) -> QueryRules:
    """Return the rules of a route, from what FastAPI reads and what is documented beside that.

    A documented query parameter that is an object stands for parameters of any name.
    """
    takes_others = any(
        parameter["in"] == "query" and parameter["schema"].get("type") == "object"
        for parameter in documented
    )
    found = dict(_iterate_parameters(dependant))
    lists = frozenset(name for name, is_list in found.items() if is_list)
    return QueryRules(tuple(sorted(found)), takes_others, lists)


def _iterate_parameters(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """Yield the name of each parameter, and whether it is a list."""
    for parameter in dependant.query_params:
        yield parameter.alias, get_origin(parameter.field_info.annotation) is list
    for needed in dependant.dependencies:
        yield from _iterate_parameters(needed)
