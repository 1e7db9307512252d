"""Messages between the scanner and its workers, over a socket pair.

A message is four bytes of length, big endian, and a JSON object whose ``type`` says what it is::

    scanner -> worker   job     id, limits, name; the file's open descriptor comes along with the
                                length; size, for a remote file that is fetched bit by bit
                        there   ranges of [start, end]: the descriptor has these now
                        missing code, text: it cannot have it
    worker -> scanner   ready   facts_version, or failed with a text
                        read    job, ranges of [offset, count]: these of the remote file are needed
                        facts   job, facts, and with the last batch: last, bytes_read,
                                spent (this process ends now)
                        failed  job, text: the bytes could not be read

The scanner believes nothing a worker says: sizes are bounded here, contents are checked by whoever
receives them.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from weighbridge.errors import WorkerError

REQUEST_BYTES = 64 << 10
ANSWER_BYTES = 64 << 20
"""Bound of one answer, all its batches together."""
BATCH_BYTES = 1 << 20
"""A worker begins a new batch after this, so that no side holds much JSON at once."""

_LENGTH = struct.Struct(">I")


def frame(message: Mapping[str, object]) -> bytes:
    """Return the bytes that carry `message`."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    return _LENGTH.pack(len(body)) + body


def parse(body: bytes) -> dict[str, Any]:
    """Return the message in `body`.

    Raises:
        WorkerError: it is none.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise WorkerError("the worker's answer is no JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise WorkerError("the worker's answer is no message")
    return message


def send(
    connection: socket.socket, message: Mapping[str, object], descriptors: Sequence[int] = ()
) -> None:
    """Send `message` and, with its first bytes, `descriptors`."""
    data = frame(message)
    sent = socket.send_fds(connection, [data], descriptors) if descriptors else 0
    connection.sendall(data[sent:])


def receive_job(connection: socket.socket) -> tuple[dict[str, Any], int] | None:
    """Return the next request and the descriptor that came with it, None at the end.

    This is the worker's side, which trusts the scanner and may block.
    """
    header, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 1)
    if not header:
        return None
    header += _exactly(connection, _LENGTH.size - len(header))
    (length,) = _LENGTH.unpack(header)
    if length > REQUEST_BYTES or len(descriptors) != 1:
        raise WorkerError("the request breaks the protocol")
    return parse(_exactly(connection, length)), descriptors[0]


def receive(connection: socket.socket) -> dict[str, Any]:
    """Return the scanner's next message, which has to come; the worker's side."""
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    if length > REQUEST_BYTES:
        raise WorkerError("the request breaks the protocol")
    return parse(_exactly(connection, length))


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise WorkerError("the connection ended within a message")
        data += more
    return data


class Inbox:
    """Puts messages together from whatever pieces arrive, within a limit."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._left = ANSWER_BYTES

    def renew(self) -> None:
        """Begin a new answer: nothing may be left over from the one before."""
        if self._data:
            raise WorkerError("the worker sent more than was asked for")
        self._left = ANSWER_BYTES

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._left -= len(data)
        if self._left < 0:
            raise WorkerError("the worker's answer is too large")
        self._data += data

    def take(self) -> dict[str, Any] | None:
        """Return the next message if it is complete."""
        if len(self._data) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._data)
        if length > ANSWER_BYTES:
            raise WorkerError("the worker's answer is too large")
        end = _LENGTH.size + length
        if len(self._data) < end:
            return None
        body = bytes(self._data[_LENGTH.size : end])
        del self._data[:end]
        return parse(body)
