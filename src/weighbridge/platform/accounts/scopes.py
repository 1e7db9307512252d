"""What a token may be used for: a part of what its owner may do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from weighbridge.platform.accounts.permissions import Action


class Scope(StrEnum):
    """One part of the API; a token has one or more."""

    READ = "read"
    SCAN = "scan"
    CASES = "cases"
    ADVISORIES = "advisories"
    HUNT = "hunt"
    ADMIN = "admin"


SCOPE_OF: dict[Action, Scope] = {
    Action.LOOK_UP: Scope.READ,
    Action.REQUEST_SCAN: Scope.SCAN,
    Action.READ_QUEUE: Scope.CASES,
    Action.READ_EVIDENCE: Scope.CASES,
    Action.OPEN_CASE: Scope.CASES,
    Action.CLAIM_CASE: Scope.CASES,
    Action.ASSIGN_CASE: Scope.CASES,
    Action.DECIDE_CASE: Scope.CASES,
    Action.APPROVE_CASE: Scope.CASES,
    Action.REOPEN_CASE: Scope.CASES,
    Action.ISSUE_WS: Scope.ADVISORIES,
    Action.WITHDRAW: Scope.ADVISORIES,
    Action.VOUCH: Scope.HUNT,
    Action.HUNT: Scope.HUNT,
    Action.BREAK_GLASS: Scope.ADMIN,
    Action.READ_AUDIT: Scope.ADMIN,
    Action.MANAGE_WEBHOOKS: Scope.ADMIN,
    Action.MANAGE_USERS: Scope.ADMIN,
}


def parse(words: str | Iterable[str]) -> frozenset[Scope]:
    """Return the scopes named by `words`.

    Raises:
        ValueError: a word is no scope.
    """
    return frozenset(Scope(word) for word in (words.split() if isinstance(words, str) else words))
