"""Rules about machine code and programs in or beside models."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weighbridge.facts.native import Executable
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.model import FileFacts, Rule

_SHOWN = 8
# Archives that hold anything, a program too; no loader runs what lies in them.
_GENERAL = frozenset({"zip", "tar", "7z", "gzip", "xz", "bz2", "zstd", "lz4", "torchserve"})
_LLAMAFILE = ("./the-file", "llamafile -m")
_NAMES = {
    "elf": "an ELF file",
    "pe": "a Windows program",
    "mach-o": "a Mach-O file",
    "java-class": "a Java class",
    "webassembly": "a WebAssembly module",
    "script": "a script",
    "android-package": "a package for Android",
    "ios-package": "a package for iOS",
    "java-archive": "a Java archive",
}


def _facts(file: FileFacts) -> list[Executable]:
    return [fact for fact in file.facts if isinstance(fact, Executable)]


def _standing(fact: Executable) -> str:
    """Return `hidden`, `foreign` (inside a model archive), or `plain`."""
    if fact.origin == "hidden":
        return "hidden"
    if fact.origin == "expected" or fact.member is None:
        return "plain"
    return "plain" if fact.container is None or fact.container in _GENERAL else "foreign"


def _hidden(file: FileFacts) -> Iterable[Finding]:
    found = [fact for fact in _facts(file) if _standing(fact) == "hidden"]
    if found:
        title = f"It hides {_NAMES.get(found[0].kind, 'a program')} where no content should be"
        yield _finding(HIDDEN_EXECUTABLE, found, title)


def _foreign(file: FileFacts) -> Iterable[Finding]:
    groups: dict[str | None, list[Executable]] = {}
    for fact in _facts(file):
        if _standing(fact) == "foreign":
            groups.setdefault(fact.container, []).append(fact)
    for container, found in groups.items():
        name = _NAMES.get(found[0].kind, "a program")
        yield _finding(FOREIGN_EXECUTABLE, found, f"There is {name} inside the {container} archive")


def _plain(file: FileFacts) -> Iterable[Finding]:
    found = [f for f in _facts(file) if _standing(f) == "plain" and f.kind != "script"]
    if found:
        name = _NAMES.get(found[0].kind, "a program")
        yield _finding(NATIVE_CODE, found, f"It is or holds {name} ({found[0].machine})")


def _finding(rule: Rule, found: list[Executable], title: str) -> Finding:
    first = found[0]
    return rule.finding(
        title=title,
        member=first.member,
        evidence={
            "symbols": [f"{fact.kind} {fact.shape}" for fact in found[:_SHOWN]],
            "details": [f"{f.member or 'the file'}: {f.kind}, {f.machine}" for f in found[:_SHOWN]],
            "effects": ["native_code"],
            "count": len(found),
        },
        loaders=first.loaders,
    )


def _arguments(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, LLAMAFILE_ARGUMENTS, _LLAMAFILE)


def _rule(
    identifier: str,
    kind: Kind,
    severity: Severity,
    apply: Callable[[FileFacts], Iterable[Finding]],
    texts: tuple[str, str, str, str],
) -> Rule:
    title, description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Executable",),
        cwe=("CWE-506", "CWE-829"),
        atlas=("AML.T0011.000", "AML.T0018.002"),
        description=description,
        example=example,
        remediation=remediation,
        references=(),
        apply=apply,
    )


HIDDEN_EXECUTABLE = _rule(
    "hidden-executable",
    Kind.MALICIOUS,
    Severity.HIGH,
    _hidden,
    (
        "It hides a program where no content should be",
        "A program with a valid header stands behind, before or between the declared content, or "
        "inside the bytes of a tensor. Nothing that reads the model uses it, so something else "
        "does.",
        "an ELF file appended to a safetensors file",
        "Do not use the file, and look for what was meant to start the program.",
    ),
)
FOREIGN_EXECUTABLE = _rule(
    "foreign-executable",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    _foreign,
    (
        "There is a program inside the model archive",
        "The archive is of a kind that holds tensors and descriptions. A program, library or "
        "script has no use in it that its loader knows of.",
        "a .so among the records of a PyTorch checkpoint",
        "Ask what it is for; do not extract it.",
    ),
)
NATIVE_CODE = _rule(
    "native-code",
    Kind.WEAKNESS,
    Severity.MEDIUM,
    _plain,
    (
        "It is or holds machine code",
        "Machine code runs with all rights of whoever loads it, and a scan of models does not "
        "look into it. AOTInductor packages, llamafiles and compiled extensions are made of it "
        "by design.",
        "data/aotinductor/model/….so in a .pt2 package",
        "Load it only from a source that you trust, or build it yourself.",
    ),
)
LLAMAFILE_ARGUMENTS = _rule(
    "llamafile-arguments",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    _arguments,
    (
        "The llamafile's arguments reach outside",
        "A llamafile starts with the arguments in its .args; these name an address or use marks of "
        "a shell.",
        "-m https://…/other.gguf",
        "Read .args before use.",
    ),
)

RULES = (HIDDEN_EXECUTABLE, FOREIGN_EXECUTABLE, NATIVE_CODE, LLAMAFILE_ARGUMENTS)
