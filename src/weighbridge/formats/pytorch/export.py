"""What ``torch.export.save`` and AOTInductor write: a zip of the kind ``pt2``.

Layout (``torch/export/pt2_archive``): one root folder with ``archive_format`` (``pt2``),
``models/<name>.json`` (the graph), ``data/weights/`` and ``data/constants/`` each with a
configuration in JSON that says which records are raw tensors and which are pickles,
``data/sample_inputs/<name>.pt`` (a checkpoint of its own), ``data/aotinductor/<name>/`` (compiled
code), ``extra/``. Before torch 2.8: ``serialized_exported_program.json`` and three ``.pt`` files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from weighbridge.containers.base import Archive, Member
from weighbridge.errors import ParseError
from weighbridge.facts.structure import UNKNOWN
from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.source import source_fact
from weighbridge.formats.pytorch.expressions import target_fault, unusual
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of
from weighbridge.text.secrets import mask

NAME = "pt2"
LOADERS = ("torch.export.load",)
COMPILED_LOADERS = ("torch._inductor.aoti_load_package", "torch.export.pt2_archive.load_pt2")
_JSON_LIMIT = 64 << 20
_OLD_PROGRAM = "serialized_exported_program.json"
_NODES = 2_000_000
_KEPT = 50
_PAYLOAD = re.compile(r"data/(?:weights|constants)/([^/]{1,300})")
_CONFIGURATION = re.compile(r"data/(?:weights|constants)/.*_config\.json")
# Bytes per element of torch's ScalarType as the schema numbers it.
_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 2, 7: 4, 8: 8, 9: 4, 10: 8, 11: 16, 12: 1, 13: 2, 28: 2, 29: 1,
    30: 1, 31: 1, 32: 1, 33: 1, 34: 4, 35: 8,
}  # fmt: skip


def is_exported(archive: Archive) -> bool:
    """Say whether the archive is an exported program, by what its records say."""
    for member in archive.members:
        if member.name == _OLD_PROGRAM:
            return True
        if member.name.rsplit("/", 1)[-1] == "archive_format" and member.source is not None:
            try:
                return member.source.read_at(0, 16).strip() == b"pt2"
            except ParseError:
                continue
    return False


class ExportReader:
    """Reads one exported program."""

    def __init__(self, context: Context, archive: Archive, source: Source, place: Place) -> None:
        self._context = context
        self._archive = archive
        self._source = source
        self._place = place
        self._raw: dict[str, int | None] = {}
        self._seen: set[tuple[str, str]] = set()
        marks = [m.name for m in archive.members if m.name.endswith("archive_format")]
        self._root = marks[0][: -len("archive_format")] if marks else ""

    def read(self) -> None:
        """Examine every member; tensors that a configuration declares are opaque."""
        count = len(self._archive.members)
        self._context.format(self._place, NAME, self._source.size, members=count)
        files = [m for m in self._archive.members if m.kind == "file" and m.source is not None]
        configured = [m for m in files if _CONFIGURATION.fullmatch(self._tail(m))]
        for member in configured:
            self._configuration(member)
        for member in files:
            self._context.budget.check_time()
            if member.source is not None:
                self._member(member, member.source)

    def _tail(self, member: Member) -> str:
        return member.name.removeprefix(self._root)

    def _member(self, member: Member, source: Source) -> None:
        tail = self._tail(member)
        payload = _PAYLOAD.fullmatch(tail)
        if (tail.startswith("models/") and tail.endswith(".json")) or tail == _OLD_PROGRAM:
            self._program(member)
        elif payload is not None and payload[1] in self._raw:
            self._tensor(member, source, self._raw[payload[1]])
        elif tail.startswith("data/aotinductor/"):
            self._compiled(member, source)
        else:
            self._walk(self._place.inside(member.name, LOADERS), source)

    def _tensor(self, member: Member, source: Source, size: int | None) -> None:
        if size is not None and member.size is not None and member.size < size:
            text = f"{member.name[:80]!r} has {member.size} bytes, its tensor needs {size}"
            self._anomaly("pt2-weight-short", text, member.offset)
        head = source.read_at(0, 512)
        if executables.claims(source, head):
            hidden = self._place.inside(member.name, (), "hidden")
            if executables.recognise(source, head) is not None:
                executables.parse(self._context, source, hidden)

    def _compiled(self, member: Member, source: Source) -> None:
        place = self._place.inside(member.name, COMPILED_LOADERS, "expected")
        head = source.read_at(0, 512)
        program = executables.recognise(source, head)
        if program is not None and program.kind != "script":
            executables.state(self._context, program, source, place)
        else:
            self._walk(self._place.inside(member.name, COMPILED_LOADERS), source)

    def _walk(self, place: Place, source: Source) -> None:
        try:
            child = self._context.child()
            if child.walk(child, source, place) is None:
                text = "not a format that is known"
                self._context.gap(place, NAME, UNKNOWN, text)
        except ParseError as error:
            self._context.gap_from(place, NAME, error)

    def _json(self, member: Member) -> object:
        try:
            text = None if member.source is None else text_of(member.source, _JSON_LIMIT)
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError, ParseError):
            return None

    def _configuration(self, member: Member) -> None:
        """Note which records are raw tensors, and how many bytes each has to have."""
        value = self._json(member)
        entries = value.get("config") if isinstance(value, dict) else None
        if not isinstance(entries, dict):
            text = "a configuration of weights or constants is no JSON that can be read"
            place = self._place.inside(member.name, LOADERS)
            self._context.gap(place, NAME, "malformed-configuration", text)
            return
        for entry in entries.values():
            name = entry.get("path_name") if isinstance(entry, dict) else None
            if isinstance(name, str) and entry.get("use_pickle") is False:
                size = _size(entry.get("tensor_meta"))
                known = self._raw.get(name)
                self._raw[name] = max(size or 0, known or 0) or None

    def _program(self, member: Member) -> None:
        place = self._place.inside(member.name, LOADERS)
        value = self._json(member)
        if not isinstance(value, dict):
            text = "the program is no JSON that can be read"
            self._context.gap(place, NAME, "malformed-program", text)
            return
        self._context.format(place, "json", member.size or 0)
        self._metadata(place, value)
        for guard in _texts(value.get("guards_code")):
            if unusual(guard, guard=True):
                self._odd(place, "pt2-guard", guard, "a guard, which is run as Python")
        for key, text in _strings(value):
            if key == "expr_str" and unusual(text, guard=False):
                self._odd(place, "pt2-expression", text, "a symbolic size, which is evaluated")
            elif key == "target":
                fault = target_fault(text)
                if fault is not None and self._first(fault[0], text):
                    self._context.anomaly(place, NAME, fault[0], fault[1])

    def _metadata(self, place: Place, value: dict[str, object]) -> None:
        for key in ("torch_version", "schema_version", "opset_version"):
            if key in value:
                text = value[key] if isinstance(value[key], str) else json.dumps(value[key])
                self._context.metadata(place, NAME, key, mask(str(text)[:200]))

    def _odd(self, place: Place, code: str, text: str, what: str) -> None:
        if not self._first(code, text):
            return
        shown = mask(text[:200])
        self._context.anomaly(place, NAME, code, f"{what}, is {shown!r}")
        fact = source_fact(
            text,
            stream=None,
            member=place.member,
            offset=0,
            call=None,
            name=code,
            budget=self._context.budget,
        )
        if fact.calls:
            self._context.add(fact)

    def _first(self, code: str, text: str) -> bool:
        """Say whether this was not stated before, and there is room to state it."""
        key = (code, text[:500])
        if key in self._seen or len(self._seen) >= _KEPT:
            return False
        self._seen.add(key)
        return True

    def _anomaly(self, code: str, text: str, at: int | None) -> None:
        if self._first(code, text):
            self._context.anomaly(self._place, NAME, code, text, at)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, str))


def _strings(value: object) -> Iterator[tuple[str, str]]:
    """Yield each text in a tree of JSON with its key."""
    pending: list[object] = [value]
    for _ in range(_NODES):
        if not pending:
            return
        item = pending.pop()
        if isinstance(item, dict):
            for key, inner in item.items():
                if isinstance(inner, str):
                    yield key, inner
                elif isinstance(inner, dict | list):
                    pending.append(inner)
        elif isinstance(item, list):
            pending.extend(inner for inner in item if isinstance(inner, dict | list))


def _size(meta: object) -> int | None:
    """Return the bytes that a tensor reaches to, as its description says."""
    if not isinstance(meta, dict):
        return None
    width = _SIZES.get(meta["dtype"]) if isinstance(meta.get("dtype"), int) else None
    sizes, strides = _numbers(meta.get("sizes")), _numbers(meta.get("strides"))
    offset = _number(meta.get("storage_offset"))
    if width is None or sizes is None or strides is None or len(sizes) != len(strides):
        return None
    if 0 in sizes:
        return 0
    reach = sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
    return (reach + 1 + (offset or 0)) * width


def _numbers(value: object) -> list[int] | None:
    if not isinstance(value, list):
        return None
    found = [_number(item) for item in value]
    return [item for item in found if item is not None] if None not in found else None


def _number(value: object) -> int | None:
    inner = value.get("as_int") if isinstance(value, dict) else value
    return inner if type(inner) is int and inner >= 0 else None
