"""Libraries of a scan, from the facts about its files.

One file says by itself what it was saved with and what it needs. What it declares can hang on other
files: a list for pip includes others, and constraints of another pin what it leaves open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from posixpath import basename, dirname, join, normpath

from weighbridge.facts.codec import Fact
from weighbridge.facts.expressions import Mapping, Text
from weighbridge.facts.pickles import Call, Import
from weighbridge.facts.repository import Declaration, ModelUse, Requirement
from weighbridge.facts.structure import Format, Metadata
from weighbridge.findings.libraries import Library, UsedModel
from weighbridge.libraries.names import PYPI, canonical_name
from weighbridge.tables.distributions import distribution, opener, writers

DECLARED, SAVED_WITH, NEEDS, INSTALLED = "declared", "saved-with", "needs", "installed"
_MOST = 5_000
_VERSION = re.compile(
    r"v?(\d{1,6}(?:\.\d{1,6}){1,4}(?:(?:a|b|rc|\.dev|\.post)\d{1,6})?(?:\+[\w.]{1,40})?)", re.ASCII
)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?", re.ASCII)
_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[=\s]+(\S{1,300})")
_PYTHON = frozenset({"python", "pip"})


@dataclass(frozen=True, slots=True)
class Mentions:
    """What one file says about libraries.

    Attributes:
        libraries: that it names for itself.
        listed: those that count only where another file includes this one.
        includes: paths it includes, and whether as constraints.
        card: keys and values that a model card declares.
        models: that its code fetches by name.
    """

    libraries: tuple[Library, ...] = ()
    listed: tuple[Library, ...] = ()
    includes: tuple[tuple[str, bool], ...] = ()
    card: tuple[tuple[str, str], ...] = ()
    models: tuple[UsedModel, ...] = ()


@dataclass(slots=True)
class _Found:
    libraries: dict[Library, None] = field(default_factory=dict)
    listed: dict[Library, None] = field(default_factory=dict)
    includes: list[tuple[str, bool]] = field(default_factory=list)
    card: list[tuple[str, str]] = field(default_factory=list)
    models: list[UsedModel] = field(default_factory=list)


def mentions(facts: Iterable[Fact], path: str) -> Mentions:
    """Return what the facts about one file say about libraries."""
    found = _Found()
    producer = ""
    modules: dict[str, None] = {}
    for fact in facts:
        if len(found.libraries) + len(found.listed) > _MOST:
            break
        if isinstance(fact, Import):
            modules[fact.resolved_module.partition(".")[0]] = None
        elif isinstance(fact, Format):
            _needs(found, opener().get(fact.format), path)
        elif isinstance(fact, Metadata):
            producer = _metadata(found, fact, producer, path)
        elif isinstance(fact, Call):
            _state(found, fact, path)
        elif isinstance(fact, Requirement):
            _required(found, fact, path)
        elif isinstance(fact, Declaration):
            _declaration(found, fact, path)
        elif isinstance(fact, ModelUse):
            shown = (fact.provider, fact.name, fact.revision, fact.pinned)
            found.models.append(UsedModel(*shown, path, fact.line, fact.call))
    for module in modules:
        _needs(found, distribution(module), path)
    return Mentions(
        *(tuple(found.libraries), tuple(found.listed), tuple(found.includes)),
        *(tuple(found.card), tuple(found.models)),
    )


def collected(files: Sequence[tuple[str, Mentions]]) -> tuple[Library, ...]:
    """Return the libraries of all files, with what lists include and constraints pin."""
    by_path = dict(files)
    result: dict[Library, None] = {}
    said: set[tuple[str, str | None, str]] = set()
    for path, one in files:
        pins = _constraints(path, one, by_path)
        listed = [library for more in _included(path, by_path) for library in more.listed]
        for library in (*one.libraries, *listed):
            pinned = pins.get(library.name) if library.relation == DECLARED else None
            if library.version is None and pinned is not None:
                library = replace(library, version=pinned)
            if library.relation in (NEEDS, SAVED_WITH):
                # The same of many files is said once, with the first of them.
                key = (library.name, library.version, library.relation)
                if key in said:
                    continue
                said.add(key)
            result[library] = None
            if len(result) >= _MOST:
                return tuple(result)
    return tuple(result)


def uses_of(files: Sequence[tuple[str, Mentions]]) -> tuple[UsedModel, ...]:
    """Return the models that code fetches by name; a folder beside the code is none of a hub."""
    folders = {path.partition("/")[0] for path, _one in files if "/" in path}
    paths = [path for path, _one in files]
    return tuple(
        model
        for _path, one in files
        for model in one.models
        if model.name.partition("/")[0] not in folders
        or not any(path.startswith(f"{model.name}/") for path in paths)
    )


def card_of(files: Iterable[tuple[str, Mentions]]) -> tuple[tuple[str, str], ...]:
    """Return what the model card at the top of a target declares."""
    cards = {path.lower(): one.card for path, one in files}
    return cards.get("readme.md", ())


def _included(path: str, by_path: dict[str, Mentions]) -> Iterator[Mentions]:
    """Yield the files that a list includes, directly or over others, each once."""
    pending, seen = [path], {path}
    while pending:
        at = pending.pop()
        one = by_path.get(at)
        if at != path and one is not None:
            yield one
        for name, constraint in one.includes if one is not None else ():
            place = normpath(join(dirname(at), name))
            if not constraint and place not in seen:
                seen.add(place)
                pending.append(place)


def _constraints(path: str, one: Mentions, by_path: dict[str, Mentions]) -> dict[str, str]:
    pins = {}
    for name, constraint in one.includes:
        other = by_path.get(normpath(join(dirname(path), name))) if constraint else None
        for library in other.listed if other is not None else ():
            if library.version is not None:
                pins[library.name] = library.version
    return pins


def _needs(found: _Found, name: str | None, path: str) -> None:
    if name is not None:
        found.libraries[Library(name, None, PYPI, NEEDS, path)] = None


def _saved(found: _Found, name: str, text: str, path: str) -> None:
    """Keep a writer's version; it is text of whoever made the file, and may be none."""
    version = _VERSION.fullmatch(text.strip())
    if version is not None:
        found.libraries[Library(name, version[1], PYPI, SAVED_WITH, path)] = None


def _metadata(found: _Found, fact: Metadata, producer: str, path: str) -> str:
    if fact.format == "model-card":
        found.card.append((fact.key, fact.value))
        if fact.key == "library_name" and _NAME.fullmatch(fact.value):
            name = distribution(fact.value) or fact.value.lower()
            found.libraries[Library(canonical_name(name), None, PYPI, DECLARED, path)] = None
        return producer
    if fact.format == "onnx" and fact.key.startswith("producer"):
        if fact.key == "producer_name":
            return fact.value
        name = writers().get(("onnx", f"producer {producer}"), "")
    else:
        name = writers().get((fact.format, fact.key), "")
    if name.startswith("openvino"):
        # The build stands behind it: 2024.6.0-17404-4c0f47d2335-releases/2024/6
        _saved(found, name, fact.value.partition("-")[0], path)
    elif name == "catboost":
        inside = re.search(rf"(?:Version: |tags/v){_VERSION.pattern}", fact.value)
        _saved(found, name, inside[1] if inside else "", path)
    elif name:
        _saved(found, name, fact.value, path)
    return producer


def _state(found: _Found, call: Call, path: str) -> None:
    """Scikit-learn puts its version into the state of every estimator (``_sklearn_version``)."""
    for state in call.state:
        if not isinstance(state, Mapping):
            continue
        for key, value in zip(state.items[::2], state.items[1::2], strict=False):
            if (
                isinstance(key, Text)
                and key.value == "_sklearn_version"
                and isinstance(value, Text)
            ):
                _saved(found, "scikit-learn", value.value, path)


def _required(found: _Found, fact: Requirement, path: str) -> None:
    include = _INCLUDE.match(fact.text)
    if include is not None:
        found.includes.append((include[2], include[1] in ("-c", "--constraint")))
        return
    library = _parsed(fact.text, path)
    if library is None:
        return
    where = found.listed if basename(path).lower().startswith("constraints") else found.libraries
    where[library] = None


def _declaration(found: _Found, fact: Declaration, path: str) -> None:
    include = _INCLUDE.match(fact.wanted)
    if include is not None:
        found.includes.append((include[2], include[1] in ("-c", "--constraint")))
        return
    if fact.version:
        library: Library | None = None
        if _NAME.fullmatch(fact.name):
            name = canonical_name(fact.name)
            wanted = fact.wanted
            library = Library(name, fact.version, PYPI, DECLARED, path, wanted, fact.marker)
    else:
        library = _parsed(fact.wanted, path) or _named(fact, path)
    if library is not None:
        (found.listed if fact.source == "list" else found.libraries)[library] = None


def _named(fact: Declaration, path: str) -> Library | None:
    """Poetry's carets and asterisks are no PEP 440: the name stands, the version is open."""
    if not _NAME.fullmatch(fact.name):
        return None
    return Library(canonical_name(fact.name), None, PYPI, DECLARED, path, fact.wanted[:100])


def _parsed(text: str, path: str) -> Library | None:
    """Return the library that a line asks for (PEP 508, a wheel's address, or conda's form)."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    line = re.split(r"\s+(?:--?\w|#)", text.strip(), maxsplit=1)[0]
    if line.startswith("-"):
        return None
    if "://" in line and " @ " not in line:
        return _wheel(line, path)
    try:
        wanted = Parsed(line)
    except (InvalidRequirement, RecursionError, ValueError):
        return _conda(line, path)
    if wanted.name.lower() in _PYTHON:
        return None
    specifier = str(wanted.specifier)[:100]
    if wanted.url is not None:
        wheel = _wheel(wanted.url, path)
        specifier = f"@ {wanted.url[:100]}"
        version = wheel.version if wheel is not None else None
    else:
        version = _pinned(specifier)
    marker = str(wanted.marker)[:200] if wanted.marker is not None else ""
    return Library(canonical_name(wanted.name), version, PYPI, DECLARED, path, specifier, marker)


def _pinned(specifier: str) -> str | None:
    for part in specifier.split(","):
        exact = re.fullmatch(r"={2,3}\s*([^*\s]+)", part.strip())
        if exact is not None:
            return exact[1]
    return None


def _wheel(address: str, path: str) -> Library | None:
    from urllib.parse import unquote

    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    name = unquote(basename(re.split(r"[?#]", address, maxsplit=1)[0]))
    try:
        package, version, _build, _tags = parse_wheel_filename(name)
    except (InvalidWheelFilename, ValueError):
        return None
    return Library(str(package), str(version), PYPI, DECLARED, path, "")


_CONDA = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,100})=([A-Za-z0-9.!+_]{1,60})(=\S{1,60})?\Z")
_OF_CONDA = {"pytorch": "torch", "py-xgboost": "xgboost", "py-opencv": "opencv-python"}


def _conda(line: str, path: str) -> Library | None:
    """``name=version`` is a prefix for conda unless it is whole or a build stands behind it."""
    found = _CONDA.match(line.rpartition("::")[2])
    if found is None or found[1].lower() in _PYTHON:
        return None
    whole = found[3] is not None or found[2].count(".") >= 2
    name = canonical_name(_OF_CONDA.get(found[1], found[1]))
    return Library(name, found[2] if whole else None, PYPI, DECLARED, path, f"={found[2]}")
