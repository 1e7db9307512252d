"""Runs the command as users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import weighbridge

SOURCE = str(Path(weighbridge.__file__).parents[1])


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which ``python -m weighbridge`` is the code under test."""
    return {**os.environ, "PYTHONPATH": SOURCE, "LC_ALL": "C.UTF-8", **more}


def arguments(*words: str | Path) -> list[str]:
    """Return the command line for the command with these words."""
    return [sys.executable, "-P", "-m", "weighbridge", *map(str, words)]


def weigh(*words: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        arguments(*words),
        **{  # type: ignore[call-overload]
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "env": environment(),
            "stdin": subprocess.DEVNULL,
            **options,
        },
    )
