"""Builds archives byte by byte, so that each field can tell a lie.

Zip after APPNOTE.TXT 4.3, tar after POSIX ustar, 7z after 7zFormat.txt. The defaults are honest.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from dataclasses import dataclass, field, replace
from typing import Any


def deflate(data: bytes) -> bytes:
    """Compress without any wrapping, as zip stores it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


@dataclass(frozen=True)
class ZipEntry:
    """One member; `local` and `central` replace fields of one header only.

    The fields are version, flags, method, crc, packed, size, name, extra, and for the central
    header also external, disk and offset.
    """

    name: bytes
    data: bytes = b""
    method: int = 0
    flags: int = 0
    external: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    central: dict[str, Any] = field(default_factory=dict)
    descriptor: bytes = b""
    in_directory: bool = True
    before: bytes = b""

    def packed(self) -> bytes:
        """The data as it is stored."""
        return deflate(self.data) if self.method == 8 else self.data

    def fields(self) -> dict[str, Any]:
        """The honest values of both headers."""
        return {
            "version": 20, "flags": self.flags, "method": self.method,
            "crc": zlib.crc32(self.data), "packed": len(self.packed()), "size": len(self.data),
            "name": self.name, "extra": b"", "external": self.external, "disk": 0,
        }  # fmt: skip


def local_header(values: dict[str, Any]) -> bytes:
    """Return a local header with its name and extra field."""
    name, extra = values["name"], values["extra"]
    fixed = [values[key] for key in ("version", "flags", "method")]
    sizes = [values[key] for key in ("crc", "packed", "size")]
    head = struct.pack("<4s5H3L2H", b"PK\3\4", *fixed, 0, 0, *sizes, len(name), len(extra))
    return head + bytes(name) + bytes(extra)


def central_header(values: dict[str, Any]) -> bytes:
    """Return a central header with its name and extra field."""
    name, extra = values["name"], values["extra"]
    fixed = [values[key] for key in ("version", "flags", "method")]
    sizes = [values[key] for key in ("crc", "packed", "size")]
    head = struct.pack(
        "<4sBB5H3L5H2L", b"PK\1\2", 20, 3, *fixed, 0, 0, *sizes, len(name), len(extra), 0,
        values["disk"], 0, values["external"], values["offset"],
    )  # fmt: skip
    return head + bytes(name) + bytes(extra)


def end_record(count: int, size: int, offset: int, comment: bytes = b"", disk: int = 0) -> bytes:
    """Return an end record."""
    head = struct.pack("<4s4H2LH", b"PK\5\6", disk, disk, count, count, size, offset, len(comment))
    return head + comment


def end64_records(count: int, size: int, offset: int, at: int, disks: int = 1) -> bytes:
    """Return a zip64 end record and the locator that names position `at`."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
    return record + struct.pack("<4sLQL", b"PK\6\7", 0, at, disks)


def build_zip(
    *entries: ZipEntry,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    before_end: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    shift: int | None = None,
    end: dict[str, int] | None = None,
) -> bytes:
    """Return a zip archive; offsets in it count from behind `prefix` unless `shift` is given."""
    body = bytearray(prefix)
    shift = len(prefix) if shift is None else shift
    directory = bytearray()
    count = 0
    for entry in entries:
        body += entry.before
        values = entry.fields() | {"offset": len(body) - shift}
        body += local_header(values | entry.local) + entry.packed() + entry.descriptor
        if entry.in_directory:
            directory += central_header(values | entry.central)
            count += 1
    body += before_directory
    values = {"count": count, "size": len(directory), "offset": len(body) - shift} | (end or {})
    record = end_record(comment=comment, **values)
    return bytes(body + directory + before_end + record + suffix)


def overlapping_zip(count: int, kernel: bytes) -> bytes:
    """Return a zip whose members all share the data of one, as in Fifield's bomb."""
    entry = ZipEntry(b"0", kernel, 8)
    body = local_header(entry.fields()) + entry.packed()
    directory = b"".join(
        central_header(replace(entry, name=b"0").fields() | {"offset": 0}) for _ in range(count)
    )
    return body + directory + end_record(count, len(directory), len(body))


def tar_header(
    name: bytes,
    size: int = 0,
    kind: bytes = b"0",
    link: bytes = b"",
    *,
    magic: bytes = b"ustar\x0000",
    size_field: bytes | None = None,
    checksum: int | None = None,
) -> bytes:
    """Return a tar header."""
    block = bytearray(512)
    block[0 : len(name)] = name
    block[100:108], block[108:116], block[116:124] = (b"0000644\0", b"0000000\0", b"0000000\0")
    block[124:136] = b"%011o\0" % size if size_field is None else size_field
    block[136:148] = b"%011o\0" % 0
    block[148:156] = b" " * 8
    block[156:157] = kind
    block[157 : 157 + len(link)] = link
    block[257 : 257 + len(magic)] = magic
    block[148:156] = b"%06o\0 " % (sum(block) if checksum is None else checksum)
    return bytes(block)


def tar_member(name: bytes, data: bytes = b"", kind: bytes = b"0", **fields: Any) -> bytes:
    """Return a header and its padded data."""
    return tar_header(name, len(data), kind, **fields) + data + bytes(-len(data) % 512)


def pax_header(records: dict[str, str], kind: bytes = b"x") -> bytes:
    """Return a PAX header with its records."""
    body = b""
    for key, value in records.items():
        rest = f" {key}={value}\n".encode()
        length = len(rest) + 1
        while len(str(length)) + len(rest) != length:
            length += 1
        body += str(length).encode() + rest
    return tar_member(b"pax", body, kind)


TAR_END = bytes(1024)


def sevenzip_number(value: int) -> bytes:
    """Return a NUMBER in its nine-byte form, or one byte for small values."""
    return bytes([value]) if value < 128 else b"\xff" + value.to_bytes(8, "little")


def sevenzip_streams(packed_size: int, coders: bytes, size: int, crc: int | None = None) -> bytes:
    """Return a StreamsInfo of one folder; `coders` starts with their count."""
    digest = b"" if crc is None else b"\x0a\x01" + crc.to_bytes(4, "little")
    return (
        b"\x06\x00\x01\x09" + sevenzip_number(packed_size) + b"\x00"
        b"\x07\x0b\x01\x00" + coders + b"\x0c" + sevenzip_number(size) + digest + b"\x00\x00"
    )  # fmt: skip


def sevenzip_files(*names: str, attributes: int | None = None) -> bytes:
    """Return a FilesInfo."""
    text = b"\0" + b"".join(name.encode("utf-16-le") + b"\0\0" for name in names)
    result = b"\x05" + sevenzip_number(len(names)) + b"\x11" + sevenzip_number(len(text)) + text
    if attributes is not None:
        body = b"\x01\x00" + attributes.to_bytes(4, "little") * len(names)
        result += b"\x15" + sevenzip_number(len(body)) + body
    return result + b"\0"


COPY_CODER = b"\x01\x01\x00"
LZMA2_CODER = b"\x01\x21\x21\x01\x08"


def build_sevenzip(packed: bytes, header: bytes, *, suffix: bytes = b"", crc_off: int = 0) -> bytes:
    """Return a 7z archive with an unpacked header."""
    start = struct.pack("<QQL", len(packed), len(header), zlib.crc32(header) ^ crc_off)
    return (
        b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start
        + packed + header + suffix
    )  # fmt: skip


def simple_sevenzip(
    data: bytes, name: str = "a", coders: bytes = COPY_CODER, attributes: int | None = None
) -> bytes:
    """Return a 7z archive of one file, packed as it is."""
    streams = sevenzip_streams(len(data), coders, len(data), zlib.crc32(data))
    header = b"\x01\x04" + streams + sevenzip_files(name, attributes=attributes) + b"\0"
    return build_sevenzip(data, header)


def lzma2(data: bytes) -> bytes:
    """Compress as the LZMA2 coder with a dictionary of 64 KiB wants it."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16}]
    return lzma.compress(data, lzma.FORMAT_RAW, filters=filters)


def packed_sevenzip(data: bytes, name: str = "a") -> bytes:
    """Return a 7z archive whose file and whose header are both packed with LZMA2."""
    body = lzma2(data)
    streams = sevenzip_streams(len(body), LZMA2_CODER, len(data), zlib.crc32(data))
    inner = b"\x01\x04" + streams + sevenzip_files(name) + b"\0"
    packed = lzma2(inner)
    header = sevenzip_streams(len(packed), LZMA2_CODER, len(inner), zlib.crc32(inner))
    header = header.replace(b"\x06\x00", b"\x06" + sevenzip_number(len(body)), 1)
    return build_sevenzip(body + packed, b"\x17" + header)
