"""Writes the repositories, scans them as a user would, and counts."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import weighbridge
from evals.repositories import honest, hostile
from evals.repositories.samples import Repository
from weighbridge.findings.model import Kind, ScanReport, Verdict

FILE = Path(__file__).with_name("results.json")


def faults_of(sample: Repository, report: ScanReport) -> str:
    """Return what is wrong with the answer about a hostile repository, empty for nothing."""
    flags = [finding for finding in report.findings if finding.kind is not Kind.WEAKNESS]
    if not flags:
        return "missed"
    if not sample.expected():
        return ""
    places = {
        (finding.path, line)
        for finding in flags
        for line in [*finding.evidence.get("lines", []), finding.evidence.get("line", 1)]
    }
    return "" if places & sample.expected() else "another place"


def alarm_of(sample: Repository, report: ScanReport) -> bool:
    """Say whether an honest repository got more than it deserves."""
    allowed = (Verdict.CLEAN, Verdict.WEAKNESS) if sample.weakness else (Verdict.CLEAN,)
    return report.verdict not in allowed


def run(explain: bool = False) -> dict[str, dict[str, dict[str, Any]]]:
    """Scan all repositories and return the results by kind."""
    bad: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"repositories": 0, "malicious": 0, "missed": [], "another place": []}
    )
    good: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"repositories": 0, "clean": 0, "weakness": 0, "false alarms": []}
    )
    with tempfile.TemporaryDirectory(prefix="weighbridge-eval-") as name:
        for sample in hostile.samples():
            report = weighbridge.scan(sample.write(Path(name, "hostile")))
            line = bad[sample.kind]
            line["repositories"] += 1
            line["malicious"] += report.verdict is Verdict.MALICIOUS
            fault = faults_of(sample, report)
            if fault:
                line[fault].append(sample.name)
            if explain and (fault or report.verdict is not Verdict.MALICIOUS):
                _show(fault or "flagged", sample, report)
        for sample in honest.samples():
            report = weighbridge.scan(sample.write(Path(name, "honest")))
            line = good[sample.kind]
            line["repositories"] += 1
            line["clean"] += report.verdict is Verdict.CLEAN
            line["weakness"] += report.verdict is Verdict.WEAKNESS
            if alarm_of(sample, report):
                line["false alarms"].append(sample.name)
                if explain:
                    _show("false alarm", sample, report)
    return {"hostile": dict(bad), "honest": dict(good)}


def _show(what: str, sample: Repository, report: ScanReport) -> None:
    print(f"{what}: {sample.name}: {report.verdict}, expected {sorted(sample.expected())}")
    for finding in report.findings:
        line = finding.evidence.get("line")
        print(f"    {finding.kind} {finding.rule} {finding.path}:{line} {finding.title[:120]}")
    for file in report.files:
        for note in file.coverage.notes:
            print(f"    {file.path}: not examined: {note.text[:120]}")


def rendered(results: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Return the results as a table."""
    lines = []
    for part, columns in (
        ("hostile", ("repositories", "malicious", "missed", "another place")),
        ("honest", ("repositories", "clean", "weakness", "false alarms")),
    ):
        lines.append(f"{part:36}" + "".join(f"{column:>15}" for column in columns))
        for name, line in sorted(results[part].items()):
            cells = [line[c] if isinstance(line[c], int) else len(line[c]) for c in columns]
            lines.append(f"{name:36}" + "".join(f"{cell:>15}" for cell in cells))
    return "\n".join(lines)


def losses(results: dict[str, dict[str, dict[str, Any]]], kept: dict[str, Any]) -> list[str]:
    """Return what is worse than the kept results."""
    found = []
    for part, lists in (("hostile", ("missed", "another place")), ("honest", ("false alarms",))):
        for name, old in kept.get(part, {}).items():
            line = results[part].get(name)
            if line is None or line["repositories"] < old["repositories"]:
                found.append(f"{name}: fewer repositories than kept")
        for name, line in results[part].items():
            old = kept.get(part, {}).get(name, {})
            found += [
                f"{name}: {key}: {item}"
                for key in lists
                for item in line[key]
                if item not in old.get(key, ())
            ]
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the evaluation; 1 when something is worse than the kept table says."""
    parser = argparse.ArgumentParser(prog="python -m evals.repositories", description=__doc__)
    parser.add_argument("--update", action="store_true", help="keep the results of this run")
    parser.add_argument("--explain", action="store_true", help="show every miss and false alarm")
    options = parser.parse_args(arguments)
    results = run(options.explain)
    print(rendered(results))
    kept = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
    worse = losses(results, kept)
    for text in worse:
        print(f"worse than kept: {text}")
    if options.update:
        FILE.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
        return 0
    return 1 if worse else 0
