"""XML beside the weights: drawings, schemas, settings. Only what a document type declares is read.

An external entity has a parser read another file or address (CWE-611). Entities inside each other,
and long ones that stand in the content often, grow without bound (CWE-776): how far is computed, as
entities of schemas name each other too. The text is searched, never parsed.
"""

from __future__ import annotations

import re
from collections import Counter

from weighbridge.facts.repository import Reference
from weighbridge.formats.context import Context, Place

_ENTITY = re.compile(
    r"<!ENTITY\s{1,99}(?:%\s{1,99})?([\w:.-]{1,100})\s{1,99}"
    r"((?:SYSTEM\s{1,99}|PUBLIC\s{1,99}(?:\"[^\"]{0,300}\"|'[^']{0,300}')\s{0,99})?)"
    r"(?:\"([^\"]{0,65536})\"|'([^']{0,65536})')"
)
_USE = re.compile(r"[&%]([\w:.-]{1,100});")
_MOST = 500
_MOST_DECLARED = 10_000
_VALUE = 300
_LARGE_ENTITY = 1 << 20
_LARGE_TEXT = 8 << 20
"""Characters; where expat begins to ask how far a document grows (XML_SetBillionLaughs...)."""
_MOST_GROWN = 1 << 60


def note_entities(context: Context, text: str, place: Place) -> None:
    """Add a reference for each entity that leads outside, and for the first that grows too far."""
    declared: dict[str, str] = {}
    lines: dict[str, int] = {}
    outside = 0
    for match in _ENTITY.finditer(text):
        name, value = match[1], match[3] if match[3] is not None else match[4]
        line = text.count("\n", 0, match.start()) + 1
        if match[2]:
            outside += 1
            if outside > _MOST:
                why = f"more than {_MOST} entities that lead outside"
                context.gap(place, "xml", "limit-references", why)
                return
            context.add(Reference(place.member, line, "external-entity", name, value[:_VALUE]))
        elif name not in declared:  # Of two declarations the first counts (XML 1.0, 4.2).
            if len(declared) >= _MOST_DECLARED:
                why = f"more than {_MOST_DECLARED} entities"
                context.gap(place, "xml", "limit-references", why)
                return
            declared[name] = value
            lines[name] = line
    grown = _growing(declared, text)
    if grown is not None:
        value = declared[grown][:_VALUE]
        context.add(Reference(place.member, lines[grown], "growing-entity", grown, value))


def _growing(declared: dict[str, str], text: str) -> str | None:
    """Return the entity that takes up the most room, where that is more than a text needs."""
    if not declared:
        return None
    sizes = _sizes(declared)
    content = _ENTITY.sub("", text)
    uses = Counter(found[1] for found in _USE.finditer(content) if found[1] in declared)
    whole = {name: sizes[name] * count for name, count in uses.items()}
    largest = max(sizes, key=lambda name: sizes[name])
    if sizes[largest] > _LARGE_ENTITY:
        return largest
    if sum(whole.values()) > _LARGE_TEXT:
        return max(whole, key=lambda name: whole[name])
    return None


def _sizes(declared: dict[str, str]) -> dict[str, int]:
    """Return how long each entity becomes; parsers refuse what names itself, so it counts once."""
    inside = {name: Counter(_USE.findall(value)) for name, value in declared.items()}
    sizes: dict[str, int] = {}
    open_now: set[str] = set()
    waiting = list(declared)
    while waiting:
        name = waiting[-1]
        missing = [one for one in inside[name] if one in declared and one not in sizes]
        if name in sizes or not missing or name in open_now:
            waiting.pop()
            parts = inside[name].items()
            letters = len(_USE.sub("", declared[name]))
            grown = letters + sum(sizes.get(one, 0) * count for one, count in parts)
            sizes.setdefault(name, min(grown, _MOST_GROWN))
            open_now.discard(name)
            continue
        open_now.add(name)
        waiting.extend(missing)
    return sizes
