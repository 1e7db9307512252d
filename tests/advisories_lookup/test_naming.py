"""Advisories beside findings: from a file, a zip, or a platform that is told hashes only."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from builders import pickles
from weighbridge.advisories_lookup.model import LookupFailed, Versioned
from weighbridge.advisories_lookup.opening import open_advisories
from weighbridge.advisories_lookup.platform import checked
from weighbridge.cli.main import command

INFECTED = pickles.call("os", "system", "echo inert") + pickles.STOP
CLEAN = pickles.EMPTY_DICT + pickles.STOP


def osv(data: bytes, identifier: str = "x_MSC-2026-0001", **more: Any) -> dict[str, Any]:
    bare = identifier.removeprefix("x_")
    files = [{"path": "m.pkl", "sha256": hashlib.sha256(data).hexdigest()}]
    return {
        "id": identifier,
        "modified": "2026-01-01T00:00:00Z",
        "aliases": [bare],
        "summary": "Malicious code in m",
        "affected": [{"database_specific": {"files": files}}],
        "database_specific": {"kind": bare.partition("-")[0]},
        **more,
    }


@pytest.fixture
def model(tmp_path: Path) -> Path:
    place = tmp_path / "m.pkl"
    place.write_bytes(INFECTED)
    return place


def scan(model: Path, advisories: Path | str, *more: str, **environment: str) -> Result:
    words = ["scan", str(model), "--advisories", str(advisories), *more]
    return CliRunner(env=environment).invoke(command, words, standalone_mode=False)


def report(model: Path, advisories: Path | str, **environment: str) -> dict[str, Any]:
    result = scan(model, advisories, "--format", "json", **environment)
    assert result.exception is None, result.exception
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def written(folder: Path, value: Any) -> Path:
    place = folder / "advisories.json"
    place.write_text(json.dumps(value))
    return place


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: [r], lambda r: {"vulns": [r]}])
def test_a_record_is_named_beside_the_finding(model: Path, tmp_path: Path, wrap: Any) -> None:
    found = report(model, written(tmp_path, wrap(osv(INFECTED))))
    assert [finding["advisories"] for finding in found["findings"]] == [["MSC-2026-0001"]]


def test_the_text_report_prints_the_number(model: Path, tmp_path: Path) -> None:
    result = scan(model, written(tmp_path, osv(INFECTED)))
    assert "advisory" in result.stdout and "MSC-2026-0001" in result.stdout


def test_a_zip_of_records_is_read(model: Path, tmp_path: Path) -> None:
    place = tmp_path / "all.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("x_MSC-2026-0001.json", json.dumps(osv(INFECTED)))
        archive.writestr("README.txt", "no record")
    assert report(model, place)["findings"][0]["advisories"] == ["MSC-2026-0001"]


def test_what_is_published_as_malicious_is_malicious_whatever_the_rules_say(tmp_path: Path) -> None:
    model = tmp_path / "clean.pkl"
    model.write_bytes(CLEAN)
    found = report(model, written(tmp_path, osv(CLEAN)))
    assert found["verdict"] == found["files"][0]["verdict"] == "malicious"
    (finding,) = found["findings"]
    assert (finding["rule"], finding["advisories"]) == ("published-advisory", ["MSC-2026-0001"])


def test_a_ws_is_a_weakness(tmp_path: Path) -> None:
    model = tmp_path / "clean.pkl"
    model.write_bytes(CLEAN)
    found = report(model, written(tmp_path, osv(CLEAN, "x_WS-2026-0007")))
    assert found["verdict"] == "weakness"
    assert found["findings"][0]["advisories"] == ["WS-2026-0007"]


@pytest.mark.parametrize(
    "record",
    [
        osv(b"other"),
        osv(INFECTED, withdrawn="2026-01-02T00:00:00Z"),
        osv(INFECTED, affected=None),
        osv(INFECTED, affected=[None, 1, {"database_specific": {"files": [None, {"sha256": 1}]}}]),
        osv(INFECTED, id=None),
        {},
    ],
)
def test_what_does_not_name_the_file_changes_nothing(
    model: Path, tmp_path: Path, record: Any
) -> None:
    assert report(model, written(tmp_path, record))["findings"][0]["advisories"] == []


def test_a_foreign_number_of_the_same_form_keeps_its_own_spelling(
    model: Path, tmp_path: Path
) -> None:
    record = osv(INFECTED, "x_WS-2026-0001", aliases=["other"])
    found = report(model, written(tmp_path, record))
    names = [name for finding in found["findings"] for name in finding["advisories"]]
    assert names == ["x_WS-2026-0001"]


@pytest.mark.parametrize("data", [b"", b"{", b"PK\x03\x04damaged", b"[" * 100_000, b"\xff"])
def test_a_file_that_is_no_advisory_is_a_clear_error(model: Path, data: bytes) -> None:
    place = model.parent / "broken"
    place.write_bytes(data)
    with pytest.raises(LookupFailed, match="no OSV record"):
        open_advisories(str(place))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LookupFailed, match="cannot read"):
        open_advisories(str(tmp_path / "none"))


@pytest.mark.parametrize(
    "address",
    ["http://example.org", "https://user:secret@example.org", "http://10.0.0.1", "https://"],
)
def test_hashes_go_nowhere_without_encryption(address: str) -> None:
    with pytest.raises(LookupFailed):
        checked(address)


@pytest.mark.parametrize(
    "address", ["https://example.org", "http://127.0.0.1:8470", "http://[::1]/"]
)
def test_https_and_this_machine_are_asked(address: str) -> None:
    assert checked(address).hostname


class Platform:
    """A platform's look-up, which keeps what it was asked."""

    def __init__(self, status: int, body: bytes) -> None:
        self.asked: list[tuple[str, str | None, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.path, self.headers["Authorization"], sent))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    made = Platform(*getattr(request, "param", (200, b'{"advisories": ["MSC-2026-0001"]}')))
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_platform_is_told_the_hash_and_nothing_else(model: Path, platform: Platform) -> None:
    found = report(model, platform.url, WEIGHBRIDGE_TOKEN="wb_x")
    assert found["findings"][0]["advisories"] == ["MSC-2026-0001"]
    digest = hashlib.sha256(INFECTED).hexdigest()
    assert platform.asked == [(f"/api/v1/artifacts/{digest}", "Bearer wb_x", b"")]


@pytest.mark.parametrize("platform", [(404, b"{}")], indirect=True)
def test_a_platform_that_knows_nothing_changes_nothing(model: Path, platform: Platform) -> None:
    assert report(model, platform.url)["findings"][0]["advisories"] == []


@pytest.mark.parametrize(
    "platform",
    [(401, b""), (500, b""), (302, b""), (200, b"{}"), (200, b"x"),
     (200, b'{"advisories": "MSC"}')],
    indirect=True,
)  # fmt: skip
def test_a_platform_that_answers_otherwise_fails_the_scan(model: Path, platform: Platform) -> None:
    assert scan(model, platform.url).return_value == 2


def test_a_zip_at_an_address_is_fetched(model: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.json", json.dumps(osv(INFECTED)))
    served = Platform(200, buffer.getvalue())
    threading.Thread(target=served.server.serve_forever, daemon=True).start()
    try:
        found = report(model, f"{served.url}/osv/all.zip")
        assert found["findings"][0]["advisories"] == ["MSC-2026-0001"]
    finally:
        served.server.shutdown()
        served.server.server_close()


BATCH = b'{"results": [{"vulns": [{"id": "x_MSC-2026-0001"}, {"id": 7}]}, {}]}'


@pytest.mark.parametrize("platform", [(200, BATCH)], indirect=True)
def test_a_platform_is_asked_for_models_in_one_batch(platform: Platform) -> None:
    net, other = Versioned("pkg:huggingface/org/net", "c" * 40), Versioned("pkg:huggingface/o/x")
    found = open_advisories(platform.url).about([net, other])
    assert {key: [one.id for one in named] for key, named in found.items()} == {
        net: ["MSC-2026-0001"]
    }
    ((path, _, sent),) = platform.asked
    assert path == "/v1/querybatch"
    assert json.loads(sent)["queries"] == [
        {"package": {"purl": net.purl}, "version": net.version},
        {"package": {"purl": other.purl}},
    ]


@pytest.mark.parametrize(
    "platform", [(401, b""), (200, b"{}"), (200, b'{"results": [1]}'), (200, b"[")], indirect=True
)
def test_a_platform_that_answers_no_batch_is_an_error(platform: Platform) -> None:
    with pytest.raises(LookupFailed):
        open_advisories(platform.url).about([Versioned("a"), Versioned("b")])
