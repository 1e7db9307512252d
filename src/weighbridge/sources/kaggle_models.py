"""The list of models on Kaggle, each with its variations at their latest versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.errors import TargetError
from weighbridge.sources.hubs import count_of, list_of, mapping_of, text_of
from weighbridge.sources.kaggle import MOST_TOKEN, Kaggle
from weighbridge.sources.kaggle_address import SCHEME, parse
from weighbridge.sources.model_lists import PAGE, Asked, ListedModel, Order, Page

_SORT = {
    Order.CHANGED: "LIST_MODELS_ORDER_BY_UPDATE_TIME",
    Order.POPULAR: "LIST_MODELS_ORDER_BY_DOWNLOAD_COUNT",
}
_FRAMEWORK = "MODEL_FRAMEWORK_"


def page(kaggle: Kaggle, asked: Asked, following: str | None) -> Page:
    """Return one page.

    Args:
        kaggle: which is asked.
        asked: for what; Kaggle chooses by owner alone.
        following: as the page before gave it; None for the first.

    Raises:
        TargetError: Kaggle says no, or nothing.
    """
    question: dict[str, object] = {"sortBy": _SORT[asked.order], "pageSize": PAGE}
    if asked.author:
        question["owner"] = asked.author
    if following:
        question["pageToken"] = following
    answer = kaggle.call("ListModels", question, "the list of models")
    models = [mapping_of(item) for item in list_of(answer.get("models"))]
    found = [one for model in models for one in _variations(model)]
    token = text_of(answer.get("nextPageToken"), MOST_TOKEN)
    return Page(tuple(found), token, count_of(answer.get("totalResults")))


def _variations(model: Mapping[str, Any]) -> Iterator[ListedModel]:
    tags = [mapping_of(tag).get("name") for tag in list_of(model.get("tags"))]
    for item in list_of(model.get("instances")):
        one = mapping_of(item)
        framework = text_of(one.get("framework")) or ""
        words = (model.get("ref"), framework.removeprefix(_FRAMEWORK), one.get("slug"))
        version = count_of(one.get("versionNumber"))
        try:
            address = parse(SCHEME + "/".join(map(str, words)) + f"/{version}")
        except TargetError:
            continue  # A framework or a name that this version does not know.
        assert address is not None
        yield ListedModel(
            address=address.shown,
            name=address.name,
            revision=str(version),
            author=address.owner,
            tags=tuple(tag for tag in tags if isinstance(tag, str)),
            library=address.framework,
            changed=text_of(model.get("updateTime"), 40) or "",
        )
