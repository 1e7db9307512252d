"""The order of a code object's fields, by version of Python, and how `.pyc` files begin.

| layout | integers | then |
| --- | --- | --- |
| 2.7 | argcount nlocals stacksize flags | as 3.0, with byte strings for names |
| 3.0 | argcount kwonly nlocals stacksize flags | code consts names varnames freevars cellvars |
| 3.8 | argcount posonly kwonly nlocals stacksize flags | the same |
| 3.11 | argcount posonly kwonly stacksize flags | code consts names localsplusnames and kinds |

After that come filename, name, qualname (3.11), first line, the line table, and from 3.11 on the
table of exceptions. 3.11 to 3.14 share one layout.
"""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.formats.python.marshal_values import Allowance, CodeObject, MarshalValue, flat

PYTHON_2 = "2.7"
_HEADERS = (16, 12, 8)
_CODE = frozenset({ord("c"), ord("c") | 0x80})
_BYTES = frozenset({ord("s"), ord("s") | 0x80, ord("t"), ord("r")})
_MOST_ARGUMENTS = 1 << 20


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `int` (without a type byte), `bytes`, `values`, `names` or `text`."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The fields of a code object from `version` on."""

    version: str
    fields: tuple[Field, ...]

    def accepts(self, field: Field, value: MarshalValue) -> bool:
        """Say whether CPython would take `value` for `field`."""
        text = bytes | str if self.version == PYTHON_2 else str
        if field.kind == "bytes":
            return isinstance(value, bytes)
        if field.kind == "text":
            return isinstance(value, text)
        if not isinstance(value, tuple):
            return False
        return field.kind == "values" or all(isinstance(item, text) for item in value)


def _layout(version: str, integers: str, rest: str) -> Layout:
    fields = [Field(name, "int") for name in integers.split()]
    fields += [Field(*entry.split(":")) for entry in rest.split()]
    return Layout(version, tuple(fields))


_OLD = (
    "code:bytes consts:values names:names varnames:names freevars:names cellvars:names"
    " filename:text name:text firstlineno:int lnotab:bytes"
)
_NEW = (
    "code:bytes consts:values names:names varnames:names kinds:bytes"
    " filename:text name:text qualname:text firstlineno:int linetable:bytes exceptiontable:bytes"
)
LAYOUTS = (
    _layout("3.11", "argcount posonlyargcount kwonlyargcount stacksize flags", _NEW),
    _layout("3.8", "argcount posonlyargcount kwonlyargcount nlocals stacksize flags", _OLD),
    _layout("3.0", "argcount kwonlyargcount nlocals stacksize flags", _OLD),
    _layout(PYTHON_2, "argcount nlocals stacksize flags", _OLD),
)


def build(layout: Layout, fields: dict[str, MarshalValue], allowance: Allowance) -> CodeObject:
    """Make a code object of fields that the layout has accepted."""
    constants, code, line = fields["consts"], fields["code"], fields["firstlineno"]
    name = _text(fields["name"])
    assert isinstance(constants, tuple) and isinstance(code, bytes) and isinstance(line, int)
    return CodeObject(
        name=name,
        qualname=_text(fields.get("qualname", name)),
        filename=_text(fields["filename"]),
        names=_texts(fields["names"]),
        varnames=_texts(fields["varnames"]),
        constants=constants,
        code=code,
        first_line=line,
        nested=tuple(item for item in flat(constants, allowance) if isinstance(item, CodeObject)),
        layout=layout.version,
        complete=not allowance.spent,
    )


def _text(value: MarshalValue) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""


def _texts(value: MarshalValue) -> tuple[str, ...]:
    return tuple(_text(item) for item in value) if isinstance(value, tuple) else ()


def looks_like_marshal_code(data: bytes) -> bool:
    """Say whether `data` begins as a marshalled code object does, a `.pyc` header allowed.

    Only the first few bytes count: the type, small non-negative numbers in one of the layouts,
    and bytecode that fits into what is left.
    """
    return _begins_code(data) or _header(data) > 0


def strip_pyc_header(data: bytes) -> bytes:
    """Return what follows the header of a `.pyc` file, or `data` when there is none."""
    return data[_header(data) :]


def _header(data: bytes) -> int:
    if data[2:4] != b"\r\n":
        return 0
    return next((size for size in _HEADERS if _begins_code(data[size : size + 40])), 0)


def _begins_code(data: bytes) -> bool:
    if not data or data[0] not in _CODE:
        return False
    return any(_integers_then_bytes(data, count) for count in (4, 5, 6))


def _integers_then_bytes(data: bytes, count: int) -> bool:
    end = 1 + 4 * count
    if len(data) <= end or data[end] not in _BYTES:
        return False
    numbers = [
        int.from_bytes(data[at : at + 4], "little", signed=True) for at in range(1, end - 4, 4)
    ]
    return all(0 <= number < _MOST_ARGUMENTS for number in numbers)
