"""What Java serialized is read to its end, and clean when all its classes are known."""

import gzip
import struct
import time

import pytest
from evals.java_objects import (
    BLOCK_DATA,
    END,
    EXCEPTION,
    EXTERNALIZABLE,
    FIRST,
    HEADER,
    NULL,
    REFERENCE,
    RESET,
    SERIALIZABLE,
    WRITE_METHOD,
    Array,
    Constant,
    Data,
    Fields,
    Literal,
    Thing,
    Type,
    Writer,
    array_list,
    hash_map,
    integer,
    stream,
    thing,
    tree,
    url,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from builders.archives import ZipEntry, build_zip
from formats.scanning import scan
from weighbridge.budget import Limits
from weighbridge.facts.java import JavaClass
from weighbridge.findings.model import Verdict

WHOLE = stream(*tree())
OWN = "weka.classifiers.Own"
INT = struct.Struct(">i").pack
WRITTEN = SERIALIZABLE | WRITE_METHOD
ENUM = Type("weka.core.Kind", (), 18)


def classes(data):
    return {(fact.name, fact.use) for fact in scan(data).facts if isinstance(fact, JavaClass)}


def written(number, *held, before=(), after=()):
    """An object of a class with its own `writeObject`, which writes its fields or does not."""
    kind = Type(OWN, (("I", "seed"), ("Ljava/lang/Object;", "rest")), WRITTEN)
    fields = () if number is None else (Fields(INT(number)), *held)
    return Thing(kind, [*before, *fields, *after, END])


def test_a_model_of_weka_is_clean():
    answer = scan(WHOLE)
    assert (answer.format, answer.verdict) == ("java-object", Verdict.CLEAN)
    assert ("weka.classifiers.trees.J48", "object") in classes(WHOLE)
    assert ("weka.core.Instances", "object") in classes(WHOLE)


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(WHOLE), build_zip(ZipEntry(b"m.model", WHOLE)), WHOLE + WHOLE],
    ids=["gzip", "zip", "one after the other"],
)
def test_so_it_is_in_whatever_holds_it(packed):
    assert scan(packed).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        "x" * 70_000,
        Data(b"abc"),
        Data(bytes(3000)),
        RESET,
        integer(7),
        hash_map([("a", integer(1)), ("b", array_list("c"))]),
        url("a.example"),
        Array("[D", bytes(80)),
        Array("[[J", [Array("[J", bytes(16)), None]),
        Array("[Ljava.lang.String;", ["a", "a", None]),
        Constant(ENUM, "A"),
        Literal(ENUM),
        Type("weka.core.Described"),
        thing("weka.core.Instances", "a", thing("java.util.Random")),
        Thing(Type(OWN, (), EXTERNALIZABLE | BLOCK_DATA), [Data(b"ab"), "c", END]),
        EXCEPTION + stream(thing("java.io.NotSerializableException", "x"))[4:],
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_content_is_read(value):
    # What follows would be misread, if its end were not found.
    data = stream(value) + stream(thing("weka.core.After"))[4:]
    answer = scan(data)
    assert (answer.verdict, answer.gaps) == (Verdict.CLEAN, [])
    assert ("weka.core.After", "object") in classes(data)


def test_the_data_of_superclasses_comes_first():
    parent = Type("weka.core.Parent", (("J", "id"),), WRITTEN)
    child = Type("weka.core.Child", (("[Ljava/lang/String;", "names"),), parent=parent)
    data = stream(Thing(child, [Fields(bytes(8)), Data(b"x"), END, None]), "after")
    assert scan(data).verdict is Verdict.CLEAN
    assert ("weka.core.Parent", "superclass") in classes(data)


@pytest.mark.parametrize(
    "value",
    [
        written(5, "held", after=(Data(b"x"),)),
        written(None, before=(Data(INT(1)), "by itself")),
        written(None),
        written(5, "held", before=(Data(INT(1)), "first"), after=("last",)),
        *[written(number, "held") for number in (0x77020000, 0x78737200, 0x70707070, 0x71007E00)],
        written(0x77027070, "held", after=(Data(b"xx"),)),
    ],
    ids="fields;own way;nothing;later;like data;like an end;like null;like it;like data too".split(
        ";"
    ),
)
def test_a_class_may_write_its_fields_as_it_likes(value):
    data = stream(Array("[Ljava.lang.Object;", [value, integer(3)]), value, thing("weka.core.End"))
    answer = scan(data)
    assert (answer.verdict, answer.gaps) == (Verdict.CLEAN, [])
    assert ("weka.core.End", "object") in classes(data)


def test_fields_of_a_class_that_is_not_serializable_stand_there_all_the_same():
    # Java passes over them where the program has no such class; what follows is read.
    block = b"\x7a\0\0\0\x40"
    kind = Type("weka.core.Absent", tuple(("B", f"b{n}") for n in range(len(block))), 0)
    data = stream(Thing(kind, [Fields(block)]), thing("com.example.Inside"), bytes(1) * 0x40)
    assert ("com.example.Inside", "object") in classes(data)


def test_a_superclass_is_read_by_its_fields_even_if_it_says_otherwise():
    parent = Type("weka.core.Parent", (("I", "id"),), EXTERNALIZABLE | BLOCK_DATA)
    kind = Type("weka.core.Child", (), parent=parent)
    data = stream(Thing(kind, [Fields(b"\x78\x70\x70\x70")]), thing("com.example.Inside"))
    assert ("com.example.Inside", "object") in classes(data)


def test_all_ways_of_reading_it_count():
    # Four numbers that are also an end: either the object ends here, or its fields do.
    inner = stream(thing("com.example.Inside"))[4:]
    fields = b"\x78" + inner
    kind = Type(OWN, tuple(("B", f"b{n:03}") for n in range(len(fields))), WRITTEN)
    data = stream(Thing(kind, [Fields(fields), END]))
    assert scan(data).gaps == []
    assert ("com.example.Inside", "object") in classes(data)


@pytest.mark.parametrize(
    ("data", "gap"),
    [
        (stream(Thing(Type(OWN, (), EXTERNALIZABLE), [b"\0\0"])), "unsupported-java-external"),
        (HEADER + b"\x00", "malformed-java-type"),
        (HEADER + REFERENCE + struct.pack(">I", FIRST), "malformed-java-reference"),
        (HEADER + b"\x75" + NULL, "malformed-java-class"),
        (stream(Array("[I", b""))[:-4] + b"\xff\xff\xff\xff", "malformed-java-length"),
        (stream(Thing(Type(OWN, (("Q", "x"),)))), "malformed-java-field"),
        (stream(Thing(Type(OWN, (("La;", "x"), ("I", "y"))))), "malformed-java-field"),
        (stream(Thing(Type(OWN, (), 6))), "malformed-java-flags"),
        (stream(Array("[Ljava.lang.Object;", [RESET])), "malformed-java-type"),
    ],
)
def test_what_cannot_be_read_is_a_gap(data, gap):
    answer = scan(data)
    assert answer.gaps == [gap]
    assert answer.verdict is Verdict.INCONCLUSIVE


def test_what_java_reads_before_it_fails_counts():
    inside = thing("com.example.Inside")
    lying = stream(Array("[Ljava.lang.Object;", [inside])).replace(b"\0\0\0\x01sr", b"\x7f\0\0\0sr")
    assert ("com.example.Inside", "object") in classes(lying)
    assert scan(lying).verdict is Verdict.INCONCLUSIVE
    # Objects are read also where there is no such array, and none for a negative count.
    assert ("com.example.Inside", "object") in classes(stream(Array("absent", [inside])))
    negative = stream(Array("[Labsent;", []))[:-4] + b"\xff\xff\xff\xff" + stream(inside)[4:]
    assert ("com.example.Inside", "object") in classes(negative)


def test_a_negative_number_of_fields_is_none():
    kind = stream(Type("weka.core.Odd"))
    assert kind.endswith(b"\x02\0\0xp")
    assert scan(kind[:-4] + b"\x8e\0xp").gaps == []


def test_a_class_is_not_its_own_superclass():
    kind = stream(Type(OWN))[:-1] + REFERENCE + struct.pack(">I", FIRST)
    assert scan(kind).gaps == ["malformed-java-class"]


def test_no_truncation_is_clean():
    for size in range(5, len(WHOLE) - 1):
        answer = scan(WHOLE[:size])
        whole = answer.gaps == [] and size in ENDS
        assert whole or answer.verdict is Verdict.INCONCLUSIVE, size


def ends():
    """Where a content ends, after which a stream may end."""
    writer = Writer()
    for content in tree():
        writer.write(content)
        yield len(writer.data)


ENDS = set(ends())


def test_nesting_costs_no_stack():
    value = None
    for _ in range(200):
        value = thing("weka.core.Node", value)
    head = stream(value)
    assert scan(head).verdict is Verdict.CLEAN
    one = stream(Array("[Ljava.lang.Object;", [None]))[4:-1]
    again = b"\x75" + REFERENCE + struct.pack(">II", FIRST, 1)
    assert scan(HEADER + one + again * 30_000 + NULL).gaps == []
    assert scan(HEADER + one + again * 250_000 + NULL).gaps == ["limit-java-depth"]


def test_lying_counts_cost_nothing():
    begin = time.monotonic()
    for letter in "BJZ":
        data = stream(Array(f"[{letter}", b""))[:-4] + b"\x7f\xff\xff\xff"
        assert scan(data).gaps == ["malformed-java-length"]
    chain = None
    for number in range(300):
        chain = Type(f"weka.core.C{number}", parent=chain)
    assert scan(stream(Thing(chain))).gaps == ["limit-java-superclasses"]
    assert time.monotonic() - begin < 5


def test_too_many_classes_and_ways_are_a_gap():
    many = [Thing(Type(f"weka.core.C{number}")) for number in range(5_100)]
    assert scan(stream(*many)).gaps == ["limit-java-classes"]
    doubtful = [
        Thing(Type(f"{OWN}{number}", (("I", "a"),), WRITTEN), [Fields(b"\x70\x70\x70\x70"), END])
        for number in range(300)
    ]
    assert set(scan(stream(*doubtful)).gaps) <= {"limit-java-readings"}


def test_time_is_bounded():
    data = stream(*tree()) + NULL * 2_000_000
    begin = time.monotonic()
    assert scan(data, Limits(seconds=0.2)).gaps == ["limit-seconds"]
    assert time.monotonic() - begin < 3


VALUES = st.recursive(
    st.none()
    | st.text("abc", max_size=5)
    # Hypothesis knows how programs begin, and those are told.
    | st.builds(lambda data: Array("[B", b"." + data), st.binary(max_size=20))
    | st.builds(integer, st.integers(-(1 << 31), (1 << 31) - 1)),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda held: array_list(*held))
        | st.lists(inner, max_size=4).map(lambda held: Array("[Ljava.lang.Object;", held))
        | st.lists(inner, max_size=4).map(lambda held: thing("weka.core.Thing", *held))
        | st.lists(st.tuples(inner, inner), max_size=3).map(hash_map)
    ),
    max_leaves=20,
)


@given(st.lists(VALUES, max_size=4))
@settings(deadline=None, max_examples=150)
def test_whatever_is_written_is_read(values):
    data = stream(*values, thing("weka.core.End"))
    answer = scan(data)
    assert (answer.verdict, answer.gaps) == (Verdict.CLEAN, [])
    assert ("weka.core.End", "object") in classes(data)


@given(st.binary(max_size=80), st.integers(4, len(WHOLE)))
@settings(deadline=None, max_examples=200)
def test_damage_ends_in_an_answer(noise, at):
    scan(WHOLE[:at] + noise)
    scan(WHOLE[:at] + noise + WHOLE[at + len(noise) :])
