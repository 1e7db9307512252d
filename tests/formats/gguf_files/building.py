"""Writes GGUF files field by field, so that any field can lie."""

import struct

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
_CODES = {
    U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q",
    I64: "q", F64: "d",
}  # fmt: skip


class Builder:
    """One file; `pairs` are (key, type, value), `tensors` are (name, shape, type, offset)."""

    def __init__(self, pairs=(), tensors=(), data=b"", version=3, big=False, alignment=32):
        self.order = ">" if big else "<"
        self.version = version
        self.wide = "I" if version == 1 else "Q"
        self.pairs, self.tensors, self.data = list(pairs), list(tensors), data
        self.counts = (len(self.tensors), len(self.pairs))
        self.alignment = alignment

    def pack(self, code, *values):
        return struct.pack(self.order + code, *values)

    def string(self, text):
        raw = text if isinstance(text, bytes) else text.encode()
        return self.pack(self.wide, len(raw)) + raw

    def value(self, kind, value):
        if isinstance(value, bytes):
            return value
        if kind == STRING:
            return self.string(value)
        if kind == ARRAY:
            item, values = value
            body = b"".join(self.value(item, one) for one in values)
            return self.pack("I" + self.wide, item, len(values)) + body
        return self.pack(_CODES[kind], value)

    def pair(self, key, kind, value):
        return self.string(key) + self.pack("I", kind) + self.value(kind, value)

    def tensor(self, name, shape, kind, offset):
        head = self.string(name) + self.pack("I", len(shape))
        return head + self.pack(f"{len(shape)}{self.wide}", *shape) + self.pack("IQ", kind, offset)

    def header(self):
        head = b"GGUF" + self.pack("I", self.version) + self.pack(f"2{self.wide}", *self.counts)
        head += b"".join(self.pair(*pair) for pair in self.pairs)
        return head + b"".join(self.tensor(*tensor) for tensor in self.tensors)

    def build(self):
        head = self.header()
        return head + bytes(-len(head) % self.alignment) + self.data


PAIRS = (
    ("general.architecture", STRING, "llama"),
    ("general.alignment", U32, 32),
    ("general.flag", BOOL, 1),
    ("llama.rope", F32, 1e4),
    ("llama.wide", U64, 1 << 40),
    ("llama.signed", I16, -3),
    ("llama.double", F64, 0.5),
    ("tokenizer.ggml.tokens", ARRAY, (STRING, ["a", "", "ccc"])),
    ("tokenizer.ggml.scores", ARRAY, (F32, [0.0, 1.0, 2.0])),
    ("nested", ARRAY, (ARRAY, [(U8, [1, 2]), (STRING, ["x"]), (ARRAY, [(I8, [1])])])),
)
TENSORS = (("token_embd.weight", (8, 4), 0, 0), ("norm", (8,), 1, 128), ("q", (64,), 8, 160))
DATA = bytes(128 + 32 + 96)


def honest(**changes):
    """The arguments of an honest file, some of them changed."""
    return Builder(**{"pairs": PAIRS, "tensors": TENSORS, "data": DATA, **changes})
