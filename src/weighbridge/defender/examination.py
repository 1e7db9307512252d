"""One file: opened, parsed by a worker while its hash is computed, judged, summed up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from weighbridge.budget import MIB, Limits
from weighbridge.defender import pool
from weighbridge.defender.fetching import Supply
from weighbridge.defender.files import Found, Refused, open_regular
from weighbridge.defender.hashing import sha256_of
from weighbridge.defender.process import Answer
from weighbridge.defender.roles import role_of
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Format, Gap, Note
from weighbridge.findings.model import Coverage, CoverageNote, FileReport, Finding, Verdict
from weighbridge.findings.verdict import of_file
from weighbridge.libraries.collecting import Mentions, mentions

INLINE_BYTES = 1 << 18
"""Smaller files are hashed quicker than a thread can be asked to."""
DEEP_BYTES_PER_SECOND = 20 * MIB
"""How slow reading may be when a whole file is searched."""

Stopped = Callable[[], bool]
Hash = tuple[str | None, str | None]
"""The SHA-256 and how it is known, as :class:`FileReport` has them."""
Judge = Callable[[Sequence[Fact], str], list[Finding]]
Advise = Callable[[Sequence[Fact], str], list[Note]]
Keep = Callable[[Iterable[Fact]], tuple[Fact, ...]]


@dataclass(frozen=True, slots=True)
class FileResult:
    """The report on one file, the findings in it, and what is needed of it for its repository.

    Attributes:
        facts: those that a repository is judged by.
        mentions: what the file says about libraries.
    """

    file: FileReport
    findings: tuple[Finding, ...] = ()
    facts: tuple[Fact, ...] = ()
    mentions: Mentions = Mentions()


def limits_for(size: int, limits: Limits) -> Limits:
    """Return the limits for a file of so many bytes: one that is read whole may take longer."""
    if not limits.deep:
        return limits
    return replace(limits, seconds=limits.seconds + size / DEEP_BYTES_PER_SECOND)


class Examiner:
    """Turns entries of a target into results; used by several threads at once."""

    def __init__(self, limits: Limits) -> None:
        self.deep = limits.deep
        self._limits = limits
        self._judge: Judge | None = None
        self._advise: Advise | None = None
        self._keep: Keep | None = None

    def prepare(self) -> None:
        """Load the rules, which takes about as long as a worker takes to start."""
        from weighbridge.rules.judge import advise, judge
        from weighbridge.rules.repository.model import kept

        self._judge, self._advise, self._keep = judge, advise, kept

    def result(
        self, entry: Found | Refused, stopped: Stopped, declared: str | None = None
    ) -> FileResult:
        """Examine one entry.

        Args:
            entry: what to examine.
            stopped: see :meth:`Pool.examine`.
            declared: SHA-256 that the file should have.

        Raises:
            Interrupted: `stopped` said so.
            WorkerError: no worker can be started.
        """
        if isinstance(entry, Refused):
            return self.refused(entry)
        descriptor = open_regular(entry)
        if isinstance(descriptor, Refused):
            return self.refused(descriptor)
        try:
            return self._examine(entry.path, descriptor, stopped, declared)
        finally:
            os.close(descriptor)

    def _examine(
        self, path: str, descriptor: int, stopped: Stopped, declared: str | None
    ) -> FileResult:
        before = os.fstat(descriptor)
        size = before.st_size
        answer, sha256 = self._parse_and_hash(path, descriptor, size, stopped)
        after = os.fstat(descriptor)
        if (size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            changed = gap("changed", "the file was changed during the scan")
            answer = replace(answer, facts=(*answer.facts, changed))
            sha256 = None
        if declared and sha256 not in (None, declared):
            differs = gap("hash-mismatch", "its content is not what the hub's hash says")
            answer = replace(answer, facts=(*answer.facts, differs))
        return self.judged(path, size, (sha256, "computed" if sha256 else None), answer)

    def parse(self, file: int | Supply, name: str, stopped: Stopped) -> Answer:
        """Have a worker examine an open or remote file; see :meth:`Pool.examine`."""
        size = os.fstat(file).st_size if isinstance(file, int) else file.size
        return pool.shared().examine(file, limits_for(size, self._limits), stopped, name)

    def refused(self, entry: Refused) -> FileResult:
        """Return the result for what cannot be examined."""
        return _refused(entry)

    def judged(self, path: str, size: int, sha256: Hash, answer: Answer) -> FileResult:
        """Let the rules judge what a worker found in the file at `path`."""
        facts = answer.facts
        if answer.failure is not None:
            facts += (gap("source-error", answer.failure),)
        assert self._judge and self._advise and self._keep
        facts += tuple(self._advise(facts, path))
        findings = tuple(replace(found, path=path) for found in self._judge(facts, path))
        report = _report(path, size, sha256, facts, findings, answer.bytes_read)
        return FileResult(report, findings, self._keep(facts), mentions(facts, path))

    def _parse_and_hash(
        self, path: str, descriptor: int, size: int, stopped: Stopped
    ) -> tuple[Answer, str | None]:
        name = os.path.basename(path)

        def parse() -> Answer:
            return self.parse(descriptor, name, stopped)

        if size > self._limits.hashed_bytes and not self.deep:
            return parse(), None
        if size <= INLINE_BYTES:
            sha256 = sha256_of(descriptor, size, stopped)
            return parse(), sha256
        with ThreadPoolExecutor(1, "weighbridge-hash") as hasher:
            digest: Future[str | None] = hasher.submit(sha256_of, descriptor, size, stopped)
            return parse(), digest.result()


def gap(code: str, text: str) -> Gap:
    """Return the fact that a file could not be read to its end."""
    return Gap(member=None, offset=None, format="unknown", code=code, text=text)


def _report(
    path: str,
    size: int,
    sha256: Hash,
    facts: Sequence[Fact],
    findings: Sequence[Finding],
    bytes_read: int,
) -> FileReport:
    gaps = [fact for fact in facts if isinstance(fact, Gap)]
    notes = [fact for fact in facts if isinstance(fact, Note)]
    formats = [fact for fact in facts if isinstance(fact, Format) and fact.member is None]
    return FileReport(
        path=path,
        size=size,
        sha256=sha256[0],
        sha256_source=sha256[1],
        format=formats[0].format if formats else None,
        role=role_of(path),
        verdict=of_file(findings, complete=not gaps),
        coverage=Coverage(not gaps, bytes_read, tuple(map(_note, gaps))),
        notes=tuple(map(_note, notes)),
    )


def _note(fact: Gap | Note) -> CoverageNote:
    return CoverageNote(fact.code, fact.text, fact.offset, fact.member)


def _refused(entry: Refused) -> FileResult:
    return FileResult(
        FileReport(
            path=entry.path,
            size=0,
            sha256=None,
            sha256_source=None,
            format=None,
            role=role_of(entry.path),
            verdict=Verdict.INCONCLUSIVE,
            coverage=Coverage(False, 0, (CoverageNote(entry.code, entry.text, None),)),
        )
    )
