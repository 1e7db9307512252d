"""A library that a model needs, and what is known of it (design: `libraries` of a scan)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One vulnerability of a library, whatever number of records say it.

    Attributes:
        id: the CVE where there is one, else the database's own id.
        aliases: all its other ids.
        severity: `critical`, `high`, `medium`, `low`, `none` or `unknown`.
        impact: `code-execution`, `memory-corruption`, `information-disclosure`,
            `denial-of-service` or `other`; `impact_reason` says by what.
        fixed_in: the versions that fix it, lowest first; empty when no release does.
        formats: files that carry the attack, in the words of the table of vectors.
        carried_by: files of this scan that are of such a format, the first few.
    """

    id: str
    aliases: tuple[str, ...]
    severity: str
    score: float | None
    impact: str
    impact_reason: str
    fixed_in: tuple[str, ...]
    summary: str
    formats: tuple[str, ...] = ()
    carried_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """A library in one relation to what was scanned.

    Attributes:
        name: as the ecosystem compares it (PEP 503).
        version: exact; None where none is pinned, and then nothing is said of vulnerabilities.
        relation: `declared`, `saved-with`, `needs` or `installed`.
        declared_in: path of the file that says so, empty for `installed`.
        specifier: what is asked for, as written, such as ``>=2.0``.
        marker: the condition under which it is asked for (PEP 508).
    """

    name: str
    version: str | None
    ecosystem: str
    relation: str
    declared_in: str
    specifier: str = ""
    marker: str = ""
    vulnerabilities: tuple[Vulnerability, ...] = ()


@dataclass(frozen=True, slots=True)
class UsedModel:
    """A model that code fetches by name.

    Attributes:
        provider: `huggingface`, `kaggle`, `ollama` or `github`.
        name: empty where the code computes it.
        revision: that the code asks for, empty without.
        pinned: whether that is one state for ever.
        path, line: where it stands.
        call: what is called.
    """

    provider: str
    name: str
    revision: str
    pinned: bool
    path: str
    line: int
    call: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the statements about libraries rest on.

    Attributes:
        records: that are in force; 0 without any.
        newest: when the newest record was changed, as RFC 3339; empty without records.
        imported: when records were imported last.
        age_days: of the newest record at the time of the scan, None without records.
    """

    records: int
    newest: str
    imported: str
    age_days: int | None
