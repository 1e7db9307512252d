"""Names and web addresses of models and datasets on a Hugging Face Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from weighbridge.errors import TargetError
from weighbridge.sources.hubs import web_address

_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?|[A-Za-z0-9_]")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,199}")
_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_VIEWS = ("tree", "blob", "raw", "resolve", "blame")
SCHEME = "hf://"


@dataclass(frozen=True, slots=True)
class HuggingFaceAddress:
    """A model or dataset as the user names it.

    Attributes:
        kind: ``models`` or ``datasets``.
        revision: branch, tag or commit, None for the default.
        shown: for people.
    """

    kind: str
    name: str
    revision: str | None = None

    @property
    def shown(self) -> str:
        """The address in its short form."""
        prefix = "" if self.kind == "models" else f"{self.kind}/"
        at = f"@{self.revision}" if self.revision else ""
        return f"{SCHEME}{prefix}{self.name}{at}"


def parse(text: str, endpoint: str) -> HuggingFaceAddress | None:
    """Return what `text` names, None when it names nothing at a Hub.

    Args:
        text: ``hf://name``, ``hf://org/name@revision``, ``hf://datasets/org/name``, or an address
            below huggingface.co or below `endpoint`.
        endpoint: the Hub that is asked.

    Raises:
        TargetError: it is meant for a Hub, but names no model or dataset.
    """
    if text.lower().startswith(SCHEME):
        path, at, revision = text[len(SCHEME) :].partition("@")
        parts = path.strip("/").split("/")
        return _address(text, parts, revision if at else None)
    parts_of = web_address(text)
    if parts_of is None or parts_of.netloc.lower() not in (
        *_HOSTS,
        urlsplit(endpoint).netloc.lower(),
    ):
        return None
    parts = [one for one in parts_of.path.split("/") if one]
    width = 2 if parts[:1] in (["datasets"], ["spaces"], ["models"]) else 1
    for at_index in (width, width + 1):
        if at_index < len(parts) and parts[at_index] in _VIEWS:
            return _address(text, parts[:at_index], _shown_revision(parts[at_index + 1 :]))
    return _address(text, parts, None)


def _shown_revision(rest: list[str]) -> str | None:
    """Return the revision after ``/tree/``; a branch with a slash stands there encoded."""
    if rest[:1] == ["refs"] and len(rest) >= 3:
        return "/".join(rest[:3])
    return unquote(rest[0]) if rest else None


def _address(text: str, parts: list[str], revision: str | None) -> HuggingFaceAddress:
    kind = "models"
    if parts[:1] in (["models"], ["datasets"]) and len(parts) > 1:
        kind = parts.pop(0)
    if parts[:1] == ["spaces"]:
        raise TargetError(f"{text}: a Space is a program, not a model; it is not scanned")
    if not is_name("/".join(parts)):
        raise TargetError(f"{text}: not the name of a model; write hf://org/name")
    if revision is not None and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise TargetError(f"{text}: not a revision: give a branch, a tag or a commit")
    return HuggingFaceAddress(kind, "/".join(parts), revision)


def is_name(name: str) -> bool:
    """Tell whether `name` can be that of a model: ``name`` or ``org/name``."""
    parts = name.split("/")
    return len(parts) <= 2 and all(map(_is_part, parts))


def _is_part(part: str) -> bool:
    flawed = "--" in part or ".." in part or part.endswith(".git")
    return bool(_PART.fullmatch(part)) and not flawed
