"""llamafile: a program with a zip behind it that holds GGUF weights and ``.args``.

The program is what llama.cpp built with Cosmopolitan gives: it begins ``MZqFpD='`` and is an
executable for several systems at once, or it is an ELF or PE file.
"""

from __future__ import annotations

import re
from dataclasses import replace

from weighbridge.containers.base import Archive
from weighbridge.errors import ParseError
from weighbridge.facts.structure import UNKNOWN, Gap
from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.executables import Program
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource
from weighbridge.text.decoding import text_of
from weighbridge.text.secrets import mask

NAME = "llamafile"
_PORTABLE = b"MZqFpD"
_ARGUMENTS = ".args"
_ARGUMENTS_LIMIT = 64 << 10
_OUTSIDE = re.compile(r"https?://|[`|;]|\$\(|&&")
_IN_FRONT = frozenset({"zip-prepended", "zip-appended"})


def recognises(archive: Archive, source: Source) -> bool:
    """Say whether this is a program in front of a zip with weights."""
    if _program(source) is None:
        return False
    for member in archive.members:
        if member.name.rsplit("/", 1)[-1] == _ARGUMENTS:
            return True
        try:
            if member.source is not None and member.source.read_at(0, 4) == b"GGUF":
                return True
        except ParseError:
            continue
    return False


def _program(source: Source) -> Program | None:
    head = source.read_at(0, 512)
    if head.startswith(_PORTABLE):
        return Program("pe", "several", "program")
    return executables.recognise(source, head) if head[:2] != b"#!" else None


def without_program(context: Context, archive: Archive, source: Source, place: Place) -> Archive:
    """State the program and its arguments; return the archive as if it stood alone."""
    program = _program(source)
    if program is not None:
        executables.state(context, program, SliceSource(source, 0, source.size), place)
    for member in archive.members:
        if member.name.rsplit("/", 1)[-1] == _ARGUMENTS and member.source is not None:
            _arguments(context, member.source, place)
    anomalies = tuple(item for item in archive.anomalies if item.code not in _IN_FRONT)
    uncovered = tuple(item for item in archive.uncovered if item[0] != 0)
    return replace(archive, anomalies=anomalies, uncovered=uncovered)


def _arguments(context: Context, source: Source, place: Place) -> None:
    text = text_of(source, _ARGUMENTS_LIMIT)
    if text is None:
        return
    context.metadata(place, NAME, _ARGUMENTS, mask(text[:2000]))
    if _OUTSIDE.search(text):
        shown = mask(text[:200])
        problem = f"the arguments name an address or use marks of a shell: {shown!r}"
        context.anomaly(place, NAME, "llamafile-arguments", problem)


def settle(context: Context, before: int) -> None:
    """Drop gaps for resources of the program itself; that a program is there is said already."""
    context.facts[before:] = [
        fact
        for fact in context.facts[before:]
        if not (isinstance(fact, Gap) and fact.code == UNKNOWN)
    ]
