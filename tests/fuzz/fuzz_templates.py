"""Fuzzes the reader of templates: ``python tests/fuzz/fuzz_templates.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Templates, honest and not."""
    return [
        b"{% for m in messages %}{{ '<|' + m['role'] + '|>' }}{{ m.content | trim }}{% endfor %}",
        b"{{ cycler.__init__.__globals__['os'].popen('id').read() }}",
        b"{% set ns = namespace(a='__cl' ~ 'ass__') %}{{ ''|attr(ns.a) }}",
        b"{% macro f(x) %}{{ x|map(attribute='a')|join }}{% endmacro %}{{ f([1]) }}",
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.facts.codec import decode, encode
    from weighbridge.formats.context import Context, Place
    from weighbridge.formats.examine import walk
    from weighbridge.formats.templates.examining import examine_template
    from weighbridge.rules.judge import judge

    def one_input(data: bytes) -> None:
        context = Context(Budget(Limits(seconds=10)), walk)
        text = data.decode("utf-8", "replace")
        try:
            examine_template(context, text, Place(), "jinja-file")
        except ParseError:
            return
        for fact in context.facts:
            assert decode(encode(fact)) == fact
        judge(context.facts, "fuzz")

    return one_input


if __name__ == "__main__":
    start(seeds, target)
