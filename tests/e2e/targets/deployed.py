"""The stack, created on MiniStack with IAM enforced, as `sam deploy` would create it on AWS."""

import contextlib
from collections.abc import Iterator

from examples import mesh
from tests.deploy import ministack
from tests.deploy.stack import Stack
from tests.e2e.api import Api


@contextlib.contextmanager
def running() -> Iterator[Api]:
    """Yield an API with the example mesh, from the folder that `sam build` has filled."""
    with ministack.running() as emulator:
        stack = Stack(emulator, "end-to-end")
        stack.create(AnalyticsSchedule="rate(1 minute)")
        mesh.load(stack.url, stack.key, emulator.client("s3"), stack.bucket)
        yield Api(stack.url, stack.key)
