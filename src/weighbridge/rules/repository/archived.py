"""What is a repository within one file.

An archive: a zip of a folder, or a model archive of TorchServe. A configuration of agents, which
brings the code of its tools.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from weighbridge.facts.codec import Fact
from weighbridge.facts.repository import Act, Reference, Script
from weighbridge.findings.model import Finding
from weighbridge.rules.model import FileFacts
from weighbridge.rules.repository.model import Repository, RepositoryFile
from weighbridge.rules.repository.needs import needed
from weighbridge.rules.repository.reached import Reached, carried, reached
from weighbridge.rules.repository.strict import strict
from weighbridge.rules.scripts import ELSEWHERE

_SERVED = "torchserve --models"


def archived(file: FileFacts) -> Iterator[Finding]:
    """Yield what is wrong with the code in a file, as if its members lay in a folder."""
    if file.format in ELSEWHERE:
        return
    members: dict[str | None, list[Fact]] = {}
    tools = any(_is_tool(fact) and fact.member is None for fact in file.facts)
    for fact in file.facts:
        if isinstance(fact, Script | Act | Reference) and (tools or fact.member is not None):
            members.setdefault(fact.member, []).append(replace(fact, member=None))
    if not any(isinstance(fact, Script) for facts in members.values() for fact in facts):
        return
    places = {_path(member): member for member in members}
    files = [RepositoryFile(_path(name), None, tuple(facts)) for name, facts in members.items()]
    repository = Repository(files, "", lone=False)
    code = _served(repository) if file.format == "torchserve" else reached(repository)
    code = {**code, **carried(repository)}
    for path, finding in (*strict(repository, code), *needed(repository, code)):
        yield replace(finding, member=places[path])


def _is_tool(fact: Fact) -> bool:
    return isinstance(fact, Reference) and fact.kind == "tool-source"


def _path(member: str | None) -> str:
    """Return a member's path; a file that is no archive has none."""
    return (member or "").rpartition("!")[2].removeprefix("./")


def _served(repository: Repository) -> dict[str, Reached]:
    """Return all Python of a model archive: the server has its folder on the path."""
    scripts = [file for file in repository.files if file.script is not None]
    return {file.path: Reached(file.path, _SERVED, "the manifest") for file in scripts}
