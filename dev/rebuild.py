"""`make rebuild-lineage`: derive all lineage anew from the events that were kept.

python -m dev.rebuild STACK      invokes the stack's function until it is done
python -m dev.rebuild local      the same work on the folder of a local run
"""

import json
import os
import sys
from collections.abc import Callable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from datamesh.aws.observability import Observer
from datamesh.errors.base import MeshError
from datamesh.services.openlineage.rebuild import rebuild_derived_lineage
from datamesh.settings import load_settings
from datamesh.wiring.composition import create_resources
from dev.operator_context import open_audited_context
from dev.settings import PARAMETERS, SettingError, read_settings
from dev.storage import shared_server
from dev.storage.seaweed import SeaweedError

COMMAND = "rebuild-lineage"
FUNCTION = "OpenLineageRebuildFunction"
SECONDS = 900
"""The function's own time-out; nobody else waits for the answer."""
LOCAL_SECONDS = 24 * 60 * 60.0

type Result = dict[str, int]


def repeat_until_finished(once: Callable[[], Result]) -> Result:
    """Return the last result of `once`, which is called until it says that it is finished.

    A call that ran out of time has kept what it read, and the next goes on from there.
    """
    while not (result := once())["finished"]:
        print(f"{result['events']} events read; going on.", flush=True)
    return result


def rebuild_stack(stack: str) -> Result:
    """Invoke the function of a stack until its lineage is rebuilt; exits with the reason if not."""
    config = Config(read_timeout=SECONDS + 10, retries={"total_max_attempts": 1})
    try:
        found = boto3.client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=FUNCTION
        )
        name = found["StackResourceDetail"]["PhysicalResourceId"]
        client = boto3.client("lambda", config=config)
        return repeat_until_finished(lambda: _invoke_function(client, name))
    except (ClientError, BotoCoreError) as error:
        raise SystemExit(f"{stack}: the lineage was not rebuilt: {error}") from error


def _invoke_function(client: "boto3.client", name: str) -> Result:  # type: ignore[valid-type]
    answer = client.invoke(  # type: ignore[attr-defined]
        FunctionName=name, Qualifier="live", Payload=b'{"task": "rebuild-lineage"}'
    )
    result = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise SystemExit(f"{name}: the lineage was not rebuilt: {result.get('errorMessage')}")
    found: Result = result
    return found


def rebuild_local() -> Result:
    """Rebuild the lineage of a local run, with what the environment sets for `make run`."""
    chosen = read_settings(os.environ)
    variables = {PARAMETERS[name][0]: text for name, text in chosen.parameters.items()}
    with shared_server.open_server(chosen.data_dir) as s3:
        os.environ.update(s3.build_environment(s3.writer))
        configured = load_settings({**variables, "CATALOG_BUCKET": s3.bucket})
        over = create_resources(configured, Observer(configured.log_level))
        pipeline = over.open_event_pipeline()
        with open_audited_context(
            over.open_trail, COMMAND, "lineage.json", LOCAL_SECONDS
        ) as context:
            return rebuild_derived_lineage(context, over.registry, pipeline, lambda: True)


def main(arguments: list[str]) -> None:
    """Rebuild the lineage of the named stack, or of a local run, and print what it holds now."""
    try:
        match arguments:
            case ["local"]:
                result = rebuild_local()
            case [stack]:
                result = rebuild_stack(stack)
            case _:
                raise SystemExit("usage: STACK | local")
    except (MeshError, SeaweedError, SettingError) as error:
        raise SystemExit(f"The lineage was not rebuilt: {error}") from error
    if result.get("may_remove", 1):
        print(f"{result['events']} events make {result['derived_entries']} lineage entries.")
    else:
        print(
            f"{result['events']} events were read; {result['derived_entries']} derived entries are"
            " there. None was removed: events expire (EventRetentionDays), and one that is gone"
            " may have told it."
        )


if __name__ == "__main__":
    main(sys.argv[1:])
