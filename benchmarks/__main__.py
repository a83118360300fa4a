"""`python -m benchmarks` runs all and writes the results; `python -m benchmarks walk` shows some.

Each module in a process of its own: what one has in memory would slow the collector of the next.
"""

import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context

from benchmarks.measure import Row
from benchmarks.results import results, save, table

MODULES: Mapping[str, str] = {}
"""Module with `rows()` -> the title of its section in the table."""


def rows_of(module: str) -> list[Row]:
    found: list[Row] = import_module(f"benchmarks.{module}").rows()
    return found


def main(chosen: list[str]) -> None:
    if unknown := set(chosen) - set(MODULES):
        sys.exit(f"no benchmark: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    sections = {}
    for module in chosen or MODULES:
        print(f"{MODULES[module]} ...", file=sys.stderr)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            sections[MODULES[module]] = process.submit(rows_of, module).result()
    found = results(sections)
    print(table(found))
    if not chosen:
        save(found)


if __name__ == "__main__":
    main(sys.argv[1:])
