"""Two HTTP servers on loopback: the hub, and the storage that signed addresses lead to."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from .content import Content, Repository
from .faults import Faults


@dataclass(frozen=True)
class Seen:
    """One request as it arrived, and how many bytes of body were answered."""

    origin: str
    method: str
    path: str
    status: int
    sent: int
    authorization: str | None
    range: str | None


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Response:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    #: what Content-Length claims, when that is to be a lie
    claimed: int | None = None
    #: seconds between single bytes
    drip: float = 0.0


def json_response(value: object, status: int = 200, **headers: str) -> Response:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(
        status, {"Content-Type": "application/json", **fields}, json.dumps(value).encode()
    )


Route = Callable[[Request], Response]


class LoopbackHub:
    """Both origins; a context manager. `latency` is waited before every answer, in seconds."""

    def __init__(
        self,
        repositories: list[Repository] = [],  # noqa: B006
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        from .huggingface import HuggingFaceRoutes
        from .kaggle import KaggleRoutes
        from .storage import StorageRoutes

        self.faults = Faults()
        self.latency = latency
        self.log: list[Seen] = []
        self.repositories = {(one.kind, one.name): one for one in repositories}
        self.signed: dict[str, tuple[Content, float]] = {}
        self.kaggle = KaggleRoutes(self)
        hugging_face = HuggingFaceRoutes(self)

        def at_hub(request: Request) -> Response:
            if request.path == "/loopback/log":
                return json_response({"requests": len(self.log), "file_bytes": self.file_bytes})
            handled = self.kaggle.answer(request)
            return handled if handled is not None else hugging_face.answer(request)

        self._hub = _serve("hub", at_hub, self, port)
        self._storage = _serve("storage", StorageRoutes(self).answer, self, port + 1 if port else 0)
        self.url = f"http://127.0.0.1:{self._hub.server_port}"
        self.storage_url = f"http://127.0.0.1:{self._storage.server_port}"

    def __enter__(self) -> LoopbackHub:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in (self._hub, self._storage):
            server.shutdown()
            server.server_close()

    def add(self, repository: Repository) -> None:
        self.repositories[repository.kind, repository.name] = repository

    def sign(self, content: Content) -> str:
        """Return an address at the storage, which works for a while."""
        key = f"{len(self.signed):08x}"
        self.signed[key] = (content, time.monotonic())
        return f"{self.storage_url}/signed/{key}?X-Signature=secret"

    @property
    def file_bytes(self) -> int:
        """Bytes of files that were sent so far."""
        return sum(one.sent for one in self.log if one.origin == "storage" or "resolve" in one.path)

    def requests(self, part: str) -> list[Seen]:
        return [one for one in self.log if part in one.path]


class Handler(BaseHTTPRequestHandler):
    """Answers for one of the two origins; the names below are set by :func:`_serve`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    hub: LoopbackHub
    origin: str
    route: Route

    def _handle(self) -> None:
        hub = self.hub
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, path, query, self.headers, self.rfile.read(length))
        if hub.latency:
            time.sleep(hub.latency)
        response = type(self).route(request)
        body = b"" if self.command == "HEAD" else response.body
        hub.log.append(
            Seen(self.origin, self.command, self.path, response.status, len(body),
                 self.headers.get("Authorization"), self.headers.get("Range"))
        )  # fmt: skip
        if hub.faults.drip_headers:
            self._trickle(hub.faults.drip_headers)
            return
        self.send_response(response.status)
        claimed = len(response.body) if response.claimed is None else response.claimed
        for header, value in {"Content-Length": str(claimed), **response.headers}.items():
            self.send_header(header, value)
        self.end_headers()
        self._send(body, response)

    def _trickle(self, pause: float) -> None:
        """Send headers without end, byte by byte."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nX-Long: ", itertools.repeat(97)):
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(pause)
                if not self.hub.faults.drip_headers:
                    return

    def _send(self, body: bytes, response: Response) -> None:
        pieces = [body]
        if response.drip:
            pieces = [body[index : index + 1] for index in range(len(body))]
        try:
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(response.drip)
        except OSError:
            self.close_connection = True
        if response.claimed is not None:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = _handle

    def log_message(self, format: str, *args: Any) -> None:
        """The log is kept in memory."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to report."""


def _serve(name: str, route: Route, hub: LoopbackHub, port: int) -> ThreadingHTTPServer:
    settings = {"hub": hub, "origin": name, "route": staticmethod(route)}
    server = Server(("127.0.0.1", port), type("Bound", (Handler,), settings))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
