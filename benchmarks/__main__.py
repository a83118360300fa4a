"""`python -m benchmarks` runs all and writes the results; with names of modules: shows theirs.

`--save` before names writes theirs in the place of earlier ones, which the tables then date.
"""

import sys

from benchmarks.modules import MODULES, run
from benchmarks.results import merge_sections, read_results, results, save, table

SAVE = "--save"


def main(arguments: list[str]) -> None:
    chosen = [each for each in arguments if each != SAVE]
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
    elif SAVE in arguments:
        save(merge_sections(read_results(), found))


if __name__ == "__main__":
    main(sys.argv[1:])
