"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from weighbridge.platform.web.views import catalogue, people, public, work, writing

urlpatterns = [
    path("", public.start),
    path("advisories", public.advisories),
    path("advisories/<str:identifier>", public.advisory),
    path("advisories/<str:identifier>/<str:word>", writing.act),
    path("ws/new", writing.new),
    path("proposals/<int:number>/<str:word>", writing.proposal),
    path("identifiers", public.identifiers),
    path("report", public.report),
    path("queue", work.queue),
    path("review", work.review),
    path("cases/<int:number>", work.case),
    path("cases/<int:number>/<str:word>", work.step),
    path("models", catalogue.models),
    path("models/<int:number>", catalogue.model),
    path("scans", catalogue.scan_list),
    path("scans/<int:number>", catalogue.scan),
    path("hunts", catalogue.hunt_list),
    path("webhooks", catalogue.webhook_list),
    path("webhooks/<int:number>/<str:word>", catalogue.webhook_act),
    path("login", people.Login.as_view()),
    path("logout", people.Logout.as_view()),
    path("setup/<str:secret>", people.setup),
    path("account", people.account),
    path("account/password", people.PasswordChange.as_view()),
    path("account/tokens/<int:token_id>/revoke", people.revoke_token),
    path("users", people.users),
    path("users/<int:user_id>", people.change_user),
]
