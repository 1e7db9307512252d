"""``weighbridge submit``."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weighbridge.advisories_lookup.model import LookupFailed
from weighbridge.advisories_lookup.platform import checked
from weighbridge.platform.commands.starting import start

if TYPE_CHECKING:
    import httpx

HELP = """\
Ask a platform to scan TARGET: a file, which is sent, or an address such as hf://org/name.

Without --to the scan is put into the queue of the platform whose data folder this is.

\b
Examples:
  WEIGHBRIDGE_TOKEN=wb_... weighbridge submit model.bin --to https://registry.example.org --wait
  weighbridge submit model.bin
"""
_TIMEOUT_S = 60
_ASK_EVERY_S = 1.0
_BLOCK = 1 << 20


@click.command("submit", help=HELP, short_help="Ask a platform to scan something.")
@click.argument("target")
@click.option("--to", "address", metavar="URL", envvar="WEIGHBRIDGE_PLATFORM", help="A platform.")
@click.option(
    "--as", "name", metavar="USER", help="Without --to: in whose name. [an administrator]"
)
@click.option("--wait", is_flag=True, help="With --to: wait for the result, exit 1 when flagged.")
def command(target: str, address: str | None, name: str | None, wait: bool) -> int:
    """Send or put into the queue."""
    if address is None:
        return _here(target, name)
    token = os.environ.get("WEIGHBRIDGE_TOKEN")
    if not token:
        raise click.UsageError("set WEIGHBRIDGE_TOKEN to a token with the scope scan")
    with _client(address, token) as client:
        scan = _sent(client, target)
        click.echo(f"scan {scan['id']} is {scan['state']}: {address}/scans/{scan['id']}")
        return _awaited(client, scan["id"]) if wait else 0


@contextmanager
def _client(address: str, token: str) -> Iterator[httpx.Client]:
    import httpx

    try:
        checked(address)
        headers = {"Authorization": f"Bearer {token}"}
        base = address.rstrip("/") + "/api/v1"
        with httpx.Client(base_url=base, headers=headers, timeout=_TIMEOUT_S) as client:
            yield client
    except (LookupFailed, httpx.HTTPError) as error:
        raise click.ClickException(f"{address}: {error}") from error


def _sent(client: httpx.Client, target: str) -> dict[str, Any]:
    path = Path(target)
    if path.is_file():
        with open(path, "rb") as file:
            size = str(os.fstat(file.fileno()).st_size)
            headers = {"Content-Type": "application/octet-stream", "Content-Length": size}
            answer = client.post(
                "/uploads", params={"name": path.name}, content=file, headers=headers
            )
    elif path.is_dir():
        raise click.ClickException(f"{target} is a directory; send its files one by one")
    else:
        answer = client.post("/scans", json={"target": target})
    return _read(answer)


def _awaited(client: httpx.Client, number: int) -> int:
    while True:
        scan = _read(client.get(f"/scans/{number}"))
        if scan["state"] not in ("queued", "running"):
            break
        time.sleep(_ASK_EVERY_S)
    if scan["state"] != "done":
        raise click.ClickException(f"scan {number} is {scan['state']}: {scan['error']}")
    click.echo(f"scan {number}: {scan['verdict']}")
    return 1 if scan["verdict"] in ("malicious", "suspicious", "inconclusive") else 0


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except json.JSONDecodeError:
        body = {}
    if not answer.is_success or not isinstance(body, dict):
        detail = body.get("detail") if isinstance(body, dict) else None
        raise click.ClickException(f"the platform answers {answer.status_code}: {detail or '?'}")
    return body


def _here(target: str, name: str | None) -> int:
    start()
    from weighbridge.platform.accounts.models import User
    from weighbridge.platform.scans import services, uploads

    people = User.objects.filter(is_active=True)
    wanted = people.filter(username=name) if name else people.filter(role="administrator")
    user = wanted.order_by("pk").first()
    if user is None:
        raise click.ClickException("there is no such user; run `weighbridge serve` once")
    path = Path(target)
    if path.is_file():
        with open(path, "rb") as file:
            scan = uploads.receive(user, path.name, iter(lambda: file.read(_BLOCK), b""))
    elif path.is_dir():
        scan = services.request(user, "path", str(path.resolve()))
    else:
        scan = services.request(user, "hub", target)
    click.echo(f"scan {scan.pk} is {scan.state}")
    return 0
