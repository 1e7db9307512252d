"""Fuzzes the readers of models that are zips: Keras, PyTorch and its exports, skops, TorchServe.

``python tests/fuzz/fuzz_archived_models.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """One archive of each kind, honest or not."""
    from builders.archives import ZipEntry, build_zip
    from builders.pickles import SHELL, proto

    trap = proto(2) + SHELL + b"."
    layer = b'{"class_name": "Lambda", "module": "os", "config": {"function": "system"}}'
    node = b'{"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}'
    manifest = b'{"model": {"handler": "handler.py", "serializedFile": "model.pt"}}'
    export = b'{"graph_module": {"graph": {"nodes": []}}, "schema_version": {"major": 8}}'
    return [
        build_zip(ZipEntry(b"config.json", layer), ZipEntry(b"metadata.json", b"{}")),
        build_zip(ZipEntry(b"a/data.pkl", trap), ZipEntry(b"a/data/0", bytes(16))),
        build_zip(ZipEntry(b"a/archive_format", b"pt2"), ZipEntry(b"a/models/m.json", export)),
        build_zip(ZipEntry(b"schema.json", node)),
        build_zip(ZipEntry(b"MAR-INF/MANIFEST.json", manifest), ZipEntry(b"model.pt", trap)),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.errors import ParseError
    from weighbridge.facts.codec import decode, encode
    from weighbridge.formats import archives
    from weighbridge.formats.context import Context, Place
    from weighbridge.formats.examine import walk
    from weighbridge.rules.judge import judge
    from weighbridge.sources.memory import BytesSource

    limits = Limits(seconds=10, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20, members=2000)

    def one_input(data: bytes) -> None:
        context = Context(Budget(limits), walk)
        try:
            archives.parse(context, "zip", BytesSource(data), Place())
        except ParseError:
            return
        for fact in context.facts:
            assert decode(encode(fact)) == fact
        judge(context.facts, "fuzz")

    return one_input


if __name__ == "__main__":
    start(seeds, target)
