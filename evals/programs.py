"""Builds the headers of programs: what no reader could tell from a whole one."""

import struct


def elf(shape=3):
    """A header of a 64-bit program for Linux (2) or of a library (3), and nothing behind it."""
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    return head + struct.pack("<HHIQQQIHHHHHH", shape, 62, 1, 0, 64, 0, 0, 64, 56, 0, 64, 0, 0)


def pe(flags=0x2002, signature=b"PE\0\0"):
    """Headers of a library for Windows."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64)
    return head + signature + struct.pack("<HHIIIHHH", 0x8664, 3, 0, 0, 0, 240, flags, 0x20B)


def mach(commands=2):
    """Headers of a library for macOS, with one command of load."""
    head = b"\xcf\xfa\xed\xfe" + struct.pack("<7I", 0x01000007, 3, 6, commands, 48, 0, 0)
    return head + struct.pack("<II", 0x19, 24) + bytes(40)


def fat():
    """A program for macOS that holds one for each processor."""
    inner = mach()
    return (
        struct.pack(">II5I", 0xCAFEBABE, 1, 7, 3, 4096, len(inner), 12).ljust(4096, b"\0") + inner
    )


def java(major=61):
    """The beginning of a class of Java."""
    return struct.pack(">IHHHB", 0xCAFEBABE, 0, major, 20, 10) + bytes(40)


def wasm():
    """A module of WebAssembly with one section."""
    return b"\0asm\1\0\0\0" + b"\1\4\1\x60\0\0"


PROGRAMS = {
    "elf": elf(),
    "pe": pe(),
    "mach-o": mach(),
    "fat": fat(),
    "java-class": java(),
    "webassembly": wasm(),
}
