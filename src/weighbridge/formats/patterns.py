"""Searches bytes for known payloads, with YARA-X where it is installed (`weighbridge[patterns]`).

Whatever is unknown, a program, or hidden is searched in every scan; all other bytes, the tensors
among them, when a scan is deep. Texts, tables and pictures are left out: what they say is not run,
and collections of texts speak of everything.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from weighbridge.budget import MIB
from weighbridge.facts.patterns import PatternMatch
from weighbridge.facts.structure import Note
from weighbridge.formats.context import Context, Place
from weighbridge.sources.base import Source

if TYPE_CHECKING:
    from yara_x import Rules

EXTRA = "weighbridge[patterns]"
PROGRAM_BYTES = 16 * MIB
"""Of a program, so much is searched unless the scan is deep. Miners, the largest of what is looked
for, are smaller."""
UNKNOWN_BYTES = MIB
"""Of unknown bytes, so much: most are numbers of a model beside them, which nothing else reads."""
WINDOW = 4 * MIB
OVERLAP = 4_096
"""More than the longest match of any pattern, so that none is lost between two windows."""


def search(context: Context, source: Source, place: Place, most: int = UNKNOWN_BYTES) -> None:
    """Add a fact for each pattern that occurs, once for the whole file.

    Args:
        context: where facts go.
        source: what to search.
        place: where it stands.
        most: bytes to search unless the scan is deep.
    """
    rules = _rules()
    deep = context.budget.limits.deep
    if rules is None:
        if deep and place.member is None:
            text = f"bytes of known payloads were not looked for; that needs {EXTRA}"
            context.add(Note(None, None, "patterns-missing", text))
        return
    from yara_x import Scanner

    scanner = Scanner(rules)
    scanner.max_matches_per_pattern(1)
    seen = {fact.pattern for fact in context.facts if isinstance(fact, PatternMatch)}
    end = source.size if deep else min(source.size, most)
    for start in range(0, end, WINDOW - OVERLAP):
        context.budget.check_time()
        for found in scanner.scan(source.read_at(start, min(WINDOW, end - start))).matching_rules:
            name = found.identifier.replace("_", "-")
            if name in seen:
                continue
            seen.add(name)
            about = {key: str(value) for key, value in found.metadata}
            offsets = [match.offset for one in found.patterns for match in one.matches]
            context.add(
                PatternMatch(
                    place.member,
                    start + min(offsets),
                    name,
                    about["description"],
                    about["source"],
                    about["effect"],
                )
            )


@cache
def _rules() -> Rules | None:
    """Compile the patterns, once in a process; None where YARA-X is not installed."""
    try:
        from yara_x import Compiler
    except ImportError:
        return None
    compiler = Compiler()
    for file in sorted(files("weighbridge.tables").joinpath("patterns").iterdir(), key=str):
        if file.name.endswith(".yar"):
            compiler.add_source(file.read_text("utf-8"))
    return compiler.build()
