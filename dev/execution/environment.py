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
from typing import Any

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
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Take a started process with its output and the two ends of its connection."""
        self.stamp = stamp
        self._function = function
        self._process = process
        self._output = output
        self._reader = reader
        self._writer = writer
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
            reader, writer = await asyncio.open_connection(sock=ours)
            undo.pop_all()
        environment = cls(function, stamp, process, output, reader, writer)
        try:
            _read_result(await environment._receive())
        except BaseException:
            await environment.stop()
            raise
        environment._is_waiting = True
        return environment

    @property
    def is_usable(self) -> bool:
        """Tell whether it waits for an event: alive, and not left in the middle of another one."""
        return self._is_waiting and self._process.poll() is None and not self._reader.at_eof()

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
                await self._send(f'{json.dumps(head)[:-1]}, "event": {event}}}')
                message = await self._receive()
        except TimeoutError:
            raise FunctionError(f"timed out after {timeout:.2f} seconds") from None
        self._is_waiting = True
        return _read_result(message)

    async def stop(self) -> None:
        """End the process at once; it has nothing to lose, as on Lambda."""
        self._is_waiting = False
        _end_process(self._process, self._output)
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _send(self, message: str) -> None:
        payload = message.encode()
        self._writer.write(len(payload).to_bytes(runtime.LENGTH_BYTES) + payload)
        # A process that has gone is noticed by `_receive`.
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def _receive(self) -> dict[str, Any]:
        try:
            length = int.from_bytes(await self._reader.readexactly(runtime.LENGTH_BYTES))
            message: dict[str, Any] = json.loads(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise FunctionError("exited before it answered") from None
        return message


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
        stdin=subprocess.DEVNULL,
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
