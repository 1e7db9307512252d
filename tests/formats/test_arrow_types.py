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


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def parquet(*fields: Flat, between: bytes = b"\x18") -> bytes:
    """The footer of Parquet around the schema of Arrow; what else stands there is left out."""
    text = base64.b64encode(message(*fields))
    footer = b"\x15\x02\x19\x1c\x18\x0cARROW:schema" + between + varint(len(text)) + text + b"\0"
    return b"PAR1" + bytes(64) + footer + len(footer).to_bytes(4, "little") + b"PAR1"


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


@pytest.mark.parametrize("length", range(3000, 90_000, 1500))
def test_a_schema_of_any_length_is_found_in_parquet(length: int) -> None:
    wide = field({}, name=b"n" * length)
    (found,) = judge(facts_of(parquet(wide, pickled(SHELL))), "table")
    assert found.rule == "dangerous-call"


def test_its_text_may_be_announced_in_either_form() -> None:
    assert verdict(parquet(pickled(SHELL), between=b"\x08\x04")) == "malicious"


def test_a_pickled_type_where_no_writer_puts_it_is_a_gap() -> None:
    assert verdict(parquet(pickled(SHELL), between=b"\x15\x02\x18")) == "inconclusive"


@pytest.mark.parametrize("kind", FORMS)
def test_of_keys_that_stand_there_twice_each_counts(kind: str) -> None:
    harmless = p.proto(4) + p.EMPTY_DICT + p.STOP
    column = pickled(SHELL)
    column.fields[6] += [Flat({0: NAME, 1: b"arrow.uuid"}), Flat({0: DATA, 1: harmless})]
    assert verdict(FORMS[kind](column)) == "malicious"


def test_more_than_is_looked_at_is_a_gap() -> None:
    pickles = [p.proto(4) + p.short_text(f"t{number}") + p.STOP for number in range(120)]
    assert verdict(stream(*map(pickled, pickles))) == "inconclusive"


def test_a_schema_that_lies_is_a_gap() -> None:
    lying = Flat({0: b"x", 6: Numbers((2**30, 5))})
    assert verdict(stream(pickled(SHELL), lying)) == "inconclusive"
