"""spaCy's ``config.cfg``: functions by their registered names (spacy.io, Config; confection).

A line such as ``@architectures = "spacy.Tok2Vec.v2"`` has the loader call the function that is
registered under that name. spaCy, thinc and their own packages register theirs; any other name is
one of a package that has to be installed, or of a file given with ``--code``.
"""

from __future__ import annotations

import re

from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally

NAME = "spacy-config"
_BEGINNING = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*\[")
_SECTION = re.compile(r"^\[nlp\][ \t]*$", re.M)
_PIPELINE = re.compile(r"^pipeline[ \t]*=[ \t]*\[", re.M)
_REGISTERED = re.compile(r"^@(\w{1,60})[ \t]*=[ \t]*[\"']([^\"'\n]{1,200})[\"']", re.M)


def note_functions(context: Context, text: str, place: Place) -> bool:
    """Add the functions that a configuration names, and say whether the text is one."""
    if _BEGINNING.match(text) is None or _SECTION.search(text) is None:
        return False
    if _PIPELINE.search(text) is None:
        return False
    tally = OperatorTally(NAME)
    for match in _REGISTERED.finditer(text):
        namespace, dot, rest = match[2].partition(".")
        # Functions of thinc have no namespace: Adam.v1.
        domain = namespace if dot and "." in rest else ""
        tally.note(match[2], match.start(), domain, (("registry", match[1]),))
    tally.state(context, place)
    return True
