"""Fuzzes the reader of tar archives: ``python tests/fuzz/fuzz_tar.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, container_target, start


def seeds() -> list[bytes]:
    """Archives, honest and not."""
    from builders.archives import TAR_END, pax_header, tar_header, tar_member

    return [
        tar_member(b"a", b"text") + tar_member(b"b/c", b"more" * 200) + TAR_END,
        pax_header({"path": "long/name", "size": "4"}) + tar_member(b"a", b"text") + TAR_END,
        tar_header(b"link", kind=b"2", link=b"../up") + TAR_END,
        tar_member(b"long", b"n" * 200, b"L") + tar_member(b"a", b"x") + TAR_END,
    ]


def target() -> OneInput:
    """Return the function of one input."""
    return container_target("tar")


if __name__ == "__main__":
    start(seeds, target)
