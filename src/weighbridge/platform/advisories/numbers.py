"""Giving out numbers: one row per kind and year, locked by whoever takes the next one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from weighbridge.platform.advisories.models import Advisory, Counter, Kind

DIGITS = 4
_FORM = re.compile(r"(?:[xX]_)?([A-Za-z]+)-(\d{4})-(\d{4,9})", re.ASCII)


def take(kind: str, year: int | None = None) -> tuple[int, int]:
    """Take the next number, in the caller's transaction.

    Everybody else who wants a number of this kind waits until that ends. Where it fails the number
    is free again, for nobody has seen it.

    Args:
        kind: WS or MSC.
        year: of issue, in UTC; this year by default.

    Returns:
        Year and number.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a number is part of a transaction")
    year = year or datetime.now(UTC).year
    row = Counter.objects.filter(kind=kind, year=year)
    if not row.update(last=F("last") + 1):
        if not row.exists():
            Counter.objects.bulk_create([Counter(kind=kind, year=year)], ignore_conflicts=True)
        row.update(last=F("last") + 1)
    return year, row.get().last


def prefix(kind: str) -> str:
    """Return the letters that numbers of a kind begin with."""
    return str(getattr(settings, f"WEIGHBRIDGE_{kind}_PREFIX", kind))


def spelled(kind: str, year: int, number: int) -> str:
    """Return a number as people write it: MSC-2026-0001."""
    return f"{prefix(kind)}-{year}-{number:0{DIGITS}d}"


def bare(advisory: Advisory) -> str:
    """Return an advisory's number in the bare form."""
    return spelled(advisory.kind, advisory.year, advisory.number)


def osv(advisory: Advisory) -> str:
    """Return an advisory's number as an id of OSV."""
    return f"x_{bare(advisory)}"


def parsed(text: str) -> tuple[str, int, int] | None:
    """Return kind, year and number that a text names, in either form; None when it names none."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        return None
    letters = match[1].upper()
    for kind in Kind.values:
        if letters == prefix(kind).upper():
            return kind, int(match[2]), int(match[3])
    return None
