"""Every page in a browser: accessible, within the window, without complaints, photographed.

The pictures go to build/screenshots, for whoever changes a page to look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crowd import settled_registry

pytestmark = pytest.mark.django_db(transaction=True)
SHOTS = Path(__file__).parents[3] / "build" / "screenshots"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
TALLEST = 2400
SIZES = {"1280": WIDE, "390": NARROW}
SEEN = {
    True: (("light", ("1280", "390")), ("dark", ("1280", "390"))),
    False: (("light", ("1280",)), ("dark", ("390",))),
}
_EXTERNAL = re.compile(r"""(?:src|action)\s*=\s*["'](?:https?:)?//""")

PUBLIC = {
    "start": "/",
    "advisories": "/advisories",
    "identifiers": "/identifiers",
    "report": "/report",
    "login": "/login",
    "feeds": "/feeds",
    "keys": "/keys",
    "api": "/api/docs",
}
INSIDE = {
    "dashboard": "/",
    "queue": "/queue",
    "review": "/review",
    "case-new": "/cases/new",
    "models": "/models",
    "scans": "/scans",
    "hunts": "/hunts?kind=import&text=os.system",
    "vouches": "/vouches?symbol=acme.layers.Gate",
    "ws-new": "/ws/new",
    "administration": "/administration",
    "users": "/users",
    "webhooks": "/webhooks",
    "notices": "/notices",
    "account": "/account",
    "missing": "/cases/999999",
}


def with_content(at: dict[str, Any]) -> dict[str, str]:
    tabs = ("runs", "bytes", "where", "others", "history")
    return {
        **{f"case-{tab}": f"/cases/{at['decided']}?tab={tab}" for tab in tabs},
        "case-analysis": f"/cases/{at['analysis']}",
        "case-approval": f"/cases/{at['proposed']}",
        "queue-filtered": "/queue?verdict=malicious&q=process",
        "model": f"/models/{at['model']}",
        "scan": f"/scans/{at['scan']}",
        "hunt": f"/hunts/{at['hunt']}",
        "advisory-msc": f"/advisories/{at['msc']}",
        "advisory-ws": f"/advisories/{at['ws']}",
    }


def look_at(visit: Callable[..., Any], kind: str, who: str, pages: dict[str, str]) -> None:
    """Go through pages in each colour and size; check what must hold on each.

    Those that differ by their content alone are seen once at each size, in one colour each.
    """
    page = visit(who, "administrator")
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    for name, address in pages.items():
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
        page.goto(address)
        assert not _EXTERNAL.search(page.content()), name
        for scheme, sizes in SEEN[kind == "long"]:
            page.emulate_media(color_scheme=scheme)
            if kind == "long" or scheme == "light":
                wrong += [f"{name} {scheme}: {one}" for one in _barriers(page, scheme)]
            for word in sizes:
                page.set_viewport_size(SIZES[word])
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                if over > 0:
                    wrong.append(f"{name} is {over} pixels too wide at {word}")
                shot = SHOTS / f"{name}-{kind}-{word}-{scheme}.png"
                _photograph(page, shot, whole=scheme == "light")
    assert not wrong, "\n".join(wrong)


def _photograph(page: Any, place: Path, whole: bool) -> None:
    """The window, or the whole page up to a length that can still be looked at."""
    how: dict[str, Any] = {}
    if whole:
        size = page.viewport_size
        height = page.evaluate("document.documentElement.scrollHeight")
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(height, TALLEST)}
        how = {"full_page": True, "clip": clip}
    page.screenshot(path=place, animations="disabled", **how)


def _barriers(page: Any, scheme: str) -> list[str]:
    """What axe finds on a page; in the dark only what colours can change."""
    from axe_playwright_python.sync_playwright import Axe

    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    return [
        f"{one['id']} {node['target']} {node['failureSummary'][:200]}"
        for one in Axe().run(page, options=options).response["violations"]
        for node in one["nodes"][:3]
    ]


def test_a_registry_with_a_lot_in_it(visit: Callable[..., Any]) -> None:
    at = settled_registry()
    look_at(visit, "long", "root", INSIDE)
    look_at(visit, "long", "ada", with_content(at))
    look_at(visit, "long", "", PUBLIC)


def test_an_empty_registry(visit: Callable[..., Any]) -> None:
    empty = {name: path for name, path in INSIDE.items() if name not in ("case-new", "ws-new")}
    look_at(visit, "empty", "root", empty)
    look_at(visit, "empty", "", {"start": "/", "advisories": "/advisories"})


def test_a_registry_full_of_hostile_strings(visit: Callable[..., Any]) -> None:
    at = settled_registry(hostile=True)
    pages = {"queue": "/queue", "models": "/models", "scans": "/scans", "notices": "/notices"}
    look_at(visit, "hostile", "ada", {**pages, **with_content(at)})
