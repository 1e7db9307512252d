"""Single sign-on through OpenID Connect with django-allauth, only where it is configured.

People who sign in this way are readers until an administrator gives them a role.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from weighbridge.platform.environment import Environment, wrong


def configure(settings: dict[str, Any], environment: Environment) -> None:
    """Add what allauth needs to Django's settings.

    Raises:
        ConfigurationError: allauth is not installed, or a setting is missing.
    """
    if find_spec("allauth") is None:
        raise wrong("OIDC_URL", "needs django-allauth: pip install 'weighbridge[oidc]'")
    client, secret = environment.text("OIDC_CLIENT_ID"), environment.text("OIDC_SECRET")
    if not client or not secret:
        raise wrong("OIDC_URL", "needs WEIGHBRIDGE_OIDC_CLIENT_ID and WEIGHBRIDGE_OIDC_SECRET too")
    settings["INSTALLED_APPS"] += [
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.openid_connect",
    ]
    settings["MIDDLEWARE"].append("allauth.account.middleware.AccountMiddleware")
    settings["AUTHENTICATION_BACKENDS"].append(
        "allauth.account.auth_backends.AuthenticationBackend"
    )
    settings["SOCIALACCOUNT_PROVIDERS"] = {
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": environment.text("OIDC_NAME", "single sign-on"),
                    "client_id": client,
                    "secret": secret,
                    "settings": {
                        "server_url": environment.address("OIDC_URL", "https://sso.example.org")
                    },
                }
            ]
        }
    }
    settings["SOCIALACCOUNT_ONLY"] = True
    settings["SOCIALACCOUNT_LOGIN_ON_GET"] = False
    settings["ACCOUNT_EMAIL_VERIFICATION"] = "none"
    settings["SOCIALACCOUNT_EMAIL_AUTHENTICATION"] = False
