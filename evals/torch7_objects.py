"""Builds what ``torch.save`` of Torch7 writes (torch7, File.lua)."""

import struct


class Writer:
    """Writes values one after the other, in the binary or the text form."""

    def __init__(self, text=False):
        self.text = text
        self.index = 0

    def integers(self, *values, width=4):
        """Numbers, apart by blanks in the text form."""
        if self.text:
            return b" ".join(str(value).encode() for value in values) + b"\n"
        return struct.pack(f"<{len(values)}{'i' if width == 4 else 'q'}", *values)

    def string(self, data):
        """A text behind its length."""
        return self.integers(len(data)) + data + (b"\n" if self.text else b"")

    def value(self, value):
        """A text, a number, or what is written already."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, str):
            return self.integers(2) + self.string(value.encode())
        number = f"{value}\n".encode() if self.text else struct.pack("<d", value)
        return self.integers(1) + number

    def fresh(self, kind):
        """The kind and the number of a new object."""
        self.index += 1
        return self.integers(kind) + self.integers(self.index)

    def table(self, **pairs):
        """A table."""
        head = self.fresh(3) + self.integers(len(pairs))
        return head + b"".join(self.value(k) + self.value(v) for k, v in pairs.items())

    def of_class(self, name, content):
        """An object of a class, whose content follows."""
        return self.fresh(4) + self.string(b"V 1") + self.string(name) + content

    def tensor(self, *numbers):
        """A tensor and its storage."""
        shape = self.integers(1) + self.integers(len(numbers), width=8)
        shape += self.integers(1, width=8) + self.integers(1, width=8)
        packed = (
            b" ".join(str(n).encode() for n in numbers) + b"\n"
            if self.text
            else struct.pack(f"<{len(numbers)}f", *numbers)
        )
        stored = self.of_class(b"torch.FloatStorage", self.integers(len(numbers), width=8) + packed)
        return self.of_class(b"torch.FloatTensor", shape + stored)

    def function(self, code, kind=8):
        """A function, as byte code."""
        head = self.integers(6) if kind == 6 else self.fresh(kind)
        return head + self.string(code) + self.table()


# What a function of LuaJIT looks like from outside: constants behind their lengths.
ORDINARY = b"\x1bLJ\x01\x02\x09self\x0aprint\x00"
COMMAND = b"\x1bLJ\x01\x02\x14echo weighbridge\x0cexecute\x07os\x00"


def model(text=False, code=None, name=b"nn.Linear", kind=8):
    """Return a layer with weights, and with a function where `code` is given.

    In the text form the writer numbers objects as it goes, as Torch does.
    """
    writer = Writer(text)
    # The outer object is numbered before those inside it.
    head = writer.fresh(4) + writer.string(b"V 1") + writer.string(name)
    pairs = {"weight": writer.tensor(0.5, 1.5, 2.5), "train": 1.0, "name": "os.execute"}
    if code is not None:
        pairs["forward"] = writer.function(code, kind)
    return head + writer.table(**pairs)
