"""Pages of the workbench with a lot behind them: milliseconds on the server, beside the targets.

    python benchmarks/workbench.py [--models 50]

In an embedded database stand 10,000 open cases, one of them with 5,000 places. Each page is asked
for eleven times as a researcher would; the middle one counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[1]
QUEUE_MS = 150
CASE_MS = 200
_TIMES = 11


def milliseconds(client: object, path: str) -> tuple[float, int]:
    """Return the middle time that a page takes, and its size in bytes."""
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        answer = client.get(path)  # type: ignore[attr-defined]
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, path
    return median(taken), len(answer.content)


def main() -> int:
    """Measure; exit status 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=50, help="that the 5,000 places stand in")
    models = parser.parse_args().models
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "platform")]
    with tempfile.TemporaryDirectory(prefix="weighbridge-bench-") as folder:
        os.environ["WEIGHBRIDGE_DATA"] = folder
        os.environ["WEIGHBRIDGE_HOSTS"] = "testserver"
        os.environ["WEIGHBRIDGE_LOG_LEVEL"] = "WARNING"
        os.environ["DJANGO_SETTINGS_MODULE"] = "weighbridge.platform.settings"
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        from crowd import places_of, queue_of
        from django.test import Client
        from registry import person

        from weighbridge.platform.cases.models import Case

        queue_of(10_000)
        case = Case.objects.order_by("pk").first()
        assert case is not None
        places_of([case], 4_999, "held/by", models)
        client = Client()
        client.force_login(person("bench"))
        filters = ("", "?verdict=malicious", "?q=process", "?provider=huggingface")
        tabs = ("runs", "bytes", "where", "others", "history")
        targets = {
            "/": QUEUE_MS,
            **{f"/queue{one}": QUEUE_MS for one in filters},
            **{f"/cases/{case.pk}?tab={tab}": CASE_MS for tab in tabs},
        }
        missed = 0
        for path, most in targets.items():
            taken, size = milliseconds(client, path)
            missed += taken > most
            word = "ok" if taken <= most else "MISSED"
            print(f"{path:32} {taken:7.0f} ms of {most} {size / 1000:7.1f} kB  {word}")
        return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
