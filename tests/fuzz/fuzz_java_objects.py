"""Fuzzes the reader of objects that Java serialized.

``python tests/fuzz/fuzz_java_objects.py -max_total_time=10`` runs it for ten seconds.
"""

from __future__ import annotations

from harness import OneInput, format_target, start


def seeds() -> list[bytes]:
    """Files, honest and not."""
    from evals.java_objects import commons_collections, hash_map, proxy, stream, thing, tree, url

    handler = thing("com.example.Handler", "x")
    return [
        stream(*tree()),
        stream(commons_collections("echo")),
        stream(hash_map([(url("a.example"), "v")]), proxy("java.util.Map", handler)),
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return format_target("java-object")


if __name__ == "__main__":
    start(seeds, target)
