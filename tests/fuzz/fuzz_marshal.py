"""Fuzzes the reader of code objects: ``python tests/fuzz/fuzz_marshal.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start

SOURCES = ("x = 1", "import os\nos.system('id')", "def f(a, *b, c=1): return lambda: (a, {b}, c)")


def seeds() -> list[bytes]:
    """Marshalled code, and values of every kind."""
    import marshal

    values = ([1, 2.5, "é", b"x", (1, 2**90), {1: None}, {3}, 1j, True, ...],)
    found = [marshal.dumps(compile(text, "seed", "exec")) for text in SOURCES]
    return found + [marshal.dumps(value, version) for value in values for version in range(5)]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.formats.python.code_objects import code_fact
    from weighbridge.formats.python.marshal_reader import looks_like_marshal_code, read

    def one_input(data: bytes) -> None:
        try:
            code = read(data, Budget(Limits(seconds=10)))
        except ParseError:
            return
        if not looks_like_marshal_code(data):
            return
        code_fact(code, stream=1, member=None, offset=0, call=0, raw=data)

    return one_input


if __name__ == "__main__":
    start(seeds, target)
