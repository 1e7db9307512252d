"""What Hugging Face tells of itself (huggingface.co/docs/hub/webhooks): a model has changed.

The secret comes back as it was set there; it is no signature, and compared in constant time.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from weighbridge.platform.catalog.models import Provider
from weighbridge.platform.monitors.sightings import see
from weighbridge.sources.hubs import list_of, mapping_of
from weighbridge.sources.huggingface_address import HuggingFaceAddress, is_name
from weighbridge.sources.model_lists import ListedModel

PRIORITY = -1
_MOST_BYTES = 1 << 20
_MOST_REFS = 20
_COMMIT = re.compile(r"[0-9a-f]{40}")


@csrf_exempt
@require_POST
def hugging_face(request: HttpRequest) -> HttpResponse:
    """Make scans of the revisions that a message names."""
    secret = settings.WEIGHBRIDGE_HUGGINGFACE_WEBHOOK_SECRET
    if not secret:
        return _said("no such address", 404)
    given = request.headers.get("X-Webhook-Secret")
    if given is None:
        return _said("the secret is missing", 401)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        return _said("the secret is wrong", 403)
    if len(request.body) > _MOST_BYTES:
        return _said("the message is too long", 413)
    try:
        message = mapping_of(json.loads(request.body))
    except (ValueError, RecursionError):
        return _said("the message is not JSON", 400)
    made = see(Provider.HUGGINGFACE, list(_named(message)), PRIORITY)
    return JsonResponse({"scans": made}, status=202)


def _named(message: Mapping[str, Any]) -> Iterator[ListedModel]:
    """Yield the revisions of a model that are new; nothing of messages about anything else."""
    event, repo = mapping_of(message.get("event")), mapping_of(message.get("repo"))
    scope, name = event.get("scope"), repo.get("name")
    if repo.get("type") != "model" or event.get("action") not in ("create", "update"):
        return
    if not isinstance(scope, str) or scope.split(".")[0] != "repo":
        return
    if not isinstance(name, str) or not is_name(name):
        return
    updated = [mapping_of(ref).get("newSha") for ref in list_of(message.get("updatedRefs"))]
    heads = [*updated[:_MOST_REFS], *([] if updated else [repo.get("headSha")])]
    for commit in dict.fromkeys(one for one in heads if isinstance(one, str)):
        if _COMMIT.fullmatch(commit):
            address = HuggingFaceAddress("models", name, commit).shown
            yield ListedModel(address, name, commit)


def _said(text: str, status: int) -> JsonResponse:
    return JsonResponse({"detail": text}, status=status)
