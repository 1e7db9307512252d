"""GGUF: honest files are clean, and each number that lies shows."""

import struct

import pytest

from formats.gguf_files.building import (
    ARRAY,
    BOOL,
    DATA,
    F32,
    PAIRS,
    STRING,
    TENSORS,
    U8,
    U32,
    U64,
    Builder,
    honest,
)
from formats.templates.families import FAMILIES
from formats.templates.scanning import Answer
from weighbridge.facts.structure import Anomaly, Format, Metadata
from weighbridge.facts.templates import Template

EVIL = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"


def codes(answer):
    return {fact.code for fact in answer.facts if isinstance(fact, Anomaly)}


def pairs_with(*more):
    return (*PAIRS, *more)


def tensors_with(*more):
    return (*TENSORS, *more)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("big", [False, True])
def test_honest_files_are_clean(version, big):
    answer = Answer(honest(version=version, big=big).build())
    assert (answer.verdict, codes(answer), answer.formats) == ("clean", set(), ["gguf"])
    detail = dict(answer.of(Format)[0].detail)
    assert detail["version"] == str(version) and detail["architecture"] == "llama"
    assert detail["byte_order"] == ("big" if big else "little")


def test_what_it_says_about_itself_is_kept():
    facts = {fact.key: fact.value for fact in Answer(honest().build()).of(Metadata)}
    assert facts["general.architecture"] == "llama" and facts["llama.signed"] == "-3"
    assert facts["llama.wide"] == str(1 << 40) and facts["llama.double"] == "0.5"
    assert "tokenizer.ggml.tokens" not in facts


def test_a_vocabulary_alone_is_clean():
    assert Answer(Builder(pairs=PAIRS).build()).verdict == "clean"


def test_a_large_vocabulary_leaves_no_trace_in_the_facts():
    words = [f"t{n}" for n in range(50_000)]
    pairs = (("tokenizer.ggml.tokens", ARRAY, (STRING, words)),)
    answer = Answer(honest(pairs=pairs).build())
    assert answer.verdict == "clean" and len(answer.facts) < 5


@pytest.mark.parametrize("family", FAMILIES)
def test_templates_of_known_families_are_clean(family):
    pair = ("tokenizer.chat_template", STRING, FAMILIES[family])
    assert Answer(honest(pairs=pairs_with(pair)).build()).verdict == "clean"


@pytest.mark.parametrize("key", ["tokenizer.chat_template", "tokenizer.chat_template.tool_use"])
def test_a_template_that_reaches_out_is_malicious(key):
    answer = Answer(honest(pairs=pairs_with((key, STRING, EVIL))).build())
    assert answer.verdict == "malicious" and answer.rules == {"template-code"}
    assert answer.findings[0].member == key
    assert answer.findings[0].loaders[0].startswith("llama_cpp")
    assert answer.of(Template)[0].carrier == "gguf"


def test_a_template_twice_is_read_twice():
    pair = ("tokenizer.chat_template", STRING)
    answer = Answer(honest(pairs=pairs_with((*pair, FAMILIES["chatml"]), (*pair, EVIL))).build())
    assert answer.verdict == "malicious" and "gguf-duplicate-template" in codes(answer)


MALICIOUS = {
    "gguf-shape-overflow": honest(tensors=tensors_with(("x", (1 << 32, 1 << 32), 0, 256))),
    "gguf-size-overflow": honest(tensors=tensors_with(("x", (1 << 62,), 0, 256))),
    "gguf-dimensions-overflow": honest(tensors=tensors_with(("x", (1,) * 20, 0, 256))),
    "gguf-array-overflow": honest(pairs=pairs_with(("a", ARRAY, struct.pack("<IQ", U64, 1 << 61)))),
    "gguf-length-overflow": honest(
        pairs=pairs_with(("a", STRING, struct.pack("<Q", (1 << 64) - 1)))
    ),
    "gguf-token-length": honest(
        pairs=(
            (
                "tokenizer.ggml.tokens",
                ARRAY,
                struct.pack("<IQ", STRING, 1) + struct.pack("<Q", 1 << 31),
            ),
        )
    ),
}
SUSPICIOUS = {
    "gguf-dimensions": honest(tensors=tensors_with(("x", (8, 1, 1, 1, 1), 0, 256)), data=DATA * 2),
    "gguf-alignment": honest(pairs=(("general.alignment", U32, 0),)),
    "gguf-offset": honest(tensors=tensors_with(("x", (8,), 0, 257)), data=DATA * 2),
    "gguf-overlap": honest(tensors=tensors_with(("x", (8,), 0, 224)), data=DATA),
    "gguf-hole": honest(tensors=tensors_with(("x", (8,), 0, 288)), data=DATA * 2),
    "gguf-beyond-file": honest(tensors=tensors_with(("x", (8,), 0, 1 << 20))),
    "gguf-tensor-type": honest(tensors=tensors_with(("x", (8,), 1 << 20, 256)), data=DATA * 2),
    "gguf-duplicate-tensor": honest(
        tensors=tensors_with(("q", (8,), 0, 256)), data=DATA + bytes(32)
    ),
    "gguf-row": honest(tensors=(("q", (33,), 8, 0),), data=bytes(96)),
    "gguf-length": honest(pairs=pairs_with(("a", STRING, struct.pack("<Q", 1 << 50)))),
    "gguf-value-type": honest(pairs=pairs_with(("a", 77, b""))),
    "gguf-vocabulary": honest(
        pairs=(
            ("tokenizer.ggml.tokens", ARRAY, (STRING, ["a", "b"])),
            ("tokenizer.ggml.scores", ARRAY, (F32, [1.0])),
        )
    ),
    "gguf-template-name": honest(
        pairs=pairs_with(("tokenizer.chat_template.../x", STRING, FAMILIES["chatml"]))
    ),
    "gguf-nesting": honest(
        pairs=pairs_with(("a", ARRAY, (ARRAY, [(ARRAY, [(ARRAY, [(ARRAY, [(U8, [1])])])])])))
    ),
}
WEAK = {
    "gguf-bool": honest(pairs=pairs_with(("b", BOOL, 7))),
    "gguf-duplicate-key": honest(pairs=pairs_with(("general.flag", BOOL, 1))),
    "gguf-name": honest(pairs=pairs_with((b"\xff", BOOL, 1))),
    "gguf-tensor-type-unknown": honest(tensors=tensors_with(("x", (8,), 139, 256)), data=DATA * 2),
}


@pytest.mark.parametrize("code", MALICIOUS)
def test_numbers_that_overflow_a_loader_are_malicious(code):
    answer = Answer(MALICIOUS[code].build())
    assert code in codes(answer) and answer.verdict == "malicious"
    assert "gguf-overflow" in answer.rules


@pytest.mark.parametrize("code", SUSPICIOUS)
def test_structures_that_no_writer_makes_are_suspicious(code):
    answer = Answer(SUSPICIOUS[code].build())
    assert code in codes(answer) and answer.verdict == "suspicious"


@pytest.mark.parametrize("code", WEAK)
def test_oddities_are_a_weakness(code):
    answer = Answer(WEAK[code].build())
    assert (codes(answer), answer.verdict) == ({code}, "weakness")


@pytest.mark.parametrize(
    ("counts", "code"),
    [((1 << 60, 1), "gguf-count-overflow"), ((1, 1 << 63), "gguf-count-overflow")],
)
def test_counts_that_overflow_are_malicious(counts, code):
    builder = honest()
    builder.counts = counts
    answer = Answer(builder.build())
    assert code in codes(answer) and answer.verdict == "malicious"


def test_counts_beyond_reason_are_suspicious():
    builder = honest()
    builder.counts = (1 << 40, len(PAIRS))
    answer = Answer(builder.build())
    assert "gguf-count" in codes(answer) and answer.verdict == "suspicious"


@pytest.mark.parametrize(
    "builder",
    [
        honest(tensors=tensors_with(("x", (1 << 20,), 0, 256)), data=DATA + bytes(4 << 20)),
        honest(pairs=(("general.alignment", U32, 64),), tensors=TENSORS[:1], alignment=64),
        honest(tensors=tensors_with(("x", (2, 2, 2, 2), 0, 256)), data=DATA + bytes(64)),
        honest(tensors=tensors_with(("n" * 63, (8,), 0, 256)), data=DATA + bytes(32)),
    ],
)
def test_near_misses_are_clean(builder):
    if builder.alignment == 64:
        builder.data = bytes(128)
    assert Answer(builder.build()).verdict == "clean"


def test_a_file_that_breaks_off_is_inconclusive():
    data = honest().build()
    for cut in (9, 20, 60, 200, 400, len(data) - 40):
        answer = Answer(data[:cut])
        assert answer.verdict in ("inconclusive",), cut
        assert "gguf-overflow" not in answer.rules


def test_what_follows_the_tensors_is_examined():
    import pickle

    class Runs:
        def __reduce__(self):
            return (eval, ("1",))

    answer = Answer(honest().build() + pickle.dumps(Runs()))
    assert answer.verdict == "malicious" and "trailing-bytes" in codes(answer)


@pytest.mark.parametrize("data", [b"GGUF is a file format.\n", b"GGUFED\n" * 3, b"GGUF"])
def test_text_that_begins_alike_stays_text(data):
    assert Answer(data).formats == ["text"]


def test_a_later_version_is_not_clean():
    answer = Answer(b"GGUF" + struct.pack("<IQQ", 4, 0, 0))
    assert answer.verdict == "inconclusive" and answer.formats == ["gguf"]


def test_a_flood_of_oddities_is_bounded():
    tensors = [("same", (8,), 5000 + n, 0) for n in range(3000)]
    answer = Answer(honest(tensors=tensors).build())
    assert len(answer.facts) < 150


def test_a_file_of_fifty_gigabytes_is_read_at_its_head_only():
    class Huge:
        size = 50 << 30
        read = 0

        def __init__(self):
            extent = self.size // 4 // 1024 * 1024 - (1 << 20)
            tensors = (("x", (1024, extent // 1024), 0, 0),)
            self.head = honest(tensors=tensors).header()
            self.size = -(-len(self.head) // 32) * 32 + extent // 1024 * 1024 * 4

        def read_at(self, offset, count):
            count = max(0, min(count, self.size - offset))
            self.read += count
            head = self.head[offset : offset + count]
            return head + bytes(count - len(head))

    from weighbridge.budget import Budget
    from weighbridge.formats.examine import examine

    source = Huge()
    facts = examine(source, Budget())
    assert not [f for f in facts if type(f).__name__ in ("Gap", "Anomaly")]
    assert source.read < 1 << 20
