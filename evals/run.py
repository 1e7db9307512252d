"""Builds the sets, examines and judges every file, and counts."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evals import table
from evals.honest import SETS as HONEST
from evals.hostile import SETS as HOSTILE
from evals.samples import Honest, Sample, write
from weighbridge.budget import Budget
from weighbridge.facts.structure import Format, Gap
from weighbridge.findings.model import Finding, Kind, Verdict
from weighbridge.findings.verdict import of_file
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.local import FileSource

FLAGGED = (Verdict.MALICIOUS, Verdict.SUSPICIOUS)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the scan of one file says."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    formats: frozenset[str]

    @property
    def flags(self) -> list[Finding]:
        """The findings that put a file into the queue."""
        return [finding for finding in self.findings if finding.kind is not Kind.WEAKNESS]

    @property
    def effects(self) -> set[str]:
        """Every effect that a flag names."""
        return {effect for finding in self.flags for effect in finding.evidence.get("effects", ())}

    @property
    def loaders(self) -> set[str]:
        """Every loader that a flag names."""
        return {loader for finding in self.flags for loader in finding.loaders}


@dataclass(slots=True)
class Outcome:
    """Everything that a run found out."""

    hostile: list[tuple[Sample, Answer]] = field(default_factory=list)
    honest: list[tuple[Honest, Answer]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def scan(path: Path) -> Answer:
    """Examine and judge one file in this process."""
    budget = Budget()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        facts = examine(FileSource(descriptor, budget.counters), budget)
    finally:
        os.close(descriptor)
    gaps = tuple(fact for fact in facts if isinstance(fact, Gap))
    formats = frozenset(fact.format for fact in facts if isinstance(fact, Format))
    findings = tuple(judge(facts, path.name))
    return Answer(of_file(findings, complete=not gaps), findings, gaps, formats)


def _missing(needs: tuple[str, ...]) -> str:
    absent = [name for name in needs if importlib.util.find_spec(name) is None]
    return f"{', '.join(absent)} not installed" if absent else ""


def _scanned(sample: Sample | Honest, folder: Path, outcome: Outcome) -> Answer | None:
    try:
        return scan(write(sample, folder))
    except Exception:
        outcome.broken.append(f"{sample.name}: {traceback.format_exc(limit=-3)}")
        return None
    finally:
        shutil.rmtree(folder / sample.name, ignore_errors=True)


def _safely(produced: Iterator[Honest], outcome: Outcome, name: str) -> Iterator[Honest]:
    try:
        yield from produced
    except Exception:
        outcome.broken.append(f"set {name}: {traceback.format_exc(limit=-3)}")


def run(only: tuple[str, ...] = (), every: int = 1) -> Outcome:
    """Scan the sets.

    Args:
        only: names of sets; all of them when empty.
        every: take only each n-th sample, for a quick look.
    """
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="weighbridge-eval-") as name:
        folder = Path(name)
        for title, module in HOSTILE.items():
            if only and title not in only:
                continue
            for number, sample in enumerate(module.samples()):
                if number % every == 0:
                    answer = _scanned(sample, folder, outcome)
                    if answer is not None:
                        outcome.hostile.append((sample, answer))
        for title, honest in HONEST.items():
            if only and title not in only:
                continue
            if missing := _missing(honest.NEEDS):
                outcome.skipped[title] = missing
                continue
            for number, item in enumerate(_safely(honest.samples(), outcome, title)):
                if number % every == 0:
                    answer = _scanned(item, folder, outcome)
                    if answer is not None:
                        outcome.honest.append((item, answer))
    return outcome


def _explain(outcome: Outcome) -> None:
    for sample, answer in outcome.hostile:
        wrong = table.faults(sample, answer)
        if wrong:
            effects = ", ".join(sorted(answer.effects)) or "none"
            print(f"{', '.join(wrong):24} {sample.name}: {answer.verdict}, effects: {effects}")
            for finding in answer.findings[:2]:
                print(f"    {finding.kind} {finding.rule}: {finding.title[:150]}")
    for honest, answer in outcome.honest:
        if table.false_alarm(honest, answer):
            print(f"{'false alarm':24} {honest.name}: {answer.verdict}")
            for finding in answer.findings[:4]:
                why = finding.evidence.get("why") or finding.evidence.get("details") or ""
                print(f"    {finding.kind} {finding.rule}: {finding.title[:200]} {str(why)[:200]}")
                print(f"        {str(finding.evidence.get('code'))[:300]}")
            for gap in answer.gaps[:3]:
                print(f"    gap {gap.code}: {gap.text[:150]} in {gap.member}")


def main(arguments: list[str] | None = None) -> int:
    """Run the evaluation; 1 when something is worse than the kept table says."""
    parser = argparse.ArgumentParser(prog="python -m evals", description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="name of a set; repeatable")
    parser.add_argument("--update", action="store_true", help="keep the results of this run")
    parser.add_argument("--explain", action="store_true", help="show every miss and false alarm")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    outcome = run(tuple(options.only))
    results = table.counted(outcome)
    print(table.rendered(results, outcome.skipped))
    if options.explain:
        _explain(outcome)
    for text in outcome.broken:
        print(f"could not be made: {text}", file=sys.stderr)
    kept = table.kept()
    losses, gains = table.compared(results, kept, partial=bool(options.only))
    if options.update:
        table.keep(table.merged(results, kept, partial=bool(options.only)))
        print(f"kept in {table.FILE.name}")
        return 1 if outcome.broken else 0
    for loss in losses:
        print(f"worse than kept: {loss}")
    if gains and not losses:
        print("better than kept; run with --update:")
        for gain in gains:
            print(f"  {gain}")
    return 1 if losses or outcome.broken else 0
