"""Programs and libraries, told by headers whose parts agree, never by a magic number alone.

ELF (System V ABI, chapter 4), PE (Microsoft, PE Format), Mach-O (``mach-o/loader.h``,
``mach-o/fat.h``), Java classes (JVM specification, 4.1), WebAssembly (core specification, 5.5.16),
scripts with ``#!``. Machine code is not analysed; that it is there is the finding.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from weighbridge.facts.native import Executable
from weighbridge.facts.structure import Format
from weighbridge.formats.context import Context, Place
from weighbridge.sources.base import Source

NAME = "executable"
KINDS = ("elf", "pe", "mach-o", "java-class", "webassembly", "script")
_STARTS = (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"\0asm", b"#!")
_MACH = {
    b"\xfe\xed\xfa\xce": (">", 28),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xcf\xfa\xed\xfe": ("<", 32),
}
MACH_STARTS = tuple(_MACH)
_ELF_SHAPES = {1: "object", 2: "program", 3: "library", 4: "core"}
_ELF_MACHINES = {
    3: "x86",
    8: "mips",
    40: "arm",
    62: "x86-64",
    183: "arm64",
    190: "cuda",
    243: "riscv",
}
_PE_MACHINES = {0x14C: "x86", 0x8664: "x86-64", 0x1C0: "arm", 0x1C4: "arm", 0xAA64: "arm64"}
_PE_MAGICS = (0x10B, 0x20B, 0x107)
_PE_LIBRARY = 0x2000
_MACH_MACHINES = {7: "x86", 12: "arm", 0x01000007: "x86-64", 0x0100000C: "arm64"}
_MACH_SHAPES = {1: "object", 2: "program", 4: "core", 6: "library", 8: "library", 11: "object"}
_ARCHITECTURES = 30
_JAVA = range(45, 90)
_SHEBANG = re.compile(rb"#![ \t]*(/[\x21-\x7e]{1,200})(?:[ \t]+([\x20-\x7e]{1,200}))?\r?\n")


@dataclass(frozen=True, slots=True)
class Program:
    """What a header says."""

    kind: str
    machine: str
    shape: str


def claims(_source: Source, head: bytes) -> bool:
    """Say whether the bytes begin like one of the kinds."""
    return head.startswith(_STARTS) or head[:4] in _MACH


def recognise(source: Source, head: bytes) -> Program | None:
    """Return what kind of program the bytes are, or None where the header does not hold."""
    if head.startswith(b"\x7fELF"):
        return _elf(head)
    if head.startswith(b"MZ"):
        return _pe(source, head)
    if head[:4] in _MACH:
        return _mach(source, head)
    if head.startswith(b"\xca\xfe\xba\xbe"):
        return _fat(source, head) or _java(source, head)
    if head.startswith(b"\0asm"):
        return _wasm(source, head)
    return _script(head)


def parse(context: Context, source: Source, place: Place) -> bool:
    """State what program the bytes are; a script is left to those who read text."""
    program = recognise(source, source.read_at(0, 512))
    if program is None:
        return False
    if program.kind == "script":
        if place.member is not None:
            context.add(_fact(context, program, source, place))
        return False
    state(context, program, source, place)
    return True


def state(context: Context, program: Program, source: Source, place: Place) -> None:
    """Add the facts about a program."""
    fact = _fact(context, program, source, place)
    detail = {"machine": program.machine, "shape": program.shape}
    context.format(place, program.kind, source.size, **detail)
    context.add(fact)


def _fact(context: Context, program: Program, source: Source, place: Place) -> Executable:
    return Executable(
        member=place.member,
        kind=program.kind,
        container=_container(context, place),
        origin=place.origin,
        machine=program.machine,
        shape=program.shape,
        size=source.size,
        loaders=place.loaders if place.origin == "expected" else (),
    )


def _container(context: Context, place: Place) -> str | None:
    """Return the format of what directly holds this place."""
    if place.member is None:
        return None
    found: Format | None = None
    for fact in context.facts:
        if isinstance(fact, Format) and (
            fact.member is None or place.member.startswith(f"{fact.member}!")
        ):
            outer = -1 if found is None or found.member is None else len(found.member)
            if found is None or len(fact.member or "") > outer:
                found = fact
    return None if found is None else found.format


def _elf(head: bytes) -> Program | None:
    if len(head) < 52 or head[4] not in (1, 2) or head[5] not in (1, 2) or head[6] != 1:
        return None
    order, wide = "<>"[head[5] - 1], head[4] == 2
    if wide and len(head) < 64:
        return None
    shape, machine, version = struct.unpack_from(f"{order}HHI", head, 16)
    sizes = struct.unpack_from(f"{order}6H", head, 52 if wide else 40)
    header, program, programs, section, sections, _names = sizes
    fits = header == (64 if wide else 52) and version == 1 and machine != 0
    fits = fits and (not programs or program == (56 if wide else 32))
    fits = fits and (not sections or section == (64 if wide else 40))
    if not fits or not (shape in _ELF_SHAPES or shape >= 0xFE00):
        return None
    return Program("elf", _ELF_MACHINES.get(machine, str(machine)), _ELF_SHAPES.get(shape, "other"))


def _pe(source: Source, head: bytes) -> Program | None:
    if len(head) < 64:
        return None
    at = int.from_bytes(head[60:64], "little")
    raw = source.read_at(at, 26)
    if not 4 <= at <= source.size - 26 or raw[:4] != b"PE\0\0" or len(raw) < 26:
        return None
    machine, sections = struct.unpack_from("<HH", raw, 4)
    flags, magic = struct.unpack_from("<HH", raw, 22)
    if not 1 <= sections <= 96 or magic not in _PE_MAGICS:
        return None
    shape = "library" if flags & _PE_LIBRARY else "program"
    return Program("pe", _PE_MACHINES.get(machine, f"{machine:#x}"), shape)


def _mach(source: Source, head: bytes) -> Program | None:
    order, start = _MACH[head[:4]]
    if len(head) < start + 8:
        return None
    machine, _kind, shape, commands, size = struct.unpack_from(f"{order}5I", head, 4)
    _command, length = struct.unpack_from(f"{order}2I", head, start)
    fits = 1 <= shape <= 12 and 1 <= commands <= 65_535 and 8 * commands <= size <= source.size
    if not fits or not 8 <= length <= size or length % 4:
        return None
    name = _MACH_MACHINES.get(machine, str(machine))
    return Program("mach-o", name, _MACH_SHAPES.get(shape, "other"))


def _fat(source: Source, head: bytes) -> Program | None:
    if len(head) < 28:
        return None
    count = int.from_bytes(head[4:8], "big")
    if not 1 <= count <= _ARCHITECTURES:
        return None
    for number in range(count):
        raw = source.read_at(8 + 20 * number, 20)
        if len(raw) < 20:
            return None
        _machine, _sub, at, size, align = struct.unpack(">5I", raw)
        if at + size > source.size or align > 30 or not size:
            return None
    return Program("mach-o", "several", "program")


def _java(source: Source, head: bytes) -> Program | None:
    if len(head) < 12 or source.size < 24:
        return None
    _minor, major, constants = struct.unpack_from(">3H", head, 4)
    if major not in _JAVA or constants < 2 or head[10] not in range(1, 21):
        return None
    return Program("java-class", "jvm", "class")


def _wasm(source: Source, head: bytes) -> Program | None:
    if head[4:8] not in (b"\1\0\0\0", b"\x0d\0\1\0"):
        return None
    if source.size == 8:
        return Program("webassembly", "wasm", "module")
    section, size, shift = head[8], 0, 0
    for byte in head[9:14]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            fits = section <= 13 and size <= source.size - 9
            return Program("webassembly", "wasm", "module") if fits else None
    return None


def _script(head: bytes) -> Program | None:
    match = _SHEBANG.match(head)
    if match is None:
        return None
    words = [match[1], *(match[2] or b"").split()]
    names = [word.rsplit(b"/", 1)[-1].decode("ascii") for word in words]
    return Program("script", names[1] if names[0] == "env" and names[1:] else names[0], "script")
