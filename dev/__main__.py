"""`make run`: the whole registry on this machine, with no Docker and no AWS account."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dev import settings, template
from dev.example_mesh import FirstFill
from dev.execution import schedule
from dev.execution.deployment import Deployment
from dev.execution.variables import NOT_HERE, local_variables
from dev.gateway.app import Gateway
from dev.log import LogError, log_to_file, show_on_terminal
from dev.ready import get_ready
from dev.server import ListenError, exit_on_signals, listen, read_address, serve
from dev.settings import SettingError, Settings
from dev.stack import Api, Function
from dev.storage import seaweed
from dev.storage.s3 import S3
from dev.storage.seaweed import SeaweedError
from dev.template import TemplateError

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "catalog"
BUCKET_RESOURCE = "CatalogBucket"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    parser.add_argument("--template", type=Path, default=ROOT / "template.yaml")
    path: Path = parser.parse_args(arguments).template.resolve()
    exit_on_signals()
    try:
        chosen = settings.read(os.environ)
        show_on_terminal(everything=chosen.show_log)
        return _run(chosen, path)
    except SettingError as error:
        return _fail(str(error), 2)
    except (ListenError, LogError, SeaweedError, TemplateError) as error:
        return _fail(str(error), 1)


def _run(chosen: Settings, path: Path) -> int:
    read = partial(template.read, path, chosen.parameters, {BUCKET_RESOURCE: BUCKET})
    read()  # a broken template is better told now than by the first request
    with (
        listen(chosen.host, chosen.port) as listener,
        seaweed.running(chosen.data_dir, BUCKET) as s3,
        log_to_file(chosen.data_dir) as log,
    ):
        fill = FirstFill(chosen.data_dir, s3)
        fill.prepare(chosen.examples)
        deployment = Deployment(path, read, partial(_environment, s3, chosen.api_key))
        ending = threading.Event()
        _in_background(partial(_watch, s3, ending))

        def started() -> None:
            loop = asyncio.get_running_loop()

            def get_on() -> None:
                get_ready(chosen, read_address(listener), fill, ending, log)
                if not ending.is_set():
                    # On the server's loop: what still runs at the end is cancelled with it.
                    asyncio.run_coroutine_threadsafe(schedule.run(deployment), loop)

            _in_background(get_on)

        try:
            serve(Gateway(deployment), listener, started)
        except SystemExit:
            if s3.process.poll() is not None:
                raise SeaweedError(f"the embedded S3 server has ended; see {s3.log}") from None
            raise
        finally:
            ending.set()
    return 0


def _environment(s3: S3, api_key: str, api: Api, function: Function) -> dict[str, str]:
    declared = {k: v for k, v in function.environment.items() if k not in NOT_HERE}
    return declared | local_variables(s3, api_key, api, function)


def _watch(s3: S3, ending: threading.Event) -> None:
    """Without its storage the API is of no use and ends too."""
    s3.process.wait()
    if not ending.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _in_background(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _fail(reason: str, code: int) -> int:
    print(reason, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
