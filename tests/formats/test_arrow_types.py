"""Types of columns that pyarrow unpickles when it reads the schema of a table (CVE-2023-47248)."""

from __future__ import annotations

import base64

import pytest
from evals.flat_tables import Flat, Numbers, Scalar, flatbuffer
from formats_judging import facts_of, formats, verdict

from builders import pickles as p
from weighbridge.rules.judge import judge

SHELL = p.proto(4) + p.call("os", "system", "echo weighbridge") + p.STOP
NAME, DATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
MARK = b"\xff\xff\xff\xff"


def field(about: dict[bytes, bytes], *children: Flat, name: bytes = b"x") -> Flat:
    """A column as Schema.fbs has it."""
    pairs = [Flat({0: key, 1: value}) for key, value in about.items()]
    return Flat({0: name, 1: Scalar(1, 1), 5: list(children), 6: pairs})


def pickled(pickle: bytes, kind: bytes = b"arrow.py_extension_type") -> Flat:
    return field({NAME: kind, DATA: pickle})


def schema(*fields: Flat) -> Flat:
    return Flat({1: list(fields)})


def message(*fields: Flat) -> bytes:
    """The first message of a stream: version, kind of header, header, length of the body."""
    table = Flat({0: Scalar(4, 2), 1: Scalar(1, 1), 2: schema(*fields), 3: Scalar(0, 8)})
    buffer = flatbuffer(table, b"")
    buffer += bytes(-len(buffer) % 8)
    return MARK + len(buffer).to_bytes(4, "little") + buffer


def stream(*fields: Flat) -> bytes:
    return message(*fields) + MARK + bytes(4)


def file(*fields: Flat, footer: tuple[Flat, ...] | None = None) -> bytes:
    last = flatbuffer(
        Flat({0: Scalar(4, 2), 1: schema(*(fields if footer is None else footer))}), b""
    )
    body = b"ARROW1\0\0" + stream(*fields) + last
    return body + len(last).to_bytes(4, "little") + b"ARROW1"


def parquet(*fields: Flat) -> bytes:
    """The footer of Parquet around the schema of Arrow; what else stands there is left out."""
    text = base64.b64encode(message(*fields))
    footer = b"\x15\x02\x19\x1c\x18\x0cARROW:schema\x18" + bytes([len(text) % 128 | 128, 9]) + text
    return b"PAR1" + bytes(64) + footer + b"\0" + (len(footer) + 1).to_bytes(4, "little") + b"PAR1"


FORMS = {"arrow-stream": stream, "arrow": file, "parquet": parquet}


@pytest.mark.parametrize("kind", FORMS)
def test_a_pickle_as_a_type_is_what_reading_the_schema_runs(kind: str) -> None:
    content = FORMS[kind](field({}), pickled(SHELL))
    assert formats(facts_of(content)) == [kind]
    (found,) = judge(facts_of(content), "table")
    assert (found.rule, found.member) == ("dangerous-call", "column x")
    assert "pyarrow.ipc.open_file" in found.loaders


@pytest.mark.parametrize("kind", FORMS)
def test_columns_inside_of_columns_too(kind: str) -> None:
    assert verdict(FORMS[kind](field({}, field({}, pickled(SHELL))))) == "malicious"


def test_the_footer_of_a_file_counts_as_well() -> None:
    assert verdict(file(field({}), footer=(pickled(SHELL),))) == "malicious"


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize(
    "column",
    [
        field({}),
        pickled(SHELL, b"arrow.uuid"),
        field({b"note": b"arrow.py_extension_type", DATA: SHELL}),
        pickled(
            p.proto(4)
            + p.stack_global("datasets.features.features", "Array2DExtensionType")
            + b"K\x02K\x03\x86\x8c\x05int64\x86R."
        ),
    ],
    ids="plain another-type a-note data-sets".split(),
)
def test_honest_columns_say_nothing(kind: str, column: Flat) -> None:
    assert verdict(FORMS[kind](column)) == "clean"


def test_a_schema_that_lies_is_a_gap() -> None:
    lying = Flat({0: b"x", 6: Numbers((2**30, 5))})
    assert verdict(stream(lying, pickled(SHELL))) in ("malicious", "inconclusive")
