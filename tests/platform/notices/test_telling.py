"""Who is told what: an assignment, an approval that is wanted, news of a model that is followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from registry import decided_malicious, in_analysis, infected, only_case, person, scanned

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.audit.errors import Conflict, Refused
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases import services as cases
from weighbridge.platform.notices import services
from weighbridge.platform.notices.models import Notice, Preference
from weighbridge.platform.notices.selectors import preference, unread
from weighbridge.platform.notices.telling import fill, work
from weighbridge.platform.publications.events import Kind
from weighbridge.platform.publications.models import Delivery
from weighbridge.platform.publications.webhooks import create, switch
from weighbridge.platform.publications.webhooks import fill as fill_webhooks

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def begun(settings: Any) -> None:
    settings.WEIGHBRIDGE_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    fill()


def with_mail(name: str, rhythm: str = "at-once", role: Role = Role.RESEARCHER) -> Any:
    one = person(name, role)
    services.choose(one, rhythm, f"{name}@example.org")
    one.refresh_from_db()
    return one


def told(name: str) -> list[str]:
    return list(Notice.objects.filter(user__username=name).values_list("kind", flat=True))


def test_whoever_is_given_a_case_is_told() -> None:
    scanned(infected())
    cases.assign(person("lena", Role.LEAD), only_case().pk, with_mail("ada"))
    assert work() == 1
    assert told("ada") == ["assigned"] and told("lena") == []
    (message,) = mail.outbox
    assert message.subject.startswith("[Weighbridge] lena gave you case")
    assert f"/cases/{only_case().pk}" in message.body


def test_a_case_is_given_by_a_lead_to_somebody_who_can_work_on_it() -> None:
    scanned(infected())
    number, lead = only_case().pk, person("lena", Role.LEAD)
    with pytest.raises(Refused):
        cases.assign(lead, number, person("rita", Role.READER))
    cases.assign(lead, number, person("ada"))
    cases.assign(lead, number, person("bob"))
    cases.start(person("bob"), number)
    with pytest.raises(Conflict):
        cases.assign(lead, number, person("ada"))


def test_everybody_who_could_agree_is_told_of_a_proposal_but_not_who_made_it() -> None:
    scanned(infected())
    person("bob"), person("rita", Role.READER)
    in_analysis(person("ada"), only_case())
    deciding.propose_malicious(person("ada"), only_case().pk, "a shell")
    work()
    assert told("bob") == ["approval-wanted"]
    assert told("ada") == [] and told("rita") == []


def test_who_follows_a_model_is_told_of_its_advisories_once() -> None:
    scan = scanned(infected(), target="acme/model")
    person("ada"), person("bob")
    rita = with_mail("rita", role=Role.RESEARCHER)
    services.follow(rita, scan.version.model_id)
    decided_malicious(only_case())
    work()
    work()
    news = Notice.objects.filter(user=rita, kind="advisory")
    assert [one.text.startswith("MSC-") for one in news] == [True]
    assert unread(rita) == 2
    services.read(rita)
    assert unread(rita) == 0


def test_what_was_there_before_the_first_time_is_no_news() -> None:
    scanned(infected())
    assert fill() == 0
    assert Notice.objects.count() == 0


def test_a_digest_comes_once_a_day_with_everything_in_it() -> None:
    ada, lead = with_mail("ada", "daily"), person("lena", Role.LEAD)
    scanned(infected())
    cases.assign(lead, only_case().pk, ada)
    work()
    cases.release(lead, only_case().pk)
    cases.assign(lead, only_case().pk, ada)
    work()
    assert len(mail.outbox) == 1
    cases.release(lead, only_case().pk)
    cases.assign(lead, only_case().pk, ada)
    Preference.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    work()
    assert len(mail.outbox) == 2
    assert mail.outbox[1].subject.startswith("[Weighbridge] 2 notices, the first: lena gave you")


def test_one_click_ends_the_e_mails_and_a_form_does_too() -> None:
    ada, lead = with_mail("ada"), person("lena", Role.LEAD)
    scanned(infected())
    cases.assign(lead, only_case().pk, ada)
    work()
    (message,) = mail.outbox
    address = message.extra_headers["List-Unsubscribe"].strip("<>")
    path = address.removeprefix("http://127.0.0.1:8470")
    assert address in message.body
    visitor = Client(enforce_csrf_checks=True)
    assert "Send me no more" in visitor.get(path).content.decode()
    assert preference(ada).rhythm == "at-once"
    assert visitor.post(path).status_code == 200
    assert preference(ada).rhythm == "never"
    assert visitor.get("/unsubscribe/nobodys").status_code == 404


def test_a_server_that_refuses_is_tried_again_later(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    scanned(infected())
    cases.assign(person("lena", Role.LEAD), only_case().pk, with_mail("ada"))
    assert work() == 0
    assert Notice.objects.get().mailed_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert work() == 0, "not at once"
    Preference.objects.update(next_at=timezone.now() - timedelta(minutes=1))
    assert work() == 1


def test_hostile_names_stay_inert_in_e_mail() -> None:
    hostile = "\u202egnp.\r\nBcc: all@example.org\x1b[31m"
    scanned(infected(), target=hostile)
    rita = with_mail("rita")
    services.follow(rita, only_case().occurrences.get().artifact.files.get().version.model_id)
    decided_malicious(only_case())
    work()
    text = "".join(f"{one.subject}\n{one.body}" for one in mail.outbox)
    assert "\u202e" not in text and "\x1b" not in text and "\nBcc" not in text
    assert all(one.recipients() == ["rita@example.org"] for one in mail.outbox)
    assert all("\n" not in one.subject for one in mail.outbox)


def test_without_a_server_no_e_mail_is_tried_and_notices_stand_on_their_page(settings: Any) -> None:
    settings.WEIGHBRIDGE_MAIL = False
    scanned(infected())
    cases.assign(person("lena", Role.LEAD), only_case().pk, with_mail("ada"))
    assert work() == 0 and mail.outbox == []
    client = Client()
    client.force_login(person("ada"))
    assert "1 new notice" in client.get("/notices").content.decode()
    client.post("/notices")
    assert "No new notice" in client.get("/notices").content.decode()


def test_webhooks_can_be_told_of_assignments_and_wanted_approvals() -> None:
    lead = person("lena", Role.LEAD)
    hook = create(lead, "https://hooks.example.org/x", [Kind.CASE_ASSIGNED, Kind.APPROVAL_WANTED])
    switch(lead, hook.pk, True)
    scanned(infected())
    cases.assign(lead, only_case().pk, person("ada"))
    cases.start(person("ada"), only_case().pk)
    deciding.propose_malicious(person("ada"), only_case().pk, "a shell")
    fill_webhooks()
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == [
        "case.assigned",
        "approval.wanted",
    ]
