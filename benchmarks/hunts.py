"""Hunts through stored facts: seconds for 100,000 artifacts, beside the targets.

    python benchmarks/hunts.py [--artifacts 100000]

Every artifact is a small pickle with a hash of its own, in an embedded
database. The rules are then taken to be new, which judges all of it again; a text is looked for in
all facts; a name is looked up. One worker does it, as `weighbridge worker` would.
"""

from __future__ import annotations

import argparse
import os
import pickle
import sys
import tempfile
import time
from pathlib import Path

TARGET_SECONDS = 60.0
_AT_ONCE = 5000


def fill(count: int) -> None:
    """Make `count` judged artifacts."""
    from django.utils import timezone

    from weighbridge.budget import Budget, Limits
    from weighbridge.formats.examine import examine
    from weighbridge.platform.catalog.models import Artifact
    from weighbridge.platform.scans.assessment import Reading
    from weighbridge.platform.scans.judging import judged, kinds_of, packed, symbols_of
    from weighbridge.platform.scans.models import ArtifactFacts, ArtifactReport, FactSymbol
    from weighbridge.sources.memory import BytesSource

    now = timezone.now()
    key = Reading(Limits()).key
    data = pickle.dumps({"weights": [0.5] * 20, "name": "a model", "ordered": complex(1, 2)})
    facts = tuple(examine(BytesSource(data), Budget(Limits()), "model.pkl"))
    said = judged(facts, {}, len(data))
    blob, kinds, symbols = packed(facts), kinds_of(facts), symbols_of(facts)
    for begin in range(0, count, _AT_ONCE):
        artifacts = Artifact.objects.bulk_create(
            Artifact(key=f"{n:064x}", sha256=f"{n:064x}", sha256_source="computed", size=len(data))
            for n in range(begin, min(begin + _AT_ONCE, count))
        )
        rows = ArtifactFacts.objects.bulk_create(
            ArtifactFacts(artifact=one, bytes_read=len(data), kinds=kinds, blob=blob, **key)
            for one in artifacts
        )
        FactSymbol.objects.bulk_create(
            FactSymbol(facts=one, kind=kind, name=name) for one in rows for kind, name in symbols
        )
        ArtifactReport.objects.bulk_create(
            ArtifactReport(artifact=artifact, facts=row, rules="older", vouched="",
                           verdict=said.verdict.value, effective=said.verdict.value,
                           complete=said.complete, scanned_at=now, findings=said.findings,
                           coverage=said.coverage)
            for artifact, row in zip(artifacts, rows, strict=True)
        )  # fmt: skip


def hunted(kind: str, text: str) -> tuple[float, int, int]:
    """Return the seconds that a hunt took, how much it examined, and its hits."""
    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.scans import hunt_queue, hunts

    user, _ = User.objects.get_or_create(username="bench", role="lead")
    hunts.hunt(user, kind, text, open_cases=False)
    row = hunt_queue.claim("bench")
    assert row is not None
    began = time.perf_counter()
    row = hunts.run(row)
    return time.perf_counter() - began, row.examined, row.hits


def main() -> int:
    """Measure; exit status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--artifacts", type=int, default=100_000)
    count = parser.parse_args().artifacts
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WEIGHBRIDGE_DATA"] = str(Path(folder))
        os.environ["WEIGHBRIDGE_LOG_LEVEL"] = "WARNING"
        from weighbridge.platform.commands.starting import migrate, start

        start()
        migrate()
        began = time.perf_counter()
        fill(count)
        print(f"{count} artifacts were stored in {time.perf_counter() - began:.0f} s")
        missed = False
        for kind, text in (("rules", ""), ("string", "nowhere to be found"), ("import", "os.*")):
            seconds, examined, hits = hunted(kind, text)
            missed |= seconds > TARGET_SECONDS
            print(f"{kind:8} {seconds:6.1f} s, {examined} examined, {hits} hits"
                  f" (target: {TARGET_SECONDS:.0f} s)")  # fmt: skip
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
