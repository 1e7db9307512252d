"""The one budget of a scan: every limit, its default and the reason for it.

A file gets one :class:`Budget`. Whoever opens a child (a member of an archive, a payload inside a
pickle) takes :meth:`Budget.child`, which shares the counters and adds one to the depth, so a bomb
cannot multiply what it may use by nesting.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from weighbridge.errors import LimitExceeded

MIB = 1 << 20
GIB = 1 << 30
DOWNLOAD_BYTES = 2 * GIB
"""Bytes that are fetched of one file at a hub unless told otherwise; formats that can be judged by
ranges need far less."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one file, everything inside it included.

    Attributes:
        seconds: wall time. The largest honest checkpoints need about one second, because only
            their structure is read; thirty leaves room for slow disks and big pickles.
        memory_bytes: real memory of the process that parses the file; the scanner ends one that
            passes it. The pickle machine filled to the brim and the interpreter stay below, and
            what is added between two glances keeps it under 300 MB.
        inflated_bytes: bytes that decompression may produce. Honest compressed joblib files reach
            a few GiB; the spool for them lives on disk.
        inflation_ratio: output per input byte over a whole stream. deflate cannot exceed 1032, but
            bzip2 and zstd can; honest sparse arrays stay below.
        inflation_free_bytes: output below which the ratio does not matter.
        members: entries over all archives in the file. The largest honest checkpoints seen hold
            about 60,000 storages.
        depth: containers and payloads inside each other; honest files need three.
        payload_bytes: one literal taken out of a pickle for a closer look.
        payloads: literals looked at in one file.
        calls: distinct calls whose arguments are kept for one pickle stream.
        imports: distinct imports of one pickle stream.
        facts: facts of one file, so that a report cannot be flooded.
        ast_bytes: source text given to the Python parser at once.
        hashed_bytes: the SHA-256 of larger files is not computed unless the scan is deep: reading
            them would take longer than the scan.
        deep: search every byte for known payloads, those of tensors too. Files are read whole then,
            and get more seconds, as their size asks for.
        pickle_streams: pickles one after another in one file; legacy PyTorch needs five, joblib
            one per object array.
    """

    seconds: float = 30.0
    memory_bytes: int = 280 * MIB
    inflated_bytes: int = 8 * GIB
    inflation_ratio: int = 1100
    inflation_free_bytes: int = 64 * MIB
    members: int = 200_000
    depth: int = 6
    payload_bytes: int = 16 * MIB
    payloads: int = 2_000
    calls: int = 20_000
    imports: int = 20_000
    facts: int = 50_000
    ast_bytes: int = 2 * MIB
    pickle_streams: int = 100_000
    hashed_bytes: int = 64 * MIB
    deep: bool = False


@dataclass(slots=True)
class Counters:
    """What has been used so far; one object shared by a file and everything inside it."""

    started: float = field(default_factory=time.monotonic)
    inflated_bytes: int = 0
    members: int = 0
    payloads: int = 0
    bytes_read: int = 0
    waited: float = 0.0
    """Seconds spent on waiting for the network, which are no fault of the file."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits plus shared counters plus the depth of the reader that holds it."""

    limits: Limits = field(default_factory=Limits)
    counters: Counters = field(default_factory=Counters)
    depth: int = 0

    def child(self) -> Budget:
        """Return the budget for something inside; raises LimitExceeded when nested too deep."""
        if self.depth + 1 > self.limits.depth:
            raise LimitExceeded("limit-depth", f"nested deeper than {self.limits.depth} levels")
        return Budget(self.limits, self.counters, self.depth + 1)

    def check_time(self) -> None:
        """Raise LimitExceeded once the wall time is used up."""
        used = time.monotonic() - self.counters.started - self.counters.waited
        if used > self.limits.seconds:
            raise LimitExceeded(
                "limit-seconds", f"not finished within {self.limits.seconds:g} seconds"
            )

    def take_member(self) -> None:
        """Count one archive entry."""
        self.counters.members += 1
        if self.counters.members > self.limits.members:
            raise LimitExceeded("limit-members", f"more than {self.limits.members} archive members")

    def take_payload(self, size: int) -> None:
        """Count one literal of `size` bytes that is about to be examined on its own."""
        if size > self.limits.payload_bytes:
            raise LimitExceeded(
                "limit-payload", f"an embedded payload of {size} bytes is too large to examine"
            )
        self.counters.payloads += 1
        if self.counters.payloads > self.limits.payloads:
            raise LimitExceeded(
                "limit-payloads", f"more than {self.limits.payloads} embedded payloads"
            )

    def take_inflated(self, size: int, total_out: int, total_in: int) -> None:
        """Count `size` fresh bytes of decompressed output.

        Args:
            size: bytes just produced.
            total_out: bytes this stream has produced so far, `size` included.
            total_in: compressed bytes this stream has consumed so far.
        """
        self.counters.inflated_bytes += size
        if self.counters.inflated_bytes > self.limits.inflated_bytes:
            raise LimitExceeded(
                "limit-inflated", f"decompresses to more than {self.limits.inflated_bytes} bytes"
            )
        if (
            total_out > self.limits.inflation_free_bytes
            and total_out > self.limits.inflation_ratio * max(total_in, 1)
        ):
            raise LimitExceeded(
                "limit-ratio", f"decompresses to over {self.limits.inflation_ratio} times its size"
            )
        self.check_time()
