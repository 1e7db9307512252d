"""Tokens, users, webhooks and the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from weighbridge.platform.accounts import services, tokens
from weighbridge.platform.accounts.models import Token, User
from weighbridge.platform.accounts.permissions import Action
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.api.access import AUTHENTICATED, actor, session_only
from weighbridge.platform.api.pages import Paging, page
from weighbridge.platform.audit import chain, selectors
from weighbridge.platform.audit.errors import NotFound
from weighbridge.platform.audit.models import Event
from weighbridge.platform.publications import webhooks
from weighbridge.platform.publications.events import Kind
from weighbridge.platform.publications.models import Delivery, Webhook

router = Router(tags=["administration"], auth=AUTHENTICATED)


class TokenIn(Schema):
    """A token to be made."""

    name: str = Field(..., min_length=1, max_length=100)
    scopes: list[Scope] = Field(..., min_length=1)
    expires_at: datetime | None = None


class UserIn(Schema):
    """A user to be made."""

    username: str = Field(..., min_length=1, max_length=150)
    password: str = Field(..., min_length=1, max_length=1000)
    role: Role = Role.READER


class UserChange(Schema):
    """What changes in a user."""

    role: Role
    active: bool = True


class WebhookIn(Schema):
    """A webhook to be made."""

    url: str = Field(..., min_length=1, max_length=500)
    kinds: list[Kind] = Field(..., min_length=1)


def token_shown(token: Token) -> dict[str, Any]:
    """Return a token without its secret."""
    names = ("name", "hint", "created_at", "expires_at", "last_used_at", "revoked_at")
    shown = {name: getattr(token, name) for name in names}
    return {"id": token.pk, **shown, "scopes": token.scopes.split()}


@router.get("/tokens", summary="Your tokens")
def list_tokens(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List your own tokens."""
    user = session_only(request)
    return page(Token.objects.filter(user=user), query, ("-id",), token_shown)


@router.post("/tokens", response={201: Any}, summary="Make a token")
def make_token(request: HttpRequest, body: TokenIn) -> Status[Any]:
    """Make a token; its secret is in this answer and nowhere else."""
    made = tokens.create(session_only(request), body.name, body.scopes, body.expires_at)
    return Status(201, {**token_shown(made.token), "secret": made.secret})


@router.delete("/tokens/{int:number}", response={204: None}, summary="Revoke a token")
def revoke_token(request: HttpRequest, number: int) -> Status[None]:
    """End a token of yours; an administrator may end anybody's."""
    if not tokens.revoke(session_only(request), number):
        raise NotFound(f"there is no token {number}")
    return Status(204, None)


def user_shown(user: User) -> dict[str, Any]:
    """Return a user as plain data."""
    return {
        "id": user.pk,
        "username": user.get_username(),
        "role": user.role,
        "active": user.is_active,
        "last_login": user.last_login,
    }


@router.get("/users", summary="List users")
def list_users(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List everybody who has an account."""
    actor(request, Action.MANAGE_USERS)
    return page(User.objects.all(), query, ("id",), user_shown)


@router.post("/users", response={201: Any}, summary="Make a user")
def make_user(request: HttpRequest, body: UserIn) -> Status[Any]:
    """Make a user with a role."""
    admin = actor(request, Action.MANAGE_USERS)
    return Status(
        201, user_shown(services.create_user(admin, body.username, body.password, body.role))
    )


@router.put("/users/{int:number}", summary="Change a user")
def change_user(request: HttpRequest, number: int, body: UserChange) -> dict[str, Any]:
    """Give a user another role, or shut them out."""
    admin = actor(request, Action.MANAGE_USERS)
    try:
        return user_shown(services.change_user(admin, number, body.role, body.active))
    except User.DoesNotExist:
        raise NotFound(f"there is no user {number}") from None


def hook_shown(hook: Webhook) -> dict[str, Any]:
    """Return a webhook without its secret."""
    return {"id": hook.pk, "url": hook.url, "kinds": hook.kinds.split(), "active": hook.active}


@router.get("/webhooks", summary="List webhooks")
def list_webhooks(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List webhooks."""
    actor(request, Action.MANAGE_WEBHOOKS)
    return page(Webhook.objects.all(), query, ("-id",), hook_shown)


@router.post("/webhooks", response={201: Any}, summary="Make a webhook")
def make_webhook(request: HttpRequest, body: WebhookIn) -> Status[Any]:
    """Make a webhook; its secret signs every message and is in this answer only."""
    hook = webhooks.create(actor(request, Action.MANAGE_WEBHOOKS), body.url, body.kinds)
    return Status(201, {**hook_shown(hook), "secret": hook.secret})


@router.get("/webhooks/{int:number}/deliveries", summary="What was sent")
def deliveries(request: HttpRequest, number: int, query: Query[Paging]) -> dict[str, Any]:
    """List a webhook's messages, newest first, with how each attempt went."""
    actor(request, Action.MANAGE_WEBHOOKS)
    rows = Delivery.objects.filter(webhook=number).prefetch_related("log")
    return page(rows, query, ("-id",), _delivery)


@router.post("/webhooks/{int:number}/{word}", summary="Switch or test a webhook")
def act_on_webhook(request: HttpRequest, number: int, word: str) -> dict[str, Any]:
    """`on`, `off`, or `test`, which sends a message now and says how it went."""
    user = actor(request, Action.MANAGE_WEBHOOKS)
    if word == "test":
        outcome = webhooks.test(user, number)
        return {"status": outcome.status, "error": outcome.error, "ms": outcome.milliseconds}
    if word not in ("on", "off"):
        raise NotFound(f"there is no action {word[:20]}")
    webhooks.switch(user, number, word == "on")
    return hook_shown(Webhook.objects.get(pk=number))


def _delivery(row: Delivery) -> dict[str, Any]:
    names = ("at", "address", "status", "error", "milliseconds")
    log = [{name: getattr(one, name) for name in names} for one in row.log.all()]
    return {"id": row.pk, "kind": row.kind, "state": row.state, "next_at": row.next_at, "log": log}


@router.get("/audit", summary="The history")
def audit(request: HttpRequest, query: Query[Paging]) -> dict[str, Any]:
    """List every event, newest first."""
    return page(selectors.events(actor(request, Action.READ_AUDIT)), query, ("-seq",), event_shown)


@router.get("/audit/head", summary="The end of the history")
def audit_head(request: HttpRequest) -> dict[str, Any]:
    """Return number and hash of the last event, to be kept elsewhere."""
    actor(request, Action.READ_AUDIT)
    end = chain.export_head()
    return {"seq": end.seq, "hash": end.hash}


def event_shown(event: Event) -> dict[str, Any]:
    """Return an event as plain data."""
    names = "seq at actor role action object_kind object_id before after reason data hash".split()
    return {name: getattr(event, name) for name in names}
