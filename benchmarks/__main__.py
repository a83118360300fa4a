"""`python -m benchmarks` runs all and writes the results; with names of modules: shows theirs."""

import sys

from benchmarks.modules import MODULES, run
from benchmarks.results import results, save, table


def main(chosen: list[str]) -> None:
    if unknown := set(chosen) - set(MODULES):
        sys.exit(f"no benchmark: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    sections = {}
    for module in chosen or MODULES:
        print(f"{MODULES[module]} ...", file=sys.stderr)
        sections[MODULES[module]] = run(module)
    found = results(sections)
    print(table(found))
    if not chosen:
        save(found)


if __name__ == "__main__":
    main(sys.argv[1:])
