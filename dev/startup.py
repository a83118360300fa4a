"""The end of a start: the example mesh, then the banner."""

import threading
import traceback
from pathlib import Path

from dev.banner import render_banner
from dev.example_mesh import ExampleMesh
from dev.server import Address
from dev.settings import LocalSettings


def finish_start(
    chosen: LocalSettings,
    address: Address,
    examples: ExampleMesh,
    ending: threading.Event,
    log: Path | None = None,
    note: str = "",
) -> None:
    """Fill a new bucket through the API, which must be answering, and print the banner.

    A failure to fill it is printed, and the next start tries again.
    """
    if chosen.examples and examples.is_pending:
        print("Filling the new bucket with the example mesh ...", flush=True)
        try:
            # It reads a large data set, which only a first start should pay for.
            from examples import mesh

            examples.load(mesh.load, address.url, chosen.api_key)
        except Exception:
            if ending.wait(1):  # the server that it calls is being stopped
                return
            traceback.print_exc()
            print("The example mesh is incomplete. The next start tries it again.", flush=True)
    print(render_banner(chosen, address, examples.s3, log, note), flush=True)
