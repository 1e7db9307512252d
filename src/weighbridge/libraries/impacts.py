"""What a vulnerability lets an attacker do: one of five classes, with the reason for it.

Structure first: the CWE ids and the CVSS vector. Words of the text decide only where those say
nothing, because anybody words a text as they like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.tables.cwes import impact_of_cwe

CODE, MEMORY = "code-execution", "memory-corruption"
DISCLOSURE, DENIAL, OTHER = "information-disclosure", "denial-of-service", "other"
IMPACTS = (CODE, MEMORY, DISCLOSURE, DENIAL, OTHER)

_EVADED = 184
"""A list of forbidden things with holes: a scanner misses what another library then runs."""
_TEXT = 4_000
_CODE_WORDS = re.compile(
    r"arbitrary (?:python )?(?:code|commands?)|(?:remote |arbitrary )?code execution"
    r"|(?:execut|run)\w* (?:of )?(?:attacker\S* |any |arbitrary )?(?:code|commands?|scripts?)"
    r"|command injection|code injection|unsafe(?:ly)? (?:deserializ|unpickl|pickle)"
    r"|deserializ\w+|unpickl\w+|with (?:cloud)?pickle|\bRCE\b|\b(?:eval|exec)\("
    r"|evaluates text|(?:without a|un)sandbox|runs? repository code|a shell (?:line|command)",
    re.I,
)
_WRITE_WORDS = re.compile(r"overwrit|writ(?:es?|ing|ten)\b|extract|unpack", re.I)
_MEMORY_WORDS = re.compile(
    r"(?:heap|stack|buffer|integer)[- ](?:based )?(?:buffer )?(?:over|under)flow"
    r"|out[- ]of[- ]bounds|\bOOB\b|use[- ]after[- ]free|double[- ]free|memory corruption"
    r"|uninitiali[sz]ed (?:memory|value)|type confusion|corrupts? memory|freed memory"
    r"|beyond (?:its|the|a) (?:mapped )?(?:buffer|memory)",
    re.I,
)
_DENIAL_WORDS = re.compile(
    r"denial[- ]of[- ]service|\bDoS\b|\bReDoS\b|segfault|segmentation fault|null pointer"
    r"|\bcrash|infinite loop|division by (?:zero|0)|`?CHECK`?[- ]?fail|assertion|exhaust"
    r"|regular expression|uncontrolled (?:resource|recursion|memory)",
    re.I,
)
_DISCLOSURE_WORDS = re.compile(
    r"(?:disclos|leak|expos|reveal)\w*|sensitive (?:data|information)"
    r"|read (?:of )?(?:arbitrary|any|local|sensitive) files?"
    r"|(?:path|directory) traversal|arbitrary file read|local file inclusion",
    re.I,
)
_WORDS = (
    (CODE, _CODE_WORDS),
    (MEMORY, _MEMORY_WORDS),
    (DENIAL, _DENIAL_WORDS),
    (DISCLOSURE, _DISCLOSURE_WORDS),
)


@dataclass(frozen=True, slots=True)
class Impact:
    """A class, and where it comes from in a few words."""

    name: str
    reason: str


def impact_of(cwes: Sequence[int], vectors: Sequence[str], text: str) -> Impact:
    """Return the impact class.

    Args:
        cwes: numbers, in the order of the record.
        vectors: CVSS 3 or 4 vectors.
        text: summary and details.
    """
    only = _only(vectors)
    table = impact_of_cwe()
    known = [(number, table[number]) for number in cwes if number in table]
    named = [] if _EVADED in cwes else [name for _number, name in known if name != OTHER]
    for wanted in (CODE, MEMORY, DENIAL, DISCLOSURE):
        if wanted in named:
            number = next(number for number, name in known if name == wanted)
            return _refined(wanted, number, only, vectors, text)
    if known:
        number = next(number for number, name in known if name == OTHER)
        return Impact(OTHER, f"CWE-{number}")
    words = _by_words(text)
    if only:
        name, vector = only
        if words is not None and words.name == MEMORY:
            return words
        return Impact(name, f"CVSS {vector}")
    if words is None and any(_everything(vector) for vector in vectors):
        return Impact(CODE, "CVSS: C, I and A are lost wholly")
    return words or Impact(OTHER, "neither CWE, CVSS nor text tells more")


def _refined(
    name: str, number: int, only: tuple[str, str] | None, vectors: Sequence[str], text: str
) -> Impact:
    """Let the CVSS vector correct what a CWE mostly leads to."""
    reason = f"CWE-{number}"
    if only and only[0] != name and name in (CODE, DISCLOSURE):
        return Impact(only[0], f"{reason} with CVSS {only[1]}")
    if name == DISCLOSURE and vectors:
        if not any(_lost(vector)[0] for vector in vectors):
            return Impact(OTHER, f"{reason}; by CVSS nothing is disclosed")
        if _CODE_WORDS.search(text[:_TEXT]) and all(all(_lost(vector)) for vector in vectors):
            return Impact(CODE, f"{reason} with CVSS and text")
        if _WRITE_WORDS.search(text[:_TEXT]) and any(_lost(vector)[1] for vector in vectors):
            return Impact(OTHER, f"{reason}; by CVSS and text files are written")
    return Impact(name, reason)


def _only(vectors: Sequence[str]) -> tuple[str, str] | None:
    """Return the class when all that is lost is one of three, with the metrics that say so."""
    for vector in vectors:
        confidentiality, integrity, availability = _lost(vector)
        if availability and not confidentiality and not integrity:
            return DENIAL, "A only"
        if confidentiality and not integrity and not availability:
            return DISCLOSURE, "C only"
    return None


def _lost(vector: str) -> tuple[bool, bool, bool]:
    """Return whether confidentiality, integrity and availability of the system are lost."""
    metrics = dict(part.split(":", 1) for part in vector.split("/") if ":" in part)
    names = ("VC", "VI", "VA") if vector.startswith("CVSS:4") else ("C", "I", "A")
    lost = [metrics.get(name, "N") != "N" for name in names]
    return lost[0], lost[1], lost[2]


def _everything(vector: str) -> bool:
    names = ("/VC:H", "/VI:H", "/VA:H") if vector.startswith("CVSS:4") else ("/C:H", "/I:H", "/A:H")
    return all(name in vector for name in names)


def _by_words(text: str) -> Impact | None:
    for name, pattern in _WORDS:
        found = pattern.search(text[:_TEXT])
        if found is not None:
            return Impact(name, f"text: {found[0].lower()[:60]}")
    return None
