"""The demo: saves honest and booby-trapped models with real libraries, scans them, runs a registry.

Nothing that is saved here is ever loaded. The traps only ask for ``echo weighbridge-demo``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import honest
import registry
import trapped

HEADING = """\
Models saved by real libraries are now in {folder}:

  honest/    {honest}
  trapped/   {trapped}

Each trap runs nothing but `echo weighbridge-demo`, and only if somebody loads the file, which this
demo never does. Now the scan:

$ weighbridge scan {folder}
"""

LOOK = """\
What to look at:

  - The title of each finding says what would happen; the lines behind `>` show it as code.
  - Below stand the place (the member of an archive, the byte), the calls that would set it off,
    and what to do.
  - No file under honest/ is named: nothing was found in them.
  - The scan ended with status 1, because something was found; a build would stop here.

Next, with {command} as `weighbridge`:
  weighbridge scan {folder} --format json
  weighbridge rules
"""


def main(arguments: list[str]) -> int:
    """Save, scan, and compare with what is known about the files; returns the exit status."""
    folder = Path(arguments[0] if arguments else "build/demo")
    shutil.rmtree(folder, ignore_errors=True)
    saved = {
        name: _names(saver, folder / name)
        for name, saver in (("honest", honest.save), ("trapped", trapped.save))
    }
    listed = {name: ("\n" + " " * 13).join(lines) for name, lines in saved.items()}
    print(HEADING.format(folder=folder, **listed), flush=True)
    scan = subprocess.run([sys.executable, "-m", "weighbridge", "scan", str(folder)], check=False)
    print()
    if scan.returncode != 1:
        print(f"The scan ended with status {scan.returncode}; 1 was expected.")
        return 1
    wrong = list(_wrong(folder))
    if wrong:
        print("Not as expected:", *wrong, sep="\n  ")
        return 1
    command = os.path.relpath(Path(sys.executable).with_name("weighbridge"))
    print(LOOK.format(folder=folder, command=command))
    print("And this is what a registry does with such a file.\n")
    return registry.main(folder.with_name(f"{folder.name}-registry"))


def _names(saver, folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    saver(folder)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _wrong(folder: Path):
    """Yield each file whose verdict is not what its maker knows it to be."""
    import weighbridge

    for file in weighbridge.scan(folder).files:
        expected = "malicious" if file.path.rpartition("trapped/")[1] else "clean"
        if file.verdict != expected:
            yield f"{file.path}: {file.verdict}, expected {expected}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
