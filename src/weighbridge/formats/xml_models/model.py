"""Recognises models in XML by their root element, and states what is in them."""

from __future__ import annotations

import re
from dataclasses import replace

from weighbridge.errors import MalformedInput, ParseError
from weighbridge.formats.context import Context, Place
from weighbridge.formats.xml_models.events import Events, Handler, StrangeRoot
from weighbridge.formats.xml_models.openvino import OpenVinoModel
from weighbridge.formats.xml_models.pmml import PmmlModel
from weighbridge.sources.base import Source

NAME = "xml-model"
_VERSION = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\Z")
_START = re.compile(rb"\s*<(?:\?xml\s|!--|!DOCTYPE\s|net\s|(?:\w{1,40}:)?PMML\s)")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins as XML; which, only its root tells."""
    for mark in _MARKS:
        head = head.removeprefix(mark)
    return _START.match(head.replace(b"\0", b"")) is not None


def parse(context: Context, source: Source, place: Place) -> bool:
    """Read the document; False when its root is neither of the two.

    Raises:
        MalformedInput: no parser of XML reads it to its end.
        LimitExceeded: it goes beyond what is followed.
    """
    root = _Root()
    events = Events(source, context.budget, root)
    try:
        events.run()
    except StrangeRoot:
        return False
    except ParseError as error:
        if root.model is None and isinstance(error, MalformedInput):
            return False  # Texts are examined as what they are.
        if root.model is not None:
            _state(context, source, place, root.model, events)
        raise
    if root.model is None:
        return False
    _state(context, source, place, root.model, events)
    return True


def _state(
    context: Context,
    source: Source,
    place: Place,
    model: OpenVinoModel | PmmlModel,
    events: Events,
) -> None:
    name = "openvino" if isinstance(model, OpenVinoModel) else "pmml"
    context.format(place, name, source.size, version=model.version)
    for declared in events.declared:
        context.add(replace(declared, member=place.member))
    model.state(context, place)


class _Root:
    """Chooses by the first element, then hands on."""

    def __init__(self) -> None:
        self.model: OpenVinoModel | PmmlModel | None = None
        self._next: Handler | None = None

    def start(self, name: str, attributes: dict[str, str], offset: int) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""
        if self._next is None:
            versioned = _VERSION.match(attributes.get("version", "")) is not None
            if name == "net" and versioned:
                self.model = self._next = OpenVinoModel()
            elif name == "PMML" and versioned:
                self.model = self._next = PmmlModel()
            else:
                raise StrangeRoot
        self._next.start(name, attributes, offset)

    def end(self, name: str) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""
        if self._next is not None:
            self._next.end(name)
