"""The real unpicklers, with stubs in place of everything they import, and what they did."""

from __future__ import annotations

import contextlib
import copyreg
import io
import pickle
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from builders.pickles import EXTENSIONS
from weighbridge.facts import expressions
from weighbridge.formats.pickle.trace import Trace

DEPTH = 7
Snapshot = tuple[object, ...]


@dataclass
class Record:
    """What an unpickler did: imports, calls and persistent ids, in order, and how it ended."""

    events: list[Snapshot] = field(default_factory=list)
    error: Exception | None = None
    highest_index: int = 0

    @property
    def count(self) -> int:
        """How many imports, calls and persistent ids; extensions, which are cached, left out."""
        return sum(event[:2] != ("import", "ext") for event in self.events)


def _stub(record: Record, module: str, name: str) -> type:
    """Return an inert class that writes down what is done with it."""
    label = ("symbol", module, name)

    def made(cls: type, arguments: tuple[object, ...], keywords: dict[str, object]) -> object:
        words = tuple((key, snapshot(value)) for key, value in keywords.items())
        found = tuple(snapshot(one) for one in arguments)
        callee = getattr(cls, "label", label)
        record.events.append(("call", callee, found, words))
        kind = cls if isinstance(cls, type) else type(cls)
        return _instance(kind, record, ("result", callee))

    class Meta(type):
        def __call__(cls, *arguments: object, **keywords: object) -> object:
            return made(cls, arguments, keywords)

        def __setstate__(cls, state: object) -> None:
            pass

    def new(cls: type, *arguments: object, **keywords: object) -> object:
        return made(cls, arguments, keywords)

    methods = dict.fromkeys(("append", "extend", "add", "__setitem__"), lambda self, *given: None)
    stub = Meta("Stub", (), {"__new__": new, "__call__": _call, **methods})
    stub.label = label  # type: ignore[attr-defined]
    return stub


def _instance(cls: type, record: Record, label: Snapshot) -> object:
    instance = object.__new__(cls)
    instance.__dict__.update(label=label, record=record, __setstate__=lambda state: None)
    return instance


def _call(self: object, *arguments: object) -> object:
    record, label = self.__dict__["record"], self.__dict__["label"]
    record.events.append(("call", label, tuple(snapshot(one) for one in arguments), ()))
    return _instance(type(self), record, ("result", label))


def snapshot(value: object, depth: int = 0) -> Snapshot:
    """Return what `value` is now, as nested tuples."""
    label = getattr(value, "label", None)
    if label is not None:
        return label
    if depth > DEPTH:
        return ("deep",)
    if isinstance(value, bytes | bytearray | memoryview):
        return ("bytes", bytes(value))
    if isinstance(value, str):
        return ("text", value)
    if isinstance(value, tuple | list | set | frozenset):
        return (type(value).__name__, tuple(snapshot(one, depth + 1) for one in value))
    if isinstance(value, dict):
        pairs = [(snapshot(k, depth + 1), snapshot(v, depth + 1)) for k, v in value.items()]
        return ("dict", tuple(pairs))
    return ("number", repr(value))


class _Peekable(io.BytesIO):
    """A file that lets the C unpickler look ahead, as ``open(path, "rb")`` does."""

    def peek(self, _count: int = 0) -> bytes:
        """Return everything that is left."""
        return self.getvalue()[self.tell() :]


@contextlib.contextmanager
def _bounded_memory() -> Iterator[None]:
    """Let the C machine fail early where an index or a length asks for gigabytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def _recording(base: type, file: type[io.BytesIO]) -> Callable[[bytes], Record]:
    def unpickle(data: bytes) -> Record:
        record = Record()
        stubs: dict[tuple[str, str], type] = {}

        class Unpickler(base):  # type: ignore[misc, valid-type]
            def find_class(self, module: str, name: str) -> type:
                record.events.append(("import", module, name))
                return stubs.setdefault((module, name), _stub(record, module, name))

            def persistent_load(self, pid: object) -> object:
                record.events.append(("persistent", snapshot(pid)))
                return _instance(_stub(record, "", ""), record, ("persistent", snapshot(pid)))

        copyreg._extension_cache.clear()  # type: ignore[attr-defined]
        try:
            unpickler = Unpickler(file(data))
            with _bounded_memory():
                unpickler.load()
        except Exception as error:  # whatever the input makes of it
            record.error = error
        if isinstance(unpickler.memo, dict):
            record.highest_index = max(unpickler.memo, default=0)
        return record

    return unpickle


in_c = _recording(pickle.Unpickler, _Peekable)
in_c_unbuffered = _recording(pickle.Unpickler, io.BytesIO)
in_python = _recording(pickle._Unpickler, io.BytesIO)  # type: ignore[attr-defined]


def events(trace: Trace) -> list[tuple[str, object]]:
    """Return imports and calls of a trace in the order in which they first happen."""
    found: list[tuple[int, int, str, object]] = []
    for number, symbol in enumerate(trace.symbols):
        found.append((symbol.offset, -1 - len(trace.symbols) + number, "import", symbol))
    for number, call in enumerate(trace.calls):
        found.append((call.offset, number, "call", call))
    return [(kind, what) for _offset, _number, kind, what in sorted(found, key=lambda f: f[:2])]


@dataclass
class Comparison:
    """Matches what an unpickler recorded with the expressions of a trace."""

    trace: Trace

    def same_import(self, event: Snapshot, symbol: object) -> bool:
        """Say whether a recorded import is this one of the trace."""
        module, name = symbol.module, symbol.name  # type: ignore[attr-defined]
        if name.startswith("extension "):
            module, name = EXTENSIONS.get(int(name.split()[1]), ("", ""))
        return event == ("import", module, name)

    def same_call(self, event: Snapshot, call: object) -> bool:
        """Say whether a recorded call is this one of the trace."""
        _call, callee, arguments, keywords = event
        words = call.keywords  # type: ignore[attr-defined]
        return (
            self.same(call.callee, callee)  # type: ignore[attr-defined]
            and self._items(call.arguments, arguments)  # type: ignore[attr-defined]
            and (not keywords or words is not None)
        )

    def _items(self, items: tuple[expressions.Expression, ...], real: Snapshot) -> bool:
        if items and items[-1] == expressions.Unknown("more arguments"):
            items, real = items[:-1], real[: len(items) - 1]
        if len(items) == 1 and len(real) != 1 and not isinstance(items[0], expressions.Text):
            return False
        return len(items) == len(real) and all(map(self.same, items, real))

    def same(self, expression: expressions.Expression, real: Snapshot) -> bool:
        """Say whether `expression` stands for the value of which `real` is the snapshot."""
        kind = real[0]
        if isinstance(expression, expressions.Unknown) or kind == "deep":
            return True
        if isinstance(expression, expressions.Text):
            return real == ("text", expression.value)
        if isinstance(expression, expressions.Bytes):
            head = bytes.fromhex(expression.head)
            value = real[1] if isinstance(real[1], bytes) else b""
            return kind == "bytes" and len(value) == expression.size and value.startswith(head)
        if isinstance(expression, expressions.Number):
            return real == ("number", expression.value)
        if isinstance(expression, expressions.Symbol):
            if expression.module == "copyreg":
                names = EXTENSIONS.get(int(expression.name.split()[1]), ())
                return real == ("symbol", *names)
            return real == ("symbol", expression.module, expression.name)
        if isinstance(expression, expressions.Result):
            callee = self.trace.calls[expression.call].callee
            return kind == "result" and self.same(callee, real[1])  # type: ignore[arg-type]
        if isinstance(expression, expressions.Persistent):
            return kind == "persistent"  # its id may have been changed since
        return self._container(expression, real)

    def _container(self, expression: expressions.Expression, real: Snapshot) -> bool:
        items = real[1]
        if not isinstance(items, tuple) or isinstance(expression, expressions.Unknown):
            return False
        if isinstance(expression, expressions.Mapping):
            pairs = list(zip(expression.items[::2], expression.items[1::2], strict=True))
            return real[0] == "dict" and all(
                any(self._alike(k, key) and self.same(v, value) for k, v in pairs)
                for key, value in items[: len(pairs)]
            )
        assert isinstance(expression, expressions.Sequence)
        if real[0] != expression.kind:
            return False
        if expression.kind in ("set", "frozenset"):
            return all(any(self._alike(e, one) for e in expression.items) for one in items)
        return len(items) == expression.total and all(
            self.same(e, one) for e, one in zip(expression.items, items, strict=False)
        )

    def _alike(self, expression: expressions.Expression, real: Snapshot) -> bool:
        """Equal as keys of a dict are: 1, 1.0 and True are one key."""
        if isinstance(expression, expressions.Number) and real[0] == "number":
            return _plain(expression.value) == _plain(str(real[1]))
        if isinstance(expression, expressions.Sequence):
            return real[0] == expression.kind
        return self.same(expression, real)


def _plain(number: str) -> object:
    if number in ("None", "True", "False"):
        return {"None": None, "True": 1, "False": 0}[number]
    return float(number) if set(number) & set(".einf") else int(number)
