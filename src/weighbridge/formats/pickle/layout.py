"""Numbers that the machine and its owner share: capacities, tags, kinds and outcomes.

They stand in a module of their own because the compiled machine keeps them as C integers, which
Python code could not import from there.
"""

from __future__ import annotations

WINDOW = 256 * 1024
PADDING = 16
MOST_TEMPTING = 256

STACK_SLOTS = 4 << 20
MARK_SLOTS = 1 << 20
MEMO_SLOTS = 1 << 25
FAR_MEMO_SLOTS = 1 << 16
ARENA_WORDS = 6 << 20
SYMBOL_SLOTS = 1 << 15
RESULT_SLOTS = 1 << 17
KEEP_ITEMS = 128
MOST_COLLECTIONS = 1024
COPY_DEPTH = 24
TRIM_ABOVE = 8 << 20

# Why Core.run returned.
STOPPED = 0
NEEDS_OWNER = 1
BROKEN = 2
LIMITED = 3

# Tags of values.
LITERAL = 1
NODE = 2
SYMBOL = 3
RESULT = 4
LOST = 5

# Kinds of arena nodes.
TUPLE = 1
LIST = 2
DICT = 3
SET = 4
FROZENSET = 5
PERSISTENT = 6

# Methods that opcodes call on what is on the stack.
CALLS_APPEND = 1
CALLS_SETITEM = 2
CALLS_ADD = 4

# Modes of results: whether further states are kept.
OPEN = 0
CLOSED = 1

# Modes of symbols: OPEN, or the kind of call that is only counted, BARE when it has no arguments.
REDUCE_CLOSED = 1
NEWOBJ_CLOSED = 3
BARE = 1

LOW_32 = 0xFFFFFFFF
HIGHEST_INT = 0x7FFFFFFF
