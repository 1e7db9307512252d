"""What a decision would publish, before it is taken. Nothing is stored and no number is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from weighbridge.platform.advisories.issuing import preview
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog.models import Model


@dataclass(frozen=True, slots=True)
class Preview:
    """The advisory in short.

    Attributes:
        identifier: with what stands for the number, empty where nothing is published.
        outcome: one sentence on what happens.
        more: how many records of the same kind would be published beside it.
    """

    outcome: str
    identifier: str = ""
    title: str = ""
    description: str = ""
    target: str = ""
    revisions: tuple[str, ...] = ()
    files: int = 0
    more: int = 0


_SILENT = {
    "false-positive": "Nothing is published. Exactly this behaviour is silent from then on.",
    "duplicate": "Nothing is published. The places go to the other case.",
    "needs-info": "Nothing is published. The case waits in the queue with your question.",
}


def preview_of(
    case: Case, models: Sequence[Model], decision: str, title: str = "", reason: str = ""
) -> Preview:
    """Return what a decision about a case would publish now.

    Args:
        case: undecided.
        models: that hold its content, most downloaded first.
        decision: as the steps of a case are called.
        title: of the WS, for a weakness.
        reason: becomes the description of a WS.
    """
    if decision in _SILENT:
        return Preview(_SILENT[decision])
    model = models[0] if models else None
    if model is None and not case.package:
        return Preview("Nothing can be published: no model or package is known to hold this.")
    try:
        content = preview(case, model)
    except Refused as error:
        return Preview(f"Nothing can be published: {error}.")
    if decision == "weakness":
        return Preview(
            "A WS is reserved. It is public only once you publish it.",
            f"WS-{content.id.split('-')[1]}-…",
            title.strip()[:120] or case.title[:120],
            reason.strip()[:2000] or "Your reason becomes the description.",
            content.target.name,
            content.target.revisions,
            len(content.target.files),
        )
    return Preview(
        "A second person agrees first. Then this is public and never changes.",
        content.id,
        content.title,
        content.description,
        content.target.name,
        content.target.revisions,
        len(content.target.files),
        max(0, len(models) - 1),
    )
