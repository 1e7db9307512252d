# cython: language_level=3, boundscheck=True, wraparound=False, initializedcheck=False
# cython: cdivision=True, infer_types=False
"""The opcode loop of the pickle machine, over abstract values.

This one module compiles with Cython (types in ``machine.pxd``) to a bounds-checked native loop and
runs unchanged as plain Python, with the same results. It moves abstract values between stack,
marks and memo exactly as ``Modules/_pickle.c`` (CPython 3.11) does, and hands every opcode that
imports, calls or fails to its owner (:mod:`weighbridge.formats.pickle.interpreter`) by returning
from :meth:`Core.run`.

A value is one 64-bit word, ``payload << 4 | tag``:

===========  ==========================================================================
tag          payload
===========  ==========================================================================
LITERAL      offset of the opcode that pushed a constant; decoded only when asked for
NODE         index of a container in the arena
SYMBOL       number of an import
RESULT       number of a call
LOST         offset of a container whose contents were given up to stay within memory
===========  ==========================================================================

A container in the arena starts with a header word, ``total << 36 | kept << 28 | place << 4 |
kind``. Tuples and frozensets hold their items behind it. Lists, dicts and sets grow after they
were pushed; their `place` is the newest of their chunks (``[place of the one before << 8 | items,
item ...]``). Only the first items are kept: no opcode takes anything out of a container again, so
the rest matters to no later opcode.

The memo packs a value into five bytes, so that 32 million entries stay below 170 MB. All memory is
mapped once with a fixed capacity; pages that are never touched cost nothing.
"""

from __future__ import annotations

import mmap
from collections import deque

from weighbridge.formats.pickle import layout

COMPILED = not __file__.endswith(".py")

WINDOW = layout.WINDOW
PADDING = layout.PADDING
MOST_TEMPTING = layout.MOST_TEMPTING
STACK_SLOTS = layout.STACK_SLOTS
MARK_SLOTS = layout.MARK_SLOTS
MEMO_SLOTS = layout.MEMO_SLOTS
FAR_MEMO_SLOTS = layout.FAR_MEMO_SLOTS
ARENA_WORDS = layout.ARENA_WORDS
SYMBOL_SLOTS, RESULT_SLOTS = layout.SYMBOL_SLOTS, layout.RESULT_SLOTS
KEEP_ITEMS = layout.KEEP_ITEMS
MOST_COLLECTIONS = layout.MOST_COLLECTIONS
COPY_DEPTH = layout.COPY_DEPTH
TRIM_ABOVE = layout.TRIM_ABOVE
STOPPED, NEEDS_OWNER = layout.STOPPED, layout.NEEDS_OWNER
BROKEN, LIMITED = layout.BROKEN, layout.LIMITED
LITERAL = layout.LITERAL
NODE = layout.NODE
SYMBOL = layout.SYMBOL
RESULT = layout.RESULT
LOST = layout.LOST
TUPLE, LIST, DICT = layout.TUPLE, layout.LIST, layout.DICT
SET, FROZENSET = layout.SET, layout.FROZENSET
PERSISTENT = layout.PERSISTENT
CALLS_APPEND, CALLS_SETITEM = layout.CALLS_APPEND, layout.CALLS_SETITEM
CALLS_ADD = layout.CALLS_ADD
OPEN, CLOSED = layout.OPEN, layout.CLOSED
REDUCE_CLOSED, NEWOBJ_CLOSED = layout.REDUCE_CLOSED, layout.NEWOBJ_CLOSED
BARE = layout.BARE
LOW_32 = layout.LOW_32
HIGHEST_INT = layout.HIGHEST_INT


def _words(count, code):
    """Return `count` zeroed items of anonymous memory as a memoryview."""
    size = {"Q": 8, "I": 4, "B": 1}[code]
    private = mmap.mmap(-1, count * size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return memoryview(private).cast(code)


class Core:
    """Stack, marks, memo and the loop over them; one instance serves many streams in turn.

    The owner reads these after :meth:`run` returned: `position` and `opcode` of what stopped it,
    `operand` (the offset behind that opcode), `reason` (why the real machine stops here, for
    BROKEN and LIMITED), `protocol` in force, `max_protocol` seen, `opcodes` executed, `oddities`.
    `tempting`: where constants begin like a pickle, as bytes (80), text (C2 80) or base64 ("gA").
    """

    def __init__(self, share=1):
        """Set capacities aside, each divided by `share` for a machine inside another's run."""
        self.stack_slots = STACK_SLOTS // share
        self.mark_slots = MARK_SLOTS // share
        self.memo_slots = MEMO_SLOTS // share
        self.arena_words = ARENA_WORDS // share
        self._map()
        self.symbol_mode = _words(SYMBOL_SLOTS, "B")
        self.symbol_methods = _words(SYMBOL_SLOTS, "B")
        self.symbol_result = _words(SYMBOL_SLOTS, "Q")
        self.symbol_calls = _words(SYMBOL_SLOTS, "Q")
        self.result_mode = _words(RESULT_SLOTS, "B")
        self.result_methods = _words(RESULT_SLOTS, "B")
        self.memo_used = 0
        self.start(None, 0, 0, None)

    def _map(self):
        """Map fresh memory for everything that grows with the input."""
        self.stack = _words(STACK_SLOTS, "Q")
        self.marks = _words(MARK_SLOTS, "I")
        self.low_bytes = _words(MEMO_SLOTS * 4, "B")
        self.high_bytes = _words(MEMO_SLOTS, "B")
        self.memo_low = self.low_bytes.cast("I")
        self.memo_high = self.high_bytes
        self.arena = _words(ARENA_WORDS, "Q")
        self.old = self.arena
        return 0

    def start(self, source, offset, end, tick):
        """Begin a stream of `source` at `offset`; bytes from `end` on do not belong to it.

        `tick` is called for every window read, and may raise to end the run.
        """
        self._forget()
        self.source = source
        self.tick = tick
        self.end = end
        self.buffer = b"\0" * PADDING
        self.base = 0
        self.filled = 0
        self.next = offset
        self.position = offset
        self.operand = offset
        self.opcode = 0
        self.reason = ""
        self.protocol = 0
        self.max_protocol = 0
        self.opcodes = 0
        self.oddities = set()
        self.tempting = deque(maxlen=MOST_TEMPTING)
        self.watch_persistent = False
        self.frame_end = 0
        self.sp = 0
        self.mark_count = 0
        self.memo_count = 0
        self.memo_used = 0
        self.memo_far = {}
        self.arena_used = 1
        self.collections = 0

    def _forget(self):
        """Clear what the previous stream left, in time proportional to what it used."""
        if self.memo_used > TRIM_ABOVE:
            self._map()
        else:
            used = self.memo_used
            self.low_bytes[: used * 4] = bytes(used * 4)
            self.high_bytes[:used] = bytes(used)
        return 0

    # -- windows ---------------------------------------------------------------------------

    def _refill(self, absolute):
        """Load the window that starts at `absolute`; return how many true bytes it holds."""
        count = 0
        self.position = absolute
        self.tick()
        if absolute < self.end:
            data = self.source.read_at(absolute, min(WINDOW, self.end - absolute))
            count = len(data)
        else:
            data = b""
        if absolute + count >= self.end or count < WINDOW:
            data += b"\0" * PADDING
        self.buffer = data
        self.base = absolute
        self.filled = count
        return count

    def line_end(self, absolute):
        """Return the offset behind the next newline from `absolute` on, or 0 if none is left."""
        index = absolute - self.base
        if absolute >= self.base:
            buffer = self.buffer
            filled = self.filled
            while index < filled:
                if buffer[index] == 10:
                    break
                index += 1
            if index < filled:
                index += self.base + 1
            else:
                index = self._far_line_end(self.base + index)
        else:
            index = self._far_line_end(absolute)
        if self.frame_end and index > self.frame_end:
            self.oddities.add("frame-crossed")
        return index

    def _far_line_end(self, absolute):
        while absolute < self.end:
            self.tick()
            data = self.source.read_at(absolute, min(WINDOW, self.end - absolute))
            found = data.find(b"\n")
            if found >= 0:
                return absolute + found + 1
            if not data:
                break
            absolute += len(data)
        return 0

    # -- containers ------------------------------------------------------------------------

    def _room(self):
        """Return how many arena words may be used; a huge memo leaves less for the rest."""
        if self.memo_used < MEMO_SLOTS // 2:
            return self.arena_words
        return self.arena_words // 2

    def _reserve(self, words, sp):
        """Return the index of `words` fresh arena words, or 0 when there is no room."""
        if self.arena_used + words > self._room():
            self._collect(sp)
            if self.arena_used + words > self._room():
                return 0
        index = self.arena_used
        self.arena_used += words
        return index

    def _pack(self, kind, first, last, offset):
        """Return a tuple-like value of the stack items from `first` to before `last`."""
        total = last - first
        kept = total if total < KEEP_ITEMS else KEEP_ITEMS
        index = self._reserve(kept + 1, last)
        if index == 0:
            return offset << 4 | LOST
        self.arena[index] = total << 36 | kept << 28 | kind
        for item in range(kept):
            self.arena[index + 1 + item] = self.stack[first + item]
        return index << 4 | NODE

    def _grow(self, kind, offset, sp):
        """Return a new empty list, dict or set."""
        index = self._reserve(1, sp)
        if index == 0:
            return offset << 4 | LOST
        self.arena[index] = kind
        return index << 4 | NODE

    def _extend(self, below, first, last, method):
        """Add the stack items from `first` to before `last` to the value in slot `below`."""
        target = self.stack[below]
        tag = target & 15
        if tag == NODE:
            header = self.arena[target >> 4]
            kind = header & 15
            if kind == LIST or kind == DICT or kind == SET:
                count = last - first
                kept = (header >> 28) & 0xFF
                take = KEEP_ITEMS - kept
                if take > count:
                    take = count
                chunk = 0
                if take > 0:
                    chunk = self._reserve(take + 1, last)
                    target = self.stack[below]  # a collection may have moved it
                    if target & 15 != NODE:
                        return 0
                    header = self.arena[target >> 4]
                if chunk == 0:
                    self.arena[target >> 4] = header + (count << 36)
                else:
                    self.arena[chunk] = ((header >> 4) & 0xFFFFFF) << 8 | take
                    for item in range(take):
                        self.arena[chunk + 1 + item] = self.stack[first + item]
                    kept += take
                    self.arena[target >> 4] = (
                        ((header >> 36) + count) << 36 | kept << 28 | chunk << 4 | kind
                    )
        elif tag == RESULT:
            self.result_methods[target >> 4] |= method
        elif tag == SYMBOL:
            self.symbol_methods[target >> 4] |= method
        return 0

    # -- garbage -----------------------------------------------------------------------------

    def _collect(self, sp):
        """Copy what the stack and then the memo refer to into a fresh arena.

        At most half of the room survives, and nothing deeper than COPY_DEPTH, so this always frees
        some. What does not survive becomes LOST: its contents can no longer be shown, but what
        runs was recorded when it was seen.
        """
        if self.collections >= MOST_COLLECTIONS:
            return 0
        self.collections += 1
        self.old = self.arena
        self.arena = _words(ARENA_WORDS, "Q")
        self.arena_used = 1
        position = sp
        while position > 0:
            position -= 1
            self.stack[position] = self._copy(self.stack[position], 0)
        for index in range(self.memo_used):
            if self.memo_low[index] & 15 == NODE:
                value = self.memo_high[index]
                value = self._copy(value << 32 | self.memo_low[index], 0)
                self.memo_low[index] = value & LOW_32
                self.memo_high[index] = value >> 32
        for key in self.memo_far:
            self.memo_far[key] = self._copy(self.memo_far[key], 0)
        self.old = self.arena
        return 0

    def _copy(self, value, depth):
        """Move one container into the fresh arena and return its new value."""
        if value & 15 != NODE:
            return value
        index = value >> 4
        header = self.old[index]
        kind = header & 15
        if kind == 0:  # moved already: the header holds its new index
            return (header >> 4) << 4 | NODE
        kept = (header >> 28) & 0xFF
        if depth > COPY_DEPTH or self.arena_used + kept + 2 > self._room() // 2:
            return self.position << 4 | LOST
        fresh = self.arena_used
        self.old[index] = fresh << 4
        if kind == LIST or kind == DICT or kind == SET:
            self.arena_used += kept + 2
            self.arena[fresh] = (header >> 28) << 28 | (fresh + 1) << 4 | kind
            self.arena[fresh + 1] = kept
            place = fresh + 2 + kept
            chunk = (header >> 4) & 0xFFFFFF
            while chunk != 0:
                take = self.old[chunk] & 0xFF
                place -= take
                for item in range(take):
                    self.arena[place + item] = self._copy(self.old[chunk + 1 + item], depth + 1)
                chunk = self.old[chunk] >> 8
        else:
            self.arena_used += kept + 1
            self.arena[fresh] = header
            for item in range(kept):
                self.arena[fresh + 1 + item] = self._copy(self.old[index + 1 + item], depth + 1)
        return fresh << 4 | NODE

    # -- memo --------------------------------------------------------------------------------

    def _memo_put(self, index, value):
        """Store `value`; return 0 when the memo is full."""
        if value >> 40:
            value = LOST
        if index < self.memo_slots:
            if self.memo_low[index] == 0:
                self.memo_count += 1
            self.memo_low[index] = value & LOW_32
            self.memo_high[index] = value >> 32
            if index >= self.memo_used:
                self.memo_used = index + 1
            return 1
        if index not in self.memo_far:
            if len(self.memo_far) >= FAR_MEMO_SLOTS:
                return 0
            self.memo_count += 1
        self.memo_far[index] = value
        return 1

    def _memo_get(self, index):
        """Return what was stored at `index`, or 0."""
        if index < self.memo_slots:
            value = self.memo_high[index]
            return value << 32 | self.memo_low[index]
        return self.memo_far.get(index, 0)

    def _number(self, absolute, stop):
        """Return the decimal digits from `absolute` to before `stop`, or -1 if they are others."""
        if stop - absolute > 18 or stop <= absolute or absolute < self.base:
            return -1
        if stop - self.base > self.filled:
            return -1
        total = 0
        for index in range(absolute - self.base, stop - self.base):
            digit = self.buffer[index] - 48
            if digit < 0 or digit > 9:
                return -1
            total = total * 10 + digit
        return total

    # -- what the owner uses -------------------------------------------------------------------

    def resume_at(self, absolute):
        """Continue at `absolute` when :meth:`run` is called again."""
        self.next = absolute

    def leave_frame(self):
        """Note that the loader itself reads on in the file behind the current opcode."""
        if self.frame_end and self.operand > self.frame_end:
            self.oddities.add("frame-crossed")
        self.frame_end = 0

    def note_failure(self):
        """Note that the opcode which failed may have reached out of its frame."""
        if self.frame_end and self.position + 9 > self.frame_end:
            self.oddities.add("frame-crossed")

    def push(self, value):
        """Push a value; return False when the stack is full."""
        if self.sp >= self.stack_slots:
            return False
        self.stack[self.sp] = value
        self.sp += 1
        return True

    def pop(self):
        """Pop and return the top value, or 0 when the real machine would underflow here."""
        fence = self.marks[self.mark_count - 1] if self.mark_count else 0
        if self.sp <= fence:
            return 0
        self.sp -= 1
        return self.stack[self.sp]

    def pop_mark(self, skip):
        """Pop the items above the last mark as a tuple value, leaving the first `skip` of them.

        Returns 0 when there is no mark or fewer than `skip` items.
        """
        if self.mark_count == 0:
            return 0
        first = self.marks[self.mark_count - 1] + skip
        if first > self.sp:
            return 0
        self.mark_count -= 1
        value = self._pack(TUPLE, first, self.sp, self.position)
        self.sp = first
        return value

    def remember(self, index):
        """Put the top value into the memo; return 1, 0 without a value, or 2 when it is full."""
        fence = self.marks[self.mark_count - 1] if self.mark_count else 0
        if self.sp <= fence:
            return 0
        return 1 if self._memo_put(index, self.stack[self.sp - 1]) else 2

    def recall(self, index):
        """Return what the memo holds at `index`, or 0."""
        return self._memo_get(index)

    def new_persistent(self, value):
        """Return the value that stands for ``persistent_load(value)``."""
        if not self.push(value):
            return self.position << 4 | LOST
        result = self._pack(PERSISTENT, self.sp - 1, self.sp, self.position)
        self.sp -= 1
        return result

    def describe(self, value):
        """Return kind, true size and the kept items of an arena container."""
        index = value >> 4
        header = self.arena[index]
        kind = header & 15
        items = []
        if kind == LIST or kind == DICT or kind == SET:
            chunk = (header >> 4) & 0xFFFFFF
            while chunk != 0:
                item = self.arena[chunk] & 0xFF
                while item > 0:
                    items.append(self.arena[chunk + item])
                    item -= 1
                chunk = self.arena[chunk] >> 8
            items.reverse()
        else:
            for item in range((header >> 28) & 0xFF):
                items.append(self.arena[index + 1 + item])
        return kind, header >> 36, items

    def peek(self, offset, count):
        """Return up to `count` bytes at `offset`, from the window when it holds them."""
        if offset >= self.base and offset + count <= self.base + self.filled:
            return bytes(self.buffer[offset - self.base : offset - self.base + count])
        return self.source.read_at(offset, min(count, max(0, self.end - offset)))

    # -- the loop --------------------------------------------------------------------------------

    def run(self):
        """Execute until STOP, an opcode for the owner, or an end; return which of them.

        One function on purpose, and longer than any other: a call per opcode would cost more than
        the opcode.
        """
        stack = self.stack
        marks = self.marks
        stack_slots = self.stack_slots - 1
        sp = self.sp
        mark_count = self.mark_count
        fence = marks[mark_count - 1] if mark_count else 0
        count = self.opcodes
        if self.next < self.base or self.next >= self.base + self.filled:
            self._refill(self.next)
        buffer = self.buffer
        base = self.base
        filled = self.filled
        pos = self.next - base
        frame_end = self.frame_end
        limit = 0
        outcome = BROKEN
        reason = ""
        op = 0
        while True:
            if pos + 9 > limit:
                if frame_end != 0 and base + pos >= frame_end:
                    # The C machine drops the rest of a frame that an opcode reaches out of when it
                    # reads from a file, and reads on in it when it reads from memory.
                    if base + pos > frame_end:
                        self.oddities.add("frame-crossed")
                    frame_end = 0
                    self.frame_end = 0
                # Near the end of the window: fetch the next one, unless this is the last.
                if pos + 9 > filled and pos > 0 and base + filled < self.end:
                    self._refill(base + pos)
                    buffer = self.buffer
                    base = self.base
                    filled = self.filled
                    pos = 0
                limit = filled
                if frame_end != 0 and frame_end < base + filled:
                    limit = frame_end - base
                if pos >= filled:
                    reason = "truncated"
                    break
            op = buffer[pos]
            count += 1
            if sp >= stack_slots:
                outcome = LIMITED
                reason = "limit-stack"
                break
            if op == 0x94:  # MEMOIZE
                # A quarter of all opcodes: a branch of its own is predicted better than the switch.
                if sp <= fence:
                    reason = "stack-underflow"
                    break
                if self._memo_put(self.memo_count, stack[sp - 1]) == 0:
                    outcome = LIMITED
                    reason = "limit-memo"
                    break
                pos += 1
                continue
            if op == 0x4B:  # BININT1
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos += 2
            elif op == 0x8C or op == 0x55 or op == 0x43 or op == 0x8A:
                # SHORT_BINUNICODE, SHORT_BINSTRING, SHORT_BINBYTES, LONG1
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                value = buffer[pos + 2] << 8 | buffer[pos + 3]
                if value == 0x6741 or value == 0xC280 or value >> 8 == 0x80:
                    self.tempting.append(base + pos)
                pos += 2 + buffer[pos + 1]
            elif op == 0x47:  # BINFLOAT
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos += 9
            elif op == 0x4D:  # BININT2
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos += 3
            elif op == 0x4A:  # BININT
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos += 5
            elif op == 0x4E or op == 0x88 or op == 0x89 or op == 0x29:
                # NONE, NEWTRUE, NEWFALSE, EMPTY_TUPLE
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos += 1
            elif op == 0x58 or op == 0x42 or op == 0x54 or op == 0x8B:
                # BINUNICODE, BINBYTES, BINSTRING, LONG4
                size = (
                    buffer[pos + 1]
                    | buffer[pos + 2] << 8
                    | buffer[pos + 3] << 16
                    | buffer[pos + 4] << 24
                )
                size &= LOW_32
                if size > HIGHEST_INT and (op == 0x54 or op == 0x8B):
                    reason = "negative-length"
                    break
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                value = buffer[pos + 5] << 8 | buffer[pos + 6]
                if value == 0x6741 or value == 0xC280 or value >> 8 == 0x80:
                    self.tempting.append(base + pos)
                pos += 5 + size
            elif op == 0x85 or op == 0x86 or op == 0x87:  # TUPLE1, TUPLE2, TUPLE3
                size = op - 0x84
                if sp < fence + size:
                    reason = "stack-underflow"
                    break
                value = self._pack(TUPLE, sp - size, sp, base + pos)
                sp -= size
                stack[sp] = value
                sp += 1
                pos += 1
            elif op == 0x68:  # BINGET
                value = self._memo_get(buffer[pos + 1])
                if value == 0:
                    reason = "memo-unset"
                    break
                stack[sp] = value
                sp += 1
                pos += 2
            elif op == 0x6A:  # LONG_BINGET
                size = (
                    buffer[pos + 1]
                    | buffer[pos + 2] << 8
                    | buffer[pos + 3] << 16
                    | buffer[pos + 4] << 24
                )
                value = self._memo_get(size & LOW_32)
                if value == 0:
                    reason = "memo-unset"
                    break
                stack[sp] = value
                sp += 1
                pos += 5
            elif op == 0x71 or op == 0x72:  # BINPUT, LONG_BINPUT
                if sp <= fence:
                    reason = "stack-underflow"
                    break
                size = buffer[pos + 1]
                if op == 0x72:
                    size |= buffer[pos + 2] << 8 | buffer[pos + 3] << 16 | buffer[pos + 4] << 24
                    size &= LOW_32
                if self._memo_put(size, stack[sp - 1]) == 0:
                    outcome = LIMITED
                    reason = "limit-memo"
                    break
                pos += 2 if op == 0x71 else 5
            elif op == 0x28:  # MARK
                if mark_count >= self.mark_slots:
                    outcome = LIMITED
                    reason = "limit-marks"
                    break
                marks[mark_count] = sp
                mark_count += 1
                fence = sp
                pos += 1
            elif op == 0x5D or op == 0x7D or op == 0x8F:  # EMPTY_LIST, EMPTY_DICT, EMPTY_SET
                kind = LIST if op == 0x5D else DICT if op == 0x7D else SET
                value = self._grow(kind, base + pos, sp)
                stack[sp] = value
                sp += 1
                pos += 1
            elif op == 0x61 or op == 0x73:  # APPEND, SETITEM
                size = 1 if op == 0x61 else 2
                if sp < fence + size + 1:
                    reason = "stack-underflow"
                    break
                self._extend(
                    sp - size - 1, sp - size, sp, CALLS_APPEND if op == 0x61 else CALLS_SETITEM
                )
                sp -= size
                pos += 1
            elif op == 0x65 or op == 0x75 or op == 0x90:  # APPENDS, SETITEMS, ADDITEMS
                if mark_count == 0:
                    reason = "no-mark"
                    break
                mark_count -= 1
                size = marks[mark_count]
                fence = marks[mark_count - 1] if mark_count else 0
                if size <= fence:
                    reason = "stack-underflow"
                    break
                if op == 0x75 and (sp - size) & 1:
                    # The Python machine sets the pairs before it misses the last value.
                    if sp - size > 1:
                        self._extend(size - 1, size, sp - 1, CALLS_SETITEM)
                    reason = "odd-items"
                    break
                if op == 0x65:
                    # The Python machine calls extend() even with nothing.
                    self._extend(size - 1, size, sp, CALLS_APPEND)
                elif sp > size:
                    if op == 0x75:
                        self._extend(size - 1, size, sp, CALLS_SETITEM)
                    else:
                        self._extend(size - 1, size, sp, CALLS_ADD)
                sp = size
                pos += 1
            elif op == 0x74 or op == 0x6C or op == 0x64 or op == 0x91:
                # TUPLE, LIST, DICT, FROZENSET
                if mark_count == 0:
                    reason = "no-mark"
                    break
                mark_count -= 1
                size = marks[mark_count]
                fence = marks[mark_count - 1] if mark_count else 0
                if op == 0x74:
                    stack[size] = self._pack(TUPLE, size, sp, base + pos)
                elif op == 0x91:
                    stack[size] = self._pack(FROZENSET, size, sp, base + pos)
                else:
                    if op == 0x64 and (sp - size) & 1:
                        reason = "odd-items"
                        break
                    # The new container goes above the items, then down to where they began.
                    stack[sp] = self._grow(LIST if op == 0x6C else DICT, base + pos, sp)
                    self._extend(sp, size, sp, 0)
                    stack[size] = stack[sp]
                sp = size + 1
                pos += 1
            elif op == 0x30:  # POP
                if mark_count and marks[mark_count - 1] == sp:
                    mark_count -= 1
                    fence = marks[mark_count - 1] if mark_count else 0
                elif sp <= fence:
                    reason = "stack-underflow"
                    break
                else:
                    sp -= 1
                pos += 1
            elif op == 0x31:  # POP_MARK
                if mark_count == 0:
                    reason = "no-mark"
                    break
                mark_count -= 1
                sp = marks[mark_count]
                fence = marks[mark_count - 1] if mark_count else 0
                pos += 1
            elif op == 0x32:  # DUP
                if sp <= fence:
                    reason = "stack-underflow"
                    break
                stack[sp] = stack[sp - 1]
                sp += 1
                pos += 1
            elif op == 0x52 or op == 0x81:  # REDUCE, NEWOBJ
                if sp < fence + 2:
                    reason = "stack-underflow"
                    break
                value = stack[sp - 2]
                # Only calls of the kind that was closed: a constructor that is suddenly given
                # arguments must be seen, however often the class was rebuilt before.
                kind = REDUCE_CLOSED if op == 0x52 else NEWOBJ_CLOSED
                if stack[sp - 1] & 15 == LITERAL:
                    kind += BARE
                if value & 15 == SYMBOL and self.symbol_mode[value >> 4] == kind:
                    self.symbol_calls[value >> 4] += 1
                    sp -= 1
                    stack[sp - 1] = self.symbol_result[value >> 4]
                    pos += 1
                else:
                    outcome = NEEDS_OWNER
                    break
            elif op == 0x62:  # BUILD
                if sp < fence + 2:
                    reason = "stack-underflow"
                    break
                value = stack[sp - 2]
                if value & 15 == SYMBOL or (
                    value & 15 == RESULT and self.result_mode[value >> 4] == OPEN
                ):
                    outcome = NEEDS_OWNER
                    break
                sp -= 1
                pos += 1
            elif op == 0x51:  # BINPERSID
                if self.watch_persistent:
                    outcome = NEEDS_OWNER
                    break
                if sp <= fence:
                    reason = "stack-underflow"
                    break
                stack[sp - 1] = self._pack(PERSISTENT, sp - 1, sp, base + pos)
                pos += 1
            elif op == 0x95:  # FRAME
                # The C machine checks only that the bytes exist; the Python one also wants the
                # frame before to be used up, and accepts a frame longer than the rest.
                value = base + pos + 9
                size = 0
                for index in range(8):
                    size = size << 8 | buffer[pos + 8 - index]
                if buffer[pos + 8] & 0x80:
                    reason = "negative-length"
                    break
                if value + size > self.end:
                    self.oddities.add("frame-overrun")
                elif base + pos < frame_end:
                    self.oddities.add("frame-nested")
                    if value + size > frame_end:
                        self.oddities.add("frame-crossed")
                else:
                    frame_end = value + size
                    self.frame_end = frame_end
                    limit = 0
                pos += 9
            elif op == 0x80:  # PROTO
                if buffer[pos + 1] > 5:
                    reason = "unknown-protocol"
                    break
                self.protocol = buffer[pos + 1]
                if self.protocol > self.max_protocol:
                    self.max_protocol = self.protocol
                pos += 2
            elif op == 0x8D or op == 0x8E or op == 0x96:  # BINUNICODE8, BINBYTES8, BYTEARRAY8
                size = 0
                for index in range(6):
                    size = size << 8 | buffer[pos + 6 - index]
                if buffer[pos + 7] or buffer[pos + 8] or size > self.end - base - pos:
                    reason = "truncated"
                    break
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                self.tempting.append(base + pos)  # It may begin beyond the window.
                pos += 9 + size
            elif op == 0x67 or op == 0x70:  # GET, PUT
                stop = self.line_end(base + pos + 1)
                if stop == 0:
                    reason = "truncated"
                    break
                number = self._number(base + pos + 1, stop - 1)
                if number < 0:
                    outcome = NEEDS_OWNER
                    break
                if op == 0x67:
                    value = self._memo_get(number)
                    if value == 0:
                        reason = "memo-unset"
                        break
                    stack[sp] = value
                    sp += 1
                else:
                    if sp <= fence:
                        reason = "stack-underflow"
                        break
                    if self._memo_put(number, stack[sp - 1]) == 0:
                        outcome = LIMITED
                        reason = "limit-memo"
                        break
                pos = stop - base
            elif op == 0x49 or op == 0x4C:  # INT, LONG
                stop = self.line_end(base + pos + 1)
                if stop == 0:
                    reason = "truncated"
                    break
                if self._number(base + pos + 1, stop - (1 if op == 0x49 else 2)) < 0:
                    outcome = NEEDS_OWNER
                    break
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos = stop - base
            elif op == 0x56:  # UNICODE
                stop = self.line_end(base + pos + 1)
                if stop == 0:
                    reason = "truncated"
                    break
                stack[sp] = (base + pos) << 4 | LITERAL
                sp += 1
                pos = stop - base
            elif op == 0x2E:  # STOP
                if sp <= fence:
                    reason = "stack-underflow"
                    break
                pos += 1  # the value stays, for the owner to look at
                outcome = STOPPED
                break
            elif (
                op == 0x63  # GLOBAL
                or op == 0x93  # STACK_GLOBAL
                or op == 0x69  # INST
                or op == 0x6F  # OBJ
                or op == 0x92  # NEWOBJ_EX
                or op == 0x82  # EXT1
                or op == 0x83  # EXT2
                or op == 0x84  # EXT4
                or op == 0x50  # PERSID
                or op == 0x46  # FLOAT
                or op == 0x53  # STRING
                or op == 0x97  # NEXT_BUFFER
                or op == 0x98  # READONLY_BUFFER
            ):
                outcome = NEEDS_OWNER
                break
            else:
                reason = "unknown-opcode"
                break
        self.sp = sp
        self.mark_count = mark_count
        self.frame_end = frame_end
        self.opcodes = count
        self.opcode = op
        self.position = base + pos
        self.operand = base + pos + 1
        self.next = base + pos
        if base + pos > self.end:
            self.position = self.end
        self.reason = reason
        return outcome
