"""Fuzzes what reads the schemas of Arrow and Parquet, and agents of Stable-Baselines3.

``python tests/fuzz/fuzz_arrow.py -max_total_time=10`` runs it for ten seconds. The first byte says
as what the others are read.
"""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Tables with a pickled type in each form, and settings with a pickle."""
    from formats.test_arrow_types import SHELL, field, file, parquet, pickled, stream

    columns = (field({}), field({}, pickled(SHELL)))
    tables = (file(*columns), stream(*columns), parquet(*columns))
    settings = b'{"a": {":type:": "x", ":serialized:": "gASVAAAAAAAAAABOLg=="}}'
    return [bytes([number]) + one for number, one in enumerate((*tables, settings))]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.formats import arrow_schema, stable_baselines
    from weighbridge.formats.context import Context, Place
    from weighbridge.formats.examine import walk
    from weighbridge.sources.memory import BytesSource
    from weighbridge.text.json_text import loads

    limits = Limits(seconds=10)

    def one_input(data: bytes) -> None:
        context, body = Context(Budget(limits), walk), data[1:]
        kind = data[0] % 4 if data else 0
        try:
            if kind < len(arrow_schema.KINDS):
                name = arrow_schema.KINDS[kind]
                arrow_schema.read_types(context, BytesSource(body), Place(), name)
            else:
                value = loads(body, "settings")
                if stable_baselines.is_settings(value):
                    stable_baselines.read_settings(context, value, Place())
        except ParseError:
            return

    return one_input


if __name__ == "__main__":
    start(seeds, target)
