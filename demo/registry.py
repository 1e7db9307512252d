"""The registry's part of the demo: from an infected model to the advisory that a scan names.

A platform of its own runs meanwhile, on a temporary data folder and a free port of this machine.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PEOPLE = {"sender": "submitter", "ada": "researcher", "bob": "researcher"}
PATIENCE_S = 50


class Trap:
    """Asks for a harmless command when it is unpickled, which nobody does here."""

    def __reduce__(self):
        return os.system, ("echo weighbridge-demo",)


class Unexpected(Exception):
    """The registry did something else than the demo tells."""


def main(folder: Path) -> int:
    """Walk through the registry; returns the exit status."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True, mode=0o700)
    first, second = folder / "first.pkl", folder / "second.pkl"
    first.write_bytes(pickle.dumps(Trap()))
    second.write_bytes(pickle.dumps({"weights": [0.1, 0.2], "hook": Trap()}))
    began = time.monotonic()
    try:
        with _served(folder) as (address, tokens):
            _walk(address, tokens, first, second)
    except Unexpected as error:
        print(f"Not as expected: {error}")
        return 1
    print(f"\nThe whole way took {time.monotonic() - began:.0f} seconds.")
    return 0


def _walk(address: str, tokens: dict[str, str], first: Path, second: Path) -> None:
    sender, ada, bob = (_Person(address, tokens[name]) for name in PEOPLE)
    print(f"A registry runs at {address}, with ada and bob as researchers.\n")

    scan = sender.sends(first)
    _step(f"first.pkl is sent and scanned: {scan['verdict']}, the model is {scan['status']}")
    _expect(scan["status"], "suspected")

    (case,) = ada.asks("GET", "/cases")["items"]
    _step(f"case {case['id']} has opened by itself: {case['title']}")
    at = f"/cases/{case['id']}"
    ada.asks("POST", f"{at}/claim")
    ada.asks("POST", f"{at}/start")
    why = {"decision": "malicious", "reason": "Loading it runs a command."}
    _expect(ada.asks("POST", f"{at}/propose", why)["state"], "proposed")
    _step("ada has claimed it, and proposes: malicious")
    _step(f"ada alone cannot decide: {ada.refused('POST', f'{at}/approve')}")

    (issued,) = bob.asks("POST", f"{at}/approve", {"reason": "I agree."})["advisories"]
    _step(f"bob agrees, and {issued['id']} is public")
    record = _Person(address).asks("GET", f"/advisories/{issued['id']}/osv")
    _check_osv(record, issued["id"])
    _step(f"as OSV it is {record['id']}, about {record['affected'][0]['package']['purl']}")

    dump = f"{address}/osv/all.zip"
    print(f"\n$ weighbridge scan {first.name} --advisories {dump}")
    named = _scanned(first, dump)
    print(f"  {named['title']}\n  advisories: {', '.join(named['advisories'])}\n")
    _expect(named["advisories"], [issued["id"]])

    scan = sender.sends(second)
    _step(f"second.pkl, another file with the same payload, is {scan['status']} at once")
    _expect(scan["status"], "suspected")
    waiting = [one for one in ada.asks("GET", at)["models"] if not one["has_msc"]]
    _step(f"it waits in case {case['id']} for an advisory of its own: {waiting[0]['name']}")


def _step(text: str) -> None:
    print(f"  - {text}", flush=True)


def _expect(found: object, expected: object) -> None:
    if found != expected:
        raise Unexpected(f"{found!r} where {expected!r} was expected")


def _check_osv(record: dict, identifier: str) -> None:
    """Check a record by the official schema, where WEIGHBRIDGE_SCHEMAS names its folder."""
    _expect(identifier in record["aliases"] and {"id", "modified", "affected"} <= set(record), True)
    place = Path(os.environ.get("WEIGHBRIDGE_SCHEMAS", ""), "osv-schema.json")
    if place.is_file():
        import jsonschema

        jsonschema.validate(record, json.loads(place.read_text()))
        _step("its OSV record is valid by the official schema")


def _scanned(path: Path, advisories: str) -> dict:
    words = ["scan", str(path), "--format", "json", "--advisories", advisories]
    scan = subprocess.run(
        [sys.executable, "-m", "weighbridge", *words], capture_output=True, text=True, check=False
    )
    if scan.returncode != 1:
        raise Unexpected(f"the scan ended with status {scan.returncode}: {scan.stderr}")
    return json.loads(scan.stdout)["findings"][0]


class _Person:
    """Somebody who talks to the API."""

    def __init__(self, address: str, token: str = "") -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=30)

    def asks(self, method: str, path: str, body: dict | None = None) -> dict:
        answer = self._client.request(method, path, json=body)
        if not answer.is_success:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def refused(self, method: str, path: str) -> str:
        answer = self._client.request(method, path)
        _expect(answer.status_code, 422)
        return answer.json()["detail"]

    def sends(self, path: Path) -> dict:
        """Send a file, and return its scan once it is over."""
        number = self._client.post(
            "/uploads",
            params={"name": path.name},
            content=path.read_bytes(),
            headers={"Content-Type": "application/octet-stream"},
        ).json()["id"]
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            scan = self.asks("GET", f"/scans/{number}")
            if scan["state"] not in ("queued", "running"):
                _expect(scan["state"], "done")
                return scan
            time.sleep(0.1)
        raise Unexpected(f"scan {number} did not end")


@contextmanager
def _served(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Run a platform; yields its address and a token for each person."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    for name in [name for name in os.environ if name.startswith(("WEIGHBRIDGE_", "DJANGO_"))]:
        if name != "WEIGHBRIDGE_SCHEMAS":
            del os.environ[name]
    os.environ["WEIGHBRIDGE_DATA"] = str((folder / "data").resolve())
    os.environ["WEIGHBRIDGE_URL"] = f"http://{bind}"
    os.environ["WEIGHBRIDGE_LOG_LEVEL"] = "WARNING"
    tokens = _people()
    with open(folder / "serve.txt", "w") as said:
        server = subprocess.Popen(
            [sys.executable, "-m", "weighbridge", "serve", "--bind", bind, "--workers", "1"],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(f"http://{bind}", server, folder / "serve.txt")
            yield f"http://{bind}", tokens
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE_S)


def _people() -> dict[str, str]:
    from weighbridge.platform.commands.starting import migrate, start

    start()
    migrate()
    from weighbridge.platform.accounts import tokens
    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.accounts.scopes import Scope

    scopes = [scope.value for scope in Scope]
    return {
        name: tokens.create(User.objects.create_user(name, role=role), "demo", scopes).secret
        for name, role in PEOPLE.items()
    }


def _wait(address: str, server: subprocess.Popen, said: Path) -> None:
    import httpx

    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and server.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/health/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise Unexpected(f"the registry does not answer: {said.read_text()}")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo-registry")))
