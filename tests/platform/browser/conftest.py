"""A browser for the tests: Debian's Chromium, driven by Playwright; skipped where either is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
    from pytest_django.live_server_helper import LiveServer

CHROMIUM = Path(os.environ.get("WEIGHBRIDGE_CHROMIUM", "/usr/bin/chromium"))
_FLAGS = (
    "--disable-background-networking --disable-component-update --disable-sync --disable-quic "
    "--disable-gpu --no-first-run --font-render-hinting=none"
).split()


def missing() -> str:
    """Why there is no browser, empty when there is one."""
    if find_spec("playwright") is None or find_spec("axe_playwright_python") is None:
        return "playwright is not installed: make test-browser installs it"
    if not CHROMIUM.exists():
        return f"{CHROMIUM} is not there: apt-get install chromium"
    return ""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if reason := missing():
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    # Playwright's loop runs in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    flags = [*_FLAGS, "--no-sandbox"] if os.getuid() == 0 else _FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def trouble() -> list[str]:
    """What the browser complained about in this test: script errors, refused inline code."""
    return []


@pytest.fixture
def visit(
    chromium: Browser, live_server: LiveServer, trouble: list[str]
) -> Iterator[Callable[..., Page]]:
    """Open a browser of somebody's own, logged in if they are named; the test fails on trouble."""
    contexts: list[BrowserContext] = []

    def open_page(name: str = "", role: str = "researcher", **how: object) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            **{"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", **how},
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        if name:
            context.add_cookies([_session(name, role, live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: trouble.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _is_trouble(said) and trouble.append(said.text))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trouble, trouble


def _is_trouble(said: ConsoleMessage) -> bool:
    """Everything but a page that answers that there is none, or that one may not."""
    refused = "status of 403" in said.text or "status of 404" in said.text
    return said.type == "error" and not (refused and "/static/" not in said.location["url"])


def _session(name: str, role: str, url: str) -> dict[str, str]:
    """The cookie of somebody who has logged in."""
    from django.test import Client
    from registry import person

    from weighbridge.platform.accounts.roles import Role

    client = Client()
    client.force_login(person(name, Role(role)))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}
