"""A worker whose parser does what the file tells it to; started by tests in the real one's place.

The process, its confinement and its protocol are the real ones.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import time
from pathlib import Path

from weighbridge.budget import Budget
from weighbridge.defender import messages, worker
from weighbridge.errors import SourceError
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Anomaly, Format, Gap, Note
from weighbridge.sources.base import Source

_keep: list[object] = []


def examine(source: Source, budget: Budget, name: str) -> list[Fact]:
    """Do what the first word of the file says."""
    command, _, argument = source.read_at(0, 200).decode("latin-1").partition(" ")
    found = _COMMANDS.get(command, _fine)(argument, budget)
    return [Format(None, "fake", source.size), *found]


def _fine(argument: str, budget: Budget) -> list[Fact]:
    return []


def _gap(argument: str, budget: Budget) -> list[Fact]:
    return [Gap(None, 7, "fake", "malformed-fake", "it is broken here")]


def _anomaly(argument: str, budget: Budget) -> list[Fact]:
    return [Anomaly(None, 3, "fake", argument.strip(), "as the test's rules judge it")]


def _signal(argument: str, budget: Budget) -> list[Fact]:
    os.kill(os.getpid(), getattr(signal, argument.strip()))
    time.sleep(60)
    return []


def _sleep(argument: str, budget: Budget) -> list[Fact]:
    time.sleep(float(argument))
    return []


def _spin(argument: str, budget: Budget) -> list[Fact]:
    while True:
        pass


def _memory(argument: str, budget: Budget) -> list[Fact]:
    size = int(argument) << 20
    while True:
        _keep.append(bytearray(size))


def _brim(argument: str, budget: Budget) -> list[Fact]:
    """Take addresses until not even a small piece is left."""
    size = 256 << 20
    while size > 16:
        try:
            _keep.append(mmap.mmap(-1, size) if size > mmap.PAGESIZE else bytearray(size))
        except (MemoryError, OSError):
            size //= 2
    raise MemoryError


def _touch(argument: str, budget: Budget) -> list[Fact]:
    """Fill memory bit by bit, below the limit on addresses, and wait to be noticed."""
    for _ in range(int(argument)):
        _keep.append(b"x" * (1 << 20))
    time.sleep(60)
    return []


def _recursion(argument: str, budget: Budget) -> list[Fact]:
    return _recursion(argument, budget)


def _bug(argument: str, budget: Budget) -> list[Fact]:
    raise ZeroDivisionError("text of the input")


def _source(argument: str, budget: Budget) -> list[Fact]:
    raise SourceError("reading failed: Input/output error")


def _flood(argument: str, budget: Budget) -> list[Fact]:
    return [Note(None, number, "flood", "x" * 100) for number in range(int(argument))]


def _surroundings(argument: str, budget: Budget) -> list[Fact]:
    seen = {
        "environment": dict(os.environ),
        "directory": os.listdir("."),
        "path": sys.path,
        "modules": sorted(name for name, module in sys.modules.items() if module is not None),
        "files": [getattr(module, "__file__", None) for module in list(sys.modules.values())],
        "descriptors": sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self") else [],
        "status": Path("/proc/self/status").read_text() if os.path.isdir("/proc/self") else "",
        "pid": os.getpid(),
    }
    return [Note(None, None, "surroundings", json.dumps(seen))]


def _nonsense(argument: str, budget: Budget) -> list[Fact]:
    """Answer in the real worker's place with raw bytes."""
    answers = {
        "no-json": b"\0\0\0\3abc",
        "no-object": b"\0\0\0\2[]",
        "huge": b"\xff\xff\xff\xff",
        "deep": messages.frame({})[:0] + (100_000).to_bytes(4, "big") + b"[" * 100_000,
        "other-job": messages.frame({"type": "facts", "job": -1, "facts": [], "last": True}),
        "unknown-type": messages.frame({"type": "shell", "job": 1}),
        "unknown-fact": messages.frame({"type": "facts", "job": 1, "facts": [{"fact": "Evil"}]}),
        "wrong-fact": messages.frame(
            {"type": "facts", "job": 1, "facts": [{"fact": "Note", "member": 1}]}
        ),
        "negative": messages.frame(
            {"type": "facts", "job": 1, "facts": [], "last": True, "bytes_read": -1}
        ),
        "digits": (5015).to_bytes(4, "big") + b'{"type":"x","n":' + b"9" * 4998 + b"}",
        "empty": messages.frame({"type": "facts", "job": 1, "facts": []}),
        "endless": (messages.ANSWER_BYTES - 10).to_bytes(4, "big") + b" " * messages.ANSWER_BYTES,
        "half": b"\0\0\0\x50{",
    }
    with open(_connection, "wb", closefd=False) as connection:
        connection.write(answers[argument.strip()])
    os._exit(0)


_COMMANDS = {
    "anomaly": _anomaly,
    "gap": _gap,
    "signal": _signal,
    "sleep": _sleep,
    "spin": _spin,
    "memory": _memory,
    "brim": _brim,
    "touch": _touch,
    "recursion": _recursion,
    "bug": _bug,
    "source": _source,
    "flood": _flood,
    "surroundings": _surroundings,
    "nonsense": _nonsense,
}
_connection = -1


def main(arguments: list[str]) -> None:
    """Stand in for weighbridge.defender.worker.main."""
    global _connection
    _connection = int(arguments[0])
    worker.run(arguments, lambda: examine)
