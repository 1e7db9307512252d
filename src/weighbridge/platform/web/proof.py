"""What a case page shows first: the sentence, what would run, and the bytes that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from weighbridge.platform.cases.models import Case, Occurrence
from weighbridge.platform.scans.models import ArtifactFacts, ArtifactReport, VersionReport
from weighbridge.text.escaping import visible

_CODE = 4096
_SHORT = 90
_HEX = 16
_NESTED = 4


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of code: what it is, and its text with what is dangerous marked."""

    label: str
    code: SafeString
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One opcode: where, its bytes in hex and as text, what it means; `here` for the one meant."""

    offset: str
    raw: str
    text: str
    meaning: str
    here: bool


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes of one place, and of pickles nested in it by name. Without lines none were kept."""

    place: Occurrence
    lines: tuple[Line, ...]
    inside: tuple[tuple[str, tuple[Line, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What the case page opens with."""

    headline: str
    confidence: str
    loaders: tuple[str, ...]
    remediation: str
    blocks: tuple[Block, ...]
    why: tuple[str, ...]


def proof_of(case: Case, first: Occurrence | None) -> Proof:
    """Return the proof of a case from the place where it was seen first, in one query."""
    if first is None:
        return Proof(case.title, "", (), "", (), ())
    finding = _finding(first)
    evidence = first.evidence
    loaders = tuple(finding.get("loaders", ()))
    return Proof(
        headline=_headline(case, evidence, loaders),
        confidence=str(finding.get("confidence", "")),
        loaders=loaders,
        remediation=str(finding.get("remediation", "")),
        blocks=tuple(_blocks(evidence)),
        why=tuple(str(one) for one in evidence.get("why", ())),
    )


def _finding(place: Occurrence) -> dict[str, Any]:
    """Return the finding of today's report that an occurrence stands for."""
    if place.version_id is not None:
        whole = VersionReport.objects.filter(version=place.version_id).first()
        rows = whole.findings if whole else []
    else:
        report = ArtifactReport.objects.filter(artifact=place.artifact_id, current=True).first()
        rows = report.findings if report else []
    same = (one for one in rows if one["behaviour"] == place.behaviour)
    return next(same, {})


def _headline(case: Case, evidence: dict[str, Any], loaders: Sequence[str]) -> str:
    """Return the sentence that a person would say."""
    code = str(evidence.get("code") or "").strip()
    if not loaders or not code or "\n" in code or code.startswith("import "):
        return case.title
    loader = loaders[0] if "(" in loaders[0] else f"{loaders[0]}()"
    short = visible(code if len(code) <= _SHORT else f"{code[: _SHORT - 12]}…{code[-11:]}")
    verb = "runs" if case.verdict == "malicious" else "calls"
    return f"Loading this file with {loader} {verb} {short}"


def _blocks(evidence: dict[str, Any]) -> Iterator[Block]:
    """Yield the code from the outside in: what loads, what is nested, what that decodes."""
    names = tuple(str(name) for name in evidence.get("symbols", ()))
    if code := evidence.get("code"):
        yield Block("Loading runs", marked(str(code), names))
    stages = [" then ".join(one.get("decoded_with") or ()) for one in evidence.get("payloads", ())]
    hidden = f", decoded with {stages[0]}" if stages and stages[0] else ""
    for text in evidence.get("inside", ()):
        yield Block(f"A pickle inside{hidden} runs", marked(str(text), ()), 1)
    for text in evidence.get("carried", ()):
        yield Block(f"It carries this code{hidden}", marked(str(text), ()), 1)
    for text in evidence.get("decoded", ()):
        yield Block("Which decodes to", marked(str(text), ()), 2)


# Within a literal a line may begin with the escape of a newline.
_CALLEE = re.compile(r"(?:(?<=\\n)|(?<![\\\w.]))[A-Za-z_][\w.]*(?=\()")
_GRAVE = frozenset(
    "system popen Popen exec eval compile run call check_call check_output spawn execv execve "
    "spawnl loads load urlopen urlretrieve connect remove rmtree unlink __import__ getattr".split()
)


def marked(text: str, names: Sequence[str]) -> SafeString:
    """Return code, escaped and bounded, with the dangerous calls in a ``<mark>``.

    Args:
        text: what was read out of a file.
        names: symbols that the finding is about; without them the calls that matter most times.
    """
    shown = "\n".join(map(visible, text[:_CODE].split("\n")))
    last = {name.rpartition(".")[2] for name in names} or _GRAVE
    parts: list[SafeString] = []
    start = 0
    for found in _CALLEE.finditer(shown):
        if found[0].rpartition(".")[2] in last:
            parts.append(format_html("{}<mark>{}</mark>", shown[start : found.start()], found[0]))
            start = found.end()
    parts.append(format_html("{}", shown[start:]))
    if len(text) > _CODE:
        parts.append(format_html("\n… {} of {} characters", f"{_CODE:,}", f"{len(text):,}"))
    return format_html_join("", "{}", ((part,) for part in parts))


def bytes_of(places: Sequence[Occurrence]) -> list[Bytes]:
    """Return the bytes around some places, in one query."""
    rows = ArtifactFacts.objects.filter(artifact__in=[one.artifact_id for one in places])
    kept: dict[int, list[dict[str, Any]]] = {}
    for artifact, excerpts in rows.order_by("pk").values_list("artifact_id", "excerpts"):
        kept.setdefault(artifact, []).extend(excerpts)
    return [_bytes(one, kept.get(one.artifact_id, [])) for one in places]


def _bytes(place: Occurrence, excerpts: Sequence[dict[str, Any]]) -> Bytes:
    lines: tuple[Line, ...] = ()
    for excerpt in excerpts:
        offsets = [line[0] for line in excerpt["lines"]]
        if not lines and excerpt["member"] == place.member and place.offset in offsets:
            lines = _lines(excerpt, place.offset)
    # A pickle within a constant is a member named after the call that takes it.
    nested = "call-" if place.member is None else f"{place.member}!call-"
    inside = [
        (excerpt["member"], _lines(excerpt, excerpt["offset"]))
        for excerpt in excerpts
        if (excerpt["member"] or "").startswith(nested)
    ]
    return Bytes(place, lines, tuple(inside[:_NESTED]))


def _lines(excerpt: dict[str, Any], here: int | None) -> tuple[Line, ...]:
    return tuple(_line(line, here) for line in excerpt["lines"])


def _line(line: Sequence[Any], here: int | None) -> Line:
    offset, size, raw, meaning = line
    data = bytes.fromhex(raw)[:_HEX]
    more = "" if size <= len(data) else f" … {size:,} bytes"
    text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
    return Line(f"{offset:08x}", data.hex(" ") + more, text, visible(meaning), offset == here)
