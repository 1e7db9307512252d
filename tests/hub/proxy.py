"""A proxy on loopback, as companies put one between their machines and the world.

It forwards what asks for a whole address (RFC 9112, section 3.2.2) and refuses tunnels (CONNECT),
which it writes down. Names that nobody can resolve lead where `names` says: who reaches one of
them came through here.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import urllib3

_OWN = {"proxy-authorization", "proxy-connection", "connection", "host"}


class LoopbackProxy:
    """A context manager; `login` is user and password, joined by a colon."""

    def __init__(self, names: Mapping[str, str], login: str = "") -> None:
        self.names = dict(names)
        self.login = login
        #: method and address of every request, in their order
        self.log: list[tuple[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"http://{login}127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> LoopbackProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(proxy: LoopbackProxy) -> type[BaseHTTPRequestHandler]:
    expected = "Basic " + base64.b64encode(proxy.login.encode()).decode()
    pool = urllib3.PoolManager(8, maxsize=8)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.log.append((self.command, self.path))
            if proxy.login and self.headers.get("Proxy-Authorization") != expected:
                self._answer(407, {"Proxy-Authenticate": "Basic"}, b"")
                return
            parts = urlsplit(self.path)
            place = proxy.names.get(parts.netloc, f"{parts.scheme}://{parts.netloc}")
            address = place + parts.path + (f"?{parts.query}" if parts.query else "")
            kept = {name: text for name, text in self.headers.items() if name.lower() not in _OWN}
            reply = pool.request(
                self.command, address, body=body, headers=kept, redirect=False, retries=False
            )
            dropped = {"transfer-encoding", "connection", "content-length", "date", "server"}
            shown = {k: v for k, v in reply.headers.items() if k.lower() not in dropped}
            self._answer(reply.status, shown, reply.data, reply.headers.get("Content-Length"))

        do_POST = do_HEAD = do_GET

        def do_CONNECT(self) -> None:
            proxy.log.append((self.command, self.path))
            self._answer(403, {}, b"")

        def _answer(
            self, status: int, headers: Mapping[str, str], body: bytes, length: str | None = None
        ) -> None:
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            size = length if self.command == "HEAD" and length else str(len(body))
            self.send_header("Content-Length", size)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
