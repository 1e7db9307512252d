"""Reads JSON from untrusted bytes without letting it become a memory bomb."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from weighbridge.errors import LimitExceeded, MalformedInput

CONTAINERS = 1_000_000
ITEMS = 4_000_000
"""An empty list costs Python over fifty bytes and an item at least eight; the largest honest header
seen describes 60,000 tensors with five containers each."""

Pairs = Callable[[list[tuple[str, Any]]], Any]


def loads(data: bytes, code: str, offset: int | None = None, pairs: Pairs | None = None) -> Any:
    """Return the value that UTF-8 JSON text stands for.

    Args:
        data: the whole text.
        code: of the error when it is no JSON.
        offset: where the text begins, for the error.
        pairs: makes an object of its pairs in order, duplicates included.

    Raises:
        MalformedInput: it is no JSON, or nested too deeply.
        LimitExceeded: it holds more containers or items than any honest file.
    """
    if data.count(b"[") + data.count(b"{") > CONTAINERS or data.count(b",") > ITEMS:
        raise LimitExceeded("limit-json", "the JSON text holds more items than can be read", offset)
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise MalformedInput(code, "the text is no JSON that can be read", offset) from error
