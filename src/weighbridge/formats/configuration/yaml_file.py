"""A YAML configuration to facts, by its events alone: nothing is constructed.

What a tag asks for runs in some readers: ``!!python/...`` in PyYAML's unsafe loaders, ``!new:``,
``!apply:``, ``!name:`` and ``!module:`` in HyperPyYAML, which SpeechBrain reads, and the name of a
class in SnakeYAML, with which TorchServe read workflows (CVE-2022-1471).
"""

from __future__ import annotations

import re

import yaml

from weighbridge.facts.repository import Reference
from weighbridge.formats.configuration.json_file import add_references
from weighbridge.formats.configuration.references import MOST_REFERENCES
from weighbridge.formats.context import Context, Place

NAME = "yaml"
ENDINGS = (".yaml", ".yml")
NAMES = frozenset({"mlmodel", "mlproject", "conda.yaml", "python_env.yaml"})
LIMIT = 512 << 10
_MOST_EVENTS = 60_000
_DEEPEST = 60
_LENGTH = 300
# NeMo writes its version into model_config.yaml.
_NEMO = "nemo_version"
# YAML's own types have no dot in their names; SnakeYAML takes what has for a class of Java.
_PLAIN_TAG = re.compile(r"tag:yaml\.org,2002:(?!python/)[^.]*\Z")
# Where the text is no YAML (templates of it, damage), the tags can still be told.
_TAG = re.compile(
    r"(?:^|[\s\[{,:-])(!!python/[\w/:.]{1,200}|!(?:new|apply|applyref|name|module):[\w.]{1,200})"
)
_TARGET = re.compile(r"\b_target_[\"']?\s*:\s*[\"']?([\w.]{1,200})")


def references_in_yaml(context: Context, text: str, place: Place, name: str) -> object:
    """Add what a YAML text leads a loader to; returns its first document as plain values."""
    outline = _Outline()
    whole = len(text) <= LIMIT and outline.read(text)
    if not whole:
        _by_pattern(context, text, place)
    for line, key, tag in outline.tags[:MOST_REFERENCES]:
        context.add(Reference(place.member, line, "yaml-tag", key, tag[:_LENGTH]))
    for document in outline.documents:
        add_references(context, document, text, place, name)
    first = outline.documents[0] if outline.documents else None
    if isinstance(first, dict) and isinstance(first.get(_NEMO), str):
        context.metadata(place, "yaml", _NEMO, first[_NEMO][:100])
    return first


def outlined(text: str) -> object:
    """Return the first document of a short YAML text as plain values, None for any other text."""
    outline = _Outline()
    return outline.documents[0] if outline.read(text) and outline.documents else None


def _by_pattern(context: Context, text: str, place: Place) -> None:
    for pattern, kind in ((_TAG, "yaml-tag"), (_TARGET, "target")):
        for match, _ in zip(pattern.finditer(text), range(MOST_REFERENCES), strict=False):
            line = text.count("\n", 0, match.start(1)) + 1
            value = match[1].replace("!!", "tag:yaml.org,2002:", 1)
            context.add(Reference(place.member, line, kind, "", value))


class _Outline:
    """Plain values out of events: scalars as text, tags aside.

    An alias stands for a scalar; what it repeats of lists and mappings is seen at their anchor.
    """

    def __init__(self) -> None:
        self.documents: list[object] = []
        self.tags: list[tuple[int, str, str]] = []
        self._open: list[tuple[object, list[object]]] = []
        self._anchors: dict[str, object] = {}

    def read(self, text: str) -> bool:
        """Read events until the end; False when the text is no YAML or beyond the limits."""
        try:
            for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
                if number > _MOST_EVENTS or len(self._open) > _DEEPEST:
                    return False
                self._event(event)
        except (yaml.YAMLError, ValueError, RecursionError):
            return False
        return True

    def _event(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.NodeEvent):
            tag = getattr(event, "tag", None)
            if tag and tag != "!" and not _PLAIN_TAG.match(tag):
                line = event.start_mark.line + 1 if event.start_mark else 0
                self.tags.append((line, self._key(), tag))
        if isinstance(event, yaml.ScalarEvent):
            self._put(_scalar(event))
            if event.anchor is not None:
                self._anchors[event.anchor] = _scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._anchors.get(event.anchor or ""))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            value: object = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._put(value)
            self._open.append((value, []))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()

    def _put(self, value: object) -> None:
        if not self._open:
            self.documents.append(value)
            return
        owner, waiting = self._open[-1]
        if isinstance(owner, list):
            owner.append(value)
        elif not waiting:
            waiting.append(value if isinstance(value, str | bool) else str(type(value)))
        elif isinstance(owner, dict):
            owner[waiting.pop()] = value

    def _key(self) -> str:
        keys = [str(waiting[0]) for _owner, waiting in self._open if waiting]
        return ".".join(keys)[-200:]


def _scalar(event: yaml.ScalarEvent) -> object:
    if event.style is None and event.value in ("true", "True", "yes", "on"):
        return True
    return event.value
