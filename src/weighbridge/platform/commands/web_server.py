"""The web server of ``weighbridge serve``: gunicorn, set up by code, ending with its parent."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication

from weighbridge.platform.commands.starting import start

_THREADS = 8
_TIMEOUT_S = 60


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with our settings and no files or command line of its own."""

    def __init__(self, bind: str, processes: int) -> None:
        self._own = {
            "bind": bind,
            "workers": processes,
            "worker_class": "gthread",
            "threads": _THREADS,
            "timeout": _TIMEOUT_S,
            "graceful_timeout": 20,
            "keepalive": 15,
            "loglevel": "warning",
            "proc_name": "weighbridge",
            # Nobody's word on addresses or schemes is taken; see BEHIND_TLS_PROXY in the settings.
            "forwarded_allow_ips": "",
            "limit_request_line": 8190,
        }
        super().__init__()

    def load_config(self) -> None:
        """Set what is ours."""
        for name, value in self._own.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the WSGI application."""
        from weighbridge.platform.wsgi import application

        return application


def _end_with(parent: int) -> None:
    """Stop this server when the process that started it is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run until told to stop; the environment says where."""
    with tempfile.TemporaryDirectory(prefix="weighbridge-counts-") as folder:
        # The processes of this server add up there what each of them counts.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
        start()
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
        Server(os.environ["WEIGHBRIDGE_BIND"], int(os.environ["WEIGHBRIDGE_WEB_PROCESSES"])).run()


if __name__ == "__main__":
    main()
