"""What each role may do: said once, and kept."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from registry import person

from weighbridge.platform.accounts import services
from weighbridge.platform.accounts.permissions import (
    MATRIX,
    Action,
    allowed,
    refusal,
    require,
    table,
)
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import SCOPE_OF
from weighbridge.platform.audit.models import Event

pytestmark = pytest.mark.django_db


def test_every_role_and_every_action_is_in_the_matrix() -> None:
    assert set(MATRIX) == set(Role)
    assert set().union(*MATRIX.values()) == set(Action) == set(SCOPE_OF)
    assert len(table()) == len(Action)


def test_each_role_may_do_what_the_one_before_may() -> None:
    roles = list(Role)
    for weaker, stronger in zip(roles, roles[1:], strict=False):
        assert MATRIX[weaker] < MATRIX[stronger] or MATRIX[weaker] <= MATRIX[stronger]


def test_a_refusal_says_which_roles_may() -> None:
    with pytest.raises(PermissionDenied, match="researcher, lead or administrator"):
        require(person("reader", Role.READER), Action.CLAIM_CASE)
    assert "the role administrator" in refusal(Action.MANAGE_USERS)


def test_nobody_is_allowed_nothing() -> None:
    assert not any(allowed(AnonymousUser(), action) for action in Action)


def test_somebody_can_always_administer() -> None:
    root = person("root", Role.ADMINISTRATOR)
    for role, active in ((Role.LEAD, True), (Role.ADMINISTRATOR, False)):
        with pytest.raises(ValidationError, match="administer"):
            services.change_user(root, root.pk, role, active)
    root.refresh_from_db()
    assert root.is_active and root.role == "administrator"


def test_changes_of_people_are_part_of_the_history() -> None:
    root = person("root", Role.ADMINISTRATOR)
    made = services.create_user(root, "new", "a long passphrase", Role.READER)
    services.change_user(root, made.pk, Role.RESEARCHER, True)
    events = list(Event.objects.order_by("seq").values_list("action", "before", "after"))
    assert events == [
        ("user-created", "", "reader"),
        ("user-changed", "reader", "researcher"),
    ]


def test_a_weak_password_makes_no_user() -> None:
    root = person("root", Role.ADMINISTRATOR)
    for password in ("short", "123456789012", "new-user-2026"):
        with pytest.raises(ValidationError):
            services.create_user(root, "new-user-2026", password, Role.READER)
