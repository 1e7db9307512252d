"""``weighbridge serve`` on this machine: one command from nothing to a scanned model."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from running import Serving, eventually, run, served

from builders import pickles

pytestmark = pytest.mark.slow
PASSWORD = "a long enough passphrase"
INFECTED = pickles.call("os", "system", "echo inert") + pickles.STOP


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def administrator(serving: Serving) -> httpx.Client:
    """Use the printed link in a browser's way and return the session."""
    link = re.search(r"http://\S+/setup/\S+", serving.said())
    assert link is not None, serving.said()
    client = httpx.Client(base_url=serving.address, timeout=30, follow_redirects=True)
    client.get(link[0])
    given = {"username": "root", "password": PASSWORD, **secret(client)}
    answer = client.post(link[0], data=given)
    assert answer.url.path == "/users", answer.text
    return client


def secret(client: httpx.Client) -> dict[str, str]:
    return {"csrfmiddlewaretoken": client.cookies["csrftoken"]}


def token(client: httpx.Client) -> str:
    answer = client.post(
        "/api/v1/tokens",
        json={"name": "test", "scopes": ["read", "scan", "cases"]},
        headers={"X-CSRFToken": client.cookies["csrftoken"]},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def test_from_one_command_to_a_case(data: Path, tmp_path: Path) -> None:
    with served(data) as serving:
        client = administrator(serving)
        secret_of_token = token(client)
        model = tmp_path / "model.pkl"
        model.write_bytes(INFECTED)
        sent = run(
            data, "submit", str(model), "--to", serving.address, "--wait",
            WEIGHBRIDGE_TOKEN=secret_of_token,
        )  # fmt: skip
        assert (sent.returncode, "malicious" in sent.stdout) == (1, True), sent
        page = client.get("/queue")
        assert "os.system" in page.text
        style = client.get("/static/weighbridge/weighbridge.css")
        assert style.status_code == 200
    assert serving.process.returncode == 0
    assert (data / "secret-key").stat().st_mode & 0o777 == 0o600
    assert list((data / "spool").iterdir()) == []
    with served(data) as again:
        assert "/setup/" not in again.said()
    checked = run(data, "audit", "verify")
    assert (checked.returncode, "all in order" in checked.stdout) == (0, True), checked.stderr


def test_killed_in_the_middle_a_scan_is_done_by_the_next_start(data: Path, tmp_path: Path) -> None:
    with served(data, "--no-scan-worker") as serving:
        secret_of_token = token(administrator(serving))
        api = httpx.Client(
            base_url=f"{serving.address}/api/v1",
            headers={"Authorization": f"Bearer {secret_of_token}"},
        )
        number = api.post("/uploads?name=m.pkl", content=INFECTED).json()["id"]
        os.kill(serving.process.pid, signal.SIGKILL)
        serving.process.wait()
        eventually(lambda: not listens(serving.address))
    with served(data) as again:
        api.base_url = httpx.URL(f"{again.address}/api/v1")
        scan = eventually(lambda: done(api, number), again.said)
        assert scan["verdict"] == "malicious"


def listens(address: str) -> bool:
    try:
        httpx.get(f"{address}/health/live", timeout=2)
    except httpx.HTTPError:
        return False
    return True


def done(api: httpx.Client, number: int) -> dict[str, object] | None:
    scan: dict[str, object] = api.get(f"/scans/{number}").json()
    return scan if scan["state"] == "done" else None


def test_what_is_wrong_with_the_settings_is_said_at_the_start(data: Path) -> None:
    for name, value, why in (
        ("WEIGHBRIDGE_URL", "registry", "must be an address such as"),
        ("WEIGHBRIDGE_DATABASE_URL", "mysql://x/y", "must look like postgresql://"),
        ("WEIGHBRIDGE_HOSTS", "*", "must name the hosts"),
        ("WEIGHBRIDGE_FOUR_EYES", "perhaps", "must be 1 or 0"),
        ("WEIGHBRIDGE_UPLOAD_MAX_BYTES", "much", "must be a whole number"),
        ("WEIGHBRIDGE_LOCAL_ROOTS", "/no/such/folder", "must be an existing folder"),
        ("WEIGHBRIDGE_SECRET_KEY", "short", "must have 32 characters"),
    ):
        answer = run(data, "platform-check", **{name: value})
        assert answer.returncode == 2
        assert f"weighbridge: {name} " in answer.stderr and why in answer.stderr, answer.stderr


def test_a_key_that_others_can_read_stops_the_start(data: Path) -> None:
    data.mkdir()
    (data / "secret-key").write_text("x" * 64)
    (data / "secret-key").chmod(0o644)
    answer = run(data, "platform-check")
    assert answer.returncode == 2 and "chmod 600" in answer.stderr


def children(pid: int) -> list[int]:
    """The processes that a process started, as the kernel knows them."""
    return [
        int(one)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for one in (task / "children").read_text().split()
    ]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="it finds processes in /proc")
def test_counts_outlive_a_process_of_the_web_server(data: Path) -> None:
    def counted(client: httpx.Client) -> float:
        answer = client.get("/metrics", headers={"Authorization": "Bearer secret"})
        found = re.search(r"^weighbridge_look_up_seconds_count (\S+)$", answer.text, re.MULTILINE)
        assert found is not None, answer.text
        return float(found[1])

    with served(data, WEIGHBRIDGE_METRICS_TOKEN="secret") as serving:
        client = httpx.Client(base_url=serving.address, timeout=30)
        look_up = f"/api/v1/artifacts/{'0' * 64}"
        for _ in range(4):
            assert client.get(look_up).status_code == 401
        assert counted(client) == 4
        web = [one for pid in children(serving.process.pid) for one in children(pid)]
        os.kill(web[0], signal.SIGTERM)
        eventually(lambda: web[0] not in [
            one for pid in children(serving.process.pid) for one in children(pid)
        ], serving.said)  # fmt: skip
        client = httpx.Client(base_url=serving.address, timeout=30)
        for _ in range(4):
            assert client.get(look_up).status_code == 401
        assert counted(client) == 8
