"""The process of an execution environment: one handler, which answers one event at a time.

Run as a plain script by `environment.py`, with nothing of the project on its path but the
function's folder and its layers. Its arguments: a socket's descriptor, the handler
(`app.handler`), and those folders. Messages on the socket are JSON behind their length in four
bytes. The standard input has nothing to read; its end is the end of the gateway.
"""

import importlib
import json
import marshal
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.machinery import FileFinder, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType
from typing import Any

type Handler = Callable[[Any, "InvocationContext"], object]

LENGTH_BYTES = 4
CHECKED_HASH = (0b11).to_bytes(4, "little")
"""The flags of bytecode that counts for one content of its source (PEP 552)."""
MAX_ANSWER_BYTES = 6 * 1024 * 1024


@dataclass(frozen=True)
class InvocationContext:
    """The second argument of a handler, with the attributes that it has on Lambda."""

    aws_request_id: str
    invoked_function_arn: str
    deadline: float
    function_name: str = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    function_version: str = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "")
    memory_limit_in_mb: str = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    log_group_name: str = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
    log_stream_name: str = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
    client_context: None = None
    identity: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation times out."""
        return max(0, int((self.deadline - time.monotonic()) * 1000))


class _ContentLoader(SourceFileLoader):
    """Takes the bytecode of the very source that stands there, and compiles it otherwise.

    Python takes bytecode for current if the source's size and its time in whole seconds still
    match, which would hide the second of two quick edits. To compile all took a quarter of a start.
    """

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of a module."""
        path = self.get_filename(fullname)
        source = self.get_data(path)
        head = MAGIC_NUMBER + CHECKED_HASH + source_hash(source)
        kept = cache_from_source(path)
        with suppress(OSError, ValueError, EOFError, TypeError):
            found = self.get_data(kept)
            if found.startswith(head):
                code: CodeType = marshal.loads(found[len(head) :])
                if code.co_filename == path:
                    return code
        code = self.source_to_code(source, path)
        self.set_data(kept, head + marshal.dumps(code))
        return code


def main(descriptor: int, handler_name: str, folders: list[str]) -> int:
    """Answer events until the connection ends; return 1 if there is no handler to answer them."""
    # A thread of its own, so that the end of the gateway also ends a handler that is busy.
    threading.Thread(target=_end_with_gateway, daemon=True).start()
    connection = socket.socket(fileno=descriptor)
    try:
        handler = _import_handler(handler_name, folders)
    except BaseException as error:
        traceback.print_exc()
        _send_message(connection, _encode_error(error))
        return 1
    _send_message(connection, json.dumps({"result": "ready"}).encode())
    stream = connection.makefile("rb")
    while len(header := stream.read(LENGTH_BYTES)) == LENGTH_BYTES:
        event = json.loads(stream.read(int.from_bytes(header)))
        _send_message(connection, _answer_event(handler, event))
    return 0


def _end_with_gateway() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(0)


def _import_handler(name: str, folders: list[str]) -> Handler:
    roots = tuple(os.path.realpath(folder) for folder in folders)
    find = FileFinder.path_hook((_ContentLoader, [".py"]))

    def find_loader(path: str) -> Any:
        real = os.path.realpath(path)
        if not any(real == root or real.startswith(root + os.sep) for root in roots):
            raise ImportError(path)
        return find(path)

    sys.path_hooks.insert(0, find_loader)
    sys.path[:0] = folders
    module, _, attribute = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), attribute)
    return handler


def _answer_event(handler: Handler, request: dict[str, Any]) -> bytes:
    context = InvocationContext(
        aws_request_id=request["id"],
        invoked_function_arn=request["arn"],
        deadline=time.monotonic() + request["timeout"],
    )
    try:
        # As Lambda's runtime writes it: letters beyond ASCII as they are.
        result = {"result": handler(request["event"], context)}
        answer = json.dumps(result, ensure_ascii=False).encode()
        if len(answer) > MAX_ANSWER_BYTES:
            raise ValueError(f"the answer is larger than {MAX_ANSWER_BYTES} bytes")
    except Exception as error:
        error_name = type(error).__name__
        print(f"[ERROR] {error_name} RequestId: {context.aws_request_id}", file=sys.stderr)
        traceback.print_exc()
        return _encode_error(error)
    return answer


def _encode_error(error: BaseException) -> bytes:
    described = {"errorType": type(error).__name__, "errorMessage": str(error)}
    return json.dumps({"error": described}).encode()


def _send_message(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(len(payload).to_bytes(LENGTH_BYTES) + payload)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
