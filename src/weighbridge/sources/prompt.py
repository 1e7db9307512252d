"""Connections that do not wait for ever for the headers of an answer.

A socket's timeout starts anew with each byte, so a server that sends one now and then could hold a
scan for days. The body's deadline is kept by whoever reads it; that of the headers is kept here.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

import urllib3

HEADER_SECONDS = 30.0


def manager(proxy: str | None, hosts: int, connections: int) -> urllib3.PoolManager:
    """Return what keeps connections to `hosts` servers, through `proxy` if there is one."""
    pools: urllib3.PoolManager
    if proxy is None:
        pools = urllib3.PoolManager(hosts, maxsize=connections)
    else:
        login = urllib3.util.parse_url(proxy).auth
        headers = urllib3.util.make_headers(proxy_basic_auth=login) if login else {}
        pools = urllib3.ProxyManager(proxy, hosts, proxy_headers=headers, maxsize=connections)
    pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pools


class _Connection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override] # as urllib3 does
        """Return the answer's beginning, or fail once it has taken too long."""
        watch = threading.Timer(HEADER_SECONDS, _hang_up, [self.sock])
        watch.daemon = True
        watch.start()
        try:
            return super().getresponse()
        finally:
            watch.cancel()


class _SecureConnection(_Connection, urllib3.connection.HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def _hang_up(connection: socket.socket | None) -> None:
    """End a connection that another thread is waiting for."""
    with suppress(OSError):
        if connection is not None:
            connection.shutdown(socket.SHUT_RDWR)
