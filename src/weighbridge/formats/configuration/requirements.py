"""Lists of packages to be installed: pip's requirements files, and lists in YAML and TOML.

Serving and packaging tools put these lines on command lines of their own (MLflow's
``python_env.yaml``, CVE-2025-15379) or into a Dockerfile (BentoML, CVE-2026-33744 and others).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from weighbridge.facts.repository import Reference, Requirement
from weighbridge.formats.configuration.json_file import line_of
from weighbridge.formats.context import Context, Place
from weighbridge.text.secrets import mask

NAME = "requirements"
_FILE = re.compile(r"(?:[\w.-]*requirements?[\w.-]*|constraints[\w.-]*)\.(?:txt|in)\Z")
_NAME = re.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,100})\s*(?:\[[^\]]{0,200}\])?\s*([=<>!~][^;#]{0,80})?"
)
_MOST = 2000
_LENGTH = 400
_BUILD_FIELDS = ("base_image", "distro", "python_version", "cuda_version", "system_packages")


def is_requirements(name: str) -> bool:
    """Say whether a file has a name of a list that pip reads."""
    return _FILE.match(name) is not None


def read_requirements(context: Context, text: str, place: Place) -> None:
    """Add the lines of a list that pip reads."""
    joined = re.sub(r"\\\n", "  ", text)
    for number, line in enumerate(joined.split("\n")[:_MOST], 1):
        wanted = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if wanted:
            context.add(_requirement(place, number, wanted))


def requirements_in_yaml(
    context: Context, text: str, place: Place, value: object, name: str
) -> None:
    """Add the packages that a YAML file lists: conda's, MLflow's, BentoML's."""
    if not isinstance(value, dict):
        return
    for wanted in _listed(value):
        context.add(_requirement(place, line_of(text, wanted), wanted))
    if name in ("bentofile.yaml", "bento.yaml"):
        _bento(context, text, place, value)


def read_pyproject(context: Context, text: str, place: Place) -> None:
    """Add what building and installing a project asks for."""
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    build, project = value.get("build-system"), value.get("project")
    for owner, key in ((build, "requires"), (project, "dependencies")):
        listed = owner.get(key) if isinstance(owner, dict) else None
        for wanted in listed if isinstance(listed, list) else ():
            if isinstance(wanted, str):
                context.add(_requirement(place, line_of(text, wanted), wanted))
    backend = build.get("build-backend") if isinstance(build, dict) else None
    if isinstance(backend, str) and isinstance(build, dict) and build.get("backend-path"):
        line = line_of(text, backend)
        module = backend.partition(":")[0]
        context.add(Reference(place.member, line, "build-backend", "build-backend", module))


def _requirement(place: Place, line: int, wanted: str) -> Requirement:
    named = None if wanted.startswith("-") or "://" in wanted else _NAME.match(wanted)
    name, version = (named[1], named[2] or "") if named is not None else ("", "")
    return Requirement(place.member, line, name, version.strip()[:80], mask(wanted[:_LENGTH]))


def _listed(value: dict[object, object]) -> Iterator[str]:
    pending: list[object] = [value.get("dependencies"), value.get("build_dependencies")]
    python = value.get("python")
    if isinstance(python, dict):
        pending.append(python.get("packages"))
    count = 0
    while pending and count < _MOST:
        count += 1
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, dict):
            pending.append(item.get("pip"))


def _bento(context: Context, text: str, place: Place, value: dict[object, object]) -> None:
    docker = value.get("docker")
    if not isinstance(docker, dict):
        return
    for key in _BUILD_FIELDS:
        field = docker.get(key)
        for item in field if isinstance(field, list) else [field]:
            if isinstance(item, str):
                line = line_of(text, item.split("\n")[0])
                shown = item[:_LENGTH]
                context.add(Reference(place.member, line, "build-field", f"docker.{key}", shown))
