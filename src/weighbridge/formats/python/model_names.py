"""Models that code fetches by name: which call, which name, and whether it can move.

A name is pinned where it says one state for ever: a full commit, or a version number at Kaggle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from weighbridge.formats.python.evaluation import Invocation
from weighbridge.formats.python.values import UNKNOWN, Const, Ref, Value
from weighbridge.tables.model_loaders import model_loader

HUGGING_FACE, KAGGLE, OLLAMA, GITHUB = "huggingface", "kaggle", "ollama", "github"
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
_KAGGLE_NAME = re.compile(r"[\w.-]{1,100}(?:/[\w.-]{1,100}){3}(?:/\d{1,9})?", re.ASCII)
_GITHUB_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}(?::[\w./-]{1,200})?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_FROM = re.compile(r"^\s*(?:FROM|ADAPTER)\s+(\S{1,300})\s*$", re.I | re.M)
_PREFIXES = (("hf://", HUGGING_FACE), ("hf_hub:", HUGGING_FACE), ("kaggle://", KAGGLE))
_HF_HOSTS = ("hf.co/", "huggingface.co/")
_MOST = 500


@dataclass(frozen=True, slots=True)
class Named:
    """A model that a text names; `name` is empty where it is computed."""

    provider: str
    name: str
    revision: str
    pinned: bool


def used(made: Invocation) -> tuple[str, Named] | None:
    """Return the call and the model that it fetches, None for any other call."""
    path = made.function.path if isinstance(made.function, Ref) else ""
    last = made.name or path.rpartition(".")[2]
    loader = model_loader(path, last)
    if loader is None:
        return None
    arguments = made.arguments
    given = made.keywords.get(loader.keyword) or made.keywords.get("model_id")
    if given is None:
        given = arguments[loader.position] if len(arguments) > loader.position else UNKNOWN
    call = path or f"….{last}"
    name = _text(given)
    if name is None:
        # A task alone makes pipeline choose a model of its own, whichever is the default.
        return call, Named(loader.provider, "", "", False)
    revision = _text(made.keywords.get("revision", UNKNOWN)) or ""
    found = named(loader.provider, name, revision)
    return None if found is None else (call, found)


def named(provider: str, name: str, revision: str = "") -> Named | None:
    """Return the model of a name, None for a path on this machine and what is no name."""
    for prefix, other in _PREFIXES:
        if name.startswith(prefix):
            return named(other, name.removeprefix(prefix), revision)
    if provider == KAGGLE and _KAGGLE_NAME.fullmatch(name):
        parts = name.split("/")
        version = parts[4] if len(parts) == 5 else ""
        return Named(KAGGLE, "/".join(parts[:4]), version, bool(version))
    if provider == GITHUB and _GITHUB_NAME.fullmatch(name):
        name, _, reference = name.partition(":")
        return Named(GITHUB, name, reference, bool(_COMMIT.fullmatch(reference)))
    if provider == HUGGING_FACE and _HUB_NAME.fullmatch(name):
        return Named(HUGGING_FACE, name, revision[:200], bool(_COMMIT.fullmatch(revision)))
    return None


def in_modelfile(text: str) -> list[tuple[int, Named]]:
    """Return the models that a Modelfile of Ollama is made from, with their lines."""
    found = []
    for match, _ in zip(_FROM.finditer(text), range(_MOST), strict=False):
        name = match[1]
        if name.startswith((".", "/", "~", "\\")) or name.lower().endswith((".gguf", ".bin")):
            continue
        line = text.count("\n", 0, match.start(1)) + 1
        name = name.removeprefix("https://")
        hub = next((host for host in _HF_HOSTS if name.startswith(host)), "")
        name, _, tag = name.removeprefix(hub).partition(":")
        other = Named(OLLAMA, name[:200], tag[:100], False)
        one = named(HUGGING_FACE, name) if hub else other
        if one is not None:
            found.append((line, one))
    return found


def _text(value: Value) -> str | None:
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None
