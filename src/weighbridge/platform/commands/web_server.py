"""The web server of ``weighbridge serve``: gunicorn, set up by code, ending with its parent."""

from __future__ import annotations

import os
import shutil
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
            "post_worker_init": _begin_counting,
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


def _begin_counting(_worker: object) -> None:
    """Have the files of counts made before a request needs them: the disk may be full then."""
    from weighbridge.platform.web.look_ups import begin

    begin()


def _end_with(parent: int) -> None:
    """Stop this server when the process that started it is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run until told to stop; the environment says where."""
    # The processes of this server add up there what each of them counts.
    folder = tempfile.mkdtemp(prefix="weighbridge-counts-")
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
    own = os.getpid()
    start()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        Server(os.environ["WEIGHBRIDGE_BIND"], int(os.environ["WEIGHBRIDGE_WEB_PROCESSES"])).run()
    finally:
        # A worker that ends comes by here too: it is a copy of this process.
        if os.getpid() == own:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
