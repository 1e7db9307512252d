"""What texts beside the weights do, name and ask for: scripts, configuration, requirements."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """One piece of source text, whole.

    Attributes:
        member: place inside the file, None for the file itself.
        language: `python`, `notebook`, `shell`, `powershell`, `batch`.
        lines: how many it has.
        complete: whether all of it could be followed.
        imports: dotted names that it imports; relative ones keep their dots.
        classes: its classes with their bases, `Net(torch.nn.Module)`.
        sha256: of the text in UTF-8.
    """

    member: str | None
    language: str
    lines: int
    complete: bool
    imports: tuple[str, ...]
    classes: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class Act:
    """One place where a script uses something of the world outside: a process, a file, a host.

    Attributes:
        member: place inside the file.
        line: counted from 1; of the whole file, in notebooks of all code cells together.
        language: as in :class:`Script`.
        act: what it does, from the table of acts: `process`, `exec`, `fetch`, `write` ...
        name: dotted name of what is called; the command itself for a shell.
        when: `import` (whenever the file is imported or run), `load` (in a method that loaders
            call), `call` (in any other function), `main` (only when run as a program).
        scope: name of the function around it, empty outside of all.
        code: the line, bounded, credentials masked.
        operands: constants that are handed over, bounded, credentials masked.
        traits: what is known of what is handed over: `fetched`, `decoded`, `credential-file` ...
        constant: whether the first argument is known.
    """

    member: str | None
    line: int
    language: str
    act: str
    name: str
    when: str
    scope: str
    code: str
    operands: tuple[str, ...]
    traits: tuple[str, ...]
    constant: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a configuration that leads a loader to code, a file or another repository.

    Attributes:
        member: place inside the file.
        line: counted from 1, 0 where it is not known.
        kind: `auto-map`, `kernel`, `trust`, `target`, `loader-module`, `code-path`, `class`,
            `yaml-tag`, `entity`, `document-type`, `jsonpickle`, `serde`,
            `caffe-layer`, `constructor` ...
        key: path of keys that leads to it.
        value: as written, bounded.
        pinned: revision that the configuration gives along with it, empty without.
    """

    member: str | None
    line: int
    kind: str
    key: str
    value: str
    pinned: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a list of packages that is going to be installed.

    Attributes:
        name: of the package, empty where the line is an option or an address.
        version: as asked for, empty when any will do.
        line: counted from 1.
        text: as written, bounded, credentials masked.
    """

    member: str | None
    line: int
    name: str
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A package that a lock, a project or a build file names.

    Attributes:
        source: `pyproject`, `setup.cfg`, `lock`, `pipfile`, `dockerfile`; `list` for a plain text
            with a requirement on each line, which counts only where another file includes it, and
            whose options have no name.
        version: exact, empty where none is pinned.
        wanted: what is asked for, as written and bounded, credentials masked.
        marker: condition under which it is asked for (PEP 508), empty without.
        line: counted from 1, 0 where it is not known.
    """

    member: str | None
    line: int
    source: str
    name: str
    version: str
    wanted: str
    marker: str


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that a text fetches by name.

    Attributes:
        call: dotted name of what is called; `FROM` in a Modelfile.
        provider: `huggingface`, `kaggle`, `ollama`, `github`.
        name: empty where it is computed.
        revision: that is asked for, empty without.
        pinned: whether that is one state for ever.
    """

    member: str | None
    line: int
    call: str
    provider: str
    name: str
    revision: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential in a text: whose it is, where it stands, its first characters."""

    member: str | None
    line: int
    issuer: str
    masked: str
