"""Models in XML: what they need from outside, and what a document type smuggles in."""

import pytest
from evals.xml_models import EXTERNAL, NESTED, SAMPLES, openvino, pmml

from formats.scanning import scan
from weighbridge.budget import Budget
from weighbridge.facts.graphs import ExternalData
from weighbridge.findings.model import Kind, Verdict
from weighbridge.formats.examine import examine
from weighbridge.sources.memory import BytesSource


@pytest.mark.parametrize("name", SAMPLES)
def test_honest_models_are_clean(name):
    answer = scan(SAMPLES[name]())
    assert (answer.format, answer.verdict) == (name, Verdict.CLEAN)


def test_a_prefixed_root_is_pmml_as_well():
    assert scan(pmml(root="ns0:PMML")).format == "pmml"


@pytest.mark.parametrize("mark", ["utf-16", "utf-8-sig"])
def test_the_encoding_hides_nothing(mark):
    text = openvino(before=EXTERNAL).decode()
    assert scan(text.encode(mark)).rules == {"xml-entity"}


@pytest.mark.parametrize("make", SAMPLES.values())
def test_an_external_entity_is_malicious(make):
    (finding,) = scan(make(before=EXTERNAL)).findings
    assert (finding.rule, finding.kind) == ("xml-entity", Kind.MALICIOUS)


@pytest.mark.parametrize("make", SAMPLES.values())
def test_entities_inside_each_other_are_suspicious(make):
    assert scan(make(before=NESTED)).verdict is Verdict.SUSPICIOUS


@pytest.mark.parametrize("make", SAMPLES.values())
def test_a_document_type_alone_is_a_weakness(make):
    (finding,) = scan(make(before='<!DOCTYPE PMML SYSTEM "pmml.dtd">\n')).findings
    assert (finding.rule, finding.kind) == ("xml-document-type", Kind.WEAKNESS)


def test_a_layer_of_an_extension_is_a_weakness():
    (finding,) = scan(openvino(version="extension", kind="RegexNormalization")).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)
    assert finding.evidence["symbols"] == ["RegexNormalization"]


def test_a_class_of_java_is_a_weakness_unless_the_model_defines_it():
    assert scan(pmml("com.example.Score")).rules == {"host-code"}
    defined = '<DefineFunction name="com.example.Score" optype="continuous"/>'
    assert scan(pmml("com.example.Score", defined=defined)).verdict is Verdict.CLEAN


def test_the_weights_stand_in_the_file_of_the_same_name():
    facts = examine(BytesSource(openvino(offset=128)), Budget(), "openvino_model.xml")
    (external,) = [fact for fact in facts if isinstance(fact, ExternalData)]
    assert (external.location, external.furthest) == ("openvino_model.bin", 192)


@pytest.mark.parametrize(
    "data", [openvino(offset=-8), openvino(offset="x"), openvino(size=1 << 50)]
)
def test_forged_offsets_are_malicious(data):
    assert scan(data).rules == {"external-data-escape"}


def test_an_edge_to_nowhere_is_suspicious():
    assert scan(openvino(edge=77)).rules == {"graph-structure"}


@pytest.mark.parametrize("make", SAMPLES.values())
def test_no_truncation_is_clean(make):
    data = make().rstrip()
    whole = next(at for at in range(60, len(data)) if scan(data[:at]).format in SAMPLES)
    for size in range(whole, len(data), 7):
        assert scan(data[:size]).verdict is not Verdict.CLEAN, size


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0"?><svg version="1.1"/>',
        b'<?xml version="1.0"?><net/>',
        b"<net version=",
        b"<!-- PMML --><p>text",
    ],
)
def test_other_texts_stay_texts(data):
    assert (scan(data).format, scan(data).verdict) == ("text", Verdict.CLEAN)


def test_deep_nesting_is_a_limit():
    data = openvino().replace(b"<rt_info>", b"<rt_info>" + b"<a>" * 5000)
    assert scan(data).gaps == ["limit-xml-depth"]


def test_many_kinds_of_layers_are_bounded():
    more = b"".join(
        b'<layer id="%d" type="T%d" version="v%d"/>' % (n, n, n) for n in range(9, 5000)
    )
    answer = scan(openvino().replace(b"</layers>", more + b"</layers>"))
    assert len(answer.facts) < 2_100 and answer.rules == {"host-code"}


def test_a_tag_without_end_is_a_limit():
    assert scan(b'<net version="11" x="' + b"a" * (20 << 20)).gaps == ["limit-xml-token"]
