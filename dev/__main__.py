"""`make run`: the whole registry on this machine, with no Docker and no AWS account."""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from dev.banner import render_banner
from dev.example_mesh import ExampleMesh
from dev.execution.deployment import LocalDeployment
from dev.execution.schedule import run_schedule
from dev.execution.variables import build_environment
from dev.gateway.app import Gateway
from dev.log import LogError, show_log_on_terminal, write_log_file
from dev.old_files import OldFilesError, find_old_files
from dev.queue.poller import QueuePoller
from dev.queue.server import QueueServer, build_queue_url
from dev.queue.store import QueueStore
from dev.server import ListenError, exit_on_signals, open_listener, read_address, serve_gateway
from dev.settings import LocalSettings, SettingError, read_settings
from dev.stack import Api
from dev.startup import load_examples
from dev.storage import seaweed
from dev.storage.s3 import S3
from dev.storage.seaweed import SeaweedError
from dev.template.intrinsics import TemplateError
from dev.template.reader import read_api

ROOT = Path(__file__).resolve().parent.parent
BUCKET = "catalog"
BUCKET_RESOURCE = "CatalogBucket"
QUEUE_RESOURCES = ("EventQueue", "EventDeadLetters")
QUEUES = "queues.sqlite"


def main(arguments: Sequence[str]) -> int:
    """Serve the API until a signal ends it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dev", description=__doc__)
    parser.add_argument("--template", type=Path, default=ROOT / "template.yaml")
    path: Path = parser.parse_args(arguments).template.resolve()
    exit_on_signals()
    try:
        chosen = read_settings(os.environ)
        show_log_on_terminal(everything=chosen.show_log)
        return _run_api(chosen, path)
    except SettingError as error:
        return _report_failure(str(error), 2)
    except (ListenError, LogError, OldFilesError, SeaweedError, TemplateError) as error:
        return _report_failure(str(error), 1)


def _run_api(chosen: LocalSettings, path: Path) -> int:
    with (
        open_listener("127.0.0.1", 0) as queue_listener,
        open_listener(chosen.host, chosen.port) as listener,
    ):
        names = {each: build_queue_url(queue_listener, each) for each in QUEUE_RESOURCES}
        read = partial(read_api, path, chosen.parameters, {BUCKET_RESOURCE: BUCKET, **names})
        read()  # a broken template is better reported now than by the first request
        return _serve_api(chosen, path, read, listener, queue_listener)


def _serve_api(
    chosen: LocalSettings,
    path: Path,
    read: Callable[[], Api],
    listener: socket.socket,
    queue_listener: socket.socket,
) -> int:
    with (
        seaweed.run_server(chosen.data_dir, BUCKET) as s3,
        write_log_file(chosen.data_dir) as log,
        closing(QueueStore(chosen.data_dir / QUEUES)) as queues,
    ):
        examples = ExampleMesh(chosen.data_dir, s3)
        examples.prepare_bucket(chosen.examples)
        note = _take_over_old_files(chosen, s3, examples)
        variables = partial(build_environment, s3, chosen.api_key)
        deployment = LocalDeployment(path, read, variables)
        ending = threading.Event()
        _start_thread(partial(_end_with_storage, s3, ending))

        prepare = partial(load_examples, chosen, examples, ending) if examples.is_pending else None
        banner = render_banner(chosen, read_address(listener), s3, log, note)
        started = partial(_finish_start, banner, deployment)
        try:
            server = QueueServer(queues, queue_listener)
            poller = QueuePoller(deployment, queues, server)
            gateway = Gateway(deployment, poller.wait_for_sent)
            run_queues = partial(_run_queues, server, poller)
            serve_gateway(gateway, listener, prepare, started, run_queues)
        except SystemExit:
            if s3.process.poll() is not None:
                raise SeaweedError(f"the embedded S3 server has ended; see {s3.log}") from None
            raise
        finally:
            ending.set()
    return 0


async def _run_queues(server: QueueServer, poller: QueuePoller) -> None:
    """Take messages, and deliver them, until it is cancelled."""
    await asyncio.gather(server.serve(), poller.run())


def _take_over_old_files(chosen: LocalSettings, s3: S3, examples: ExampleMesh) -> str:
    """Take over files of an older registry, and return what is to be said of them."""
    files = find_old_files(chosen.data_dir)
    if files is None:
        return ""
    done = files.take_over(s3)
    if done.is_imported:
        examples.cancel_load()
    return done.text


def _finish_start(banner: str, deployment: LocalDeployment) -> None:
    """Print the banner, and begin the schedule on the server's loop."""
    print(banner, flush=True)
    # What still runs at the end is cancelled with the loop.
    asyncio.run_coroutine_threadsafe(run_schedule(deployment), asyncio.get_running_loop())


def _end_with_storage(s3: S3, ending: threading.Event) -> None:
    """End the API when its storage has ended, without which it is of no use."""
    s3.process.wait()
    if not ending.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _start_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _report_failure(reason: str, code: int) -> int:
    print(reason, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
