"""Streams made to use up memory or time end in seconds, with a result or with a limit.

Each is examined in a process of its own, whose highest memory use is measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import weighbridge
from weighbridge.formats.pickle import machine

HERE = Path(__file__).parent
sys.path.append(str(HERE))
from bombs import BOMBS  # noqa: E402

SECONDS = 25
MEGABYTES = 300
# What the scanner cannot follow to the end, and says so.
LIMITED = {
    "marks": "limit-marks",
    "marks-and-tuples": "limit-stack",
    "memo-sparse": "limit-memo",
    "stack": "limit-stack",
    "big-list": "limit-stack",
    "distinct-imports": "limit-imports",
    "distinct-results": "limit-calls",
    "byte-literal-of-zeros": "limit-payload",
}
# What it follows to the end, whatever the size.
COMPLETE = (
    "nested-tuples", "nested-lists", "memo-32-million", "memo-of-tuples", "memo-highest",
    "doubling",
    "doubling-into-a-call", "doubling-calls", "build-states", "build-on-import", "garbage",
    "distinct-calls", "persistent-ids", "frames", "streams", "text-number", "text-float",
)  # fmt: skip

pytestmark = pytest.mark.skipif(
    not machine.COMPILED, reason="these sizes are for the compiled machine"
)


@cache
def _examined(name: str) -> dict[str, object]:
    source = str(Path(weighbridge.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source}
    command = [sys.executable, str(HERE / "bombs.py"), name]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=90, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_it_ends_in_time_and_in_little_memory(name):
    figures = _examined(name)
    assert figures["megabytes"] < MEGABYTES
    assert figures["seconds"] < SECONDS


@pytest.mark.parametrize("name", sorted(LIMITED))
def test_the_limit_that_ended_it_is_a_gap(name):
    assert LIMITED[name] in _examined(name)["gaps"]


@pytest.mark.parametrize("name", COMPLETE)
def test_it_is_followed_to_the_end(name):
    figures = _examined(name)
    assert figures["gaps"] == []
    assert set(figures["ended"]) == {None}
