"""Packages that locks, project files and Dockerfiles name, and models that Modelfiles do.

Locks of Poetry, uv and PDM, and ``pylock.toml`` (PEP 751), are TOML with a table ``package`` or
``packages``; Pipenv's is JSON. Lists for pip are read in :mod:`.requirements`.
"""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from weighbridge.facts.repository import Declaration, ModelUse
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.model_names import in_modelfile
from weighbridge.text.secrets import mask

PIPFILE_LOCK = "pipfile.lock"
_MOST = 5_000
_WANTED = 300
_LIST_BYTES = 64 << 10
_EXACT = re.compile(r"={2,3}\s*([A-Za-z0-9.!+_-]{1,100})\s*\Z")
_LINE = re.compile(r"[A-Za-z0-9][\w.-]{0,100}\s*(?:\[[^\]]{0,200}\])?\s*(?:[=<>!~@;].{0,300})?\Z")
_OPTION = re.compile(r"-(?:r|c|e|i|f|-[a-z-]{2,40})\b")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_PIP = re.compile(r"(?:^|[\s;&|(/])(?:pip[\d.]*|uv\s+pip)\s+install\s+([^;&|\n]{1,4000})")
_PIP_VALUES = frozenset(
    "-i --index-url --extra-index-url -f --find-links -t --target --prefix --root -r -c "
    "--requirement --constraint --trusted-host --timeout --retries --python --platform".split()
)


def read_dependencies(context: Context, text: str, place: Place, name: str) -> None:
    """Add what a text names by its own name, or by its content for a plain list."""
    reader = _READERS.get(name)
    if reader is None and (name.startswith("dockerfile") or name.endswith(".dockerfile")):
        reader = _dockerfile
    if name == "modelfile" or name.endswith(".modelfile"):
        for line, one in in_modelfile(text):
            shown = (one.provider, mask(one.name), one.revision, one.pinned)
            context.add(ModelUse(place.member, line, "FROM", *shown))
    if reader is None and name.endswith((".txt", ".in")):
        reader = _plain_list
    if reader is not None:
        _add(context, place, reader(text, place))


def read_pyproject(context: Context, text: str, place: Place) -> None:
    """Add groups and extras of a project, and Poetry's own tables."""
    _add(context, place, _pyproject(text, place))


def read_pipfile_lock(context: Context, value: object, place: Place) -> None:
    """Add what Pipenv has locked."""
    _add(context, place, _pipfile_lock(value, place))


def _pipfile_lock(value: object, place: Place) -> Iterator[Declaration]:
    for section in ("default", "develop"):
        table = value.get(section) if isinstance(value, dict) else None
        for name, entry in table.items() if isinstance(table, dict) else ():
            wanted = entry.get("version") if isinstance(entry, dict) else None
            exact = _EXACT.fullmatch(wanted) if isinstance(wanted, str) else None
            marker = entry.get("markers") if isinstance(entry, dict) else None
            if exact is not None:
                yield _declared(place, "lock", name, exact[1], wanted, marker)


def _add(context: Context, place: Place, found: Iterable[Declaration]) -> None:
    """Add so many declarations as anybody has, and say when there were more."""
    for number, one in enumerate(found):
        if number >= _MOST:
            text = f"of the packages that it names, the first {_MOST} were read"
            context.note(place, "limit-declarations", text)
            return
        context.add(one)


def _declared(
    place: Place, source: str, name: str, version: str, wanted: object, marker: object = ""
) -> Declaration:
    return Declaration(
        member=place.member,
        line=0,
        source=source,
        name=str(name)[:200],
        version=version[:100],
        wanted=mask(wanted[:_WANTED]) if isinstance(wanted, str) else "",
        marker=marker[:_WANTED] if isinstance(marker, str) else "",
    )


def _toml(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _lock(text: str, place: Place) -> Iterator[Declaration]:
    value = _toml(text)
    for key in ("package", "packages"):
        listed = value.get(key)
        for entry in listed if isinstance(listed, list) else ():
            name, version = (
                (entry.get("name"), entry.get("version")) if isinstance(entry, dict) else (0, 0)
            )
            source = entry.get("source") if isinstance(entry, dict) else None
            here = isinstance(source, dict) and not source.keys().isdisjoint(_OWN_SOURCES)
            if isinstance(name, str) and isinstance(version, str) and not here:
                marker = entry.get("marker") or entry.get("markers")
                yield _declared(place, "lock", name, version, f"=={version}", marker)


_OWN_SOURCES = ("editable", "virtual", "directory")
"""How uv marks the project itself."""


def _pyproject(text: str, place: Place) -> Iterator[Declaration]:
    value = _toml(text)
    project = value.get("project")
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    for table in (extras, value.get("dependency-groups")):
        for listed in table.values() if isinstance(table, dict) else ():
            yield from _requirements(listed, place, "pyproject")
    tool = value.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    if isinstance(poetry, dict):
        yield from _table(poetry.get("dependencies"), place, "pyproject")
        yield from _table(poetry.get("dev-dependencies"), place, "pyproject")
        groups = poetry.get("group")
        for group in groups.values() if isinstance(groups, dict) else ():
            listed = group.get("dependencies") if isinstance(group, dict) else None
            yield from _table(listed, place, "pyproject")


def _pipfile(text: str, place: Place) -> Iterator[Declaration]:
    value = _toml(text)
    for section in ("packages", "dev-packages"):
        yield from _table(value.get(section), place, "pipfile")


def _requirements(listed: object, place: Place, source: str) -> Iterator[Declaration]:
    for wanted in listed if isinstance(listed, list) else ():
        named = _NAME.match(wanted) if isinstance(wanted, str) else None
        if named is not None:
            yield _declared(place, source, named[0], "", wanted)


def _table(table: object, place: Place, source: str) -> Iterator[Declaration]:
    """Poetry's and Pipenv's form: names with a version, or with a table that holds one."""
    for name, entry in table.items() if isinstance(table, dict) else ():
        wanted = entry.get("version", "") if isinstance(entry, dict) else entry
        if name.lower() == "python" or not isinstance(wanted, str):
            continue
        exact = _EXACT.fullmatch(wanted)
        # Without an operator Poetry means "compatible with", Pipenv "any" by an asterisk.
        yield _declared(place, source, name, exact[1] if exact else "", wanted)


def _setup_cfg(text: str, place: Place) -> Iterator[Declaration]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError):
        return
    fields = [("options", "install_requires"), ("options", "setup_requires")]
    if parser.has_section("options.extras_require"):
        fields += [("options.extras_require", key) for key in parser["options.extras_require"]]
    for section, key in fields:
        listed = parser.get(section, key, fallback="")
        lines = [line.strip() for line in listed.splitlines()]
        yield from _requirements([line for line in lines if line], place, "setup.cfg")


def _dockerfile(text: str, place: Place) -> Iterator[Declaration]:
    joined = re.sub(r"\\[ \t]*\n", " ", text)
    for number, line in enumerate(joined.split("\n")[:_MOST], 1):
        if not re.match(r"\s*RUN\b", line, re.IGNORECASE):
            continue
        for match in _PIP.finditer(line):
            for word in _operands(match[1]):
                named = _NAME.match(word)
                if named is not None:
                    exact = _EXACT.search(word)
                    version = exact[1] if exact else ""
                    one = _declared(place, "dockerfile", named[0], version, word)
                    yield replace(one, line=number)


def _operands(arguments: str) -> Iterator[str]:
    """Yield what pip is to install: neither options nor their values nor files and addresses."""
    try:
        words = shlex.split(arguments, comments=True)
    except ValueError:
        words = arguments.split()
    passed = False
    for word in words:
        if passed or word.startswith("-"):
            passed = not passed and word in _PIP_VALUES
        elif not word.startswith((".", "/", "$")) and "://" not in word:
            yield word


def _plain_list(text: str, place: Place) -> Iterator[Declaration]:
    """A text with nothing but requirements, which another list may include by its name."""
    if len(text) > _LIST_BYTES:
        return
    lines = [re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip() for line in text.split("\n")]
    wanted = [line for line in lines if line and not _OPTION.match(line)]
    pinned = any(re.search(r"[=<>~]=|[<>]\s*\d", line) for line in wanted)
    if not pinned or not all(_LINE.match(line) for line in wanted):
        return
    for number, line in enumerate(lines, 1):
        named = _NAME.match(line)
        if named is not None or _OPTION.match(line):
            one = _declared(place, "list", named[0] if named else "", "", line)
            yield replace(one, line=number)


_READERS: dict[str, Callable[[str, Place], Iterable[Declaration]]] = {
    "pdm.lock": _lock,
    "pipfile": _pipfile,
    "poetry.lock": _lock,
    "pylock.toml": _lock,
    "setup.cfg": _setup_cfg,
    "uv.lock": _lock,
}
