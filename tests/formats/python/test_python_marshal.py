"""Reading marshal data: what real interpreters write, and what hostile hands write."""

import marshal
import math
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_samples import VERSIONS, compiled, marshalled, quickly

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError
from weighbridge.formats.python.marshal_reader import (
    CodeObject,
    MarshalDict,
    MarshalSet,
    MarshalSlice,
    Opaque,
    looks_like_marshal_code,
    read,
    strip_pyc_header,
)

SOURCE = """
import os
from subprocess import Popen as P
class A(object):
    def method(self, x, y=(1, (2, 'a'))):
        def inner(): return os.system('id'), 12345678901234567890123, 1.5, 2j, x in (1, 2)
        return inner, x[1:2], P
"""


def plain(value):
    """Return marshalled values as Python's own."""
    if isinstance(value, MarshalSet):
        return frozenset(map(plain, value.items))
    if isinstance(value, MarshalDict):
        return {plain(key): plain(item) for key, item in value.pairs}
    if isinstance(value, tuple | list):
        return type(value)(map(plain, value))
    return value


@pytest.mark.parametrize("version", VERSIONS)
def test_code_of_every_version_is_read(version):
    data = compiled(version, SOURCE)
    if data is None:
        pytest.skip("no such interpreter")
    assert looks_like_marshal_code(data)
    code = read(data, Budget())
    assert isinstance(code, CodeObject)
    assert (code.name, code.filename) == ("<module>", "sample.py")
    assert {"os", "subprocess", "Popen", "A"} <= set(code.names)
    (body,) = code.nested
    (method,) = body.nested
    (inner,) = method.nested
    assert (body.name, method.name, inner.name) == ("A", "method", "inner")
    assert method.varnames[:3] == ("self", "x", "y")
    assert inner.names == ("os", "system")
    assert 12345678901234567890123 in inner.constants and 2j in inner.constants
    assert inner.first_line == 6 and inner.code
    new = version in ("3.11", "3.12", "3.13", "3.14")
    assert inner.qualname == ("A.method.<locals>.inner" if new else "inner")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "expression",
    ["(1, -1, 2**31, 2**62, -2**200, 10**1000)", "(1.5, float('inf'), 1e-300)", "[1, [2, []]]",
     "{1: 2, 3: (4, 5)}", "frozenset([1, 2])",
     "(None, True, False, Ellipsis)", "bytearray(b'abc')"],
)  # fmt: skip
def test_plain_values_of_every_version_are_equal(version, expression):
    data = marshalled(version, expression)
    if data is None:
        pytest.skip("no such interpreter")
    assert plain(read(data, Budget())) == eval(expression)


def test_strings_of_python_2_are_bytes_once_a_code_object_tells_the_version():
    data = compiled("2.7", "x = 'text', u'text', b'text'")
    if data is None:
        pytest.skip("no such interpreter")
    assert (b"text", "text", b"text") in read(data, Budget()).constants


@pytest.mark.parametrize("version", range(5))
def test_every_format_version_is_read(version):
    shared = ("name" * 100, "é€\U0001f600", "\ud800")
    value = (shared, shared, 1.25, 3 + 4j, [shared], {"k": b"v"}, 1 << 100)
    assert plain(read(marshal.dumps(value, version), Budget())) == value


def test_slices_of_python_3_14_are_read():
    value = read(b":i\1\0\0\0i\2\0\0\0N", Budget())
    assert isinstance(value, MarshalSlice)
    assert (value.start, value.stop, value.step) == (1, 2, None)


def test_a_value_that_holds_itself_is_named_and_not_followed():
    (inner,) = read(b"\xdb\1\0\0\0r\0\0\0\0", Budget())
    assert inner == Opaque("cycle")


def test_what_follows_the_value_is_ignored_as_python_does():
    assert read(marshal.dumps(5) + b"rest", Budget()) == 5


@pytest.mark.parametrize("size", [8, 12, 16])
def test_pyc_headers_of_every_size_are_stripped(size):
    code = marshal.dumps(compile("x = 1", "a", "exec"))
    data = b"\xa7\r\r\n" + bytes(size - 4) + code
    assert looks_like_marshal_code(data)
    assert strip_pyc_header(data) == code
    assert strip_pyc_header(code) == code


@pytest.mark.parametrize("data", [b"", b"c", b"city of angels and more", b"\x80\x04.", b"PK\3\4"])
def test_other_data_is_not_taken_for_code(data):
    assert not looks_like_marshal_code(data)
    assert strip_pyc_header(data) == data


MALFORMED = {
    "nothing": b"",
    "unknown type": b"\x01",
    "end of dict outside of one": b"0",
    "end of dict in a tuple": b")\x010",
    "dict with a key only": b"{N0",
    "length beyond the end": b"s\xff\xff\xff\x7f",
    "negative length": b"s\xff\xff\xff\xff",
    "tuple longer than the data": b"(\xff\xff\xff\x7f",
    "reference to nothing": b"r\0\0\0\0",
    "text that is not UTF-8": b"u\1\0\0\0\xff",
    "digit out of range": b"l\1\0\0\0\xff\xff",
    "leading zero digit": b"l\1\0\0\0\0\0",
    "number that is none": b"f\3abc",
    "code without fields": b"c",
    "code with fields of wrong types": b"c" + bytes(24) + b"NNNNNNNN",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_data_is_said_to_be(data):
    with pytest.raises(MalformedInput):
        read(data, Budget())


def test_limits_are_kept():
    for data in (
        b")\1" * 200 + b"N",
        b"[" + struct.pack("<I", 250_000) + b"N" * 250_000,
        b"l" + struct.pack("<i", 30_000) + b"\1\0" * 30_000,
        b"l" + struct.pack("<i", -(2**31)) + b"\1\0",
    ):
        with quickly(), pytest.raises(LimitExceeded):
            read(data, Budget())


def test_a_hundred_levels_that_hold_the_level_below_twice_cost_nothing():
    # Hashing or printing the innermost would take 2**90 steps.
    data = b"N"
    for level in range(90):
        data = b"\xa9\2" + data + b"r" + struct.pack("<I", 90 - level) if level else b"\xa9\0"
    with quickly():
        read(data, Budget())


def test_many_code_objects_that_share_huge_constants_cost_little():
    shared = b"\xa8" + struct.pack("<I", 50_000) + b"N" * 50_000
    text = b"z\0"
    body = bytes(20) + b"s\0\0\0\0" + b")\1r\0\0\0\0" + b")\0)\0" + b"s\0\0\0\0"
    body += text * 3 + bytes(4) + b"s\0\0\0\0" * 2
    count = 10_000
    data = b"(" + struct.pack("<I", count + 1) + shared + (b"c" + body) * count
    with quickly(2):
        value = read(data, Budget())
    assert isinstance(value, tuple) and not value[-1].complete


def test_failing_layouts_do_not_multiply_with_nesting():
    code = b"c" + bytes(20)
    with quickly(), pytest.raises(ParseError):
        read(code * 60 + b"N", Budget())
    data = b"[" + struct.pack("<I", 150_000) + b"N" * 149_999 + code + b"N"
    with quickly(2), pytest.raises(ParseError):
        read(data, Budget())


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data):
    with suppress(ParseError):
        read(data, Budget())
    looks_like_marshal_code(data)
    strip_pyc_header(data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_code_raises_nothing_else(data):
    sample = bytearray(marshal.dumps(compile(SOURCE, "a", "exec")))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(sample) - 1))
        sample[at] = data.draw(st.integers(0, 255))
    sample = sample[: data.draw(st.integers(0, len(sample)))]
    with suppress(ParseError):
        read(bytes(sample), Budget())


def test_every_truncation_is_malformed():
    sample = marshal.dumps(compile(SOURCE, "a", "exec"))
    for end in range(len(sample)):
        with pytest.raises(MalformedInput):
            read(sample[:end], Budget())


def test_nan_and_negative_zero_survive():
    value, zero = read(marshal.dumps((math.nan, -0.0)), Budget())
    assert math.isnan(value) and math.copysign(1, zero) == -1
