"""Objects of Java are judged by their classes: what reading them would run."""

import gzip

import pytest
from evals.java_objects import (
    JAVA_CLASS,
    Array,
    Constant,
    Literal,
    Type,
    array_list,
    commons_collections,
    hash_map,
    integer,
    proxy,
    stream,
    templates,
    thing,
    tree,
    url,
)
from evals.programs import elf

from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict
from weighbridge.tables import reader
from weighbridge.tables.effects import effects
from weighbridge.tables.java import is_gadget
from weighbridge.tables.java_objects import JavaObject, java_object

CHAIN = commons_collections("echo weighbridge")
ROWS = [
    JavaObject(*row) for row in reader.rows("java_objects.tsv", "class", *JavaObject.__slots__[1:])
]
ACTING = [row for row in ROWS if row.kind in ("malicious", "suspicious") and row.use == "any"]


def test_a_chain_is_one_finding_with_its_command():
    (finding,) = scan(stream(CHAIN)).findings
    assert (finding.rule, finding.kind) == ("java-gadget", Kind.MALICIOUS)
    assert "InvokerTransformer('echo weighbridge', 'exec')" in finding.evidence["code"]
    assert {"code_exec", "process_exec"} <= set(finding.evidence["effects"])
    assert finding.offset and finding.loaders[0] == "java.io.ObjectInputStream.readObject"


def test_another_command_is_another_behaviour():
    first, other = (scan(stream(commons_collections(text))).findings[0] for text in ("a", "b"))
    assert first.behaviour != other.behaviour and first.fingerprint == other.fingerprint


@pytest.mark.parametrize("row", ACTING, ids=lambda row: row.name)
def test_every_class_of_the_table_that_acts_is_told(row):
    name = row.name.replace("*", "X")
    findings = [one for one in scan(stream(*tree(), thing(name))).findings if one.rule != "x"]
    assert [(one.rule, one.kind.value) for one in findings] == [("java-gadget", row.kind)]


def test_a_class_in_bytes_is_found():
    answer = scan(stream(templates()))
    assert answer.rules == {"java-gadget", "hidden-executable"}
    assert answer.verdict is Verdict.MALICIOUS
    assert scan(stream(thing("weka.core.X", Array("[B", elf(2))))).rules == {"hidden-executable"}
    assert scan(stream(Array("[B", b"\xca\xfe\xba\xbe" + bytes(60)))).verdict is Verdict.CLEAN
    assert len(JAVA_CLASS) > 24


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_stream_in_bytes_is_read(packed):
    def stored(value):
        return thing("weka.core.SerializedObject", Array("[B", packed(stream(value))))

    assert scan(stream(stored(tree()[0]))).verdict is Verdict.CLEAN
    (finding,) = scan(stream(stored(CHAIN))).findings
    assert finding.kind is Kind.MALICIOUS and finding.member.startswith("array@")


def test_streams_in_streams_are_bounded():
    value = CHAIN
    for _ in range(9):
        value = thing("weka.core.SerializedObject", Array("[B", stream(value)))
    assert scan(stream(value)).verdict is Verdict.INCONCLUSIVE


def test_a_proxy_passes_calls_on():
    kept = thing("com.example.Handler")
    (finding, _needs) = scan(stream(kept, proxy("java.util.Map", kept))).findings
    assert (finding.rule, finding.kind) == ("java-gadget", Kind.SUSPICIOUS)
    assert "answers calls of java.util.Map" in finding.title
    handler = thing("sun.reflect.annotation.AnnotationInvocationHandler", CHAIN)
    assert scan(stream(proxy("java.util.Map", handler))).verdict is Verdict.MALICIOUS


def test_an_address_is_looked_up_only_when_it_is_hashed():
    (finding,) = scan(stream(hash_map([(url("a.example"), "v")]))).findings
    assert (finding.kind, finding.evidence["effects"]) == (Kind.SUSPICIOUS, ["network"])
    assert "a.example" in finding.evidence["code"]
    first = url("a.example")
    assert scan(stream(first, hash_map([(first, "v")]))).verdict is Verdict.SUSPICIOUS
    in_list = hash_map([(array_list(url("a.example")), "v")])
    assert scan(stream(in_list)).verdict is Verdict.SUSPICIOUS
    assert scan(stream(hash_map([(url("a.example", 5), "v")]))).verdict is Verdict.CLEAN
    assert scan(stream(hash_map([("v", url("a.example"))]))).verdict is Verdict.CLEAN


@pytest.mark.parametrize(
    "value",
    [
        thing("com.example.Own"),
        Array("[Lcom.example.Own;", [None]),
        Constant(Type("com.example.Own", (), 18), "A"),
        Literal(Type("com.example.Own")),
        thing("weka.classifiers.misc.SerializedClassifier"),
    ],
)
def test_a_class_of_another_package_is_a_weakness(value):
    (finding,) = scan(stream(*tree(), value)).findings
    assert (finding.rule, finding.kind) == ("java-class", Kind.WEAKNESS)


def test_an_unusual_class_of_java_is_suspicious():
    (finding,) = scan(stream(thing("java.security.Permissions"))).findings
    assert (finding.rule, finding.kind) == ("java-class", Kind.SUSPICIOUS)
    # Looking up its name does nothing.
    assert scan(stream(Literal(Type("java.util.function.Function")))).verdict is Verdict.CLEAN
    assert scan(stream(Literal(Type("java.security.Policy")))).verdict is Verdict.CLEAN
    assert scan(stream(Literal(Type("java.lang.Runtime")))).verdict is Verdict.MALICIOUS


def test_what_other_readers_of_java_act_on_is_suspicious():
    name = "org.springframework.beans.Whatever"
    assert is_gadget(name) and java_object(name) is None
    (finding,) = scan(stream(thing(name))).findings
    assert (finding.rule, finding.kind) == ("java-gadget", Kind.SUSPICIOUS)


def test_names_in_longer_bytes_are_read_and_told():
    answer = scan(stream(CHAIN, longer=True))
    assert answer.rules == {"java-gadget", "java-name"}
    assert scan(stream(*tree(), longer=True)).verdict is Verdict.SUSPICIOUS


def test_what_stands_before_the_damage_stands():
    answer = scan(stream(CHAIN, Array("[D", bytes(80)))[:-60])
    assert answer.verdict is Verdict.MALICIOUS and answer.gaps


def test_what_follows_is_examined():
    pickle = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x10echo weighbridge\x85R."
    answer = scan(stream(*tree()) + pickle)
    assert answer.verdict is Verdict.MALICIOUS and "hidden-content" in answer.rules
    assert scan(stream(*tree()) + bytes(64)).verdict is Verdict.CLEAN


def test_the_table_is_sorted_and_complete():
    keys = [(row.name, row.use) for row in ROWS]
    assert keys == sorted(set(keys))
    for row in ROWS:
        assert row.kind in ("ordinary", "weakness", "suspicious", "malicious"), row
        assert row.use in ("any", "key") and row.source and row.reason
        assert row.effect == "-" or row.effect in effects(), row
        # The title of a malicious one says its effect.
        assert row.kind != "malicious" or row.effect != "-", row


def test_the_most_exact_row_counts():
    assert java_object("java.util.HashMap").kind == "ordinary"
    assert java_object("java.util.logging.Logger").kind == "suspicious"
    assert java_object("weka.core.scripting.Groovy").kind == "weakness"
    assert java_object("java.net.URL").kind == "ordinary"
    assert java_object("java.net.URL", "key").kind == "suspicious"
    assert java_object("com.example.Own") is None


def test_numbers_are_clean():
    assert scan(stream(integer(1), hash_map([]))).verdict is Verdict.CLEAN
