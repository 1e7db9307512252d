"""Zip, tar and 7z in general: facts about their structure, and every member examined by content.

What is inside decides what the archive is: a checkpoint of torch, a skops model, a TorchServe
archive, an ``.npz``, or just files.
"""

from __future__ import annotations

import zlib

from weighbridge.containers.base import Archive, Member
from weighbridge.containers.inflate import InflatedSource
from weighbridge.containers.registry import open_archive
from weighbridge.errors import ParseError
from weighbridge.formats import llamafile, program_archives, skops, torchserve
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras import archive as keras
from weighbridge.formats.pickle.around import alone_in_pickle
from weighbridge.formats.pytorch import distributed
from weighbridge.formats.pytorch.archive import CheckpointReader, variant
from weighbridge.formats.pytorch.export import NAME as EXPORTED
from weighbridge.formats.pytorch.export import ExportReader, is_exported
from weighbridge.formats.pytorch.legacy_tar import is_legacy_tar, parse_storages
from weighbridge.formats.unknown import note_unknown, settle_declared
from weighbridge.sources.base import Source
from weighbridge.sources.memory import SliceSource

_CRC_LIMIT = 4 << 20
_COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")  # MS-CFB, 2.2
_AROUND = ("zip-prepended", "zip-appended")


def parse(context: Context, kind: str, source: Source, place: Place) -> str:
    """Examine an archive recognised as `kind` and return the format it turned out to be."""
    if kind == "zip" and distributed.parse(context, source, place):
        return distributed.NAME
    archive = open_archive(kind, source, context.budget)
    name = _name(kind, archive)
    before = len(context.facts)
    if name == "zip" and llamafile.recognises(archive, source):
        name = llamafile.NAME
        archive = llamafile.without_program(context, archive, source, place)
    archive = alone_in_pickle(context, archive, source)
    _structure(context, kind, archive, source, place)
    _checksums(context, kind, archive, place)
    keras.read_archive(context, archive, place)
    if name in ("pytorch-zip", "torchscript", "torch-package"):
        CheckpointReader(context, archive, source, place, name).read()
        return name
    if name == EXPORTED:
        ExportReader(context, archive, source, place).read()
        return name
    context.format(place, name, source.size, members=len(archive.members))
    if name == "zip":
        program_archives.note_programs(context, archive, source, place)
    if name == "skops":
        skops.read_schema(context, archive, place)
    elif name == "torchserve":
        torchserve.read_manifest(context, archive, place)
    for member in archive.members:
        context.budget.check_time()
        if member.kind == "file" and member.source is not None:
            if name == "pytorch-tar" and member.name in ("storages", "tensors"):
                parse_storages(context, member, place)
            else:
                _member(context, kind, member, member.source, place)
    settle_declared(context, archive, place, before)
    if name == llamafile.NAME:
        llamafile.settle(context, before)
    return name


def _name(kind: str, archive: Archive) -> str:
    if kind == "tar" and is_legacy_tar(archive):
        return "pytorch-tar"
    if kind != "zip":
        return kind
    if is_exported(archive):
        return EXPORTED
    found = variant(archive)
    if found is not None:
        return found
    names = {member.name for member in archive.members}
    if "schema.json" in names:
        return "skops"
    if "MAR-INF/MANIFEST.json" in names:
        return "torchserve"
    if keras.is_keras(archive):
        return keras.NAME
    files = [member for member in archive.members if member.kind == "file"]
    if files and all(member.name.endswith(".npy") for member in files):
        return "npz"
    return "zip"


def _structure(context: Context, kind: str, archive: Archive, source: Source, place: Place) -> None:
    within = _is_office_theme(archive, source)
    for anomaly in archive.anomalies:
        if within and anomaly.code in _AROUND:
            continue
        text = anomaly.text if anomaly.member is None else f"{anomaly.member}: {anomaly.text}"
        context.anomaly(place, kind, anomaly.code, text, anomaly.offset)
    for gap in archive.gaps:
        inner = place if gap.member is None else place.inside(gap.member)
        context.gap(inner, kind, gap.code, gap.text, gap.offset)
    for number, (offset, size) in enumerate(archive.uncovered[:64]):
        _uncovered(context, kind, SliceSource(source, offset, size), place, offset, number)


def _is_office_theme(archive: Archive, source: Source) -> bool:
    """Say whether a zip is what Excel keeps in an .xls of its theme (MS-XLS, 2.4.326).

    Its parts are members of a zip as in .xlsx, and the zip is a record of a compound file.
    """
    names = {member.name for member in archive.members}
    return source.read_at(0, 8) == _COMPOUND and {"[Content_Types].xml", "_rels/.rels"} <= names


def _uncovered(
    context: Context, kind: str, source: Source, place: Place, offset: int, number: int
) -> None:
    """Bytes that the archive does not account for are examined like a file of their own."""
    if _blank(source):
        return
    inner = place.inside(f"unlisted-{number}", origin="hidden")
    child = context.child()
    try:
        if child.walk(child, source, inner) is None:
            text = f"{source.size} bytes at {offset} belong to no member"
            context.gap(inner, kind, "malformed-unlisted-bytes", text, offset)
    except ParseError as error:
        context.gap_from(inner, kind, error)


def _blank(source: Source) -> bool:
    offset = 0
    while offset < source.size:
        chunk = source.read_at(offset, 1 << 20)
        if chunk.strip(b"\0"):
            return False
        offset += len(chunk)
    return True


def _checksums(context: Context, kind: str, archive: Archive, place: Place) -> None:
    """Compute the CRC of small members: Python's reader stops at a wrong one, torch's does not."""
    for member in archive.members:
        if member.crc is None or member.source is None or member.kind != "file":
            continue
        if member.size is None or not 0 < member.size <= _CRC_LIMIT or "/data/" in member.name:
            continue
        try:
            data = member.source.read_at(0, member.size)
        except ParseError:
            continue
        if zlib.crc32(data) != member.crc:
            text = f"{member.name[:80]}: the CRC does not match; Python refuses it, torch loads it"
            context.anomaly(place, kind, "zip-bad-crc", text, member.offset)


def _member(context: Context, kind: str, member: Member, source: Source, place: Place) -> None:
    inner = place.inside(member.name)
    before = len(context.facts)
    try:
        child = context.child()
        found = child.walk(child, source, inner)
    except ParseError as error:
        found = _before_damage(context, source, inner, before)
        context.gap_from(inner, kind, error)
    if found is None:
        note_unknown(context, source, inner, kind)
    if isinstance(source, InflatedSource) and source.overrun:
        text = f"{member.name[:80]}: decodes to more than the archive declares"
        context.anomaly(inner, kind, "zip-size-mismatch", text, member.offset)


def _before_damage(context: Context, source: Source, place: Place, before: int) -> str | None:
    """Examine what can be decoded before the damage; the loader gets that far as well."""
    if not isinstance(source, InflatedSource):
        return "damaged"
    del context.facts[before:]
    try:
        child = context.child()
        return child.walk(child, source.prefix(), place) or "damaged"
    except ParseError:
        return "damaged"
