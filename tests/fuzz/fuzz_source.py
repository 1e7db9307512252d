"""Fuzzes the reader of Python source: ``python tests/fuzz/fuzz_source.py -max_total_time=10``."""

from __future__ import annotations

import contextlib

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Source with what the reader looks for."""
    return [
        b"import os, sys as s\nfrom subprocess import run as r\nr(['id'])\nos.system('id')\n",
        b"exec(__import__('base64').b64decode('aWQ='))\n",
        b"getattr(__builtins__, 'ev' + 'al')('1')\nf'{x}'\n",
        b"class A:\n    def f(self, *a, **k):\n        return (lambda: [i for i in a])()\n",
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.formats.python.source import source_fact

    def one_input(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        where = {"stream": 1, "member": None, "offset": 0, "call": 0, "name": "fuzz"}
        with contextlib.suppress(ParseError):
            source_fact(text, budget=Budget(Limits(seconds=10)), **where)  # type: ignore[arg-type]

    return one_input


if __name__ == "__main__":
    start(seeds, target)
