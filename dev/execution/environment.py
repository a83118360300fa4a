"""An execution environment: a process of one function that answers one event at a time."""

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, cast

from dev.execution import runtime
from dev.execution.output import OutputReader
from dev.stack import Function
from dev.storage.s3 import NO_ACCOUNT

type Process = subprocess.Popen[bytes]
type Output = tuple[OutputReader, OutputReader]
"""Readers of the standard output, and of standard error, whose lines count as warnings."""

ARN_PREFIX = "arn:aws:lambda:us-east-1:123456789012:function:"


class FunctionError(Exception):
    """The function gave no result: it raised, crashed, timed out or cannot be imported."""


class ExecutionEnvironment:
    """A process of one function; `stamp` says what its sources were when it was started."""

    def __init__(
        self,
        function: Function,
        stamp: str,
        process: Process,
        output: Output,
        connection: "_Connection",
    ) -> None:
        """Take a started process with its output and the connection to it."""
        self.stamp = stamp
        self._function = function
        self._process = process
        self._output = output
        self._connection = connection
        self._is_waiting = False

    @classmethod
    async def start(
        cls, function: Function, variables: Mapping[str, str], stamp: str
    ) -> "ExecutionEnvironment":
        """Start the process and wait until it has imported the handler.

        Raises:
            FunctionError: One of the two cannot be done.
        """
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            with theirs:
                try:
                    process = _spawn_process(function, variables, theirs.fileno())
                except OSError as error:
                    raise FunctionError(f"cannot be started: {error}") from None
            output = _read_output(process)
            undo.callback(_end_process, process, output)
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, sock=ours)
            undo.pop_all()
        environment = cls(function, stamp, process, output, connection)
        try:
            _read_result(await connection.receive())
        except BaseException:
            await environment.stop()
            raise
        environment._is_waiting = True
        return environment

    @property
    def is_usable(self) -> bool:
        """Tell whether it waits for an event: alive, and not left in the middle of another one."""
        return self._is_waiting and self._process.poll() is None and not self._connection.is_lost

    async def invoke(self, event: str, request_id: str) -> object:
        """Return the handler's result for a JSON event.

        Raises:
            FunctionError: The function gave no result.
        """
        timeout = self._function.timeout
        head = {"id": request_id, "arn": ARN_PREFIX + self._function.name, "timeout": timeout}
        self._is_waiting = False
        try:
            async with asyncio.timeout(timeout):
                self._connection.send(f'{json.dumps(head)[:-1]}, "event": {event}}}')
                message = await self._connection.receive()
        except TimeoutError:
            raise FunctionError(f"timed out after {timeout:.2f} seconds") from None
        self._is_waiting = True
        return _read_result(message)

    async def stop(self) -> None:
        """End the process at once; it has nothing to lose, as on Lambda."""
        self._is_waiting = False
        _end_process(self._process, self._output)
        await self._connection.close()


class _Connection(asyncio.Protocol):
    """The gateway's end: messages of JSON behind their length, one at a time each way.

    A pair of asyncio's streams takes half as much time again for each message.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._lost = asyncio.get_running_loop().create_future()

    @property
    def is_lost(self) -> bool:
        return self._lost.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._is_complete():
            self._end_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost.set_result(None)
        self._end_wait()

    def send(self, message: str) -> None:
        """Send a message. That the process has gone is noticed by `receive`."""
        payload = message.encode()
        self._transport.write(len(payload).to_bytes(runtime.LENGTH_BYTES) + payload)

    async def receive(self) -> dict[str, Any]:
        """Return the next message. Raises FunctionError if none will come."""
        if not self._is_complete() and not self.is_lost:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if not self._is_complete():
            raise FunctionError("exited before it answered")
        message: dict[str, Any] = json.loads(self._buffer[runtime.LENGTH_BYTES :])
        self._buffer.clear()
        return message

    async def close(self) -> None:
        self._transport.close()
        await self._lost

    def _is_complete(self) -> bool:
        length = int.from_bytes(self._buffer[: runtime.LENGTH_BYTES])
        return len(self._buffer) >= runtime.LENGTH_BYTES + length > runtime.LENGTH_BYTES

    def _end_wait(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)


def _read_result(message: dict[str, Any]) -> object:
    if error := message.get("error"):  # the process has printed the trace
        raise FunctionError(f"{error['errorType']}: {error['errorMessage']}")
    return message["result"]


def _spawn_process(function: Function, variables: Mapping[str, str], descriptor: int) -> Process:
    folders = [str(function.code), *(str(layer) for layer in function.layers)]
    # Not asyncio's own: that one leaks the process if it is cancelled meanwhile.
    return subprocess.Popen(
        [
            sys.executable,
            "-P",  # not the folder of the script, but the function's, is first on its path
            "-u",  # its prints are log lines
            runtime.__file__,
            str(descriptor),
            function.handler,
            *folders,
        ],
        cwd=function.code,
        env={**_build_lambda_variables(function), **variables},
        pass_fds=[descriptor],
        # It ends when this end of it does, even in the middle of an event.
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Ctrl-C in a terminal reaches the whole group; the gateway decides when this ends.
        start_new_session=True,
    )


def _read_output(process: Process) -> Output:
    assert process.stdout
    assert process.stderr
    return (
        OutputReader(process.stdout, logging.INFO),
        OutputReader(process.stderr, logging.WARNING),
    )


def _end_process(process: Process, output: Output) -> None:
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()
    for reader in output:
        reader.close()


def _build_lambda_variables(function: Function) -> dict[str, str]:
    """Return what Lambda sets; of the developer's own environment nothing but the search path."""
    return {
        **NO_ACCOUNT,
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONUTF8": "1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "LAMBDA_TASK_ROOT": str(function.code),
        "_HANDLER": function.handler,
        # CloudWatch is not here to read them, and they would drown the log.
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
