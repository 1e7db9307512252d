"""Fuzzes everything: ``python tests/fuzz/fuzz_examine.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """Small files of every format that can be built without a library."""
    import pickle
    import zlib

    from builders.archives import TAR_END, ZipEntry, build_zip, simple_sevenzip, tar_member
    from builders.pickles import SHELL, call, proto

    plain = pickle.dumps({"a": [1, 2.5, "x"]})
    header = b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    array = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    return [
        plain,
        proto(4) + SHELL + b"N.",
        call("pickle", "loads", plain) + b".",
        len(header).to_bytes(8, "little") + header + bytes(4),
        b"\x93NUMPY\1\0" + len(array).to_bytes(2, "little") + array + plain,
        build_zip(ZipEntry(b"a/data.pkl", plain), ZipEntry(b"a/version", b"3\n")),
        build_zip(ZipEntry(b"a.npy", plain, 8)),
        tar_member(b"pickle", plain) + TAR_END,
        simple_sevenzip(plain),
        zlib.compress(plain),
        b"# Model card\n",
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.facts.codec import decode, encode
    from weighbridge.formats.examine import examine
    from weighbridge.rules.judge import judge
    from weighbridge.sources.memory import BytesSource

    limits = Limits(seconds=10, inflated_bytes=8 << 20, inflation_free_bytes=1 << 20)

    def one_input(data: bytes) -> None:
        facts = examine(BytesSource(data), Budget(limits))
        for fact in facts:
            assert decode(encode(fact)) == fact
        judge(facts, "fuzz")

    return one_input


if __name__ == "__main__":
    start(seeds, target)
