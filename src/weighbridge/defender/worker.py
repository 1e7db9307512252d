"""The worker process: receives open files, parses them, answers with facts.

It is started by :mod:`weighbridge.defender.process` and lives through many jobs. Whatever a parser
does wrong on a hostile file costs this process at most; the scanner then starts another one.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence

from weighbridge.budget import Budget, Limits
from weighbridge.defender import confinement, messages
from weighbridge.defender.fetching import FetchedSource
from weighbridge.errors import SourceError, WorkerError
from weighbridge.facts import FACTS_VERSION, codec
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Gap
from weighbridge.sources.base import Source
from weighbridge.sources.local import FileSource

Examine = Callable[[Source, Budget, str], Sequence[Fact]]
RESERVE = 4 << 20
"""Bytes of addresses that are kept free, so that there is room to say that there is none left."""
_reserved: list[mmap.mmap] = []


def main(arguments: Sequence[str]) -> None:
    """Run until the scanner hangs up, with the real parsers.

    Args:
        arguments: the connection's descriptor, the scanner's process id, the private directory.
    """
    run(arguments, _parsers)


def run(arguments: Sequence[str], load: Callable[[], Examine]) -> None:
    """Confine this process, then load the parsers and serve."""
    descriptor, parent, directory = arguments
    confinement.confine(int(parent), directory)
    with socket.socket(fileno=int(descriptor)) as connection:
        # Nothing that is imported is garbage, and looking for some takes a part of the start.
        gc.disable()
        try:
            examine = load()
            gc.freeze()
            gc.enable()
        except ImportError as error:
            messages.send(connection, {"type": "failed", "text": f"{error}"})
        else:
            serve(connection, examine)
    shutil.rmtree(directory, ignore_errors=True)


def _parsers() -> Examine:
    from weighbridge.formats.examine import examine

    return examine


def serve(connection: socket.socket, examine: Examine) -> None:
    """Answer requests until the connection ends."""
    _reserved.append(mmap.mmap(-1, RESERVE))
    messages.send(connection, {"type": "ready", "facts_version": FACTS_VERSION})
    while (request := messages.receive_job(connection)) is not None:
        job, descriptor = request
        try:
            healthy = _answer(connection, job, descriptor, examine)
        finally:
            os.close(descriptor)
        if not healthy:
            return


def _answer(
    connection: socket.socket, job: dict[str, object], descriptor: int, examine: Examine
) -> bool:
    """Do one job; False when this process should not do another."""
    limits = job.get("limits")
    name = job.get("name")
    if job["type"] != "job" or not isinstance(limits, dict) or not isinstance(name, str):
        raise WorkerError("the request breaks the protocol")
    budget = Budget(Limits(**limits))
    confinement.allow_seconds(budget.limits.seconds + confinement.GRACE_SECONDS)
    source = _source(connection, job, descriptor, budget)
    try:
        facts = _facts(source, budget, name, examine)
    except SourceError as error:
        messages.send(connection, {"type": "failed", "job": job["id"], "text": str(error)})
        return True
    spent = any(isinstance(fact, Gap) and fact.code == "limit-memory" for fact in facts)
    closing = {"last": True, "bytes_read": budget.counters.bytes_read, "spent": spent}
    _send_facts(connection, job["id"], facts, closing)
    return not spent


def _source(
    connection: socket.socket, job: Mapping[str, object], descriptor: int, budget: Budget
) -> Source:
    """Return the bytes of the job's file: here, or to be fetched by the scanner."""
    size = job.get("size")
    if size is None:
        return FileSource(descriptor, budget.counters)
    if not isinstance(size, int):
        raise WorkerError("the request breaks the protocol")
    return FetchedSource(connection, job["id"], descriptor, size, budget.counters)


def _facts(source: Source, budget: Budget, name: str, examine: Examine) -> list[Fact]:
    """Examine one file; whatever goes wrong in a parser becomes a gap."""
    try:
        facts = list(examine(source, budget, name))
    except SourceError:
        raise
    except MemoryError:
        while _reserved:
            _reserved.pop().close()
        return [_gap("limit-memory", "parsing it needs more memory than a scan may use")]
    except RecursionError:
        return [_gap("limit-recursion", "its structure is nested too deeply to follow")]
    except Exception as error:  # One of the two places: a parser's bug costs one file's verdict.
        name = type(error).__name__
        return [_gap("internal-error", f"Weighbridge failed on this file ({name}): please report")]
    most = budget.limits.facts
    if len(facts) > most:
        text = f"more than {most} facts; the rest was not judged"
        facts = [*facts[:most], _gap("limit-facts", text)]
    return facts


def _gap(code: str, text: str) -> Gap:
    return Gap(member=None, offset=None, format="unknown", code=code, text=text)


def _send_facts(
    connection: socket.socket, job: object, facts: Sequence[Fact], closing: Mapping[str, object]
) -> None:
    """Send `facts` in batches that stay small on both sides, and `closing` with the last."""
    batch: list[object] = []
    batched = total = 0
    for fact in facts:
        encoded = codec.encode(fact)
        size = len(json.dumps(encoded))
        if total + size > messages.ANSWER_BYTES // 2:
            batch.append(codec.encode(_gap("limit-facts", "more facts than an answer may hold")))
            break
        if batch and batched + size > messages.BATCH_BYTES:
            messages.send(connection, {"type": "facts", "job": job, "facts": batch})
            batch, batched = [], 0
        batch.append(encoded)
        batched += size
        total += size
    messages.send(connection, {"type": "facts", "job": job, "facts": batch, **closing})
