"""A platform whose disk is full: what is refused says so, and what was kept stays whole."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from running import eventually, run, served
from test_serve import INFECTED, administrator, token

pytestmark = pytest.mark.slow
MEBIBYTE = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with little more than what readiness asks for."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    """Leave only some bytes free."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(64 << 10))
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - leave)
    return filler


def test_nothing_is_lost_and_nothing_half_done(small_disk: Path, tmp_path: Path) -> None:
    place = {"WEIGHBRIDGE_DATA": str(small_disk / "data")}
    with served(tmp_path / "log", **place) as serving:
        secret = token(administrator(serving))
        client = httpx.Client(
            base_url=f"{serving.address}/api/v1",
            headers={"Authorization": f"Bearer {secret}"},
            timeout=60,
        )

        def send(name: str, content: bytes) -> httpx.Response:
            return client.post("/uploads", files={"file": (name, content)})

        def scans() -> list[dict[str, object]]:
            return list(client.get("/scans").json()["items"])

        filler = fill(small_disk, leave=256 << 10)
        answers = [send("large.pkl", INFECTED + bytes(2 * MEBIBYTE))]
        filler = fill(small_disk, leave=0)
        answers += [send(f"{number}.pkl", INFECTED) for number in range(3)]
        assert [answer.status_code for answer in answers] == [507] * 4
        assert scans() == []
        filler.unlink()
        assert send("model.pkl", INFECTED).status_code == 201
        eventually(lambda: scans()[0]["state"] == "done", serving.said)
        assert len(client.get("/cases").json()["items"]) == 1
    verified = run(tmp_path, "audit", "verify", **place)
    assert verified.returncode == 0, verified.stderr
