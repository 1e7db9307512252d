"""Fuzzes both pickle machines: ``python tests/fuzz/fuzz_machine.py -max_total_time=10``.

Besides that nothing may be raised, both must return the same trace.
"""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Random streams, valid and not."""
    from builders.pickles import random_stream

    return [random_stream(seed) for seed in range(200)]


def target() -> OneInput:
    """Return the function of one input."""
    import importlib.util
    from dataclasses import asdict
    from pathlib import Path

    from weighbridge.budget import Budget, Limits
    from weighbridge.formats.pickle import layout
    from weighbridge.formats.pickle.interpreter import Interpreter
    from weighbridge.formats.pickle.trace import Attention
    from weighbridge.sources.memory import BytesSource

    path = Path(layout.__file__).with_name("machine.py")
    spec = importlib.util.spec_from_file_location("machine_uncompiled", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    interpreters = (Interpreter(), Interpreter(core=module.Core))

    def one_input(data: bytes) -> None:
        budget = Budget(Limits(seconds=60))
        source = BytesSource(data)
        first, second = (one.run(source, 0, budget, Attention()) for one in interpreters)
        assert asdict(first) == asdict(second)
        assert first.end <= len(data)

    return one_input


if __name__ == "__main__":
    start(seeds, target)
