"""Where credentials come from and where they go, and how long a scan waits."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hub_scans import codes, files, safetensors, scanned

from hub.content import Content
from hub.server import LoopbackHub
from weighbridge.defender.lookahead import Lookahead
from weighbridge.errors import SourceError, TargetError
from weighbridge.sources import (
    access,
    credentials,
    http_ranges,
    huggingface_client,
    patience,
    prompt,
)
from weighbridge.sources.http_ranges import Address, RangeReader
from weighbridge.sources.huggingface import HuggingFace
from weighbridge.sources.huggingface_address import HuggingFaceAddress
from weighbridge.sources.patience import RateLimited, patiently
from weighbridge.sources.transport import NetworkError, Query, Reply, Stop, Transport, redirected


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def write(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_tokens_for_hugging_face(home: Path) -> None:
    assert credentials.hugging_face({}) is None
    write(home / ".cache" / "huggingface" / "token", "hf_file\n")
    assert credentials.hugging_face({}) == "hf_file"
    assert credentials.hugging_face({"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}) is None
    assert credentials.hugging_face({"HF_TOKEN": " hf_env "}) == "hf_env"
    write(home / "elsewhere" / "token", "hf_other")
    assert credentials.hugging_face({"HF_HOME": str(home / "elsewhere")}) == "hf_other"


def test_a_token_that_cannot_stand_in_a_header(home: Path) -> None:
    assert credentials.hugging_face({"HF_TOKEN": "hf_x\r\nHost: evil"}) is None
    assert credentials.kaggle({"KAGGLE_API_TOKEN": "x\ny"}) is None


def test_logins_for_kaggle(home: Path) -> None:
    assert credentials.kaggle({}) is None
    write(home / ".kaggle" / "kaggle.json", '{"username": "u", "key": "k"}')
    assert credentials.kaggle({}) == "Basic dTpr"
    assert credentials.kaggle({"KAGGLE_USERNAME": "a", "KAGGLE_KEY": "b"}) == "Basic YTpi"
    write(home / ".kaggle" / "access_token", "from-file")
    assert credentials.kaggle({}) == "Bearer from-file"
    assert credentials.kaggle({"KAGGLE_API_TOKEN": "given"}) == "Bearer given"
    write(home / "token", "named")
    assert credentials.kaggle({"KAGGLE_API_TOKEN": str(home / "token")}) == "Bearer named"
    write(home / "broken" / "kaggle.json", "[1]")
    assert credentials.kaggle({"KAGGLE_CONFIG_DIR": str(home / "broken")}) is None


def test_logins_are_not_shown() -> None:
    given = access.Access(access.HubAccess("https://hub", "hf_secret"))
    assert "hf_secret" not in repr(given)


def test_an_endpoint_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "somewhere")
    with pytest.raises(TargetError, match="HF_ENDPOINT"):
        access.from_environment()


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.internal")
    choose = access.from_environment().proxies.choose
    assert choose("https://huggingface.co/x") == "http://proxy:3128"
    assert choose("https://hub.internal/x") is None
    assert choose("http://127.0.0.1:80/x") is None


def test_no_redirect_to_an_unencrypted_connection() -> None:
    with pytest.raises(SourceError, match="unencrypted"):
        redirected("https://hub/x", "http://storage/y")
    with pytest.raises(SourceError):
        redirected("https://hub/x", "file:///etc/passwd")
    assert redirected("https://hub/x", "/y") == "https://hub/y"


# -- patience --------------------------------------------------------------------------------------


class Answers:
    def __init__(self, *replies: Reply | NetworkError) -> None:
        self.left = list(replies)
        self.asked = 0

    def __call__(self, deadline: float) -> Reply:
        self.asked += 1
        reply = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(reply, NetworkError):
            raise reply
        return reply


def within(seconds: float) -> float:
    return time.monotonic() + seconds


def test_one_more_try_and_then_success() -> None:
    answers = Answers(NetworkError("x"), Reply(503, {}, b""), Reply(200, {}, b"yes"))
    assert patiently(answers, within(60)).body == b"yes"


def test_tries_are_bounded(no_pauses: list[float]) -> None:
    answers = Answers(Reply(500, {}, b""))
    assert patiently(answers, within(60)).status == 500
    assert answers.asked == patience.TRIES
    with pytest.raises(NetworkError):
        patiently(Answers(NetworkError("gone")), within(60))
    assert sum(no_pauses) < 12


def test_the_server_says_how_long(no_pauses: list[float]) -> None:
    limit = Reply(429, {"ratelimit": '"api";r=0;t=7'}, b"")
    patiently(Answers(limit, Reply(200, {}, b"")), within(60))
    patiently(Answers(Reply(503, {"retry-after": "3"}, b""), Reply(200, {}, b"")), within(60))
    assert no_pauses == [8, 3]


@pytest.mark.parametrize(
    "headers",
    [{"ratelimit": '"api";r=0;t=300'}, {"retry-after": "99999999999999999999"}],
)
def test_nobody_waits_for_long(headers: dict[str, str], no_pauses: list[float]) -> None:
    with pytest.raises(RateLimited, match="until .* UTC"):
        patiently(Answers(Reply(429, headers, b"")), within(60))
    assert no_pauses == []


def test_a_date_is_no_number_of_seconds() -> None:
    date = {"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}
    with pytest.raises(RateLimited, match="try again later"):
        patiently(Answers(Reply(429, date, b"")), within(60))


# -- servers that keep one waiting -----------------------------------------------------------------


def test_a_storage_that_sends_byte_by_byte(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_ranges, "REQUEST_SECONDS", 0.5)
    hub.repositories["models", "org/model"].files = {"a.bin": Content(safetensors(), lfs=True)}
    hub.faults.drip = 0.1
    began = time.monotonic()
    file = files(scanned(hub))["a.bin"]
    assert time.monotonic() - began < 10
    assert (file.verdict, codes(file)) == ("inconclusive", ["source-error"])
    assert "in time" in file.coverage.notes[0].text


def test_a_hub_that_answers_byte_by_byte(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_client, "REQUEST_SECONDS", 0.5)
    hub.faults.drip_metadata = 0.1
    began = time.monotonic()
    with pytest.raises(TargetError, match="in time"):
        scanned(hub)
    assert time.monotonic() - began < 10


def test_headers_without_end(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_client, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(prompt, "HEADER_SECONDS", 0.5)
    hub.faults.drip_headers = 0.05
    began = time.monotonic()
    with pytest.raises(TargetError, match="in time"):
        scanned(hub)
    with pytest.raises(NetworkError):
        Transport().send(Query("GET", hub.url), within(60))
    assert time.monotonic() - began < 10


def test_a_body_is_read_as_far_as_it_is_wanted(hub: LoopbackHub) -> None:
    url = f"{hub.url}/api/models/org/model"
    reply = Transport().send(Query("GET", url, most=10), within(5))
    assert (len(reply.body), reply.cut) == (10, True)


def test_a_secret_stays_with_its_origin(hub: LoopbackHub) -> None:
    content = hub.repositories["models", "org/model"].files["evil.bin"]
    commit = hub.repositories["models", "org/model"].commit
    url = f"{hub.url}/org/model/resolve/{commit}/evil.bin"
    reader = RangeReader(Transport(), Address(url, content.size, {"Authorization": "Bearer x"}))
    assert reader.fetch(2, 5) == content.read(2, 5)
    assert reader.fetch(0, content.size) == content.read(0, content.size)
    assert [(seen.origin, seen.authorization) for seen in hub.log] == [
        ("hub", "Bearer x"),
        ("storage", None),
        ("storage", None),
    ]


def test_a_dead_storage_is_not_asked_for_every_file(hub: LoopbackHub) -> None:
    names = [f"{number:03}.bin" for number in range(60)]
    weights = {name: Content(bytes(number), lfs=True) for number, name in enumerate(names, 1)}
    hub.repositories["models", "org/model"].files = weights
    hub.faults.broken = 10**6
    found = files(scanned(hub))
    assert {tuple(codes(file)) for file in found.values()} == {("source-error",)}
    assert "does not answer any more" in found["059.bin"].coverage.notes[0].text
    assert len([seen for seen in hub.log if seen.origin == "storage"]) < 60 * patience.TRIES


def test_an_interrupted_scan_does_not_wait(hub: LoopbackHub) -> None:
    hub.repositories["models", "org/model"].files = {"a.bin": Content(safetensors(), lfs=True)}
    hub.faults.drip = 0.05
    began = time.monotonic()
    listing = HuggingFace(hub.url).listing(HuggingFaceAddress("models", "org/model"))
    ahead = Lookahead(Transport(), 10**9)
    with pytest.raises(Stop):
        ahead.take(listing.files[0], lambda: time.monotonic() - began > 0.5)
    ahead.close()
    assert time.monotonic() - began < 5
