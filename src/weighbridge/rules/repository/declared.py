"""What a repository declares about itself in several places, compared."""

from __future__ import annotations

from weighbridge.facts.structure import Metadata, Note
from weighbridge.rules.repository.model import Repository
from weighbridge.text.escaping import visible

_LICENCE_KEYS = frozenset({"license", "general.license", "modelspec.license"})


def licences(repository: Repository) -> dict[str, Note]:
    """Return a note on each file that declares another licence than the first one does."""
    declared: list[tuple[str, str]] = []
    for file in repository.files:
        for fact in file.facts:
            if isinstance(fact, Metadata) and fact.key in _LICENCE_KEYS and fact.value:
                declared.append((file.path, fact.value.strip().lower()))
    found: dict[str, Note] = {}
    for path, licence in declared:
        first, other = declared[0]
        if licence != other and path not in found:
            shown, before = visible(licence, 60), visible(other, 60)
            text = f"it declares the licence {shown}, while {visible(first, 120)} declares {before}"
            found[path] = Note(None, None, "licence-differs", text)
    return found
