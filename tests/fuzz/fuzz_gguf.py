"""Fuzzes the reader of GGUF models: ``python tests/fuzz/fuzz_gguf.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.gguf_files import gguf, tensor

    return [
        gguf({"general.architecture": "llama"}, tensors=(tensor("w", (2, 3)),), data=bytes(32)),
        gguf({"tokenizer.chat_template": "{{ self.__init__.__globals__ }}"}),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("gguf")


if __name__ == "__main__":
    start(seeds, target)
