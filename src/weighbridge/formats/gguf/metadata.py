"""The key-value pairs of GGUF: every type, nested arrays too; few become values."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded, MalformedInput
from weighbridge.formats.context import Context, Place
from weighbridge.formats.gguf.cursor import Cursor
from weighbridge.formats.gguf.oddities import NAME, Oddities
from weighbridge.formats.gguf.types import ARRAY, BOOLEAN, FLOATS, INTEGERS, SCALARS, STRING
from weighbridge.formats.templates.examining import examine_template
from weighbridge.text.secrets import mask

TEMPLATE_KEY = "tokenizer.chat_template"
_KEYS = 100_000
_KEY_LENGTH = 65_535
_TEMPLATE_BYTES = 4 << 20
_VALUE_BYTES = 2_000
_SHOWN = 300
_NESTING = 4
# Beyond these no file can go, so the number was made to break arithmetic or to exhaust a loader.
_LENGTH_SIGN = 1 << 63
_LENGTH_ABSURD = 1 << 40
_INT_MAX = (1 << 31) - 1
_WIDE = 1 << 64
_VOCABULARY = ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type")


@dataclass(slots=True)
class Values:
    """What the pairs say that the rest of the parser needs.

    Attributes:
        alignment: of tensor data.
        texts: short texts by key.
        lengths: of the arrays, by key.
    """

    alignment: int = 32
    texts: dict[str, str] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)


class PairReader:
    """Reads all pairs of one file."""

    def __init__(
        self, context: Context, place: Place, cursor: Cursor, width: int, odd: Oddities
    ) -> None:
        self._context = context
        self._place = place
        self._cursor = cursor
        self._width = width
        self._odd = odd
        self._seen: set[bytes] = set()
        self._kept = 0
        self.values = Values()

    def read(self, count: int) -> Values:
        """Read `count` pairs."""
        if count > _KEYS:
            text = f"the file declares {count} keys; honest files have some dozens"
            raise LimitExceeded("limit-gguf-keys", text, self._cursor.at)
        for _ in range(count):
            self._context.budget.check_time()
            self._pair()
        self._vocabulary()
        return self.values

    def _pair(self) -> None:
        at = self._cursor.at
        length = self._length(_KEY_LENGTH)
        raw = self._cursor.take(length)
        key = raw.decode("utf-8", "replace")
        if "\ufffd" in key or not key.isprintable() or not key:
            text = f"the key {key[:80]!r} is not plain text"
            self._odd.add("gguf-name", text, at)
        if raw in self._seen:
            grave = key.startswith(TEMPLATE_KEY) or key == "general.alignment"
            code = "gguf-duplicate-template" if grave else "gguf-duplicate-key"
            self._odd.add(code, f"the key {key[:80]!r} appears twice", at)
        self._seen.add(raw)
        kind = self._cursor.number(4)
        if kind == STRING:
            self._string(key)
        elif kind == ARRAY:
            self._array(key)
        elif kind in SCALARS:
            self._scalar(key, kind, at)
        else:
            self._unknown_type(key, kind, at)

    def _unknown_type(self, key: str, kind: int, at: int) -> None:
        text = f"the value of {key[:80]!r} has the type {kind}, which no version of GGUF has"
        self._odd.add("gguf-value-type", text, at)
        raise MalformedInput("malformed-value-type", text, at)

    def _length(self, most: int | None = None) -> int:
        """Return the length of a string, once it is one that the file can hold."""
        at = self._cursor.at
        length = self._cursor.number(self._width)
        self._judge_length(length, at)
        if length > self._cursor.remaining:
            text = f"a string of {length} bytes goes beyond the end of the file"
            raise MalformedInput("malformed-truncated", text, at)
        if most is not None and length > most:
            text = f"a key has {length} bytes"
            self._odd.add("gguf-name", text, at)
            raise MalformedInput("malformed-key", text, at)
        return length

    def _judge_length(self, length: int, at: int) -> None:
        if length >= _LENGTH_SIGN:
            text = f"a string declares {length} bytes, which overflows when a loader adds to it"
            self._odd.add("gguf-length-overflow", text, at)
        elif length >= _LENGTH_ABSURD:
            self._odd.add("gguf-length", f"a string declares {length} bytes", at)

    def _string(self, key: str) -> None:
        length = self._length()
        if key.startswith(TEMPLATE_KEY):
            self._template(key, length)
            return
        if length > _VALUE_BYTES or not self._wanted(key):
            kept = self._cursor.take(min(length, _VALUE_BYTES)) if self._wanted(key) else b""
            self._cursor.skip(length - len(kept))
        else:
            kept = self._cursor.take(length)
        if kept:
            text = kept.decode("utf-8", "replace")
            self.values.texts[key] = text
            self._keep(key, text)

    def _wanted(self, key: str) -> bool:
        return self._kept < _SHOWN and len(key) <= 200

    def _keep(self, key: str, value: str) -> None:
        self._kept += 1
        self._context.metadata(self._place, NAME, key, mask(value))

    def _template(self, key: str, length: int) -> None:
        name = key.removeprefix(TEMPLATE_KEY).lstrip(".") or "default"
        inner = self._place.inside(key[:200])
        if "/" in name or "\\" in name or ".." in name:
            text = f"the chat template {name[:120]!r} has a name that looks like a path"
            self._odd.add("gguf-template-name", text, self._cursor.at)
        if length > _TEMPLATE_BYTES:
            self._cursor.skip(length)
            text = f"a chat template of {length} bytes is too long to read"
            self._context.gap(inner, NAME, "limit-template-size", text)
            return
        text = self._cursor.take(length).decode("utf-8", "replace")
        examine_template(self._context, text, inner, "gguf", name)

    def _scalar(self, key: str, kind: int, at: int) -> None:
        raw = self._cursor.take(SCALARS[kind])
        order = self._cursor.order
        if kind == BOOLEAN and raw not in (b"\0", b"\1"):
            self._odd.add("gguf-bool", f"the boolean {key[:80]!r} is neither 0 nor 1", at)
        if key == "general.alignment":
            self._alignment(kind, int.from_bytes(raw, order), at)
        if not self._wanted(key):
            return
        if kind in FLOATS:
            code = ("<" if order == "little" else ">") + ("f" if kind == 6 else "d")
            self._keep(key, f"{struct.unpack(code, raw)[0]:g}")
        else:
            signed = INTEGERS.get(kind, False)
            self._keep(key, str(int.from_bytes(raw, order, signed=signed)))

    def _alignment(self, kind: int, value: int, at: int) -> None:
        power = value > 0 and value & (value - 1) == 0
        if not power or value > 1 << 16 or kind != 4:
            text = f"the alignment of tensor data is {value} (type {kind})"
            self._odd.add("gguf-alignment", text, at)
        if power:
            self.values.alignment = value

    def _array(self, key: str) -> None:
        """Go over an array; arrays in it wait on a list, so nesting costs no recursion."""
        waiting = [1]
        first = True
        while waiting:
            waiting[-1] -= 1
            kind, count = self._array_head(key)
            if first:
                self.values.lengths[key[:200]] = count
                first = False
            if kind == ARRAY:
                if len(waiting) >= _NESTING:
                    text = f"arrays in {key[:80]!r} are nested more than {_NESTING} deep"
                    self._odd.add("gguf-nesting", text, self._cursor.at)
                    raise MalformedInput("malformed-nesting", text, self._cursor.at)
                waiting.append(count)
            elif kind == STRING:
                self._skip_strings(key, count)
            else:
                self._cursor.skip(count * SCALARS[kind])
            while waiting and waiting[-1] == 0:
                waiting.pop()

    def _array_head(self, key: str) -> tuple[int, int]:
        self._context.budget.check_time()
        at = self._cursor.at
        kind = self._cursor.number(4)
        count = self._cursor.number(self._width)
        if kind not in SCALARS and kind not in (STRING, ARRAY):
            self._unknown_type(key, kind, at)
        size = SCALARS.get(kind, 16)
        if count * size >= _WIDE:
            text = f"the array {key[:80]!r} declares {count} items; their size overflows 64 bits"
            self._odd.add("gguf-array-overflow", text, at)
        elif count * size >= _LENGTH_ABSURD:
            text = f"the array {key[:80]!r} declares {count} items"
            self._odd.add("gguf-length", text, at)
        if count * SCALARS.get(kind, 4) > self._cursor.remaining:
            text = f"the array {key[:80]!r} of {count} items goes beyond the end of the file"
            raise MalformedInput("malformed-truncated", text, at)
        return kind, count

    def _skip_strings(self, key: str, count: int) -> None:
        at = self._cursor.at
        greatest, whole = self._cursor.skip_strings(count, self._width)
        self._judge_length(greatest, at)
        if _INT_MAX < greatest < _LENGTH_SIGN and key == _VOCABULARY[0]:
            text = f"a token of {greatest} bytes does not fit the number a loader keeps it in"
            self._odd.add("gguf-token-length", text, at)
        if not whole:
            text = f"a string in {key[:80]!r} goes beyond the end of the file"
            raise MalformedInput("malformed-truncated", text, at)

    def _vocabulary(self) -> None:
        lengths = [self.values.lengths.get(key) for key in _VOCABULARY]
        tokens = lengths[0]
        for key, length in zip(_VOCABULARY[1:], lengths[1:], strict=True):
            if tokens is not None and length is not None and length < tokens:
                text = f"{key} has {length} entries for {tokens} tokens"
                self._odd.add("gguf-vocabulary", text, None)
