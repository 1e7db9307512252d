"""The evaluation itself: a quick part of it, and how results are compared."""

import copy
import json

import pytest
from evals.honest import SETS as HONEST
from evals.honest import plain
from evals.hostile import SETS as HOSTILE
from evals.hostile import opcodes
from evals.run import Outcome, main, run, scan
from evals.samples import write

from evals import table

LINE = {
    "samples": 3,
    "malicious": 2,
    "missed": ["a"],
    "effect not named": [],
    "loader not named": [],
}
KEPT = {
    "techniques": {"reduce": LINE},
    "frameworks": {"torch": {"files": 2, "clean": 2, "weakness": 0, "false alarms": []}},
}


def test_names_of_samples_are_unique():
    names = [sample.name for module in HOSTILE.values() for sample in module.samples()]
    assert len(set(names)) == len(names) and len(names) > 1000


def test_every_set_is_listed_once():
    assert len({id(module) for module in [*HOSTILE.values(), *HONEST.values()]}) == len(
        HOSTILE
    ) + len(HONEST)


def test_hostile_samples_are_flagged_with_effect_and_loader(tmp_path):
    for number, sample in enumerate(opcodes.samples()):
        if number % 4 == 0:
            assert not table.faults(sample, scan(write(sample, tmp_path))), sample.name


def test_honest_samples_raise_no_alarm(tmp_path):
    for number, honest in enumerate(plain.samples()):
        if number % 5 == 0:
            assert not table.false_alarm(honest, scan(write(honest, tmp_path))), honest.name


def test_the_table_shows_every_line():
    text = table.rendered(KEPT, {"transformers": "accelerate not installed"})
    assert "reduce" in text and "torch" in text and "accelerate not installed" in text


@pytest.mark.parametrize(
    ("part", "line", "key", "value"),
    [
        ("techniques", "reduce", "missed", ["a", "b"]),
        ("techniques", "reduce", "effect not named", ["b"]),
        ("techniques", "reduce", "samples", 2),
        ("frameworks", "torch", "false alarms", ["x"]),
        ("frameworks", "torch", "files", 1),
    ],
)
def test_a_loss_is_seen(part, line, key, value):
    worse = copy.deepcopy(KEPT)
    worse[part][line][key] = value
    losses, _gains = table.compared(worse, KEPT, partial=False)
    assert losses
    assert table.compared(KEPT, KEPT, partial=False) == ([], [])


def test_a_gain_is_no_loss_and_a_framework_may_be_missing():
    better = copy.deepcopy(KEPT)
    better["techniques"]["reduce"]["missed"] = []
    del better["frameworks"]["torch"]
    losses, gains = table.compared(better, KEPT, partial=False)
    assert not losses and gains


def test_a_technique_may_not_be_missing():
    losses, _ = table.compared({"techniques": {}, "frameworks": {}}, KEPT, partial=False)
    assert losses
    assert table.compared({"techniques": {}, "frameworks": {}}, KEPT, partial=True) == ([], [])


def test_the_kept_table_is_what_the_program_writes():
    kept = table.kept()
    assert table.FILE.read_text("utf-8") == json.dumps(kept, indent=1, sort_keys=True) + "\n"
    assert table.counted(Outcome()) == {"techniques": {}, "frameworks": {}, "formats": {}}


def test_files_are_counted_by_the_formats_in_them():
    counts = table.counted(run(only=("opcodes",), every=20))["formats"]
    assert set(counts) == {"pickle"}
    assert counts["pickle"]["hostile"] > counts["pickle"]["honest"] == 0


def test_the_command(capsys):
    assert main(["--only", "opcodes"]) == 0
    assert "call opcodes" in capsys.readouterr().out


def test_a_run_of_some_sets_keeps_the_counts_of_formats():
    before = {**KEPT, "formats": {"pickle": {"honest": 9, "hostile": 9}}}
    results = {**KEPT, "formats": {"pickle": {"honest": 1, "hostile": 0}}}
    assert table.merged(results, before, partial=True)["formats"] == before["formats"]
    assert table.merged(results, before)["formats"] == results["formats"]
