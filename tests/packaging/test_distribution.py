"""What is in the distributions, and that no compiler is needed to install them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("setuptools.build_meta", reason="setuptools is absent")
ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "weighbridge"
MACHINE = "weighbridge/formats/pickle/machine"
SCAN = """
import os, pickle, sys, weighbridge
class Trap:
    def __reduce__(self): return os.system, ("echo weighbridge-test",)
with open("trap.pkl", "wb") as file: pickle.dump(Trap(), file)
with open("honest.pkl", "wb") as file: pickle.dump([1, 2], file)
print(weighbridge.__file__, *(weighbridge.scan(f"{one}.pkl").verdict for one in ("trap", "honest")))
"""
pytestmark = pytest.mark.skipif(
    not (ROOT / "setup.py").exists(), reason="needs the source distribution"
)


def run(arguments: list[str], folder: Path, **environment: str) -> str:
    """Run Python in `folder` and return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built from a copy and unpacked."""
    pytest.importorskip("Cython", reason="Cython is absent")
    copy = tmp_path_factory.mktemp("copy") / "weighbridge"
    wanted = ["pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "src", "docs"]
    copy.mkdir()
    for name in wanted:
        source = ROOT / name
        if source.is_dir():
            # What lies about from other builds comes along, as it would in a working tree.
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(source, copy / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, copy)
    build = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(["-c", build, str(copy / "dist")], copy)
    (archive,) = (copy / "dist").glob("*.tar.gz")
    place = tmp_path_factory.mktemp("sdist")
    with tarfile.open(archive) as file:
        # Python 3.11 has the filter from 3.11.4 on; the archive is our own.
        safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        file.extractall(place, **safe)
    (folder,) = place.iterdir()
    return folder


def test_sdist(unpacked: Path) -> None:
    names = {str(path.relative_to(unpacked / "src")) for path in (unpacked / "src").rglob("*")}
    assert {f"{MACHINE}{ending}" for ending in (".py", ".pxd", ".pyi")} <= names
    assert {"weighbridge/py.typed", "weighbridge/tables/dangerous.tsv"} <= names
    assert (unpacked / "LICENSE").exists()
    unwanted = {".c", ".so", ".o", ".pyc"}
    assert not [path for path in unpacked.rglob("*") if path.suffix in unwanted]


def install(unpacked: Path, place: Path, compiler: str | None) -> Path:
    """Install into an empty folder without asking any registry."""
    source = place / "source"
    shutil.copytree(unpacked, source)
    site = place / "site"
    alone = ["--no-build-isolation", "--no-deps", "--no-index"]
    arguments = ["-m", "pip", "install", "--quiet", *alone]
    environment = {} if compiler is None else {"CC": compiler, "CXX": compiler}
    run([*arguments, "--target", str(site), str(source)], place, **environment)
    return site


def version_and_scan(site: Path, place: Path) -> tuple[str, str]:
    """Return what the installed package prints for its version, and the verdicts of two scans."""
    environment = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    version = run(["-m", "weighbridge", "--version"], place, **environment)
    output = run(["-c", SCAN], place, **environment)
    assert str(site) in output
    return version, output.split(" ", 1)[1].strip()


def test_install_with_a_broken_compiler(unpacked: Path, tmp_path: Path) -> None:
    site = install(unpacked, tmp_path, "false")
    assert not list(site.rglob("*.so"))
    version, verdicts = version_and_scan(site, tmp_path)
    assert "not compiled" in version
    assert verdicts == "malicious clean"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_install_with_a_compiler(unpacked: Path, tmp_path: Path) -> None:
    site = install(unpacked, tmp_path, None)
    assert [path.stem.split(".")[0] for path in site.rglob("*.so")] == ["machine"]
    assert not list(site.rglob("*.c"))
    version, verdicts = version_and_scan(site, tmp_path)
    assert "not compiled" not in version
    assert verdicts == "malicious clean"


def test_install_without_cython(unpacked: Path, tmp_path: Path) -> None:
    """A Cython that breaks is no reason to fail."""
    broken = tmp_path / "broken" / "Cython"
    broken.mkdir(parents=True)
    (broken / "__init__.py").touch()
    (broken / "Build.py").write_text("raise RuntimeError('broken on purpose')\n")
    source = tmp_path / "source"
    shutil.copytree(unpacked, source)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    run(["-c", build, str(tmp_path)], source, PYTHONPATH=str(broken.parent))
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert f"{MACHINE}.py" in names
    assert not [name for name in names if name.endswith((".so", ".c"))]
