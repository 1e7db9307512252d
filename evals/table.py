"""The table of results: counting, printing, keeping and comparing it."""

from __future__ import annotations

import importlib.util
import json
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weighbridge.findings.model import Verdict

if TYPE_CHECKING:
    from evals.run import Answer, Outcome
    from evals.samples import Honest, Sample

FILE = Path(__file__).with_name("results.json")
Results = dict[str, dict[str, dict[str, Any]]]
_BAD = ("missed", "effect not named", "loader not named")


def faults(sample: Sample, answer: Answer) -> list[str]:
    """Return what a scan of a hostile file failed to say."""
    if answer.verdict not in (Verdict.MALICIOUS, Verdict.SUSPICIOUS):
        return ["missed"]
    found = []
    if sample.effects and answer.effects.isdisjoint(sample.effects):
        found.append("effect not named")
    named = [loader for loader in answer.loaders if loader.startswith(sample.loaders)]
    if sample.loaders and not named:
        found.append("loader not named")
    return found


def false_alarm(honest: Honest, answer: Answer) -> bool:
    """Say whether an honest file got more than it deserves."""
    allowed = (Verdict.CLEAN, Verdict.WEAKNESS) if honest.weakness else (Verdict.CLEAN,)
    return answer.verdict not in allowed


def counted(outcome: Outcome) -> Results:
    """Return the results by technique and by framework, and how many files each format has."""
    techniques: dict[str, dict[str, Any]] = defaultdict(_empty)
    for sample, answer in outcome.hostile:
        line = techniques[sample.technique]
        line["samples"] += 1
        line["malicious"] += answer.verdict is Verdict.MALICIOUS
        for fault in faults(sample, answer):
            line[fault].append(sample.name)
    frameworks: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"files": 0, "clean": 0, "weakness": 0, "false alarms": []}
    )
    for honest, answer in outcome.honest:
        line = frameworks[honest.framework]
        line["files"] += 1
        line["clean"] += answer.verdict is Verdict.CLEAN
        if false_alarm(honest, answer):
            line["false alarms"].append(honest.name)
        elif answer.verdict is Verdict.WEAKNESS:
            line["weakness"] += 1
    formats: dict[str, dict[str, Any]] = defaultdict(lambda: {"honest": 0, "hostile": 0})
    for side, answers in (("honest", outcome.honest), ("hostile", outcome.hostile)):
        for _, answer in answers:
            for name in answer.formats:
                formats[name][side] += 1
    return {
        "techniques": dict(techniques),
        "frameworks": dict(frameworks),
        "formats": dict(formats),
    }


def _empty() -> dict[str, Any]:
    return {"samples": 0, "malicious": 0, **{name: [] for name in _BAD}}


def rendered(results: Results, skipped: dict[str, str]) -> str:
    """Return the table as text."""
    lines = [
        f"{'technique':34}{'samples':>9}{'flagged':>9}{'malicious':>11}{'effect':>8}{'loader':>8}"
    ]
    totals = [0, 0, 0, 0, 0]
    for name, line in sorted(results["techniques"].items()):
        count = line["samples"]
        flagged = count - len(line["missed"])
        row = [
            count,
            flagged,
            line["malicious"],
            flagged - len(line["effect not named"]),
            flagged - len(line["loader not named"]),
        ]
        totals = [a + b for a, b in zip(totals, row, strict=True)]
        lines.append(_row(name, row))
    lines += [_row("all techniques", totals), ""]
    lines.append(f"{'framework':34}{'files':>9}{'clean':>9}{'weakness':>11}{'false alarms':>16}")
    sums = [0, 0, 0, 0]
    for name, line in sorted(results["frameworks"].items()):
        cells = [line["files"], line["clean"], line["weakness"], len(line["false alarms"])]
        sums = [a + b for a, b in zip(sums, cells, strict=True)]
        lines.append(f"{name:34}{cells[0]:>9}{cells[1]:>9}{cells[2]:>11}{cells[3]:>16}")
    lines.append(f"{'all frameworks':34}{sums[0]:>9}{sums[1]:>9}{sums[2]:>11}{sums[3]:>16}")
    lines += [f"skipped: {name} ({reason})" for name, reason in sorted(skipped.items())]
    return "\n".join(lines)


def _row(name: str, cells: list[int]) -> str:
    widths = (9, 9, 11, 8, 8)
    return f"{name:34}" + "".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True))


def kept() -> Results:
    """Return the kept results; empty when there are none."""
    if not FILE.exists():
        return {"techniques": {}, "frameworks": {}}
    loaded: Results = json.loads(FILE.read_text("utf-8"))
    return loaded


def keep(results: Results) -> None:
    """Write the results to be compared with."""
    FILE.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")


def merged(results: Results, before: Results, partial: bool = False) -> Results:
    """Return the results with the kept lines of what did not run now.

    Formats are counted over all sets, so where only some ran the kept counts stand.
    """
    parts = {part: {**before.get(part, {}), **results[part]} for part in results}
    if partial:
        parts["formats"] = before.get("formats", {})
    return parts


def _not_installed() -> set[str]:
    """Return the techniques whose samples only a library can write that is not installed."""
    return {
        f"functions of {name}"
        for name in ("cloudpickle", "dill")
        if importlib.util.find_spec(name) is None
    }


def compared(results: Results, before: Results, partial: bool) -> tuple[list[str], list[str]]:
    """Return losses and gains against the kept results.

    A line that is missing now is a loss for a technique, because those need nothing installed,
    unless only some sets ran; a framework that is missing was skipped.
    """
    losses, gains = [], []
    for part, lists in (("techniques", _BAD), ("frameworks", ("false alarms",))):
        size = "samples" if part == "techniques" else "files"
        for name, line in results[part].items():
            old = before[part].get(name, {size: 0, **{key: [] for key in lists}})
            if line[size] < old[size]:
                losses.append(f"{name}: {line[size]} {size} instead of {old[size]}")
            elif line[size] > old[size]:
                gains.append(f"{name}: {line[size]} {size} instead of {old[size]}")
            for key in lists:
                losses += [f"{name}: {key}: {item}" for item in line[key] if item not in old[key]]
                gains += [f"{name}: no longer {key}: {i}" for i in old[key] if i not in line[key]]
        if part == "techniques" and not partial:
            absent = sorted(set(before[part]) - set(results[part]) - _not_installed())
            losses += [f"{name}: not tested any more" for name in absent]
    return losses, gains
