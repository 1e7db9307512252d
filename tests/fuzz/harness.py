"""What all fuzz targets share: seeds from the builders, and the start of atheris.

A target is a module with ``SEEDS``, a function without arguments that returns the inputs to begin
with, and ``target``, which imports what it tests and returns a function of one input. That function
may end in nothing but a result: an exception other than a ``ParseError`` is a crash.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent.parent, HERE.parent / "formats"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

OneInput = Callable[[bytes], None]


def start(seeds: Callable[[], Iterable[bytes]], target: Callable[[], OneInput]) -> None:
    """Run a target under atheris with the options of libFuzzer from the command line."""
    import atheris

    with atheris.instrument_imports(include=["weighbridge"]):
        one_input = target()
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds()):
            Path(corpus, f"seed-{number}").write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], one_input)
        atheris.Fuzz()


def container_target(kind: str) -> OneInput:
    """Return the function that opens an archive of one kind and reads all of it."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.containers.registry import open_archive
    from weighbridge.errors import ParseError
    from weighbridge.sources.memory import BytesSource

    limits = Limits(seconds=10, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20, members=2000)

    def one_input(data: bytes) -> None:
        try:
            archive = open_archive(kind, BytesSource(data), Budget(limits))
        except ParseError:
            return
        for member in archive.members:
            try:
                if member.source is not None:
                    member.source.read_at(0, 1 << 16)
            except ParseError:
                continue

    return one_input


def format_target(name: str) -> OneInput:
    """Return the function that parses the bytes that one registered format claims."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.facts.codec import decode, encode
    from weighbridge.formats.context import Context, Place
    from weighbridge.formats.examine import walk
    from weighbridge.formats.registry import FORMATS
    from weighbridge.rules.judge import judge
    from weighbridge.sources.memory import BytesSource

    entry = next(item for item in FORMATS if item.name == name)
    limits = Limits(seconds=10, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20)

    def one_input(data: bytes) -> None:
        context = Context(Budget(limits), walk)
        source = BytesSource(data)
        if not entry.claims(source, data[:512]):
            return
        with contextlib.suppress(ParseError):
            entry.parse(context, source, Place())
        for fact in context.facts:
            assert decode(encode(fact)) == fact
        judge(context.facts, "fuzz")

    return one_input
