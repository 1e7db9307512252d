"""The formats before GGUF."""

import struct

import pytest

from formats.templates.scanning import Answer


def vocabulary(count, scores):
    words = b""
    for number in range(count):
        word = f"w{number}".encode()
        words += struct.pack("<I", len(word)) + word + (struct.pack("<f", 0.5) if scores else b"")
    return words


def tensor(at, name, shape, kind, size, aligned):
    head = struct.pack("<3I", len(shape), len(name), kind) + struct.pack(f"<{len(shape)}I", *shape)
    head += name
    if aligned:
        head += bytes(-(at + len(head)) % 32)
    return head + bytes(size)


def llama(magic, version, q4_0=18):
    aligned = magic == b"tjgg"
    data = magic + (struct.pack("<I", version) if version else b"")
    data += struct.pack("<7I", 5, 8, 256, 2, 1, 4, 1) + vocabulary(5, magic != b"lmgg")
    data += tensor(len(data), b"tok", (8, 5), 0, 160, aligned)
    return data + tensor(len(data), b"q", (32, 2), 2, 2 * q4_0, aligned)


def whisper():
    data = b"lmgg" + struct.pack("<11I", 5, 1, 8, 2, 1, 1, 8, 2, 1, 2, 1)
    data += struct.pack("<2I", 2, 3) + bytes(24) + struct.pack("<I", 4) + vocabulary(4, False)
    return data + tensor(0, b"encoder.conv1.weight", (3, 2, 8), 1, 96, False)


def adapter():
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


@pytest.mark.parametrize("name", HONEST)
def test_honest_files_are_clean(name):
    answer = Answer(HONEST[name])
    assert answer.verdict == "clean" and len(answer.formats) == 1


@pytest.mark.parametrize("name", HONEST)
def test_what_no_layout_accounts_for_is_a_gap(name):
    for data in (HONEST[name] + b"x", HONEST[name][:-1]):
        assert [gap.code for gap in Answer(data).gaps] == ["unsupported-ggml-layout"]


def test_text_that_begins_alike_stays_text():
    assert Answer(b"tjgg is a magic number").formats == ["text"]
