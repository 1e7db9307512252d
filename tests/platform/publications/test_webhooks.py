"""Webhooks: told once, signed, retried, and never to where they must not go."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from registry import decided_malicious, infected, only_case, person, scanned

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.publications import sending, webhooks
from weighbridge.platform.publications.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


class Listener:
    """A server on this machine that keeps what it is told."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers), data))
                self.send_response(outer.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.WEIGHBRIDGE_WEBHOOKS_TO_LOOPBACK = True
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def hook(url: str, *kinds: str) -> Webhook:
    return webhooks.create(person("lead", Role.LEAD), url, kinds or ("advisory.issued",))


def test_what_is_issued_is_told_once_and_signed(listener: Listener) -> None:
    made = hook(listener.url)
    scanned(infected())
    decided_malicious(only_case())
    assert webhooks.work() == 1
    assert webhooks.work() == 0
    ((headers, body),) = listener.got
    assert headers["Weighbridge-Event"] == "advisory.issued"
    moment, mac = (part.partition("=")[2] for part in headers["Weighbridge-Signature"].split(","))
    expected = hmac.new(made.secret.encode(), moment.encode() + b"." + body, hashlib.sha256)
    assert hmac.compare_digest(mac, expected.hexdigest())
    assert json.loads(body)["advisory"].startswith("MSC-")


def test_only_what_was_asked_for_is_told(listener: Listener) -> None:
    hook(listener.url, "case.opened", "case.decided")
    scanned(infected())
    decided_malicious(only_case())
    webhooks.work()
    assert [headers["Weighbridge-Event"] for headers, _ in listener.got] == [
        "case.opened",
        "case.decided",
    ]


def test_a_refusal_is_tried_again_later_and_logged(listener: Listener) -> None:
    hook(listener.url, "case.opened")
    scanned(infected())
    listener.status = 500
    webhooks.work()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert delivery.log.get().error == "the answer is 500"
    assert webhooks.work() == 0  # not before its time
    listener.status = 204
    Delivery.objects.update(next_at=delivery.created_at)
    webhooks.work()
    assert Delivery.objects.get().state == "delivered"


def test_a_message_that_nobody_takes_fails_in_the_end(listener: Listener) -> None:
    hook(listener.url, "case.opened")
    scanned(infected())
    listener.status = 500
    webhooks.fill()
    for _ in range(len(webhooks.BACKOFF) + 1):
        Delivery.objects.update(next_at=Delivery.objects.get().created_at)
        webhooks.work()
    assert Delivery.objects.get().state == "failed"


def test_redirects_are_not_followed(listener: Listener) -> None:
    listener.status = 302
    made = hook(listener.url)
    outcome = webhooks.test(person("lead", Role.LEAD), made.pk)
    assert outcome.error == "the answer is 302" and len(listener.got) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", "https://user:pass@example.org/", "https:///x",
        "https://example.org:x/", "file:///etc/passwd", "",
    ],
)  # fmt: skip
def test_an_address_of_the_wrong_form_makes_no_webhook(url: str) -> None:
    with pytest.raises(Refused):
        hook(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address: str) -> None:
    assert not sending.is_public(ip_address(address))


def test_public_addresses_are_allowed() -> None:
    assert sending.is_public(ip_address("93.184.216.34"))
    assert sending.is_public(ip_address("2606:2800:220:1:248:1893:25c8:1946"))


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(sending.socket, "getaddrinfo", lambda *_a, **_k: answers)
    outcome = sending.send("https://rebinding.example/", "s", "test", b"{}")
    assert outcome.status is None and "10.0.0.1, which is not public" in outcome.error


def test_the_connection_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def connect(address: object, *_rest: object) -> Any:
        asked.append(address)
        raise OSError("not in a test")

    answers = [(2, 1, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(sending.socket, "getaddrinfo", lambda *_a, **_k: answers)
    monkeypatch.setattr(sending.socket, "create_connection", connect)
    sending.send("https://example.org/", "s", "test", b"{}")
    assert asked == [("93.184.216.34", 443)]
