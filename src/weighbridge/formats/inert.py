"""Files that no loader runs: text, and images whose structure accounts for every byte.

PNG: chunks up to IEND (W3C PNG, section 5). GIF: ends with 0x3B (GIF89a, 27). WebP and WAV: RIFF
with its own length (RFC 9649).
"""

from __future__ import annotations

import re

from weighbridge.containers.paths import judge_name
from weighbridge.errors import ParseError
from weighbridge.facts.structure import UNKNOWN
from weighbridge.formats import texts
from weighbridge.formats.context import Context, Place
from weighbridge.formats.data.extent import Extent
from weighbridge.formats.templates import carriers
from weighbridge.sources.base import Source
from weighbridge.text.decoding import control_share, is_text
from weighbridge.text.json_text import loads

_LFS = re.compile(r"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\n")
_INDEX_LIMIT = 32 << 20
_CHUNKS = 100_000
_MOST_CONTROLS = 0.05


def parse_text(context: Context, source: Source, place: Place) -> str | None:
    """Examine text; returns `text`, `json`, `lfs-pointer`, or None when it is none."""
    controls = 0.0
    if not is_text(source, context.budget.check_time):
        if not texts.is_promised(context, place):
            return None
        controls = control_share(source, context.budget.check_time)
    head = source.read_at(0, 512)
    if _LFS.match(head.decode("latin-1")):
        context.format(place, "lfs-pointer", source.size)
        text = "only a Git LFS pointer is here; fetch the file it stands for and scan that"
        context.gap(place, "lfs-pointer", "unsupported-lfs-pointer", text)
        return "lfs-pointer"
    other = texts.is_source(context, place) or texts.is_yaml(context, source, place)
    if not other and carriers.parse_jinja(context, source, place):
        return carriers.NAME
    start = head.lstrip()[:2]
    name = "json" if start[:1] in (b"{", b"[") and start not in (b"{%", b"{{", b"{#") else "text"
    before = len(context.facts)
    kind = texts.read_text(context, source, place, name)
    context.format(place, kind, source.size)
    # What names the bytes goes before what is in them.
    context.facts.insert(before, context.facts.pop())
    if name == "json" and b'"weight_map"' in source.read_at(0, min(source.size, _INDEX_LIMIT)):
        _weight_map(context, source, place)
    if name == "json":
        carriers.templates_in_json(context, source, place)
    if controls > _MOST_CONTROLS:
        text = f"{controls:.0%} of it are bytes that no text holds; it could be something else"
        context.gap(place, kind, UNKNOWN, text)
    return kind


def _weight_map(context: Context, source: Source, place: Place) -> None:
    """The shards that an index names are joined to the model's folder by every loader."""
    try:
        index = loads(source.read_at(0, _INDEX_LIMIT), "index")
    except ParseError as error:
        context.gap_from(place, "json", error)
        return
    shards = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(shards, dict):
        return
    for shard in sorted({s for s in shards.values() if isinstance(s, str)})[:10_000]:
        fault = judge_name(shard)
        if fault is not None and fault.code == "archive-name-escape":
            text = f"the index names the shard {shard[:120]!r}: {fault.text}"
            context.anomaly(place, "json", "index-path-escape", text)


def image_end(source: Source, head: bytes) -> Extent | None:
    """Return the kind of an image or sound and where its structure ends, or None."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Extent("png", _png_end(source))
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE"):
        return Extent(head[8:12].decode().lower(), 8 + int.from_bytes(head[4:8], "little"))
    if head.startswith((b"GIF87a", b"GIF89a")) and _last(source, 1) == b"\x3b":
        return Extent("gif", source.size)
    return None


def _png_end(source: Source) -> int:
    offset = 8
    for _ in range(_CHUNKS):
        header = source.read_at(offset, 8)
        if len(header) < 8:
            return source.size + 1
        offset += 12 + int.from_bytes(header[:4], "big")
        if header[4:] == b"IEND":
            return offset
    return source.size + 1


def _last(source: Source, count: int) -> bytes:
    return source.read_at(max(0, source.size - count), count)
