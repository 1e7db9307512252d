"""The list of models on a Hugging Face Hub (huggingface.co/docs/hub/api, "GET /api/models")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from weighbridge.errors import SourceError, TargetError
from weighbridge.sources.hubs import LISTING_BYTES, count_of, list_of, mapping_of, parsed, text_of
from weighbridge.sources.huggingface import HuggingFace
from weighbridge.sources.huggingface_address import HuggingFaceAddress, is_name
from weighbridge.sources.huggingface_client import HubClient
from weighbridge.sources.model_lists import PAGE, Asked, ListedModel, Order, Page
from weighbridge.sources.transport import Query, origin

_SORT = {Order.CHANGED: "lastModified", Order.POPULAR: "downloads"}
_FIELDS = ("sha", "lastModified", "downloads", "tags", "library_name", "author")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;\s*rel="?next"?')
_MOST_TAGS = 300
_SHOWN = "the list of models"


def page(hub: HuggingFace, asked: Asked, following: str | None) -> Page:
    """Return one page.

    Args:
        hub: which is asked.
        asked: for what.
        following: as the page before gave it; None for the first.

    Raises:
        TargetError: the Hub says no, or nothing.
    """
    url = f"{hub.endpoint}/api/models?{_first(asked) if following is None else following}"
    reply = HubClient(hub.token, hub.pace).ask(Query("GET", url, most=LISTING_BYTES), _SHOWN)
    if reply.status >= 300:
        raise TargetError(f"{_SHOWN}: the Hub redirects, status {reply.status}")
    items = list_of(parsed(reply.body, reply.cut, _SHOWN))
    models = [one for one in map(_listed, map(mapping_of, items)) if one is not None]
    return Page(tuple(models), _following(url, reply.header("link")))


def _first(asked: Asked) -> str:
    words = [("sort", _SORT[asked.order]), ("limit", str(PAGE))]
    words += [("author", asked.author)] if asked.author else []
    words += [("filter", tag) for tag in asked.tags]
    words += [("filter", asked.library)] if asked.library else []
    return urlencode(words + [("expand", name) for name in _FIELDS])


def _following(url: str, link: str) -> str | None:
    """Return the query of the next page, which is asked of the same Hub or not at all."""
    found = _NEXT.search(link)
    if found is None:
        return None
    try:
        place = urljoin(url, found[1])
        same = origin(place) == origin(url) and urlsplit(place).path == urlsplit(url).path
    except (SourceError, ValueError):
        same = False
    if not same:
        raise TargetError(f"{_SHOWN}: it goes on at another address")
    return urlencode(parse_qsl(urlsplit(place).query))


def _listed(item: Mapping[str, Any]) -> ListedModel | None:
    """Return a model; None for what is none, or names no commit to hold on to."""
    name, commit = item.get("id"), item.get("sha")
    if not isinstance(name, str) or not is_name(name):
        return None
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        return None
    tags = [tag for tag in list_of(item.get("tags"))[:_MOST_TAGS] if isinstance(tag, str)]
    return ListedModel(
        address=HuggingFaceAddress("models", name, commit).shown,
        name=name,
        revision=commit,
        author=text_of(item.get("author")) or name.partition("/")[0],
        tags=tuple(tags),
        library=text_of(item.get("library_name")) or "",
        downloads=count_of(item.get("downloads")) or 0,
        changed=text_of(item.get("lastModified"), 40) or "",
    )
