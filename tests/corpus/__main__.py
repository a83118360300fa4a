"""`python -m tests.corpus FOLDER` compares the data files of the packages in a folder.

It writes the results to docs/corpus.md, and ends with 1 if any file is served as something else
than it holds. With `--every 10` it takes every tenth file. With names of packages it takes theirs
alone, and writes no page.
"""

import argparse
import sys
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path

from fastapi import FastAPI

from tests.corpus.expected import WAYS
from tests.corpus.files import CorpusFile, list_files
from tests.corpus.reading import Refused, Wrong, compare, open_client
from tests.corpus.report import Outcome, write_report
from tests.lambdas import Client

PAGE = Path("docs/corpus.md")


@cache
def open_process_client() -> tuple[Client, FastAPI]:
    warnings.simplefilter("ignore")  # pandas', of files of mixed types
    return open_client()


def judge(file: CorpusFile) -> list[Outcome]:
    """Return what became of a file, read in each way."""
    client, app = open_process_client()
    found = []
    for way, read in WAYS.items():
        cells, result, reason = 0, "equal", ""
        try:
            expected = read(file)
        except ValueError as error:
            found.append(Outcome(file.source, way, "unread", 0, str(error)))
            continue
        try:
            cells = compare(client, app, expected)
        except Refused as error:
            result, reason = "refused", str(error)
        except Wrong as error:
            result, reason = "differs", str(error)
        except Exception:
            result, reason = "differs", traceback.format_exc()
        found.append(Outcome(file.source, way, result, cells, reason))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.corpus")
    parser.add_argument("folder", type=Path)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    files = islice(list_files(options.folder, set(options.packages)), 0, None, options.every)
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor() as pool:
        for found in pool.map(judge, files):
            outcomes += found
            for outcome in found:
                if outcome.reason:
                    print(*outcome.source, outcome.way, outcome.result, outcome.reason, flush=True)
    text = write_report(outcomes, options.every)
    print(text)
    if not options.packages:
        PAGE.write_text(text)
    sys.exit(any(outcome.result == "differs" for outcome in outcomes))


if __name__ == "__main__":
    main()
