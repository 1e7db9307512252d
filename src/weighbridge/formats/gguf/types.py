"""Types of values and tensors in GGUF (``gguf.h``, ``ggml.h``, ``gguf-py/gguf/constants.py``)."""

from __future__ import annotations

#: Bytes of a value of each scalar type; strings and arrays have lengths of their own.
SCALARS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
BOOLEAN, STRING, ARRAY = 7, 8, 9
INTEGERS = {0: False, 1: True, 2: False, 3: True, 4: False, 5: True, 10: False, 11: True}
FLOATS = (6, 12)

#: Elements per block and bytes per block. 31 to 33 and 36 to 38 are types that llama.cpp wrote
#: in 2024 and removed; they are laid out like Q4_0 and IQ4_NL.
BLOCKS: dict[int, tuple[int, int]] = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    9: (32, 40),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),
    22: (256, 82),
    23: (256, 136),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),
    28: (1, 8),
    29: (256, 56),
    30: (1, 2),
    31: (32, 18),
    32: (32, 18),
    33: (32, 18),
    34: (256, 54),
    35: (256, 66),
    36: (32, 18),
    37: (32, 18),
    38: (32, 18),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),
}
#: Forks number types of their own up to here; beyond it there is none.
TYPES_KNOWN_TO_ANYONE = 1024
