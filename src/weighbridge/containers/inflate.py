"""A source over a compressed stream, decoded forward only as far as somebody asks.

The layouts are those of :mod:`weighbridge.containers.codecs`; this module adds what surrounds them:
several streams in a row, padding, skippable frames (RFC 8878 section 3.1.2), and a spool in which
the decoded bytes stay, so that a parser may go back. Every decoded step is charged to the budget.
"""

from __future__ import annotations

import tempfile
from collections import OrderedDict
from typing import IO

from weighbridge.budget import Budget
from weighbridge.containers.codecs import ChecksumMismatch, Codec, Decoder, decoder_errors
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

INPUT_STEP = 64 << 10
OUTPUT_STEP = 256 << 10
SPOOL_IN_MEMORY = 8 << 20
_LISTED = 1000


class Spools:
    """Keeps few decoders and spools of one archive alive; the others start over when asked."""

    def __init__(self, active: int = 3) -> None:
        self._active = active
        self._order: OrderedDict[int, InflatedSource] = OrderedDict()

    def use(self, source: InflatedSource) -> None:
        """Note that `source` is in use, and release the one that was not for the longest time."""
        key = id(source)
        self._order[key] = source
        self._order.move_to_end(key)
        while len(self._order) > self._active:
            self._order.popitem(last=False)[1].release()


class InflatedSource:
    """The decoded bytes of a compressed stream, as a random-access source.

    Reads that end before a damaged place succeed; a read that needs bytes behind it raises the
    :attr:`damage`, and :meth:`prefix` then gives what could be decoded as a source of its own.
    A wrong checksum alone is no damage: it is listed in :attr:`faults`.

    Args:
        source: the compressed bytes, from the start of the stream; may go on behind it.
        codec: how to decode them.
        budget: pays for every decoded byte.
        known_size: the decoded length as declared, if it is.
        spools: shared by the streams of one archive, so that few of them hold memory.
    """

    def __init__(
        self,
        source: Source,
        codec: Codec,
        budget: Budget,
        known_size: int | None = None,
        spools: Spools | None = None,
    ) -> None:
        codec.new()
        self._source = source
        self._codec = codec
        self._budget = budget
        self._spools = spools
        self.known_size = known_size
        self.overrun = False
        self.damage: ParseError | None = None
        self.faults: list[ParseError] = []
        self.skipped: list[tuple[int, int]] = []
        self.ahead = 0
        """Bytes of the file in front of the stream, a header that is no part of it."""
        self.consumed = 0
        self._end: int | None = None
        self._reset()

    def __del__(self) -> None:
        spool = getattr(self, "_spool", None)
        if spool is not None:
            spool.close()

    def _reset(self) -> None:
        self._spool: IO[bytes] | None = None
        self._decoder: Decoder | None = None
        self._fed = 0
        self._produced = 0
        self._streams = 0
        self._began = (0, 0)
        self._stalled = False

    @property
    def size(self) -> int:
        """Decoded length: the real one once the end was seen, before that the declared one.

        Without a declared one the stream is decoded to its end; raises what stops that.
        """
        if self._end is None and self.known_size is not None and not self.overrun:
            return self.known_size
        self.exhaust()
        assert self._end is not None
        return self._end

    @property
    def decoded(self) -> int:
        """Bytes decoded so far."""
        return self._produced if self._end is None else self._end

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`; raises the damage if it is in the way."""
        if count <= 0:
            return b""
        self._reach(offset + count)
        if self._end is not None:
            if self.damage is not None and offset + count > self._end:
                raise self.damage
            count = min(count, self._end - offset)
        if count <= 0 or self._spool is None:
            return b""
        self._spool.seek(offset)
        return self._spool.read(count)

    def exhaust(self) -> None:
        """Decode to the end; raises the damage if there is any."""
        while self._end is None:
            self._reach(self._produced + OUTPUT_STEP)
        if self.damage is not None:
            raise self.damage

    def prefix(self) -> Source:
        """Return the bytes that can be decoded as a source whose reads do not meet the damage."""
        while self._end is None:
            self._reach(self._produced + OUTPUT_STEP)
        return SliceSource(_Clean(self), 0, self.decoded)

    def release(self) -> None:
        """Drop the spool and the decoder; a later read decodes again, at the budget's cost."""
        if self._spool is not None:
            self._spool.close()
        self._reset()

    def _reach(self, goal: int) -> None:
        """Decode until `goal` bytes are there or the end is."""
        if self._end is not None:
            goal = min(goal, self._end)
        elif self.known_size is not None and goal >= self.known_size and not self._codec.exact:
            goal = max(goal, self.known_size + 1)
        if self._produced >= goal:
            return
        if self._spools is not None:
            self._spools.use(self)
        while self._produced < goal and self._produced != self._end:
            try:
                self._step()
            except ParseError as error:
                self._stop(error)
        if self.known_size is not None and self._produced > self.known_size:
            self.overrun = True

    def _stop(self, error: ParseError | None) -> None:
        """The end, by damage or in order."""
        if self._end is None or error is not None:
            self._end = self._produced
            self.damage = error
        self._decoder = None

    def _step(self) -> None:
        """Decode at most one step of output."""
        if self._decoder is None and not self._open_next():
            self._finish()
            return
        decoder = self._decoder
        assert decoder is not None
        data = b""
        if decoder.needs_input or self._stalled:
            data = self._fetch(self._fed, INPUT_STEP)
            if not data and self._stalled:
                self._finish()
                return
            self._fed += len(data)
        output = self._decode(decoder, data)
        self._stalled = not data and not output and not decoder.eof
        self._keep(output)
        if decoder.eof:
            self._fed -= len(decoder.unused_data or b"")  # lz4 gives None
            self.consumed = self._fed
            self._decoder = None

    def _decode(self, decoder: Decoder, data: bytes) -> bytes:
        limit = OUTPUT_STEP
        if self._codec.exact and self.known_size is not None:
            limit = min(limit, self.known_size - self._produced)
            if limit <= 0:
                self.consumed = self._fed
                self._stop(None)
                return b""
        try:
            return decoder.decompress(data, limit)
        except ChecksumMismatch as error:
            if len(self.faults) < _LISTED:
                self.faults.append(error)
            return b""
        except ParseError:
            raise
        except MemoryError as error:
            raise LimitExceeded("limit-dictionary", "asks for too much memory") from error
        except decoder_errors() as error:
            self._rescue()
            raise self._translate(error) from error

    def _translate(self, error: Exception) -> ParseError:
        text = str(error)
        if "emory" in text:
            return LimitExceeded("limit-dictionary", f"{self._codec.name}: {text}", self._fed)
        return MalformedInput("stream-damaged", f"{self._codec.name}: {text}", self._fed)

    def _keep(self, output: bytes) -> None:
        self._budget.take_inflated(len(output), self._produced + len(output), self._fed)
        if not output:
            return
        if self._spool is None:
            self._spool = tempfile.SpooledTemporaryFile(SPOOL_IN_MEMORY)  # noqa: SIM115
        try:
            self._spool.seek(self._produced)
            self._spool.write(output)
        except OSError as error:
            raise LimitExceeded("limit-spool", "no room to keep decoded bytes") from error
        self._produced += len(output)

    def _finish(self) -> None:
        """The input is used up, or what follows is no further stream."""
        whole = self._decoder is None and bool(self._streams or self.skipped)
        if self._decoder is not None and self._produced == self.known_size:
            whole = True
            self.consumed = self._fed
        if not whole and self._fetch(0, 1):
            raise MalformedInput("stream-truncated", "the stream ends too early", self._fed)
        if self.known_size is not None and self._produced < self.known_size:
            raise MalformedInput(
                "stream-short", f"holds {self._produced} bytes, {self.known_size} were declared"
            )
        self._stop(None)

    def _open_next(self) -> bool:
        """Start the decoder of the next stream; False if there is none."""
        if self._codec.skippable:
            self._skip_frames()
        if self._streams > 0 and not self._follows():
            return False
        if self._streams == 0 and not self._fetch(self._fed, 1):
            return False
        self._streams += 1
        self._began = (self._fed, self._produced)
        self._decoder = self._codec.new()
        return True

    def _follows(self) -> bool:
        if self._codec.again is None:
            return False
        at = self._fed
        if self._codec.padding:
            at = self._after_zeros(at)
        if not self._codec.again(self._fetch(at, 8)):
            return False
        self._fed = at
        return True

    def _after_zeros(self, at: int) -> int:
        while True:
            data = self._fetch(at, INPUT_STEP)
            rest = data.lstrip(b"\0")
            at += len(data) - len(rest)
            if rest or not data:
                return at
            self._budget.check_time()

    def _skip_frames(self) -> None:
        while True:
            head = self._fetch(self._fed, 8)
            if len(head) < 8 or head[1:4] != b"\x2a\x4d\x18" or head[0] >> 4 != 5:
                return
            length = 8 + int.from_bytes(head[4:], "little")
            if length > 8 and not self._fetch(self._fed + length - 1, 1):
                raise MalformedInput("stream-truncated", "a skippable frame is cut", self._fed)
            if len(self.skipped) < _LISTED and (self._fed, length) not in self.skipped:
                self.skipped.append((self._fed, length))
            self._fed += length
            self.consumed = self._fed
            self._budget.check_time()

    def _fetch(self, offset: int, count: int) -> bytes:
        """Read input; before damage of the input itself, as much as there is."""
        while True:
            try:
                return self._source.read_at(offset, count)
            except ParseError:
                if count == 1:
                    raise
                count //= 2

    def _rescue(self) -> None:
        """Decode the damaged stream again, byte by byte at last, to keep what precedes the damage.

        The decoders lose the output of the call that fails. At most a byte or two stay lost.
        """
        fed, produced = self._began
        decoder = self._codec.new()
        fresh = bytearray()
        idle = 0
        while len(fresh) < OUTPUT_STEP and idle < 2:
            behind = self._produced - produced
            data = b""
            if decoder.needs_input or idle:
                data = self._fetch(fed, INPUT_STEP if behind else 1)
            fed += len(data)
            limit = min(OUTPUT_STEP, behind) if behind else 1
            try:
                output = decoder.decompress(data, limit)
            except ParseError:
                break
            except decoder_errors():
                break
            if behind:
                produced += len(output)
            else:
                fresh += output
            idle = 0 if data or output else idle + 1
            self._budget.check_time()
        self._keep(bytes(fresh))


class _Clean:
    """An inflated source without its damage."""

    def __init__(self, inner: InflatedSource) -> None:
        self._inner = inner
        self._size = inner.decoded

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        return self._inner.read_at(offset, min(count, self._size - offset))
