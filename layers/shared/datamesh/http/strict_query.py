"""The query of a request by strict rules: each parameter is known, and but for lists given once.

Whole numbers are digits: pydantic would read `1_0` as 10, and `1.0` as 1.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from pydantic import WrapValidator
from pydantic.fields import FieldInfo

from datamesh.errors.requests import RefusedParameters

WHOLE_NUMBER = re.compile(r"-?[0-9]+")
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
    integers: frozenset[str] = frozenset()
    """Parameters that are whole numbers."""

    def check_query(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Check a query: `?limit=5&ofset=10` is refused for `ofset`, and `?limit=1_0` for `limit`.

        A parameter that is ignored would be worse than one refused: a misspelt filter finds, or
        removes, everything. Raises RefusedParameters with the first MAX_REFUSED problems.
        """
        pairs = [*pairs]
        given = [name for name, _ in pairs]
        problems = {
            name: f"must be a whole number, got {value[:MAX_NAME_LENGTH]!r}"
            for name, value in pairs
            if name in self.integers and not WHOLE_NUMBER.fullmatch(value)
        }
        if not problems and len(set(given)) == len(given) and set(given).issubset(self.names):
            return  # at once, as nearly always
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
    lists = frozenset(name for name, each in found.items() if get_origin(each.annotation) is list)
    integers = frozenset(name for name, each in found.items() if _is_whole_number(each))
    return QueryRules(tuple(sorted(found)), takes_others, lists, integers)


def _is_whole_number(field: FieldInfo) -> bool:
    """Tell whether a parameter is a whole number; one that has other words reads them itself."""
    has_words = any(isinstance(each, WrapValidator) for each in field.metadata)
    return int in (field.annotation, *get_args(field.annotation)) and not has_words


def _iterate_parameters(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    """Yield the name of each parameter, and what is declared of it."""
    for parameter in dependant.query_params:
        yield parameter.alias, parameter.field_info
    for needed in dependant.dependencies:
        yield from _iterate_parameters(needed)
