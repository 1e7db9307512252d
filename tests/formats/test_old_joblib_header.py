"""The header that joblib before 0.10 wrote in front of a zlib stream."""

import pickle
import zlib

import pytest

from weighbridge.budget import Budget
from weighbridge.facts.structure import Anomaly, Gap
from weighbridge.formats.examine import examine
from weighbridge.sources.memory import BytesSource


@pytest.mark.parametrize("space", [b"", b" "])
def test_the_header_is_no_part_of_what_follows_the_stream(space: bytes) -> None:
    content = pickle.dumps([1.0, 2.0], 2)
    packed = b"ZF" + hex(len(content)).encode().ljust(19) + space + zlib.compress(content)
    whole = examine(BytesSource(packed), Budget())
    assert [fact for fact in whole if isinstance(fact, Gap | Anomaly)] == []
    behind = examine(BytesSource(packed + b"\1" * 9), Budget())
    assert [fact.offset for fact in behind if isinstance(fact, Anomaly)] == [len(packed)]
