"""What changed in the code that a model needs since another revision of it was scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from weighbridge.findings.model import Finding
from weighbridge.text.escaping import visible

_RULE = "remote-code"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LoadedCode:
    """The files that a loader would run at one revision.

    Attributes:
        revision: pinned.
        files: what tells a file's content from another, such as its SHA-256, by path.
    """

    revision: str
    files: Mapping[str, str]


def with_changes(
    findings: Iterable[Finding], now: LoadedCode, before: LoadedCode
) -> tuple[Finding, ...]:
    """Return findings, those about needed code with what became of it since `before`.

    A file that is gone stands with the first of them. Fingerprint and behaviour stay as they are.
    """
    left = _changes(now, before)
    told: list[Finding] = []
    for finding in findings:
        if finding.rule == _RULE:
            own = set(finding.evidence.get("symbols", ()))
            first = not any(one.rule == _RULE for one in told)
            some = [one for one in left if one[1] in own or (first and one[0] == "gone")]
            finding = _with(finding, some, before.revision)
        told.append(finding)
    return tuple(told)


def _changes(now: LoadedCode, before: LoadedCode) -> list[tuple[str, str]]:
    found = []
    for path in sorted({*now.files, *before.files}):
        if path not in before.files:
            word = "new"
        elif path not in now.files:
            word = "gone"
        elif now.files[path] != before.files[path]:
            word = "changed"
        else:
            continue
        found.append((word, visible(path, 120)))
    return found


def _with(finding: Finding, changes: list[tuple[str, str]], revision: str) -> Finding:
    since = visible(revision, 60)
    lines = [f"# {word} since {since}: {name}" for word, name in changes[:_SHOWN]]
    if len(changes) > _SHOWN:
        lines.append(f"# and {len(changes) - _SHOWN} more")
    more = {
        "code": "\n".join([finding.evidence["code"], *(lines or [f"# as it was at {since}"])]),
        "since": since,
        "changes": [f"{word} {name}" for word, name in changes[:_SHOWN]],
    }
    return replace(finding, evidence={**finding.evidence, **more})
