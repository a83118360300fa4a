"""The example mesh, with which a start fills a new bucket."""

import threading
import traceback

from dev.example_mesh import ExampleMesh
from dev.settings import LocalSettings


def load_examples(
    chosen: LocalSettings, examples: ExampleMesh, ending: threading.Event, url: str
) -> None:
    """Fill a new bucket through the API, which must be answering at `url`.

    A failure to fill it is printed, and the next start tries again.
    """
    if not (chosen.examples and examples.is_pending):
        return
    print("Filling the new bucket with the example mesh ...", flush=True)
    try:
        # It reads a large data set, which only a first start should pay for.
        from examples import mesh

        examples.load(mesh.load, url, chosen.api_key)
    except Exception:
        if ending.wait(1):  # the server that it calls is being stopped
            return
        traceback.print_exc()
        print("The example mesh is incomplete. The next start tries it again.", flush=True)
