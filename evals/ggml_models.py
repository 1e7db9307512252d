"""Builds the files of llama.cpp and whisper.cpp from before GGUF."""

import struct


def vocabulary(count, scores):
    """Words behind their lengths, with a score each where the layout has them."""
    words = b""
    for number in range(count):
        word = f"w{number}".encode()
        words += struct.pack("<I", len(word)) + word + (struct.pack("<f", 0.5) if scores else b"")
    return words


def tensor(at, name, shape, kind, size, aligned):
    """A tensor and its numbers; later versions align them."""
    head = struct.pack("<3I", len(shape), len(name), kind) + struct.pack(f"<{len(shape)}I", *shape)
    head += name
    if aligned:
        head += bytes(-(at + len(head)) % 32)
    return head + bytes(size)


def llama(magic, version, q4_0=18):
    """A model of llama.cpp."""
    aligned = magic == b"tjgg"
    data = magic + (struct.pack("<I", version) if version else b"")
    data += struct.pack("<7I", 5, 8, 256, 2, 1, 4, 1) + vocabulary(5, magic != b"lmgg")
    data += tensor(len(data), b"tok", (8, 5), 0, 160, aligned)
    return data + tensor(len(data), b"q", (32, 2), 2, 2 * q4_0, aligned)


def whisper():
    """A model of whisper.cpp, with its filter bank."""
    data = b"lmgg" + struct.pack("<11I", 5, 1, 8, 2, 1, 1, 8, 2, 1, 2, 1)
    data += struct.pack("<2I", 2, 3) + bytes(24) + struct.pack("<I", 4) + vocabulary(4, False)
    return data + tensor(0, b"encoder.conv1.weight", (3, 2, 8), 1, 96, False)


def adapter():
    """An adapter of llama.cpp."""
    data = b"algg" + struct.pack("<3I", 1, 8, 16)
    return data + tensor(len(data), b"a.loraA", (8, 4), 0, 128, True)


HONEST = {
    "ggml": llama(b"lmgg", 0, 20),
    "ggmf": llama(b"fmgg", 1, 20),
    "ggjt-1": llama(b"tjgg", 1, 20),
    "ggjt-3": llama(b"tjgg", 3),
    "whisper": whisper(),
    "ggla": adapter(),
}
