"""Big-endian numbers and Java's texts, read in windows (DataInput of the Java platform)."""

from __future__ import annotations

from weighbridge.errors import MalformedInput
from weighbridge.sources.base import Source

_WINDOW = 1 << 16
_LONG_TEXT = 1 << 16


class Cursor:
    """Reads one value after the other; `offset` may be set to read elsewhere."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._base = 0
        self._window = b""
        self.size = source.size
        self.offset = 0

    def byte_at(self, offset: int) -> int:
        """Return the byte at `offset`, or -1 behind the end."""
        at = offset - self._base
        if not 0 <= at < len(self._window):
            if not 0 <= offset < self.size:
                return -1
            # A look ahead must not throw away what is read next.
            return (self._source.read_at(offset, 1) or b"\0")[0]
        return self._window[at]

    def peek(self) -> int:
        """Return the next byte without moving, or -1 at the end."""
        at = self.offset - self._base
        if not 0 <= at < len(self._window):
            if self.offset >= self.size:
                return -1
            self._base, at = self.offset, 0
            self._window = self._source.read_at(self.offset, _WINDOW)
            if not self._window:
                return -1
        return self._window[at]

    def byte(self) -> int:
        """Return the next byte.

        Raises:
            MalformedInput: there is none.
        """
        value = self.peek()
        if value < 0:
            raise MalformedInput("java-truncated", "the data breaks off", self.offset)
        self.offset += 1
        return value

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            MalformedInput: there are fewer.
        """
        begin = self.offset - self._base
        if begin < 0 or begin + count > len(self._window):
            self._base, begin = self.offset, 0
            self._window = self._source.read_at(self.offset, max(count, _WINDOW))
        data = self._window[begin : begin + count]
        if len(data) < count:
            raise MalformedInput("java-truncated", "the data breaks off", self.offset)
        self.offset += count
        return data

    def start(self, count: int) -> bytes:
        """Return up to `count` bytes without moving."""
        here = self.offset
        data = self.take(min(count, self.size - here))
        self.offset = here
        return data

    def unsigned(self, width: int) -> int:
        """Return a number of `width` bytes that has no sign."""
        return int.from_bytes(self.take(width), "big")

    def length(self, width: int, each: int = 1) -> int:
        """Return a count that the rest of the file has room for.

        Args:
            width: of the count, in bytes.
            each: bytes that one of what is counted takes at the least.

        Raises:
            MalformedInput: it is negative or there is no such room.
        """
        count = self.unsigned(width)
        if count * each > self.size - self.offset:  # A negative one is too long in any case.
            raise MalformedInput("java-length", f"a length of {count} does not fit", self.offset)
        return count

    def skip(self, count: int) -> None:
        """Pass over bytes.

        Raises:
            MalformedInput: there are fewer.
        """
        if self.offset + count > self.size:
            raise MalformedInput("java-truncated", "the data breaks off", self.offset)
        self.offset += count

    def text(self, width: int = 2, limit: int = _LONG_TEXT) -> tuple[str, bool]:
        """Return a text behind its length, and whether it is written as Java writes it.

        Args:
            width: of the length, in bytes.
            limit: bytes of it that are decoded.

        Raises:
            MalformedInput: it breaks off or is no text.
        """
        count = self.length(width)
        at = self.offset
        data = self.take(min(count, limit))
        self.skip(count - len(data))
        if data.isascii():
            return data.decode("ascii"), b"\0" not in data
        return decoded(data, at, count > limit)


def decoded(data: bytes, offset: int = 0, cut: bool = False) -> tuple[str, bool]:
    """Decode modified UTF-8 as `readUTF` does, which takes longer forms than are needed too.

    Scanners that decode UTF-8 do not see a name that is written so, and Java does.

    Args:
        data: the text.
        offset: where it stands, for errors.
        cut: the end is missing, so that the last character may be.

    Returns:
        The text, and whether each character has the form that Java writes.

    Raises:
        MalformedInput: Java refuses it.
    """
    units: list[int] = []
    plain, at, end = True, 0, len(data)
    while at < end:
        first = data[at]
        width = 1 if first < 0x80 else 2 if first >> 5 == 6 else 3 if first >> 4 == 14 else 0
        rest = data[at + 1 : at + width]
        if cut and width and at + width > end:
            break
        if not width or len(rest) != width - 1 or any(byte >> 6 != 2 for byte in rest):
            raise MalformedInput("java-text", "a text is not in Java's form of UTF-8", offset + at)
        unit = first if width == 1 else first & (0x1F if width == 2 else 0x0F)
        for byte in rest:
            unit = unit << 6 | byte & 0x3F
        least = (0, 0, 0x80, 0x800)[width]
        # Java itself writes NUL in two bytes.
        plain = plain and (unit >= least if unit else width == 2)
        units.append(unit)
        at += width
    raw = b"".join(unit.to_bytes(2, "big") for unit in units)
    return raw.decode("utf-16-be", "surrogatepass"), plain
