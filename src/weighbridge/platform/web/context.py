"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from weighbridge import __version__
from weighbridge.platform.accounts.permissions import Action, allowed


def platform(request: HttpRequest) -> dict[str, Any]:
    """Return the issuer's name, the version, and what the person may do, by name."""
    user = request.user
    return {
        "issuer": settings.WEIGHBRIDGE_ISSUER,
        "version": __version__,
        "may": {action.name: allowed(user, action) for action in Action},
    }
