"""Makes one object of every class that the table of known-good names vouches for, in disguise.

Run as a program by the test beside it. Each is made as ``NEWOBJ`` makes it, and called where the
table says that a call is ordinary, with text that is Python, bytes that are a pickle, and a path.
An audit hook (PEP 578) says whether one of them was run, loaded or written. Prints what was.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from operator import attrgetter

from weighbridge.tables.reader import rows

MARK = "weighbridge_marker"
PICKLE = b"c" + MARK.encode() + b"\nx\n."
HANDED_OVER = (f"{MARK}()", PICKLE, f"/nowhere/{MARK}")
PROCESSES = {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect"}
SECONDS = 1.0
BATCH = 25

seen: set[str] = set()
armed = False


def hook(event: str, arguments: tuple[object, ...]) -> None:
    """Note what was made of the text, the bytes and the path."""
    if not armed:
        return
    first = arguments[0] if arguments else None
    if event == "exec" and MARK in getattr(first, "co_names", ()):
        seen.add("runs the text")
    elif event == "pickle.find_class" and first == MARK:
        seen.add("loads the bytes")
    elif event == "open" and MARK in str(first) and "r" not in str(arguments[1]):
        seen.add("writes to the path")
    elif event in PROCESSES:
        seen.add(event)


def vouched() -> Iterator[tuple[str, str, str, object]]:
    """Yield each row whose object exists here."""
    for module, name, use, *_ in rows(
        "benign.tsv", "module", "name", "use", "framework", "source", "reason"
    ):
        if use in ("any", "rebuild"):
            with contextlib.suppress(Exception, SystemExit):
                yield module, name, use, attrgetter(name)(importlib.import_module(module))


def attempts(thing: object, use: str) -> Iterator[tuple[object, tuple[object, ...]]]:
    """Yield what a pickle could do with it."""
    for value in HANDED_OVER:
        for count in (1, 2, 3):
            if inspect.isclass(thing):
                yield thing.__new__, (thing, *[value] * count)
            if use == "any":
                yield thing, (value,) * count


def stop(*_: object) -> None:
    raise TimeoutError


def probe(module: str, name: str, use: str, thing: object) -> None:
    """Try one, and print what it did."""
    global armed
    seen.clear()
    for function, arguments in attempts(thing, use):
        armed = True
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        # Whatever it raises: most refuse what they are given, which is what is hoped for.
        with contextlib.suppress(BaseException):
            function(*arguments)
        signal.setitimer(signal.ITIMER_REAL, 0)
        armed = False
    if seen:
        print(f"{module}.{name} {sorted(seen)}", flush=True)


def apart(batch: list[tuple[str, str, str, object]]) -> None:
    """Try some in a child process; one at a time where that dies, as native code may."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        for row in batch:
            probe(*row)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status and len(batch) > 1:
        for row in batch:
            apart([row])


def main() -> None:
    """Try them all."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, stop)
    sys.addaudithook(hook)
    rows_here = list(vouched())
    for start in range(0, len(rows_here), BATCH):
        apart(rows_here[start : start + BATCH])
    print(f"{len(rows_here)} tried", flush=True)


if __name__ == "__main__":
    main()
