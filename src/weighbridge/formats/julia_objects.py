"""What BSON.jl makes of tagged documents when it loads them (extensions.jl, anonymous.jl).

A document with a `tag` stands for an object: `datatype` and `ref` name something by its path from
the module Main, `struct` is an object of a type, `jl_anonymous` a function that has no name, whose
methods come along as lowered code: structs of Core.Method, Core.CodeInfo and Core.GlobalRef. Types
are made without their constructors, but for dictionaries and empty structs, and `convert` runs for
every field. So what is stated is each type and function by its path, and what code refers to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.formats.operator_tally import OperatorTally

MOST_WORDS = 64
_PATHS = frozenset({"name", "path"})
_CODE = frozenset(
    {
        "Core.CodeInfo",
        "Core.Expr",
        "Core.Method",
        "Core.MethodInstance",
        "Core.MethodTable",
        "Core.TypeName",
    }
)
_REFERENCE = "Core.GlobalRef"
_KINDS = frozenset({"datatype", "ref", "symbol", "struct", "jl_anonymous", "backref"})


@dataclass(slots=True)
class _Open:
    """A document or an array whose end is not reached.

    Attributes:
        words: the path that a datatype or a reference gives, or the name of a symbol.
        type: of a struct, as a path.
        parts: what the values of an array stand for, as far as they are kept.
    """

    offset: int
    key: str
    array: bool
    tag: str = ""
    type: str = ""
    words: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


class Collector:
    """Follows documents as they open and close; the tally counts what they name."""

    def __init__(self, format_name: str) -> None:
        self._open: list[_Open] = []
        self.tally = OperatorTally(format_name)
        self.tagged = False

    def open(self, offset: int, key: str, *, array: bool) -> None:
        """A document or an array begins."""
        self._open.append(_Open(offset, key, array))

    def text(self, key: str, value: str) -> None:
        """A text stands in what is open."""
        top = self._open[-1]
        if top.array:
            self._keep(top.words, value)
        elif key == "tag":
            top.tag = value
            self.tagged |= value in _KINDS
        elif key in _PATHS:
            top.words = [value]

    def script(self, offset: int) -> None:
        """Code of JavaScript stands here."""
        self.tally.note("code", offset, "javascript")

    def close(self) -> None:
        """What was opened last ends."""
        done = self._open.pop()
        above = self._open[-1] if self._open else None
        meaning = "" if done.array else self._meaning(done)
        if above is None:
            return
        if done.array and done.key in _PATHS:
            above.words = done.words
        elif done.array and done.key == "data":
            above.parts = done.parts
        elif done.key == "type" and not above.array:
            above.type = meaning
        elif above.array:
            self._keep(above.parts, meaning)

    def _meaning(self, done: _Open) -> str:
        """Return what an object is, as later objects see it; count what it names."""
        if done.tag == "symbol":
            name = done.words[0] if done.words else ""
            self.tally.note(name, done.offset, "symbol")
            return name
        if done.tag in ("datatype", "ref"):
            path = ".".join(done.words)
            if path in _CODE:
                self.tally.note("function", done.offset, "code")
            self._name(done.words, done.offset)
            return path
        if done.tag == "jl_anonymous":
            self.tally.note("function", done.offset, "code")
        elif done.tag == "struct" and done.type == _REFERENCE:
            module, name = (*done.parts, "", "")[:2]
            if module and name:
                self._name([*module.split("."), name], done.offset)
            else:
                self.tally.note("computed", done.offset, "code")
        return ""

    def _name(self, path: list[str], offset: int) -> None:
        """Count a path; types of functions are called after them, behind a `#`."""
        words = path[1:] if path[:1] == ["Main"] and len(path) > 2 else path
        if words:
            name = ".".join(word.lstrip("#") for word in words[1:])
            self.tally.note(name or "-", offset, words[0])
            # Every module sees what Base exports, so the last name counts by itself too.
            self.tally.note(name.rpartition(".")[2] or "-", offset, "any module")

    @staticmethod
    def _keep(values: list[str], value: str) -> None:
        if len(values) < MOST_WORDS:
            values.append(value)
