"""Payloads inside constants: through every decoder, in layers, and within the budget."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import lzma
import marshal
import pickle
import zlib
from collections.abc import Callable

import pytest
from formats_judging import called, code, facts_of, gaps, payloads, verdict

from builders.pickles import SHELL, Raw, call, data, global_, nested, value
from weighbridge.budget import Limits
from weighbridge.tables.decoders import decoder
from weighbridge.tables.reader import by_name

INNER = SHELL + b"N."
SOURCE = "__import__('os').system('id')"
STOP = b"."
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "text": bytes,
    "codec": lambda raw: codecs.encode(raw, "hex"),
    "hex": binascii.hexlify,
    "uu": binascii.b2a_uu,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "lzma": lzma.compress,
    "base64": base64.b64encode,
    "base64url": base64.urlsafe_b64encode,
    "base32": base64.b32encode,
    "base16": base64.b16encode,
    "ascii85": base64.a85encode,
    "base85": base64.b85encode,
}
ROWS = sorted(
    by_name("decoders.tsv", "module", "name", "transform", "position", "source", "reason")
)
SMALL = Limits(payload_bytes=1 << 20, inflated_bytes=1 << 22, payloads=50)


def decoded(module: str, name: str, raw: bytes) -> Raw:
    """The call of a decoder on `raw`, encoded so that it gives `raw` back."""
    row = decoder(module, name)
    assert row is not None
    constant: object = ENCODERS[row.transform](raw[:45] if row.transform == "uu" else raw)
    if row.transform in ("hex", "text", "identity") and "str" in name.lower():
        constant = constant.decode("latin-1")  # type: ignore[attr-defined]
    extra = ("hex",) if row.transform == "codec" else ()
    return nested(module, name, constant, *extra)


@pytest.mark.parametrize(("module", "name"), ROWS)
def test_a_pickle_behind_every_decoder_is_followed(module, name):
    facts = facts_of(call("pickle", "loads", decoded(module, name, INNER)) + STOP)
    assert "os.system" in called(facts)
    assert [payload.kind for payload in payloads(facts)] == ["pickle"]
    assert payloads(facts)[0].inner_stream is not None


@pytest.mark.parametrize(("module", "name"), ROWS)
def test_source_behind_every_decoder_is_parsed(module, name):
    facts = facts_of(call("builtins", "exec", decoded(module, name, SOURCE.encode())) + STOP)
    assert [fact.origin for fact in code(facts)] == ["python-source"]
    assert "os.system" in " ".join(code(facts)[0].calls)


LAYERS = (
    (("zlib", "decompress"), ("base64", "b64decode")),
    (("base64", "b64decode"), ("zlib", "decompress"), ("binascii", "unhexlify")),
    (("builtins", "bytes"), ("bz2", "decompress"), ("base64", "b85decode"), ("gzip", "decompress")),
    (("lzma", "decompress"), ("base64", "b32decode"), ("zlib", "decompress"), ("io", "BytesIO")),
)  # fmt: skip

SINKS = (("pickle", "loads"), ("_pickle", "loads"), ("builtins", "exec"), ("builtins", "eval"))


@pytest.mark.parametrize("chain", LAYERS)
@pytest.mark.parametrize("sink", SINKS)
def test_layers_of_decoders(chain, sink):
    """The outermost decoder comes first; the constant is encoded in the same order."""
    raw = INNER if "pickle" in sink[0] else SOURCE.encode()
    for module, name in chain:
        row = decoder(module, name)
        assert row is not None
        raw = ENCODERS[row.transform](raw)
    constant: object = raw
    for module, name in reversed(chain):
        constant = nested(module, name, constant)
    stream = call(*sink, constant) + STOP
    facts = facts_of(stream)
    stages = [payload.stages for payload in payloads(facts)]
    assert len(stages[0]) == len(chain)
    assert verdict(stream) == "malicious"


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_pickles_inside_pickles(layers):
    raw = INNER
    for _ in range(layers):
        raw = call("pickle", "loads", raw) + STOP
    facts = facts_of(raw)
    assert "os.system" in called(facts)
    assert len(payloads(facts)) == layers


def test_a_code_object_through_marshal():
    body = marshal.dumps(compile(SOURCE, "m", "eval"))
    for constant in (body, nested("base64", "b64decode", base64.b64encode(body))):
        facts = facts_of(call("builtins", "exec", nested("marshal", "loads", constant)) + STOP)
        assert [fact.origin for fact in code(facts)] == ["code-object"]
        assert "os" in " ".join((*code(facts)[0].imports, *code(facts)[0].calls))


def test_bytes_written_as_a_list_of_numbers():
    short = b"cos\nsystem\n(S'id'\ntR."
    facts = facts_of(call("pickle", "loads", nested("builtins", "bytes", list(short))) + STOP)
    assert "os.system" in called(facts)


def test_real_tensors_of_plain_pickle():
    torch = pytest.importorskip("torch")
    raw = pickle.dumps({"w": torch.arange(10.0), "b": torch.zeros(3, dtype=torch.int64)})
    facts = facts_of(raw)
    assert {payload.kind for payload in payloads(facts)} == {"pytorch-legacy"}
    assert not gaps(facts)
    assert verdict(raw) == "clean"


def test_a_payload_in_place_of_a_tensor():
    stream = call("torch.storage", "_load_from_bytes", INNER) + STOP
    assert "os.system" in called(facts_of(stream))
    assert verdict(stream) == "malicious"


def test_a_bomb_inside_a_literal_is_a_gap_and_hides_nothing():
    """A constant that is too large to examine costs itself only."""
    bomb = zlib.compress(b"\0" * (64 << 20))
    first = call("pickle", "loads", nested("zlib", "decompress", bomb)) + b"0"
    facts = facts_of(first + call("pickle", "loads", INNER) + STOP, SMALL)
    assert "os.system" in called(facts)
    large = call("pickle", "loads", b"x" * (2 << 20)) + b"0"
    facts = facts_of(large + call("pickle", "loads", INNER) + STOP, SMALL)
    assert "limit-payload" in gaps(facts)
    assert "os.system" in called(facts)


def test_more_payloads_than_the_budget_allows():
    loads = ("torch.storage", "_load_from_bytes")
    many = b"".join(call(*loads, b"payload %d" % n) + b"0" for n in range(2001))
    facts = facts_of(many + b"N.")
    assert "limit-payloads" in gaps(facts)


def test_payloads_nested_deeper_than_the_budget_allows():
    raw = INNER
    for _ in range(12):
        raw = call("pickle", "loads", raw) + STOP
    facts = facts_of(raw)
    assert "limit-depth" in gaps(facts)
    assert verdict(raw) == "malicious"


def test_data_that_is_no_payload_leaves_no_trace():
    facts = facts_of(global_("pickle", "loads") + value((b"nothing of note here",)) + b"R.")
    assert payloads(facts) == []
    assert [fact for fact in facts if getattr(fact, "member", None) is not None] == []


def test_words_in_data_are_not_code():
    """A vocabulary may hold any word; only what a call is given counts."""
    words = ["os.system('id')", "eval(", "import os", "exec(", "http://example.com", "__import__"]
    assert verdict(pickle.dumps({word: n for n, word in enumerate(words)})) == "clean"
    assert verdict(data(b"MZ\x7fELF#!PK\x80\x04") + STOP) == "clean"
