"""XML as a row of start and end tags, through expat, in windows (Extensible Markup Language 1.0).

No external entity is ever read, because no handler for them is set, and entities in the content
are not expanded. expat itself bounds what attributes may grow to.
"""

from __future__ import annotations

from typing import Protocol
from xml.parsers import expat

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.facts.repository import Reference
from weighbridge.sources.base import Source

DEEPEST = 2_000
LONGEST_TOKEN = 16 << 20
_CHUNK = 1 << 20
_MOST_ENTITIES = 50
_VALUE = 300


class Handler(Protocol):
    """What is told of every element."""

    def start(self, name: str, attributes: dict[str, str], offset: int) -> None:
        """Take an element that begins; `name` is without its prefix."""

    def end(self, name: str) -> None:
        """Take an element that ends."""


class StrangeRoot(Exception):
    """The root says that this is another kind of document."""


class Events:
    """Feeds one document to a handler; `declared` is what its document type declares."""

    def __init__(self, source: Source, budget: Budget, handler: Handler) -> None:
        self._source = source
        self._budget = budget
        self._handler = handler
        self._depth = 0
        self.declared: list[Reference] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._entity
        # With a default handler that does not expand, expat leaves entities in content alone.
        self._parser.DefaultHandler = lambda data: None

    def run(self) -> None:
        """Read to the end.

        Raises:
            MalformedInput: it is no well-formed XML.
            LimitExceeded: it is nested too deeply, or one tag is too long.
        """
        offset = 0
        while offset < self._source.size:
            self._budget.check_time()
            chunk = self._source.read_at(offset, _CHUNK)
            offset += len(chunk)
            self._feed(chunk, offset >= self._source.size)
            if offset - self._parser.CurrentByteIndex > LONGEST_TOKEN:
                raise LimitExceeded("limit-xml-token", "a tag is too long", offset)

    def _feed(self, chunk: bytes, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            at = self._parser.ErrorByteIndex
            text = f"it is no well-formed XML ({expat.ErrorString(error.code)})"
            raise MalformedInput("xml", text, max(at, 0)) from error
        except (LookupError, ValueError) as error:  # an encoding that Python does not know
            raise MalformedInput("xml-encoding", "its encoding cannot be read", 0) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        at = max(self._parser.CurrentByteIndex, 0)
        if self._depth > DEEPEST:
            raise LimitExceeded("limit-xml-depth", f"nested deeper than {DEEPEST}", at)
        self._handler.start(name.rpartition(":")[2], attributes, at)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._handler.end(name.rpartition(":")[2])

    def _doctype(self, name: str, system: str | None, public: str | None, subset: bool) -> None:
        self._declare("document-type", name, system or public or "")

    def _entity(self, name: str, parameter: bool, value: str | None, *outside: str | None) -> None:
        """Take an entity; `outside` is base, system identifier, public identifier, notation."""
        kind = "external-entity" if value is None else "entity"
        self._declare(kind, name, value or outside[1] or "")

    def _declare(self, kind: str, key: str, value: str) -> None:
        if len(self.declared) < _MOST_ENTITIES:
            line = self._parser.CurrentLineNumber
            self.declared.append(Reference(None, line, kind, key[:100], value[:_VALUE]))
