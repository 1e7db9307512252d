"""Addresses that users give."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def safe(address: str) -> SplitResult | None:
    """Return the parts of an address that may be asked: https, or http on this machine.

    None for any other, and for one with credentials in it.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.username is not None or not parts.hostname:
        return None
    plain = parts.scheme == "http" and _is_here(parts.hostname)
    return parts if parts.scheme == "https" or plain else None


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
