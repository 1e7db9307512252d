"""XML beside the weights: PMML, OpenVINO, drawings. Only what a document type declares is read.

An external entity has a parser read another file or address (CWE-611), and entities inside each
other grow without bound (CWE-776). The text is searched, never parsed.
"""

from __future__ import annotations

import re

from weighbridge.facts.repository import Reference
from weighbridge.formats.context import Context, Place

_ENTITY = re.compile(
    r"<!ENTITY\s+(?:%\s+)?([\w:.-]{1,100})\s+(?:(?:SYSTEM|PUBLIC\s+[\"'][^\"']{0,300}[\"'])\s+)?"
    r"([\"'])([^\"']{0,300})\2"
)
_MOST = 500


def note_entities(context: Context, text: str, place: Place) -> None:
    """Add a reference for each entity that leads outside or names others; the rest are letters."""
    found = 0
    for match in _ENTITY.finditer(text):
        declared = match[0]
        outside = "SYSTEM" in declared.split(match[2])[0] or "PUBLIC" in declared[:200]
        if not outside and "&" not in match[3]:
            continue
        if found == _MOST:
            why = f"more than {_MOST} entities that lead outside or name others"
            context.gap(place, "xml", "limit-references", why)
            return
        found += 1
        line = text.count("\n", 0, match.start()) + 1
        kind = "external-entity" if outside else "entity"
        context.add(Reference(place.member, line, kind, match[1], match[3]))
