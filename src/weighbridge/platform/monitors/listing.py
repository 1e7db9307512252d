"""Asks hubs for their lists of models, in the way that this server reaches hubs."""

from __future__ import annotations

from functools import partial

from django.conf import settings

from weighbridge.platform import hub_pace
from weighbridge.platform.catalog.models import Provider
from weighbridge.sources import huggingface_models, kaggle_models
from weighbridge.sources.huggingface import HuggingFace
from weighbridge.sources.kaggle import Kaggle
from weighbridge.sources.model_lists import Asked, Lister, Page
from weighbridge.sources.transport import Transport


def page(provider: str, asked: Asked, following: str | None) -> Page:
    """Return one page of a hub's list.

    Args:
        provider: which hub.
        asked: for what.
        following: as the page before gave it; None for the first.

    Raises:
        TargetError: the hub says no, or nothing.
    """
    return _lister(provider)(asked, following)


def _lister(provider: str) -> Lister:
    access = settings.WEIGHBRIDGE_HUBS
    pace = hub_pace.shared
    if provider == Provider.KAGGLE:
        transport = Transport(access.proxies, pace=pace)
        kaggle = Kaggle(transport, access.kaggle.endpoint, access.kaggle.login)
        return partial(kaggle_models.page, kaggle)
    hub = HuggingFace(access.hugging_face.endpoint, access.hugging_face.login, pace)
    return partial(huggingface_models.page, hub)
