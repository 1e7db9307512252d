"""Known vulnerabilities of libraries: import, matching and the OSV API, against their targets.

    python benchmarks/libraries.py [--advisories FOLDER] [--records 20000]

The records are made from real ones: copies under other ids, about packages of other names. FOLDER
holds folders of OSV records in JSON or YAML; without one, records of the same size are made up.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measure import PeakMemory, seconds

MB = 1_000_000
PINS = 300
QUERIES = 100
ROUNDS = 30


def originals(folder: Path | None) -> list[dict[str, Any]]:
    """Return real records, or ones of the same size."""
    from weighbridge.libraries.entries import Entry, entries
    from weighbridge.libraries.records import Refused, checked

    if folder is not None:
        found = []
        for one in entries(str(folder)):
            with contextlib.suppress(Refused):  # a schema beside the records, for one
                found += [checked(one.value()).body] if isinstance(one, Entry) else []
        return found
    versions = [f"{major}.{minor}.0" for major in range(3) for minor in range(40)]
    events = [{"introduced": "0"}, {"fixed": "2.20.0"}]
    return [
        {
            "id": f"PYSEC-2030-{number}",
            "modified": "2030-01-02T03:04:05Z",
            "details": "A heap buffer overflow lets an attacker run code. " * 20,
            "aliases": [f"CVE-2030-{number}"],
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": f"package-{number % 85}"},
                    "ranges": [{"type": "ECOSYSTEM", "events": events}],
                    "versions": versions,
                }
            ],
        }
        for number in range(1_500)
    ]


def copies(records: list[dict[str, Any]], count: int) -> Iterator[dict[str, Any]]:
    """Yield `count` records with ids of their own."""
    for number in range(count):
        round_, at = divmod(number, len(records))
        one = records[at]
        if round_:
            one = copy.deepcopy(one)
            for item in one.get("affected", ()):
                if "package" in item:
                    item["package"]["name"] += f"-{round_}"
                    item["package"].pop("purl", None)
            one["id"] = f"CVE-2040-{number:06d}"
            one["aliases"] = []
        yield one


def imported(place: Path, database: Path) -> tuple[float, int]:
    """Import with the command; return seconds and the peak of its memory."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "weighbridge", "db", "update", "--from", str(place)],
        env={**os.environ, "WEIGHBRIDGE_DB": str(database)},
        stdout=subprocess.DEVNULL,
    )
    with PeakMemory(process.pid) as peak:
        if process.wait():
            raise SystemExit("the import failed")
    return time.perf_counter() - began, peak.parent


def pins(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return packages with a version, most of them vulnerable ones, the largest among them."""
    named: dict[str, str] = {}
    for one in records:
        for item in one.get("affected", ()):
            if "package" in item and item.get("versions"):
                named.setdefault(item["package"]["name"], item["versions"][-1])
    listed = sorted(named.items())
    return [listed[number % len(listed)] for number in range(PINS)]


def batch(chosen: list[tuple[str, str]], database: Path, folder: Path) -> float:
    """Return the median seconds of one ``/v1/querybatch``, through the whole of Django."""
    os.environ |= {
        "WEIGHBRIDGE_DB": str(database),
        "WEIGHBRIDGE_DATA": str(folder),
        "WEIGHBRIDGE_LOG_LEVEL": "WARNING",
    }
    from weighbridge.platform.commands.starting import migrate, start

    start()
    migrate()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    queries = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in chosen[:QUERIES]
    ]
    body = json.dumps({"queries": queries})
    client = Client()

    def ask() -> None:
        answer = client.post("/v1/querybatch", body, content_type="application/json")
        assert answer.status_code == 200 and len(answer.json()["results"]) == QUERIES

    ask()
    return seconds(ask, ROUNDS)


def main() -> int:
    """Measure, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--advisories", type=Path)
    parser.add_argument("--records", type=int, default=20_000)
    given = parser.parse_args()
    records = originals(given.advisories)
    missed = 0

    def row(what: str, target: str, measured: str, met: bool) -> None:
        nonlocal missed
        missed += not met
        print(f"{what:<44} {target:<10} {measured}{'' if met else '   MISSED'}", flush=True)

    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as name:
        folder = Path(name)
        archive, database = folder / "all.zip", folder / "known.sqlite3"
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for one in copies(records, given.records):
                made.writestr(f"{one['id']}.json", json.dumps(one))
        taken, peak = imported(archive, database)
        row(f"import of {given.records:,} records", "< 30 s", f"{taken:.1f} s", taken < 30)
        row("  memory", "< 300 MB", f"{peak / MB:.0f} MB", peak < 300 * MB)
        again, _peak = imported(archive, database)
        row("  the same again, unchanged", "", f"{again:.1f} s", True)
        print(f"  file of {database.stat().st_size / MB:.0f} MB")

        from weighbridge.libraries.matching import vulnerabilities
        from weighbridge.libraries.store import Store

        chosen = pins(records)
        began = time.perf_counter()
        store = Store(str(database))
        found = sum(len(vulnerabilities(store, *one)) for one in chosen)
        first = time.perf_counter() - began
        row(f"{PINS} pins, {found:,} vulnerabilities", "< 0.3 s", f"{first:.2f} s", first < 0.3)
        middle = batch(chosen, database, folder)
        shown = f"{middle * 1000:.0f} ms"
        row(f"querybatch of {QUERIES} packages, median", "< 100 ms", shown, middle < 0.1)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
