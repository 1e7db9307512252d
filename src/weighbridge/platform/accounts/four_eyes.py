"""Whether one person may decide alone: in a team of one, or a lead in an emergency."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.errors import Refused


@dataclass(frozen=True, slots=True)
class Waiver:
    """How a decision came about, for its row.

    Attributes:
        four_eyes: one person took it.
        emergency: a lead did so although two are needed.
    """

    four_eyes: bool = False
    emergency: bool = False


def needed() -> bool:
    """Tell whether two people are needed here."""
    return bool(getattr(settings, "WEIGHBRIDGE_FOUR_EYES", True))


def second_person(proposer: int | None, user: User, emergency: str = "") -> Waiver:
    """Return how the second person is waived, if at all.

    Args:
        proposer: key of who proposed.
        user: who decides.
        emergency: why this cannot wait for somebody else; empty when it can.

    Raises:
        Refused: the proposer asks, and two people are needed.
        PermissionDenied: there is an emergency, and they are no lead.
    """
    if proposer != user.pk:
        return Waiver()
    if not needed():
        return Waiver(four_eyes=True)
    if not emergency.strip():
        raise Refused("this needs a second person; you proposed it yourself")
    require(user, Action.BREAK_GLASS)
    return Waiver(four_eyes=True, emergency=True)
