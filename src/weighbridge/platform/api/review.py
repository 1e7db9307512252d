"""How the review goes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.api.access import AUTHENTICATED, actor
from weighbridge.platform.cases.measures import DAYS, MOST_DAYS, review

router = Router(tags=["cases"], auth=AUTHENTICATED)


class Days(Schema):
    """How far to look back."""

    days: int = Field(DAYS, ge=1, le=MOST_DAYS)


@router.get("/review", summary="How the review goes")
def measures(request: HttpRequest, query: Query[Days]) -> dict[str, Any]:
    """Return times to the first claim and to the decision, the queue's age, false alarms by rule.

    Times are in seconds: half of the cases took no longer than `median`, nine of ten no longer
    than `slowest_tenth`.
    """
    found = review(actor(request, Action.READ_QUEUE), query.days)
    rules = [{**asdict(one), "false_positive_rate": one.rate} for one in found.rules]
    return {**asdict(found), "rules": rules}
