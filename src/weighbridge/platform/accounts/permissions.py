"""What each role may do: one matrix for the API, the pages and the documentation."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from weighbridge.platform.accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from weighbridge.platform.accounts.models import User


class Action(StrEnum):
    """Something that not everybody may do; the value reads after "may"."""

    LOOK_UP = "look up artifacts and models"
    REQUEST_SCAN = "request scans"
    READ_QUEUE = "read the queue and its cases"
    READ_EVIDENCE = "read evidence, of restricted models too"
    OPEN_CASE = "open cases"
    CLAIM_CASE = "claim cases"
    ASSIGN_CASE = "give cases to others"
    DECIDE_CASE = "propose and take decisions"
    APPROVE_CASE = "approve what somebody else proposed"
    REOPEN_CASE = "reopen decided cases"
    ISSUE_WS = "reserve, publish and revise a WS"
    WITHDRAW = "withdraw an advisory"
    VOUCH = "vouch for symbols"
    HUNT = "hunt through stored facts"
    BREAK_GLASS = "act alone in an emergency, with a reason"
    READ_AUDIT = "read the audit log"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_USERS = "manage users and roles"


_READER = frozenset({Action.LOOK_UP})
_SUBMITTER = _READER | {Action.REQUEST_SCAN}
_RESEARCHER = _SUBMITTER | {
    Action.READ_QUEUE,
    Action.READ_EVIDENCE,
    Action.OPEN_CASE,
    Action.CLAIM_CASE,
    Action.DECIDE_CASE,
    Action.APPROVE_CASE,
    Action.REOPEN_CASE,
    Action.ISSUE_WS,
    Action.WITHDRAW,
    Action.VOUCH,
    Action.HUNT,
}
_LEAD = _RESEARCHER | {
    Action.ASSIGN_CASE,
    Action.BREAK_GLASS,
    Action.READ_AUDIT,
    Action.MANAGE_WEBHOOKS,
}

MATRIX: dict[Role, frozenset[Action]] = {
    Role.READER: _READER,
    Role.SUBMITTER: _SUBMITTER,
    Role.RESEARCHER: _RESEARCHER,
    Role.LEAD: _LEAD,
    Role.ADMINISTRATOR: _LEAD | {Action.MANAGE_USERS},
}


def allowed(user: User | AnonymousUser, action: Action) -> bool:
    """Tell whether `user` may do `action`; somebody who is not logged in may do nothing here."""
    if not user.is_authenticated or not user.is_active:
        return False
    return action in MATRIX[Role(user.role)]


def require(user: User | AnonymousUser, action: Action) -> None:
    """Return if `user` may do `action`.

    Raises:
        PermissionDenied: with a sentence that says which roles may.
    """
    if not allowed(user, action):
        raise PermissionDenied(refusal(action))


def refusal(action: Action) -> str:
    """Return the sentence that says who may do `action`."""
    roles = [role.value for role in Role if action in MATRIX[role]]
    who = roles[0] if len(roles) == 1 else f"{', '.join(roles[:-1])} or {roles[-1]}"
    return f"You may not {action.value}; this needs the role {who}."


def table() -> list[tuple[str, list[bool]]]:
    """Return the matrix for people: for each action whether each role may, weakest role first."""
    return [(action.value, [action in MATRIX[role] for role in Role]) for action in Action]
