"""What changed in the code that a model needs since the revision that was scanned before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hub_scans import reach

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.defender.selection import Selection
from weighbridge.defender.targets import Reach
from weighbridge.findings.changes import LoadedCode, with_changes
from weighbridge.findings.model import Finding

CONFIG = Content(json.dumps({"auto_map": {"AutoModel": "modeling_x.XModel"}}).encode())
FIRST = {
    "config.json": CONFIG,
    "modeling_x.py": Content(b"from . import layers\nclass XModel:\n    pass\n"),
    "layers.py": Content(b"WIDTH = 4\n"),
}
SECOND = FIRST | {
    "modeling_x.py": Content(b"from . import heads\nclass XModel:\n    pass\n"),
    "heads.py": Content(b"COUNT = 2\n"),
}


@pytest.fixture
def keeping(hub: LoopbackHub, tmp_path: Path) -> Reach:
    hub.add(Repository("org/code", FIRST))
    given = reach(hub)
    assert given.access is not None
    return replace(given, access=replace(given.access, cache=str(tmp_path / "cache")))


def needed(keeping: Reach) -> Finding:
    """The finding about code of the repository."""
    report = weighbridge.scan("hf://org/code", reach=keeping)
    (found,) = [one for one in report.findings if one.rule == "remote-code"]
    return found


def test_the_first_scan_knows_of_no_change(keeping: Reach) -> None:
    assert "since" not in needed(keeping).evidence


def test_changed_new_and_gone_files_are_named(hub: LoopbackHub, keeping: Reach) -> None:
    first = needed(keeping)
    old = hub.repositories["models", "org/code"].commit
    hub.add(Repository("org/code", SECOND))
    second = needed(keeping)
    assert second.evidence["since"] == old
    assert second.evidence["changes"] == [
        "new heads.py",
        "gone layers.py",
        "changed modeling_x.py",
    ]
    assert f"# changed since {old}: modeling_x.py" in second.evidence["code"]
    assert (second.rule, second.kind) == (first.rule, first.kind)
    again = needed(keeping)
    assert again.evidence == second.evidence


def test_a_change_elsewhere_is_none_of_the_code(hub: LoopbackHub, keeping: Reach) -> None:
    needed(keeping)
    hub.add(Repository("org/code", FIRST | {"README.md": Content(b"# Now with words\n")}))
    found = needed(keeping)
    assert found.evidence["changes"] == []
    assert "# as it was at " in found.evidence["code"]


def test_a_scan_of_some_files_is_not_compared(hub: LoopbackHub, keeping: Reach) -> None:
    needed(keeping)
    some = replace(keeping, selection=Selection(exclude=("layers.py",)))
    weighbridge.scan("hf://org/code", reach=some)
    hub.add(Repository("org/code", SECOND))
    assert "gone layers.py" in needed(keeping).evidence["changes"]


def test_names_stay_bounded_and_inert() -> None:
    names = {f"\u202e{number:03}.py": "a" for number in range(300)}
    evidence = {"code": "x", "symbols": []}
    finding = Finding("remote-code", *(None,) * 3, "", "", evidence=evidence)  # type: ignore[arg-type]
    (told,) = with_changes([finding], LoadedCode("b", {}), LoadedCode("a", names))
    assert len(told.evidence["changes"]) == 20
    assert "\u202e" not in told.evidence["code"] and "and 280 more" in told.evidence["code"]
