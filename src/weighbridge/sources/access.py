"""How hubs are reached: endpoints, credentials, proxies.

Nothing else reads them from the environment, and this only when it is asked to.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from weighbridge.errors import SourceError, TargetError
from weighbridge.sources.transport import Pace, Proxies, origin

HUGGING_FACE = "https://huggingface.co"
KAGGLE = "https://api.kaggle.com"


@dataclass(frozen=True, slots=True)
class HubAccess:
    """One hub's address, without a slash at its end, and what logs in there.

    Attributes:
        login: the token for Hugging Face, the whole header for Kaggle; None logs nobody in.
    """

    endpoint: str
    login: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """How each hub is reached; what is not given is asked for anonymously.

    Attributes:
        cache: the folder that keeps what was read out of files; None keeps nothing.
        pace: how fast hubs may be asked.
    """

    hugging_face: HubAccess = HubAccess(HUGGING_FACE)
    kaggle: HubAccess = HubAccess(KAGGLE)
    proxies: Proxies = Proxies()
    cache: str | None = None
    pace: Pace | None = None


def from_environment() -> Access:
    """Return what the hubs' own clients would use.

    HF_ENDPOINT and HF_TOKEN or the login's token file; WEIGHBRIDGE_KAGGLE_ENDPOINT and Kaggle's
    own variables and files; the usual proxy variables.

    Raises:
        TargetError: a variable holds no address.
    """
    from weighbridge.sources import credentials

    environment = os.environ
    return Access(
        HubAccess(
            _endpoint(environment, "HF_ENDPOINT", HUGGING_FACE),
            credentials.hugging_face(environment),
        ),
        HubAccess(
            _endpoint(environment, "WEIGHBRIDGE_KAGGLE_ENDPOINT", KAGGLE),
            credentials.kaggle(environment),
        ),
        Proxies(_proxy),
        cache_folder(),
    )


def cache_folder() -> str:
    """Return where things are kept between scans: WEIGHBRIDGE_CACHE, or the user's cache folder."""
    given = os.environ.get("WEIGHBRIDGE_CACHE", "")
    shared = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return given or os.path.join(shared, "weighbridge")


def _endpoint(environment: Mapping[str, str], name: str, default: str) -> str:
    address = environment.get(name, "").strip().rstrip("/") or default
    try:
        origin(address)
    except SourceError as error:
        raise TargetError(f"{name} holds no address: {address}") from error
    return address


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    if not parts.hostname or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
