"""Logging in, one's own account and tokens, the first administrator, and users."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from weighbridge.platform.accounts import permissions, services, tokens
from weighbridge.platform.accounts.models import Token, User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.api.throttling import TooMany, refuse_too_many
from weighbridge.platform.web.session import person

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class Login(LoginView):
    """The form for name and password."""

    template_name = "weighbridge/form.html"
    extra_context = {
        "title": "Log in",
        "button": "Log in",
        "sso": bool(settings.WEIGHBRIDGE_OIDC_URL),
    }


class Logout(LogoutView):
    """Ends the session."""


class PasswordChange(PasswordChangeView):
    """The form for a new password."""

    template_name = "weighbridge/form.html"
    success_url = "/account"
    extra_context = {"title": "Change your password", "button": "Change the password"}


class NameAndPassword(forms.Form):
    """What makes a user."""

    username = forms.CharField(max_length=150, label="Name")
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters.",
    )


class NewUser(NameAndPassword):
    """A user with a role."""

    role = forms.ChoiceField(choices=[(role.value, role.value) for role in Role])


@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest, secret: str) -> HttpResponse:
    try:
        refuse_too_many(request, "setup")
    except TooMany as error:
        return HttpResponse(str(error), status=429, content_type="text/plain")
    if not services.setup_link_works(secret):
        raise Http404
    form = NameAndPassword(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.make_first_administrator(secret, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            login(request, user, backend=_BACKEND)
            return redirect("/users")
    explain = ["You are about to make the account that administers this platform."]
    context = {"title": "Welcome", "form": form, "button": "Make the account", "explain": explain}
    response = render(request, "weighbridge/form.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context: dict[str, Any] = {}
    if request.method == "POST":
        name = request.POST.get("name", "").strip()[:100] or "unnamed"
        try:
            context["secret"] = tokens.create(user, name, request.POST.getlist("scopes")).secret
        except ValueError as error:
            messages.error(request, f"No token was made: {error}.")
    context |= {
        "tokens": Token.objects.filter(user=user),
        "scopes": list(Scope),
        "actions": [
            (action.value, permissions.allowed(user, action), permissions.refusal(action))
            for action in Action
        ],
    }
    response = render(request, "weighbridge/account.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    if not tokens.revoke(person(request), token_id):
        raise Http404
    return redirect("/account")


@require_http_methods(["GET", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    actor = person(request)
    require(actor, Action.MANAGE_USERS)
    form = NewUser(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.create_user(actor, given["username"], given["password"], Role(given["role"]))
            return redirect("/users")
        except ValidationError as error:
            form.add_error(None, error.messages)
    context = {
        "people": User.objects.order_by("username"),
        "roles": list(Role),
        "form": form,
        "matrix": permissions.table(),
    }
    return render(request, "weighbridge/users.html", context)


@require_POST
def change_user(request: HttpRequest, user_id: int) -> HttpResponse:
    actor = person(request)
    require(actor, Action.MANAGE_USERS)
    try:
        role = Role(request.POST.get("role", ""))
        services.change_user(actor, user_id, role, "active" in request.POST)
    except User.DoesNotExist:
        raise Http404 from None
    except ValueError:
        messages.error(request, "There is no such role.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("/users")
