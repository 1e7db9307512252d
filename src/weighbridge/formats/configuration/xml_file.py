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
_MOST = 50


def note_entities(context: Context, text: str, place: Place) -> None:
    """Add a reference for each entity that a document type declares."""
    for match, _ in zip(_ENTITY.finditer(text), range(_MOST), strict=False):
        line = text.count("\n", 0, match.start()) + 1
        declared = match[0]
        outside = "SYSTEM" in declared.split(match[2])[0] or "PUBLIC" in declared[:200]
        kind = "external-entity" if outside else "entity"
        context.add(Reference(place.member, line, kind, match[1], match[3]))
