"""Fuzzes the reader of compiled Python.

``python tests/fuzz/fuzz_bytecode.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    import importlib.util
    import marshal

    code = compile("import os\nos.system('echo')\n", "a.py", "exec")
    return [importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("python-bytecode")


if __name__ == "__main__":
    start(seeds, target)
