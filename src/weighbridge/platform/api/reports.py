"""Reports from outside: anybody may tell about a model, but not often."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from weighbridge.platform.accounts.models import User
from weighbridge.platform.api.throttling import refuse_too_many
from weighbridge.platform.cases import services
from weighbridge.platform.cases.models import Report
from weighbridge.platform.catalog.models import Model
from weighbridge.platform.catalog.selectors import models_visible_to

router = Router(tags=["reports"])


class ReportIn(Schema):
    """What somebody saw."""

    kind: Literal["malicious", "weakness", "appeal", "other"]
    target: str = Field(..., min_length=1, max_length=600)
    text: str = Field(..., min_length=1, max_length=20_000)
    contact: str = Field("", max_length=300)


def tell(request: HttpRequest, body: ReportIn, reporter: User | None = None) -> Report:
    """Keep a report. Only a form with its secret names a reporter.

    Raises:
        TooMany: from this address or person there were too many.
    """
    refuse_too_many(request, "report")
    told = services.Told(body.kind, body.target, body.text, body.contact, _model(request, body))
    return services.report(told, reporter)


def _model(request: HttpRequest, body: ReportIn) -> Model | None:
    """Return the model that is meant, if it is one that the reporter may see."""
    name = body.target.strip()
    provider = "kaggle" if name.startswith("kaggle://") else "huggingface"
    for prefix in ("hf://", "kaggle://", "https://huggingface.co/"):
        name = name.removeprefix(prefix)
    name = name.partition("@")[0].strip("/")
    rows = models_visible_to(request.user).filter(name=name)
    return rows.filter(provider=provider).first() or rows.first()


@router.post("/reports", auth=None, response={201: Any}, summary="Report a model")
def create(request: HttpRequest, body: ReportIn) -> Status[Any]:
    """Tell about a model, or appeal as its owner. It becomes a case, or joins one."""
    return Status(201, {"report": tell(request, body).pk, "received": True})
