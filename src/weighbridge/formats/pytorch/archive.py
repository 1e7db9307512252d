"""The zip that ``torch.save`` writes since 1.6, TorchScript and torch.package included.

Layout (``torch/serialization.py``, ``caffe2/serialize/inline_container.h``): one root folder with
``data.pkl``, ``data/<key>`` for each storage, ``version``, ``byteorder``, ``.data/...``;
TorchScript adds ``constants.pkl``, ``constants/<key>`` and ``code/**.py``; torch.package has
``.data/extern_modules`` and pickles and sources by package path.
"""

from __future__ import annotations

import re
from dataclasses import replace

from weighbridge.containers.base import Archive, Member
from weighbridge.errors import ParseError
from weighbridge.facts.structure import UNKNOWN
from weighbridge.formats import executables
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import analysis, raw
from weighbridge.formats.python.source import source_fact
from weighbridge.formats.pytorch.storages import TensorWatch
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of

_PEEK = 16
_PEEKED_STORAGES = 4096
_SOURCE_LIMIT = 1 << 20
_PACKAGED = re.compile(r"\.data/[^/]+\.storage")
_OPERATOR = re.compile(r"\b((?:ops|torch)(?:\.\w{1,80}){1,4})[ \t]*\(")
_MOST_OPERATORS = 1000
_EAGER = ("torch.load(weights_only=False)",)
_SCRIPT = ("torch.jit.load", "torch.load(weights_only=False)")
_PACKAGE = ("torch.package.PackageImporter.load_pickle",)
# torch.load unpickles data.pkl alone; another pickle waits for code that opens it by name.
_OTHER = ("pickle.load on this member",)


def variant(archive: Archive) -> str | None:
    """Return `pytorch-zip`, `torchscript`, `torch-package`, or None for another zip."""
    tails = {_tail(member.name) for member in archive.members}
    if ".data/extern_modules" in tails:
        return "torch-package"
    if "constants.pkl" in tails and any(tail.startswith("code/") for tail in tails):
        return "torchscript"
    return "pytorch-zip" if "data.pkl" in tails or "constants.pkl" in tails else None


def _tail(name: str) -> str:
    """Return the name below the root folder; torch does not mind what that is called."""
    return name.split("/", 1)[1] if "/" in name else name


class CheckpointReader:
    """Reads one archive of torch."""

    def __init__(
        self, context: Context, archive: Archive, source: Source, place: Place, kind: str
    ) -> None:
        self._context = context
        self._archive = archive
        self._source = source
        self._place = place
        self._kind = kind
        self._loaders = {"torchscript": _SCRIPT, "torch-package": _PACKAGE}.get(kind, _EAGER)
        if place.origin == "literal":
            self._loaders = place.loaders  # whoever loads the outer stream loads this one too
        self._peeked = 0

    def read(self) -> None:
        """Examine every member; storages that the pickles declare are opaque."""
        self._context.format(
            self._place, self._kind, self._source.size, members=len(self._archive.members)
        )
        declared: dict[str, TensorWatch] = {}
        rest = []
        for member in self._archive.members:
            if member.kind != "file" or member.source is None:
                continue
            tail = _tail(member.name)
            if tail in ("data.pkl", "constants.pkl") or self._is_package_pickle(tail):
                folder = "constants/" if tail == "constants.pkl" else "data/"
                watch = self._pickle(member, member.source)
                if watch is not None:
                    known = declared.setdefault(folder, watch)
                    known.storages.update(watch.storages)
            else:
                rest.append(member)
        for member in rest:
            self._context.budget.check_time()
            self._other(member, declared)
        self._missing(declared, rest)

    def _is_package_pickle(self, tail: str) -> bool:
        return self._kind == "torch-package" and tail.endswith(".pkl")

    def _pickle(self, member: Member, source: Source) -> TensorWatch | None:
        place = self._place.inside(member.name, self._loaders)
        watch = TensorWatch(self._context, place)
        watched = analysis.attention(observers=watch.observers, persistent=watch.persistent)
        trace = self._context.interpreter().run(source, 0, self._context.budget, watched)
        self._context.format(place, "pickle", source.size, protocol=trace.protocol)
        analysis.emit(self._context, trace, source, place)
        raw.parse_rest(self._context, source, place, trace)
        return watch if trace.stopped else None

    def _other(self, member: Member, declared: dict[str, TensorWatch]) -> None:
        source = member.source
        if source is None:
            return
        tail = self._record(member)
        for folder, watch in declared.items():
            storage = watch.storages.get(tail.removeprefix(folder))
            if tail.startswith(folder) and storage is not None:
                self._storage(member, source, storage.size)
                return
        if tail.endswith(".py") and self._kind in ("torchscript", "torch-package"):
            self._code(member, source)
            return
        place = self._place.inside(member.name, _OTHER)
        if tail.startswith(("data/", "constants/", "tensors/")) and self._kind != "torch-package":
            if declared:
                text = f"no pickle of the checkpoint refers to {member.name[:80]!r}"
                self._context.anomaly(
                    self._place, self._kind, "torch-surplus-record", text, member.offset
                )
            elif not self._tempting(source):
                self._context.gap(
                    place, self._kind, "malformed-undeclared", "nothing declares this record"
                )
                return
        self._walk(place, source)

    def _record(self, member: Member) -> str:
        """Return the name below the root; torch.package keeps storage 0 in ``.data/0.storage``."""
        tail = _tail(member.name)
        if self._kind == "torch-package" and _PACKAGED.fullmatch(tail):
            return "data/" + tail[len(".data/") : -len(".storage")]
        return tail

    def _storage(self, member: Member, source: Source, size: int | None) -> None:
        actual = member.size
        if size is not None and actual is not None and actual != size:
            text = f"{member.name[:80]!r} has {actual} bytes, its tensors declare {size}"
            code = "torch-storage-short" if actual < size else "torch-storage-long"
            self._context.anomaly(self._place, self._kind, code, text, member.offset)
        if self._tempting(source):
            # The bytes of a storage are opaque, but another loader may open what is hidden there.
            self._look_inside(member, source)

    def _tempting(self, source: Source) -> bool:
        self._peeked += 1
        if self._peeked > _PEEKED_STORAGES:
            return False
        head = source.read_at(0, _PEEK)
        return head.startswith((b"PK\x03\x04", b"\x7fELF", b"MZ")) or (
            head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
        )

    def _look_inside(self, member: Member, source: Source) -> None:
        place = self._place.inside(member.name, (), "hidden")
        before = len(self._context.facts)
        try:
            child = self._context.child()
            found = child.walk(child, source, place)
        except ParseError:
            found = None
        if found not in ("pickle", "zip", "pytorch-zip", "pytorch-legacy", *executables.KINDS):
            del self._context.facts[before:]

    def _code(self, member: Member, source: Source) -> None:
        place = self._place.inside(member.name, self._loaders)
        text = text_of(source, _SOURCE_LIMIT)
        if text is None:
            self._walk(place, source)
            return
        origin = "torchscript" if self._kind == "torchscript" else "python-source"
        fact = source_fact(
            text,
            stream=None,
            member=place.member,
            offset=0,
            call=None,
            name=member.name,
            budget=self._context.budget,
        )
        if origin == "torchscript":
            # Its operators live in no module of Python, so the reader does not know their names.
            used = dict.fromkeys([*fact.calls, *_OPERATOR.findall(text)])
            fact = replace(fact, calls=tuple(used)[:_MOST_OPERATORS])
        self._context.add(replace(fact, origin=origin))

    def _walk(self, place: Place, source: Source) -> None:
        try:
            child = self._context.child()
            if child.walk(child, source, place) is None:
                self._context.gap(place, self._kind, UNKNOWN, "not a format that is known")
        except ParseError as error:
            self._context.gap_from(place, self._kind, error)

    def _missing(self, declared: dict[str, TensorWatch], rest: list[Member]) -> None:
        names = {self._record(member) for member in rest}
        for folder, watch in declared.items():
            missing = [key for key in watch.storages if folder + key not in names]
            if folder == "constants/":
                missing = [key for key in missing if "tensors/" + key not in names]
            for key in missing[:10]:
                text = f"the storage {key[:40]!r} is declared, but the archive has no record for it"
                self._context.anomaly(self._place, self._kind, "torch-storage-missing", text)
