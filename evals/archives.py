"""Archives written byte by byte where the standard library would refuse: zip, tar, 7z."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import Any


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an ordinary zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return packed.getvalue()


@dataclass(frozen=True)
class Entry:
    """One member of a zip whose two headers may disagree: fields of each can be replaced."""

    name: bytes
    data: bytes
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    listed: bool = True


def zip_of(
    *entries: Entry, prefix: bytes = b"", suffix: bytes = b"", comment: bytes = b""
) -> bytes:
    """Return a zip of stored members."""
    body, directory, count = bytearray(prefix), bytearray(), 0
    for entry in entries:
        values = {
            "flags": 0,
            "method": 0,
            "crc": zlib.crc32(entry.data),
            "packed": len(entry.data),
            "size": len(entry.data),
            "name": entry.name,
        }
        offset = len(body) - len(prefix)
        body += _header(b"PK\3\4", values | entry.local, b"") + entry.data
        if entry.listed:
            tail = struct.pack("<HHHLL", 0, 0, 0, 0, offset)
            directory += _header(b"PK\1\2", values | entry.central, tail)
            count += 1
    start = len(body) - len(prefix)
    end = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), start, len(comment)
    )
    return bytes(body + directory + end + comment + suffix)


def _header(magic: bytes, values: dict[str, Any], tail: bytes) -> bytes:
    made = struct.pack("<H", 20) if tail else b""
    fixed = struct.pack("<5H", 20, values["flags"], values["method"], 0, 0)
    sizes = struct.pack("<3L", values["crc"], values["packed"], values["size"])
    names = struct.pack("<2H", len(values["name"]), 0)
    return magic + made + fixed + sizes + names + tail + bytes(values["name"])


def tarred(
    members: dict[str, bytes], links: dict[str, str] | None = None, mode: str = "w"
) -> bytes:
    """Return a tar; `links` are symbolic, written before the members."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:  # type: ignore[call-overload]
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def special_tar(name: str, kind: bytes) -> bytes:
    """Return a tar with a device, a pipe or a hard link."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    return packed.getvalue()


def gzipped(data: bytes) -> bytes:
    """Return a gzip stream without a time stamp."""
    return gzip.compress(data, mtime=0)


def seven_zip(name: str, data: bytes) -> bytes:
    """Return a 7z archive of one file, stored."""

    def number(value: int) -> bytes:
        return bytes([value]) if value < 128 else b"\xff" + value.to_bytes(8, "little")

    crc = zlib.crc32(data).to_bytes(4, "little")
    streams = (
        b"\x06\0\x01\x09" + number(len(data)) + b"\0\x07\x0b\x01\0\x01\x01\0\x0c"
        + number(len(data)) + b"\x0a\x01" + crc + b"\0\0"
    )  # fmt: skip
    text = b"\0" + name.encode("utf-16-le") + b"\0\0"
    header = b"\x01\x04" + streams + b"\x05\x01\x11" + number(len(text)) + text + b"\0\0"
    start = struct.pack("<QQL", len(data), len(header), zlib.crc32(header))
    magic = b"7z\xbc\xaf\x27\x1c\0\x04" + struct.pack("<L", zlib.crc32(start))
    return magic + start + data + header
