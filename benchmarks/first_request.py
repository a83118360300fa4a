"""The process that `cold_start` times: import a function, answer one event, write the answer.

It imports nothing that the function would have to import itself, but for `json`, which Lambda's own
runtime has imported before it imports a function.
"""

import json
import sys
import time
from importlib import import_module


class Context:
    """The part of Lambda's context that is looked at."""

    function_name = function_version = "cold"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:cold"
    aws_request_id = "1"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


def main(folders: list[str], handler: str, event: object) -> None:
    sys.path[:0] = folders
    module, _, name = handler.rpartition(".")
    began = time.perf_counter()
    function = getattr(import_module(module), name)
    imported = time.perf_counter() - began
    answer = function(event, Context())
    print(json.dumps({"imported": imported * 1000, "answer": answer}), flush=True)


if __name__ == "__main__":
    main(*json.loads(sys.argv[1]))
