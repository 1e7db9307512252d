"""Fetching records: once, continued where it broke off, and not again when nothing changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from weighbridge.libraries.fetching import fetched
from weighbridge.libraries.store import StoreError

CONTENT = bytes(range(256)) * 4_000


class Server(ThreadingHTTPServer):
    """Serves one file; `breaks` says after how many bytes the next answers break off."""

    content = CONTENT
    tag = '"one"'
    status = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.breaks: list[int] = []
        self.seen: list[dict[str, str]] = []
        self.sent = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.seen.append(dict(self.headers))
        if server.status:
            self.send_error(server.status)
            return
        if self.headers.get("If-None-Match") == server.tag:
            self.send_response(304)
            self.end_headers()
            return
        start = 0
        if self.headers.get("Range") and self.headers.get("If-Range") == server.tag:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        part = server.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("ETag", server.tag)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if server.breaks:
            part = part[: server.breaks.pop(0)]
        server.sent += len(part)
        self.wfile.write(part)
        self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/PyPI/all.zip"


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    place = fetched(address(server), str(tmp_path))
    assert Path(place).read_bytes() == CONTENT
    assert fetched(address(server), str(tmp_path)) == place
    assert server.sent == len(CONTENT)


def test_a_transfer_that_breaks_off_is_continued(server: Server, tmp_path: Path) -> None:
    server.breaks = [300_000, 400_000]
    place = fetched(address(server), str(tmp_path))
    assert Path(place).read_bytes() == CONTENT
    assert server.sent == len(CONTENT)


def test_what_came_is_kept_for_the_next_time(server: Server, tmp_path: Path) -> None:
    server.breaks = [100_000, 0, 0, 0]
    with pytest.raises(StoreError):
        fetched(address(server), str(tmp_path))
    place = fetched(address(server), str(tmp_path))
    assert Path(place).read_bytes() == CONTENT
    assert server.sent == len(CONTENT)


def test_a_file_that_has_changed_is_not_pieced_together(server: Server, tmp_path: Path) -> None:
    server.breaks = [100_000, 0, 0, 0]
    with pytest.raises(StoreError):
        fetched(address(server), str(tmp_path))
    server.tag, server.content = '"two"', CONTENT[::-1]
    assert Path(fetched(address(server), str(tmp_path))).read_bytes() == CONTENT[::-1]


def test_refusals_are_told(server: Server, tmp_path: Path) -> None:
    server.status = 403
    with pytest.raises(StoreError, match="answers 403"):
        fetched(address(server), str(tmp_path))


@pytest.mark.parametrize(
    "place", ["http://osv.example/all.zip", "https://user:secret@osv.example/all.zip", "http://"]
)
def test_only_https_or_this_machine(place: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="must begin with https"):
        fetched(place, str(tmp_path))
