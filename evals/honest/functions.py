"""cloudpickle and dill: functions and classes saved by value. They carry code, so `weakness`."""

from __future__ import annotations

import collections
import enum
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("cloudpickle", "dill", "numpy")
_SCRIPT = Path(__file__).with_name("script.py")


def samples() -> Iterator[Honest]:
    """Yield what a script saves, and values that carry no code."""
    import cloudpickle
    import dill

    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, _SCRIPT, folder], check=True, env=environment)
        for path in sorted(Path(folder).iterdir()):
            library = path.name.partition("-")[0]
            yield Honest(path.name, library, path.read_bytes(), "code saved by value")
    plain: dict[str, Any] = {
        "numbers": {"a": [1, 2.0]},
        "ordered": collections.OrderedDict(a=1),
        "types": [int, dict, enum.Enum],
        "partial": functools.partial(int, base=2),
    }
    for name, value in plain.items():
        yield Honest(f"cloudpickle-plain-{name}", "cloudpickle", cloudpickle.dumps(value))
        yield Honest(f"dill-plain-{name}", "dill", dill.dumps(value))
