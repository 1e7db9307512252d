"""Streams that break, lie, repeat or hide: what ran before an error ran."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from evals.opcodes import Assembler, Raw, Seq, call, pickled, shell, sym
from evals.samples import COMMAND, Sample

RUN = ("process_exec",)
PICKLE = ("pickle.load",)
ANY: tuple[str, ...] = ()


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for name, content, effects in (*_broken(), *_frames(), *_memo()):
        yield Sample(f"stream-{name}", "broken and lying streams", effects, PICKLE, content)
    for name, content in _several():
        yield Sample(f"several-{name}", "hidden second streams", RUN, ANY, content)


def _call(protocol: int = 4) -> bytes:
    return Assembler(protocol).value(call("posix.system", COMMAND))


def _broken() -> list[tuple[str, bytes, tuple[str, ...]]]:
    body = _call()
    head = b"\x80\x04"
    return [
        ("without-stop", head + body, RUN),
        ("bad-opcode-after", head + body + b"\xff\xff", RUN),
        ("bad-opcode-printable", head + body + b"?.", RUN),
        ("underflow-after", head + body + b"0000R.", RUN),
        ("bad-protocol-later", head + body + b"\x80\x63.", RUN),
        ("bad-memo-after", head + body + b"h\x99.", RUN),
        ("truncated-string-after", head + body + b"X\xff\xff\xff\x7fabc", RUN),
        ("huge-bytes-after", head + body + b"\x8e" + b"\xff" * 8, RUN),
        ("bad-utf8-after", head + body + b"X\x02\x00\x00\x00\xff\xfe.", RUN),
        ("bad-int-after", head + body + b"Inot a number\n.", RUN),
        ("bad-persistent-after", head + body + b"Pabc\n.", RUN),
        ("bad-import-after", head + body + b"cnosuchmodule\nx\n.", RUN),
        ("bad-reduce-after", head + body + b"K\x01R.", RUN),
        ("next-buffer-after", head + body + b"\x97.", RUN),
        ("bad-import-before", head + b"cnosuchmodule\nx\n0" + body + b".", RUN),
        ("seven-zip-like-tail", head + body + b"7z\xbc\xaf\x27\x1c" + bytes(40), RUN),
        ("zeros-after", head + body + b"." + bytes(512), RUN),
        ("in-a-mark", head + b"(" + body + b"((((((.", RUN),
        ("text-protocol-broken", b"cos\nsystem\n(S'echo x'\ntRq", RUN),
        ("inside-list-of-weights", pickled([1.0] * 5000 + [call("posix.system", COMMAND)]), RUN),
        ("deep-in-tuples", _deep(), RUN),
        (
            "after-100000-ints",
            pickled(Seq((Raw(b"](" + b"K\x01" * 100_000 + b"e"), call("posix.system", COMMAND)))),
            RUN,
        ),
        ("setitem-on-none", head + body + b"N(K\x01K\x02u.", RUN),
    ]


def _deep() -> bytes:
    return b"\x80\x04" + _call() + b"\x85" * 5000 + b"."


def _framed(body: bytes, length: int) -> bytes:
    return b"\x80\x04\x95" + struct.pack("<Q", length) + body


def _frames() -> list[tuple[str, bytes, tuple[str, ...]]]:
    body = _call() + b"."
    nested = b"\x95" + struct.pack("<Q", len(body)) + body
    return [
        ("frame-too-long", _framed(body, len(body) + 1000), RUN),
        ("frame-too-short", _framed(body, 3), RUN),
        ("frame-zero", _framed(body, 0), RUN),
        ("frame-huge", _framed(body, 1 << 62), RUN),
        ("frame-in-frame", _framed(nested, len(nested)), RUN),
        ("frames-many", b"\x80\x04" + (b"\x95" + bytes(8)) * 100 + body, RUN),
        ("frame-protocol-2", b"\x80\x02\x95" + struct.pack("<Q", len(body)) + body, RUN),
        ("frame-truncated", b"\x80\x04" + _call() + b"\x95\x01", RUN),
    ]


def _memo() -> list[tuple[str, bytes, tuple[str, ...]]]:
    write = Assembler(4).value
    system = write(sym("posix.system"))
    run = write((COMMAND,)) + b"R."
    return [
        (
            "memo-put-and-memoize",
            b"\x80\x04" + write("x") + b"q\x01\x940" + system + b"\x940h\x02" + run,
            RUN,
        ),
        (
            "memo-memoize-after-put",
            b"\x80\x04" + system + b"q\x000" + write("safe") + b"\x940h\x00" + run,
            RUN,
        ),
        (
            "memo-long-index",
            b"\x80\x04" + system + b"r\xff\xff\xff\x7f0j\xff\xff\xff\x7f" + run,
            RUN,
        ),
        ("memo-text-index", b"\x80\x04" + system + b"p123456789\n0g123456789\n" + run, RUN),
        (
            "memo-overwritten",
            b"\x80\x04" + write(sym("builtins.print")) + b"q\x000" + system + b"q\x000h\x00" + run,
            RUN,
        ),
        ("memo-unset", b"\x80\x04" + _call() + b"h\x05.", RUN),
        ("memo-signed-text", b"\x80\x04" + system + b"p+7\n0g7\n" + run, RUN),
        ("memo-of-call", b"\x80\x04" + _call() + b"\x94" + b"h\x00h\x00\x86.", RUN),
        (
            "memo-tuple-shared",
            b"\x80\x04" + write((COMMAND,)) + b"\x940" + system + b"h\x00R.",
            RUN,
        ),
        (
            "list-grown-after",
            b"\x80\x04" + write(sym("subprocess.run")) + b"]\x94" + write("echo") + b"a\x85R.",
            RUN,
        ),
        (
            "dict-filled-later",
            b"\x80\x04"
            + write(sym("subprocess.Popen"))
            + b")}"
            + write("args")
            + write(["echo"])
            + b"s\x92.",
            RUN,
        ),
    ]


def _several() -> list[tuple[str, bytes]]:
    good = pickled({"weights": [1.0, 2.0]})
    bad = shell()
    old = shell(0)
    return [
        ("after-stop", good + bad),
        ("third", good + good + bad),
        ("hundredth", good * 99 + bad),
        ("after-stop-protocol-0", good + old),
        ("after-zeros", good + bytes(64) + bad),
        ("after-junk", good + b"\x00junk\xff\xfe" * 8 + bad),
        ("after-newlines", good + b"\n\n\n" + bad),
        ("after-large-junk", good + bytes(range(1, 128)) * 600 + bad),
        ("after-none", b"N." + bad),
        ("after-empty-dict", b"}." + bad),
        ("after-int", b"K\x01." + bad),
        ("after-text-pickle", pickled("hello", 0) + bad),
        ("before-good", bad + good),
        ("after-broken", good[:-1] + b"\xff" + bad),
    ]
