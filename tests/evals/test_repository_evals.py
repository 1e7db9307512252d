"""The evaluation of whole repositories: the kept table holds, and is large enough."""

from __future__ import annotations

import json

from evals.repositories import honest, hostile
from evals.repositories.run import FILE, losses, run

KEPT = json.loads(FILE.read_text("utf-8"))


def test_names_are_unique() -> None:
    for samples in (honest.samples(), hostile.samples()):
        names = [sample.name for sample in samples]
        assert len(names) >= 60 and len(set(names)) == len(names)


def test_nothing_is_worse_than_kept() -> None:
    assert losses(run(), KEPT) == []


def test_nothing_hostile_is_missed_and_nothing_honest_flagged() -> None:
    for line in KEPT["hostile"].values():
        assert line["missed"] == [] and line["another place"] == []
    assert all(line["false alarms"] == [] for line in KEPT["honest"].values())


def test_losses_are_seen() -> None:
    worse = json.loads(json.dumps(KEPT))
    worse["hostile"]["configuration"]["missed"].append("kernel")
    assert losses(worse, KEPT) == ["configuration: missed: kernel"]
