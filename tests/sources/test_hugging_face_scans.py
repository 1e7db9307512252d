"""Models on a loopback Hugging Face Hub, scanned without being downloaded."""

from __future__ import annotations

import hashlib
import sys

import pytest
from hub_scans import TOKEN, codes, files, model, safetensors, scanned

import weighbridge
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.defender.targets import Reach
from weighbridge.errors import TargetError
from weighbridge.findings.model import Agreement, BaseModel
from weighbridge.reports.style import Style
from weighbridge.reports.text import render
from weighbridge.sources.access import Access, HubAccess


def test_the_verdicts_are_those_of_the_bytes(hub: LoopbackHub) -> None:
    report = scanned(hub)
    verdicts = {file.path: str(file.verdict) for file in report.files}
    assert verdicts == {
        "README.md": "clean",
        "config.json": "clean",
        "evil.bin": "malicious",
        "weights/model.safetensors": "clean",
    }
    assert [finding.path for finding in report.findings] == ["evil.bin"]


def test_tensors_are_not_fetched(hub: LoopbackHub) -> None:
    file = files(scanned(hub))["weights/model.safetensors"]
    assert file.fetched < file.size / 5
    assert hub.file_bytes < 500_000


def test_no_byte_is_fetched_twice(hub: LoopbackHub) -> None:
    report = scanned(hub)
    assert sum(file.fetched for file in report.files) == hub.file_bytes
    assert all(file.fetched <= file.size for file in report.files)


def test_everything_is_pinned_to_the_commit(hub: LoopbackHub) -> None:
    repository = hub.repositories["models", "org/model"]
    repository.revisions["v1"] = repository.commit
    report = scanned(hub, "hf://org/model@v1")
    assert report.revision == repository.commit
    assert hub.requests("/v1")[0] is hub.log[0]
    assert all(repository.commit in seen.path for seen in hub.log[1:] if seen.origin == "hub")


def test_the_token_goes_to_the_hub_alone(hub: LoopbackHub) -> None:
    scanned(hub)
    assert {seen.authorization for seen in hub.log if seen.origin == "hub"} == {f"Bearer {TOKEN}"}
    assert {seen.authorization for seen in hub.log if seen.origin == "storage"} == {None}


def test_without_a_token_none_is_sent(hub: LoopbackHub) -> None:
    scanned(hub, token=None)
    assert {seen.authorization for seen in hub.log} == {None}


def test_a_hash_is_computed_or_declared_and_never_mixed_up(hub: LoopbackHub) -> None:
    repository = hub.repositories["models", "org/model"]
    found = files(scanned(hub))
    whole, part = found["evil.bin"], found["weights/model.safetensors"]
    data = repository.files["evil.bin"].read(0, 1000)
    assert (whole.sha256, whole.sha256_source) == (hashlib.sha256(data).hexdigest(), "computed")
    declared = repository.files["weights/model.safetensors"].sha256
    assert (part.sha256, part.sha256_source) == (declared, "declared")


@pytest.mark.parametrize("shape", ["{}/org/model", "{}/org/model/tree/main", "hf://org/model@main"])
def test_the_ways_to_name_a_model(hub: LoopbackHub, shape: str) -> None:
    assert scanned(hub, shape.format(hub.url)).verdict == "malicious"


def test_datasets_and_old_names(hub: LoopbackHub) -> None:
    script = {"load.py": Content(b"import os\nos.system('echo x')\n")}
    hub.add(Repository("org/set", script, "datasets"))
    hub.add(Repository("gpt2", {"config.json": Content(b"{}")}))
    report = scanned(hub, "hf://datasets/org/set")
    assert (report.model.id, len(report.files)) == ("datasets/org/set", 1)
    assert scanned(hub, "hf://gpt2").verdict == "clean"


def test_what_the_hub_tells_about_the_model(hub: LoopbackHub) -> None:
    hub.repositories["models", "org/model"].about = {
        "author": "org",
        "downloads": 1234,
        "likes": 5,
        "gated": "manual",
        "lastModified": "2026-01-02T03:04:05.000Z",
        "library_name": "transformers",
        "tags": ["license:mit", "base_model:finetune:org/base", "base_model:org/base"],
        "cardData": {"base_model": ["org/base"]},
    }
    about = scanned(hub).model
    assert (about.author, about.downloads, about.likes, about.gated) == ("org", 1234, 5, True)
    assert (about.license, about.library) == ("mit", "transformers")
    assert about.base_models == (BaseModel("org/base", "finetune"),)
    assert about.last_modified.startswith("2026-01-02")


def test_the_licence_of_what_it_is_made_from_is_compared(hub: LoopbackHub) -> None:
    hub.repositories["models", "org/model"].about = {
        "cardData": {"license": "mit", "base_model": ["org/base", "org/missing", "../x"]},
    }
    hub.add(Repository("org/base", {}, about={"cardData": {"license": "llama3"}}))
    report = scanned(hub)
    assert report.model is not None
    assert [(one.id, one.license) for one in report.model.base_models] == [
        ("org/base", "llama3"), ("org/missing", None), ("../x", None),
    ]  # fmt: skip
    said = " ".join(render(report, Style()).split())
    assert "licence: it states the licence mit, org/base, which it is made from, llama3" in said
    asked = [seen.path for seen in hub.log if "base" in seen.path or "missing" in seen.path]
    assert asked == ["/api/models/org/base", "/api/models/org/missing"]


def test_what_the_hub_tells_may_be_nonsense(hub: LoopbackHub) -> None:
    hub.repositories["models", "org/model"].about = {
        "downloads": "many",
        "likes": -1,
        "tags": 7,
        "cardData": [1],
        "lastModified": {},
        "gated": 3,
    }
    about = scanned(hub).model
    assert (about.downloads, about.likes, about.base_models) == (None, None, ())


def test_the_hubs_own_scanners_stand_beside_ours(hub: LoopbackHub) -> None:
    hub.repositories["models", "org/model"].security = {
        "evil.bin": {
            "status": "unsafe",
            "avScan": {"status": "safe"},
            "pickleImportScan": {
                "status": "unsafe",
                "pickleImports": [{"module": "posix", "name": "system", "safety": "dangerous"}],
            },
            "newScan": {"status": "pondering"},
        },
        "config.json": {"status": "unsafe", "jFrogScan": {"status": "unsafe", "message": "bad"}},
        "README.md": {"avScan": {"status": "safe"}},
    }
    report = scanned(hub)
    found = {file.path: {s.scanner: s for s in file.provider_scans} for file in report.files}
    evil = found["evil.bin"]
    assert evil["av"].agreement is Agreement.UNSEEN
    assert evil["pickleImport"].agreement is Agreement.CONFIRMED
    assert "posix.system" in evil["pickleImport"].text
    assert evil["new"].agreement is Agreement.UNKNOWN
    assert found["config.json"]["jFrog"].agreement is Agreement.REFUTED
    assert found["README.md"]["av"].agreement is Agreement.AGREED
    assert files(report)["evil.bin"].verdict == "malicious"
    assert files(report)["config.json"].verdict == "clean"


def test_the_environment_says_where_the_hub_is(
    hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url + "/")
    monkeypatch.setenv("HF_TOKEN", "hf_from_environment")
    hub.faults.token = "hf_from_environment"
    assert weighbridge.scan("hf://org/model").verdict == "malicious"


# -- what a user is told ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "says"),
    [
        ("missing", "no such model, or a private one"),
        ("gated", "ask for access"),
        ("revision", "no such revision"),
        ("disabled", "disabled"),
    ],
)
def test_errors_say_what_to_do(hub: LoopbackHub, refusal: str, says: str) -> None:
    hub.faults.refusal = refusal
    with pytest.raises(TargetError, match=says):
        scanned(hub)


def test_a_gated_model_that_is_shown_but_not_handed_out(hub: LoopbackHub) -> None:
    hub.faults.gated_files = True
    report = scanned(hub)
    assert report.verdict == "inconclusive"
    for file in report.files:
        assert codes(file) == ["source-error"]
        assert "ask for access" in file.coverage.notes[0].text
        assert file.size > 0


def test_the_hubs_client_is_an_extra(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("huggingface_hub", "huggingface_hub.utils", "httpx2"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TargetError, match=r"install weighbridge\[hubs\]"):
        scanned(hub)


def test_a_renamed_model_is_reported_by_its_name(hub: LoopbackHub) -> None:
    new = model()
    new.name = "new-org/model"
    hub.repositories["models", "org/model"] = new
    hub.add(new)
    assert scanned(hub).model.id == "new-org/model"


def test_a_missing_token_is_named(hub: LoopbackHub) -> None:
    hub.faults.token = "hf_secret"
    with pytest.raises(TargetError, match="HF_TOKEN"):
        scanned(hub, token=None)


def test_a_long_rate_limit_is_not_waited_for(hub: LoopbackHub) -> None:
    hub.faults.limited, hub.faults.limited_seconds = 1000, 290
    with pytest.raises(TargetError, match="no more requests until .* UTC"):
        scanned(hub)


def test_a_short_one_is(hub: LoopbackHub) -> None:
    hub.faults.limited, hub.faults.limited_seconds = 1, 0
    assert scanned(hub).verdict == "malicious"


def test_nobody_there() -> None:
    access = Access(HubAccess("http://127.0.0.1:9", None))
    with pytest.raises(TargetError, match=r"127\.0\.0\.1"):
        weighbridge.scan("hf://org/model", reach=Reach(access))


@pytest.mark.parametrize(
    "name",
    ["hf://", "hf://a/b/c", "hf://org/..", "hf://org/na--me", "hf://org/x.git", "hf://-x/y",
     "hf://spaces/org/app", "hf://org/model@../x", "hf://org/model@", "hf://org/m\x00"],
)  # fmt: skip
def test_names_that_are_none(hub: LoopbackHub, name: str) -> None:
    with pytest.raises(TargetError):
        scanned(hub, name)
    assert hub.log == []


# -- hubs that lie ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"ignore_range": True}, "ignores which range"),
        ({"short": 3}, ""),
        ({"wrong_range": True}, "another range"),
        ({"changing": True}, "changed during the scan"),
        ({"redirect_loop": True}, "redirects without end"),
        ({"wrong_hash": True}, "another hash"),
        ({"broken": 10**6}, "status 503"),
    ],
)
def test_a_lie_costs_the_file(hub: LoopbackHub, fault: dict[str, object], says: str) -> None:
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    file = files(scanned(hub))["weights/model.safetensors"]
    assert file.verdict == "inconclusive"
    assert codes(file) == ["source-error"]
    assert says in file.coverage.notes[0].text


def test_a_small_file_is_read_whole_where_ranges_are_ignored(hub: LoopbackHub) -> None:
    text = Content(b"word " * 100_000)
    hub.repositories["models", "org/model"].files = {"vocab.txt": text}
    hub.faults.ignore_range = True
    file = files(scanned(hub))["vocab.txt"]
    assert (file.verdict, file.sha256_source) == ("clean", "computed")


def test_a_hash_that_does_not_fit_what_was_read(hub: LoopbackHub) -> None:
    repository = hub.repositories["models", "org/model"]
    repository.files["evil.bin"] = Content(b"text", lfs=True, declared="0" * 64)
    repository.files["config.json"].__dict__["blob"] = "0" * 40
    found = files(scanned(hub))
    for path in ("evil.bin", "config.json"):
        assert (found[path].verdict, codes(found[path])) == ("inconclusive", ["hash-mismatch"])
        assert found[path].sha256_source == "computed"


@pytest.mark.parametrize("true", [True, False])
def test_a_deep_scan_reads_every_byte_and_holds_it_against_the_hash(
    hub: LoopbackHub, true: bool
) -> None:
    weights = safetensors(4_000_000)
    declared = None if true else "0" * 64
    stored = hub.repositories["models", "org/model"]
    stored.files = {"model.safetensors": Content(weights, lfs=True, declared=declared)}
    (quick,) = scanned(hub).files
    assert (quick.verdict, quick.sha256_source) == ("clean", "declared")
    assert quick.fetched < 1_000_000
    (deep,) = scanned(hub, deep=True).files
    assert deep.fetched == len(weights)
    assert deep.sha256 == hashlib.sha256(weights).hexdigest()
    assert codes(deep) == ([] if true else ["hash-mismatch"])
    assert deep.verdict == ("clean" if true else "inconclusive")


def test_a_deep_scan_says_what_it_may_not_fetch(hub: LoopbackHub) -> None:
    stored = hub.repositories["models", "org/model"]
    stored.files = {"model.safetensors": Content(safetensors(4_000_000), lfs=True)}
    (file,) = scanned(hub, deep=True, download=1_000_000).files
    assert (file.verdict, codes(file)) == ("inconclusive", ["limit-download"])


def test_signed_addresses_are_renewed(hub: LoopbackHub) -> None:
    hub.faults.expire_after = 1
    assert files(scanned(hub))["weights/model.safetensors"].verdict == "clean"
    assert len(hub.requests("resolve")) > 8


def test_a_storage_that_is_out_of_order_for_a_moment(hub: LoopbackHub) -> None:
    hub.faults.broken = 2
    assert scanned(hub).verdict == "malicious"


def test_a_hub_that_declares_no_hash_on_the_way(hub: LoopbackHub) -> None:
    hub.faults.no_linked_etag = True
    assert scanned(hub).verdict == "malicious"


def test_names_that_lead_out_of_the_model(hub: LoopbackHub) -> None:
    repository = hub.repositories["models", "org/model"]
    for name in ("../up.bin", "/etc/x", "a/../../b", "C:\\x", "nul\0.bin", "esc\x1b[31m", "a//b"):
        repository.files[name] = Content(b"x")
    report = scanned(hub)
    unsafe = [file for file in report.files if codes(file) == ["unsafe-name"]]
    assert len(unsafe) == 7
    assert {file.verdict for file in unsafe} == {"inconclusive"}
    assert report.verdict == "malicious"


def test_all_pages_are_read(hub: LoopbackHub) -> None:
    hub.faults.page = 1
    assert len(scanned(hub).files) == 4


@pytest.mark.parametrize("page", ["{}/api/models/org/model/tree/x", "ftp://host/x", "http://[::"])
def test_pages_at_another_host_are_not_asked_for(hub: LoopbackHub, page: str) -> None:
    hub.faults.next_page = page.format(hub.storage_url)
    with pytest.raises(TargetError):
        scanned(hub)
    assert [seen for seen in hub.log if seen.origin == "storage"] == []


def test_pages_without_end(hub: LoopbackHub) -> None:
    hub.faults.endless_pages = True
    with pytest.raises(TargetError, match="does not end"):
        scanned(hub)


def test_what_cannot_be_judged_by_ranges_is_read_up_to_a_bound(hub: LoopbackHub) -> None:
    import gzip
    import random

    noise = random.Random(1).randbytes(600_000)
    packed = gzip.compress(b"\x93NUMPY" + noise)
    hub.repositories["models", "org/model"].files = {"x.gz": Content(packed, lfs=True)}
    assert "limit-download" not in codes(files(scanned(hub))["x.gz"])
    file = files(scanned(hub, download=100_000))["x.gz"]
    assert (file.verdict, codes(file)[0]) == ("inconclusive", "limit-download")
    assert file.fetched <= 100_000


def test_what_was_found_before_a_server_broke_stands(hub: LoopbackHub) -> None:
    evil = b"cposix\nsystem\n(S'echo weighbridge-test'\ntR."
    more = (b"\x80\x04X\xa0\x0f\0\0" + b"a" * 4000 + b".") * 1000
    weights = {"model.bin": Content(evil + more, lfs=True)}
    hub.repositories["models", "org/model"].files = weights
    hub.faults.breaks_after = 13
    file = files(scanned(hub))["model.bin"]
    assert file.verdict == "malicious"
    assert "source-error" in codes(file)


def test_the_rest_of_a_model_is_judged_beside_a_broken_file(hub: LoopbackHub) -> None:
    hub.faults.wrong_hash = True
    found = files(scanned(hub))
    assert (found["evil.bin"].verdict, found["README.md"].verdict) == ("inconclusive", "clean")


# -- the stand-in is one that the real client takes for a hub --------------------------------------


def test_the_real_client_downloads_from_it(
    hub: LoopbackHub, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huggingface_hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    place = huggingface_hub.snapshot_download(
        "org/model", endpoint=hub.url, cache_dir=tmp_path, token=False
    )
    local, remote = weighbridge.scan(place), scanned(hub)
    assert {(f.path, f.verdict, f.sha256) for f in local.files if f.size < 1000} == {
        (f.path, f.verdict, f.sha256) for f in remote.files if f.size < 1000
    }
