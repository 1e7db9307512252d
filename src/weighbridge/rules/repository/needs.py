"""Rules about code that a model needs: what exactly would run, and from where."""

from __future__ import annotations

from collections.abc import Iterator

from weighbridge.facts.repository import Reference
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.repository.model import Repository, RepositoryFile
from weighbridge.rules.repository.reached import LONE, PYTHON, Reached
from weighbridge.text.escaping import visible

_SHOWN = 20
# Files that are part of any Python project, and need no model.
_OF_PROJECTS = frozenset({"pip install", "pytest", LONE})


def needed(repository: Repository, code: dict[str, Reached]) -> Iterator[tuple[str, Finding]]:
    """Yield a finding for each configuration that leads a loader to code."""
    groups: dict[tuple[str, str], list[Reached]] = {}
    for one in code.values():
        if one.loader == PYTHON:
            yield one.path, _start_up(one)
        elif one.loader not in _OF_PROJECTS:
            root = _root(code, one)
            groups.setdefault((root.source or root.path, one.loader), []).append(one)
    for (path, loader), files in groups.items():
        # A file that is judged by itself has no path: it brings the code of its tools.
        names = [visible(one.path or "the code of its tools", 120) for one in files]
        yield (
            path,
            REMOTE_CODE.finding(
                title=f"Loading it runs Python of the repository ({', '.join(names[:3])})",
                evidence={
                    "code": "\n".join(names[:_SHOWN]),
                    "line": max((one.line for one in files if one.source == path), default=0),
                    "symbols": names[:_SHOWN],
                    "count": len(files),
                },
                loaders=(loader,),
            ),
        )
    for file in repository.files:
        yield from _elsewhere(file)


def _start_up(one: Reached) -> Finding:
    return START_UP.finding(
        title=f"Python runs it whenever it starts ({visible(one.path, 120)})",
        evidence={"code": visible(one.path, 200), "symbols": [visible(one.path, 200)], "line": 1},
        loaders=(one.loader,),
    )


def _root(code: dict[str, Reached], one: Reached) -> Reached:
    """Go back from an imported file to what a configuration or a name leads to."""
    for _ in range(50):
        if not one.why.startswith("imported by") or one.source not in code:
            break
        one = code[one.source]
    return one


def _elsewhere(file: RepositoryFile) -> Iterator[tuple[str, Finding]]:
    others: dict[str, list[Reference]] = {}
    for reference in file.references:
        if reference.kind == "auto-map" and "--" in reference.value:
            others.setdefault(reference.value.partition("--")[0], []).append(reference)
    for name, references in others.items():
        pinned = next((one.pinned for one in references if one.pinned), "")
        how = f"at revision {visible(pinned, 60)}" if pinned else "at whatever revision is newest"
        yield (
            file.path,
            OTHER_REPOSITORY.finding(
                title=f"Loading it runs Python of another repository, {visible(name, 100)}, {how}",
                evidence={
                    "code": "\n".join(
                        visible(f"{r.key}: {r.value}", 200) for r in references[:_SHOWN]
                    ),
                    "line": references[0].line,
                    "symbols": [visible(one.value, 200) for one in references[:_SHOWN]],
                    "pinned": bool(pinned),
                },
                loaders=("transformers.AutoModel.from_pretrained(trust_remote_code=True)",),
            ),
        )


def _nothing(_file: FileFacts) -> tuple[Finding, ...]:
    return ()


REMOTE_CODE = Rule(
    id="remote-code",
    title="Loading it runs Python of the repository",
    kind=Kind.WEAKNESS,
    severity=Severity.MEDIUM,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Reference", "Script"),
    cwe=("CWE-829", "CWE-494"),
    atlas=("AML.T0010.003",),
    description="A configuration names Python files of the repository, or a file has a name that a "
    "loader looks for. The files listed would run with the rights of whoever loads the model. "
    "Agents of AutoGen, smolagents, Open WebUI, Langflow and Letta bring the code of their tools "
    "in the configuration itself.",
    example='"auto_map": {"AutoModel": "modeling_x.XModel"}',
    remediation="Read the files that are named before allowing them to run, and pin the revision.",
    references=("CVE-2025-66448", "CVE-2026-22807"),
    apply=_nothing,
)
START_UP = Rule(
    id="start-up-code",
    title="Python runs it whenever it starts",
    kind=Kind.SUSPICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("Script",),
    cwe=("CWE-829", "CWE-506"),
    atlas=("AML.T0010.003",),
    description="A file named `sitecustomize.py`, `usercustomize.py` or `*.pth` runs in every "
    "process of Python that finds it on its path, without any import. No model needs one.",
    example="sitecustomize.py beside the weights",
    remediation="Do not put the folder on the path of Python. Ask what the file is for.",
    references=("https://docs.python.org/3/library/site.html",),
    apply=_nothing,
)
OTHER_REPOSITORY = Rule(
    id="other-repository",
    title="Loading it runs Python of another repository",
    kind=Kind.WEAKNESS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Reference",),
    cwe=("CWE-829", "CWE-494"),
    atlas=("AML.T0010.003",),
    description="`auto_map` names code as `owner/repo--module.Class`. It is fetched from that "
    "repository, whose owner can change it at any time unless a revision is given.",
    example='"auto_map": {"AutoModel": "owner/repo--modeling_x.XModel"}',
    remediation="Scan the other repository too, and load with a pinned `code_revision`.",
    references=("CVE-2025-66448", "CVE-2026-22807", "CVE-2026-46432"),
    apply=_nothing,
)
