"""Where e-mail goes out, from one address in the settings."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from weighbridge.platform.environment import Environment, wrong

_EXAMPLE = "must look like smtp+starttls://name:password@mail.example.org:587"
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}


def mail(environment: Environment) -> dict[str, Any]:
    """Return Django's settings for e-mail; without a server none is sent.

    Raises:
        ConfigurationError: MAIL_URL names no server.
    """
    text = environment.text("MAIL_URL")
    if not text:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise wrong("MAIL_URL", _EXAMPLE) from None
    if not parts.hostname:
        raise wrong("MAIL_URL", _EXAMPLE)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp+starttls",
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_TIMEOUT": 20,
    }
