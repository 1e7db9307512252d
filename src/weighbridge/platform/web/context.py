"""What every page knows."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from weighbridge import __version__
from weighbridge.platform.accounts import four_eyes
from weighbridge.platform.accounts.permissions import Action, allowed
from weighbridge.platform.cases.selectors import waiting
from weighbridge.platform.notices.selectors import unread

THEMES = ("light", "dark")


def platform(request: HttpRequest) -> dict[str, Any]:
    """Return the issuer's name, the version, and what the person may do, by name.

    `four_eyes` says whether two people are needed here.
    """
    user = request.user
    theme = request.COOKIES.get("theme", "")
    return {
        "here": request.path.strip("/").partition("/")[0],
        "theme": theme if theme in THEMES else "",
        "waiting_cases": cache(lambda: waiting(user)),
        "unread": cache(lambda: unread(user)),
        "issuer": settings.WEIGHBRIDGE_ISSUER,
        "version": __version__,
        "four_eyes": four_eyes.needed(),
        "may": {action.name: allowed(user, action) for action in Action},
    }
