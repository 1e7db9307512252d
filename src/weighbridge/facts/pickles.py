"""What a pickle stream would do: imports, calls, writes, and how the stream ends."""

from __future__ import annotations

from dataclasses import dataclass

from weighbridge.facts.expressions import Expression


@dataclass(frozen=True, slots=True)
class Stream:
    """One pickle: from its first opcode to STOP, or to where it breaks.

    Attributes:
        stream: number that the other facts of this stream refer to.
        member: place inside the file, outermost first, joined with `!`; None for the file itself.
        offset: of the first opcode, in bytes from the start of the member.
        end: offset after the last opcode that was executed.
        protocol: highest PROTO seen.
        opcodes: how many were executed.
        origin: what handed the bytes to an unpickler: `file`, `literal`, `array`, ...
        error: None when STOP was reached, else why the real machine stops here.
        oddities: kebab-case codes of things no pickler writes.
        loaders: which loads run this stream.
    """

    stream: int
    member: str | None
    offset: int
    end: int
    protocol: int
    opcodes: int
    origin: str
    error: str | None
    oddities: tuple[str, ...]
    loaders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """One imported symbol of a stream.

    Attributes:
        module: as the stream names it.
        name: as the stream names it; dotted for attributes of attributes.
        resolved_module: after Python 2 names were mapped (``fix_imports``, protocols 0 to 2).
        resolved_name: likewise.
        how: GLOBAL, INST, STACK_GLOBAL or EXT.
        uses: how its value is used: `call`, `rebuild`, `attributes` (BUILD on the symbol itself),
            `method` (APPEND, SETITEM or ADDITEMS on it). Empty for a mere reference.
        computed: the name is not a constant; `module` and `name` hold what is known.
        dotted: attribute access through dots works here (protocol 4 and later).
    """

    stream: int
    member: str | None
    offset: int
    module: str
    name: str
    resolved_module: str
    resolved_name: str
    how: str
    count: int
    uses: tuple[str, ...]
    computed: bool
    dotted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One distinct call of a stream; `count` says how often it happens.

    Attributes:
        call: number within the stream, referred to by :class:`~.expressions.Result`.
        how: REDUCE, OBJ, INST, NEWOBJ or NEWOBJ_EX.
        callee: what is called; for NEWOBJ the class.
        arguments: positional arguments as far as they are constant.
        keywords: keyword arguments, None when there are none.
        state: the states handed to it by BUILD, the first few.
        methods: methods that later opcodes call on the result: append, extend, add, __setitem__.
        feeds: a call consumes the result as callee or argument.
        shown_once: True when the arguments of further calls of this callee were not kept.
    """

    stream: int
    member: str | None
    offset: int
    call: int
    how: str
    callee: Expression
    arguments: tuple[Expression, ...]
    keywords: Expression | None
    state: tuple[Expression, ...]
    methods: tuple[str, ...]
    count: int
    feeds: bool
    shown_once: bool


@dataclass(frozen=True, slots=True)
class AttributeWrite:
    """BUILD on an imported symbol itself: its attributes are overwritten."""

    stream: int
    member: str | None
    offset: int
    target: Expression
    state: Expression


@dataclass(frozen=True, slots=True)
class Payload:
    """Content found inside a constant of a stream, after decoding.

    Attributes:
        call: the call whose argument holds it, None when no call takes it.
        stages: decoders it went through, outermost first (`base64`, `zlib`, ...).
        kind: `pickle`, `code-object`, `python-source`, `shell`, or a format name.
        sha256: of the decoded bytes.
        size: of the decoded bytes.
        inner_stream: number of the nested stream's facts, for `pickle`.
    """

    stream: int
    member: str | None
    offset: int
    call: int | None
    stages: tuple[str, ...]
    kind: str
    sha256: str
    size: int
    inner_stream: int | None


@dataclass(frozen=True, slots=True)
class DormantPickle:
    """A whole pickle that a stream holds as data, which no call of the stream takes.

    Attributes:
        offset: of the constant.
        encoding: `base64`, or empty when it stands there as it is.
        calls: module and name of what unpickling it would call, as they resolve.
        sha256: of its bytes.
        size: of its bytes.
    """

    stream: int
    member: str | None
    offset: int
    encoding: str
    calls: tuple[tuple[str, str], ...]
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Code:
    """Python code carried by a stream or archive: a code object or source text.

    Attributes:
        origin: `code-object`, `python-source`, or what carries it where rules tell it apart:
            `torchscript`, `keras-lambda`, `python-bytecode`.
        name: function, module or file name.
        call: the call of the stream that carries it, None when it is a file of its own.
        imports: dotted names imported.
        calls: dotted names called or loaded, as far as they can be read without running.
        constants: strings worth showing, bounded and masked.
        complete: False when it could not be read to the end.
        text: the code for people: source, or names and constants of a code object; bounded.
        sha256: of the code's bytes.
    """

    stream: int | None
    member: str | None
    offset: int
    origin: str
    name: str
    call: int | None
    imports: tuple[str, ...]
    calls: tuple[str, ...]
    constants: tuple[str, ...]
    complete: bool
    text: str
    sha256: str
