"""How this server reaches model hubs: from the environment, checked when it starts.

The tokens that the hubs' own clients leave in somebody's home folder are not taken: whoever may ask
for a scan would then read that person's private models.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from weighbridge.errors import TargetError
from weighbridge.platform.environment import ConfigurationError, Environment
from weighbridge.sources import credentials
from weighbridge.sources.access import Access, from_environment
from weighbridge.sources.huggingface_address import parse as hugging_face
from weighbridge.sources.kaggle_address import parse as kaggle

_PUBLIC = {
    "huggingface.co": ("huggingface.co", "www.huggingface.co", "hf.co"),
    "api.kaggle.com": ("www.kaggle.com", "kaggle.com"),
}


def hub_access(environment: Environment) -> Access:
    """Return endpoints and credentials.

    HF_ENDPOINT and HF_TOKEN; WEIGHBRIDGE_KAGGLE_ENDPOINT with KAGGLE_API_TOKEN, or with
    KAGGLE_USERNAME and KAGGLE_KEY; the usual proxy variables.

    Raises:
        ConfigurationError: a variable holds no address.
    """
    try:
        access = from_environment()
    except TargetError as error:
        raise ConfigurationError(str(error)) from error
    given: Mapping[str, str] = environment.variables
    hub, other = access.hugging_face, access.kaggle
    token = credentials.hugging_face({**given, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"})
    login = credentials.kaggle({"KAGGLE_CONFIG_DIR": os.devnull, **given})
    return replace(
        access,
        hugging_face=replace(hub, login=token),
        kaggle=replace(other, login=login),
        cache=None,
    )


def checked_address(text: str, access: Access) -> str:
    """Return an address that this server scans; it is read here and never fetched.

    Args:
        text: ``hf://…``, ``kaggle://…``, or the address of a page of a hub that is configured.
        access: how hubs are reached.

    Raises:
        TargetError: it names no model, or a hub that is not configured.
    """
    if text.lower().startswith(("http://", "https://")) and not _is_of_a_hub(text, access):
        raise TargetError(f"{text}: this is no hub that this server reaches")
    named = hugging_face(text, access.hugging_face.endpoint) or kaggle(text)
    if named is None:
        raise TargetError(f"{text}: name a model as hf://org/name or kaggle://owner/model/...")
    return named.shown


def _is_of_a_hub(text: str, access: Access) -> bool:
    try:
        host = urlsplit(text).netloc.lower()
    except ValueError:
        return False
    for endpoint in (access.hugging_face.endpoint, access.kaggle.endpoint):
        own = urlsplit(endpoint).netloc.lower()
        if host == own or host in _PUBLIC.get(own, ()):
            return True
    return False
