"""Pickles that lie in the data of another, where no call takes them."""

from __future__ import annotations

import base64
import collections
import os
import pickle
from typing import Any

import pytest
from formats_judging import facts_of, verdict

from weighbridge.facts.pickles import DormantPickle
from weighbridge.findings.model import Finding
from weighbridge.rules.judge import judge


class Shell:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("echo weighbridge-dormant",)


def harmful(protocol: int = 4) -> bytes:
    return pickle.dumps(Shell(), protocol)


def findings(content: bytes) -> list[Finding]:
    return judge(facts_of(content), "file")


def held(content: bytes) -> list[DormantPickle]:
    return [fact for fact in facts_of(content) if isinstance(fact, DormantPickle)]


@pytest.mark.parametrize("outer", [2, 3, 4, 5])
@pytest.mark.parametrize("inner", [2, 3, 4, 5])
def test_in_a_plain_dict(outer: int, inner: int) -> None:
    content = pickle.dumps({"weights": [1.0], "blob": harmful(inner)}, outer)
    (found,) = findings(content)
    assert (found.rule, found.kind.value) == ("dormant-pickle", "suspicious")
    assert found.evidence["symbols"] == [f"{os.name}.system"]
    assert content[found.offset :].find(b"\x80") < 12


@pytest.mark.parametrize(
    "value",
    [
        base64.b64encode(harmful()),
        base64.b64encode(harmful()).decode(),
        base64.b64encode(harmful(2)).decode(),
        [[[harmful()]]],
        (1, {"deep": {"er": harmful()}}),
        pickle.dumps({"twice": harmful()}),
        {"much": [b"\x80\x04 no pickle"] * 20, "blob": harmful()},
        harmful() + bytes(100),
    ],
    ids="base64 text protocol-2 lists tuple twice decoys trailing".split(),
)
def test_however_it_is_held(value: Any) -> None:
    assert verdict(pickle.dumps(value)) == "suspicious"


@pytest.mark.parametrize("length", [1 << 17, 1 << 18, 1 << 19])
@pytest.mark.parametrize("shift", range(-12, 3))
def test_wherever_the_window_of_the_machine_ends(length: int, shift: int) -> None:
    content = pickle.dumps([b"x" * (length + shift), harmful()])
    assert len(held(content)) == 1


def test_large_bytearrays_too() -> None:
    assert verdict(pickle.dumps([bytearray(harmful())], 5)) == "suspicious"


@pytest.mark.parametrize(
    "value",
    [
        pickle.dumps([1, 2, 3]),
        pickle.dumps(collections.OrderedDict(a=1)),
        base64.b64encode(pickle.dumps({"a": collections.Counter("abc")})).decode(),
        harmful()[:-1],
        b"\x80\x04" + bytes(40),
        "gA" * 40,
        ["gAME", "gas", "\x80uro", "gA"],
        b"\x80" * 300,
        "os.system",
    ],
    ids="list ordered counter cut noise text words eights name".split(),
)
def test_other_data_says_nothing(value: Any) -> None:
    content = pickle.dumps({"value": value})
    assert verdict(content) == "clean"


def test_third_party_classes_in_data_say_nothing() -> None:
    inner = b"\x80\x04\x8c\x07somelib\x8c\x05Model\x93)R."
    assert held(pickle.dumps([inner]))[0].calls == (("somelib", "Model"),)
    assert verdict(pickle.dumps([inner])) == "clean"


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_what_a_call_takes_is_reported_once_with_that_call(protocol: int) -> None:
    class Loads:
        def __reduce__(self) -> tuple[Any, ...]:
            return pickle.loads, (harmful(2),)

    found = findings(pickle.dumps(Loads(), protocol))
    assert [one.rule for one in found] == ["dangerous-call"]


def test_thousands_of_them_are_bounded_and_no_gap() -> None:
    honest = [pickle.dumps(collections.OrderedDict(n=number)) for number in range(3000)]
    content = pickle.dumps(honest)
    assert len(held(content)) <= 32
    assert verdict(content) == "clean"
