r"""Programs in MLIR: byte code, what ``jax.export`` serialises, and StableHLO as text.

Byte code begins with ``ML\xefR`` (MLIR bytecode format) and keeps its names as they are, one zero
behind each. ``jax.export`` wraps it in a FlatBuffer without identifier (jax, serialization.fbs).
The operators are not read; what is looked for is the one thing that leaves the program: custom
calls that hand values to functions of Python, which the process registers (jax, callback.py).
"""

from __future__ import annotations

import re

from weighbridge.formats import hidden
from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally
from weighbridge.sources.base import Source

NAME, EXPORT = "mlir", "jax-export"
MAGIC = b"ML\xefR"
_CALLBACK = re.compile(rb"xla_(?:ffi_)?(?:partitioned_)?python_[a-z]{3}_callback")
_LONGEST = 64
_WINDOW = 1 << 20
_REACH = 1 << 16
_TEXT = re.compile(r"\b(?:stablehlo|mhlo)\.custom_call\b[^\n]{0,40}?@\"?([\w.$-]{1,100})")
_GENERIC = re.compile(r"\bcall_target_name\s{0,4}=\s{0,4}\"([\w.$-]{1,100})\"")
_MODULE = re.compile(r"(?:#[^\n]{0,200}\n|\s){0,64}module\b[^\n]{0,400}\{")
_DOMAIN = "custom call"


def claims(source: Source, head: bytes) -> bool:
    """Say whether it is byte code, or a FlatBuffer with byte code in it."""
    return head.startswith(MAGIC) or (_is_table(head) and MAGIC in source.read_at(0, _REACH))


def _is_table(head: bytes) -> bool:
    """Say whether the root table stands near the start, and its layout before it."""
    root = int.from_bytes(head[:4], "little")
    back = int.from_bytes(head[root : root + 4], "little", signed=True)
    return 8 <= root <= 256 and root % 4 == 0 and 4 <= root - back < root


def parse(context: Context, source: Source, place: Place) -> bool:
    """State calls into Python, and that the rest is not read."""
    name = NAME if source.read_at(0, len(MAGIC)) == MAGIC else EXPORT
    context.format(place, name, source.size)
    tally = OperatorTally(NAME)
    seen: set[bytes] = set()
    for at in range(0, source.size, _WINDOW):
        context.budget.check_time()
        data = source.read_at(at, _WINDOW + _LONGEST)
        for found in _CALLBACK.finditer(data):
            if found[0] not in seen:
                seen.add(found[0])
                tally.note(found[0].decode(), at + found.start(), _DOMAIN)
    tally.state(context, place)
    hidden.search(context, source, place, 0)
    text = f"{name} is recognised, but its operators are not read; that needs a reader of MLIR"
    context.gap(place, name, "unsupported-format", text)
    return True


def note_program(context: Context, text: str, place: Place) -> bool:
    """State the custom calls of a program as text; False when it is none."""
    if _MODULE.match(text) is None or "func.func" not in text:
        return False
    tally = OperatorTally(NAME)
    for form in (_TEXT, _GENERIC):
        for found in form.finditer(text):
            tally.note(found[1], found.start(), _DOMAIN)
    tally.state(context, place)
    return True
