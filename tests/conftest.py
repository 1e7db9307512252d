"""Shared fixtures: the scanner with a worker that does what a file says, and rules to match."""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest

import weighbridge.rules
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Anomaly
from weighbridge.findings.model import Confidence, Finding, Kind, Severity

TESTS = Path(__file__).parent

# An example may be the first to load a library, on a machine that is busy: no test of ours promises
# how long one takes.
hypothesis.settings.register_profile("weighbridge", deadline=None)
hypothesis.settings.load_profile("weighbridge")
# What a developer keeps here changes no test.
os.environ["WEIGHBRIDGE_DB"] = str(TESTS / "no-vulnerabilities.sqlite3")
os.environ.pop("WEIGHBRIDGE_POLICY", None)
_RECURSION = sys.getrecursionlimit()


@pytest.fixture(autouse=True)
def recursion_limit() -> None:
    """Give each test the limit that a worker has; libraries that are loaded may have raised it."""
    sys.setrecursionlimit(_RECURSION)


@pytest.fixture
def fake_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Workers run tests/defender/fake_worker.py."""
    from weighbridge.defender import pool, process

    boot = process.BOOT.replace(
        "from weighbridge.defender.worker import main",
        f"sys.path.append({str(TESTS / 'defender')!r}); from fake_worker import main",
    )
    assert boot != process.BOOT
    pool.shared().close()
    monkeypatch.setattr(process, "BOOT", boot)
    yield
    pool.shared().close()


@pytest.fixture
def fake_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """A judge that needs no tables: the code of an anomaly is the kind of its finding."""
    judge = types.ModuleType("weighbridge.rules.judge")
    registry = types.ModuleType("weighbridge.rules.registry")

    def judged(facts: Sequence[Fact], path: str) -> list[Finding]:
        return [
            Finding(
                rule="fake-rule",
                kind=Kind(fact.code),
                severity=Severity.HIGH,
                confidence=Confidence.HIGH,
                title="What the test asked for",
                remediation="Do not load it.",
                offset=fact.offset,
                evidence={"code": "os.system('id')"},
            )
            for fact in facts
            if isinstance(fact, Anomaly)
        ]

    judge.judge = judged  # type: ignore[attr-defined]
    judge.advise = lambda facts, path: []  # type: ignore[attr-defined]
    registry.RULES = ()  # type: ignore[attr-defined]
    registry.RULES_VERSION = "0-test"  # type: ignore[attr-defined]
    rules = types.ModuleType("weighbridge.rules")
    rules.__path__ = list(weighbridge.rules.__path__)  # What is not replaced is the real thing.
    for module in (rules, judge, registry):
        monkeypatch.setitem(sys.modules, module.__name__, module)
