"""Credentials in texts, by the formats of those who issue them."""

from __future__ import annotations

from weighbridge.facts.repository import Secret
from weighbridge.formats.context import Context, Place
from weighbridge.text.secrets import credentials

_MOST = 20


def note_credentials(context: Context, text: str, place: Place) -> None:
    """Add a fact for each credential; only its first characters are kept."""
    for found, _ in zip(credentials(text), range(_MOST), strict=False):
        context.add(Secret(place.member, found.line, found.issuer, found.masked))
