"""Scanning models at hubs: what is fetched, what the catalogue then knows, and what is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import registry as r
from django.test import Client

from builders import pickles
from hub.content import Content, Repository
from hub.server import LoopbackHub
from weighbridge.defender import pool
from weighbridge.errors import TargetError
from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.catalog.models import Artifact, Lineage, Model, ModelFile, ModelVersion
from weighbridge.platform.catalog.recognising import recognised
from weighbridge.platform.catalog.selectors import models_visible_to, versions_visible_to
from weighbridge.platform.scans import services
from weighbridge.platform.scans.models import ArtifactReport, Scan
from weighbridge.platform.scans.selectors import look_up, report_on
from weighbridge.sources import patience
from weighbridge.sources.access import Access, HubAccess

pytestmark = pytest.mark.django_db(transaction=True)

BIG = pickles.proto(4) + pickles.EMPTY_DICT + pickles.STOP
ABOUT: dict[str, object] = {
    "downloads": 1234,
    "likes": 5,
    "library_name": "transformers",
    "lastModified": "2026-03-01T10:00:00.000Z",
    "cardData": {
        "license": "apache-2.0",
        "base_model": "org/base",
        "base_model_relation": "quantized",
    },
}
SCANS = {"model.pkl": {"status": "unsafe", "avScan": {"status": "safe"},
                       "pickleImportScan": {"status": "unsafe"}}}  # fmt: skip


def repository(**changes: Any) -> Repository:
    files = {
        "model.pkl": Content(r.infected("hub"), lfs=True),
        "clean.pkl": Content(r.harmless(), lfs=True),
        "config.json": Content(b'{"model_type": "bert"}'),
    }
    given = {"name": "org/net", "files": files, "about": ABOUT, "security": SCANS}
    return Repository(**(given | changes))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_sleep", lambda seconds, stopped: None)


@pytest.fixture
def hub(settings: Any) -> Iterator[LoopbackHub]:
    with LoopbackHub([repository()]) as running:
        settings.WEIGHBRIDGE_HUBS = Access(HubAccess(running.url), HubAccess(running.url))
        yield running


def scan_of(address: str = "hf://org/net") -> Scan:
    services.request(r.person("ada"), "hub", address)
    (scan,) = r.work()
    return scan


def test_the_catalogue_knows_what_the_hub_tells(hub: LoopbackHub) -> None:
    scan = scan_of()
    assert (scan.state, scan.verdict, scan.files_done) == ("done", "malicious", 3), scan.error
    model = Model.objects.get()
    assert (model.provider, model.name, model.author) == ("huggingface", "org/net", "org")
    assert (model.downloads, model.likes, model.licence) == (1234, 5, "apache-2.0")
    assert model.library == "transformers" and not model.restricted
    assert model.last_change is not None and model.last_change.year == 2026
    version = ModelVersion.objects.get()
    assert version.revision == next(iter(hub.repositories.values())).commit
    assert version.status == "suspected"
    parent = Lineage.objects.get()
    assert (parent.parent_name, parent.relation) == ("org/base", "quantised")


def test_a_parent_that_is_declared_no_longer_is_forgotten(hub: LoopbackHub) -> None:
    scan_of()
    hub.add(repository(about={**ABOUT, "cardData": {"base_model": "org/other"}}))
    scan_of()
    parent = Lineage.objects.get()
    assert (parent.parent_name, parent.relation) == ("org/other", "derived")


def test_others_say(hub: LoopbackHub) -> None:
    scan = scan_of()
    assert scan.version is not None
    entries = {one["path"]: one for one in report_on(scan.version, evidence=True)}
    said = {one["scanner"]: one for one in entries["model.pkl"]["provider_scans"]}
    assert said["av"]["status"] == "safe" and said["av"]["agreement"] == "unseen"
    assert said["pickleImport"]["agreement"] == "confirmed"
    assert entries["clean.pkl"]["provider_scans"] == []


def test_what_was_read_whole_is_known_by_its_hash(hub: LoopbackHub) -> None:
    scan_of()
    content = next(iter(hub.repositories.values())).files["model.pkl"]
    found = look_up(content.sha256)
    assert found is not None and found.verdict == "malicious"
    assert ModelFile.objects.get(path="model.pkl").artifact.sha256_source == "computed"


def test_a_declared_hash_is_no_fact_for_look_ups(hub: LoopbackHub, tmp_path: Path) -> None:
    place = tmp_path / "large.safetensors"
    header = b'{"w":{"dtype":"U8","shape":[33554432],"data_offsets":[0,33554432]}}'
    with place.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + (1 << 25))
    declared = "d" * 64
    hub.add(repository(files={"model.safetensors": Content(place, True, declared)}))
    scan = scan_of()
    assert (scan.state, scan.verdict) == ("done", "clean"), scan.error
    artifact = Artifact.objects.get()
    assert (artifact.sha256, artifact.sha256_source) == (declared, "declared")
    assert look_up(declared) is None
    assert hub.file_bytes < 1 << 21


def test_what_was_judged_is_not_fetched_again(hub: LoopbackHub) -> None:
    scan_of()
    fetched = hub.file_bytes
    assert scan_of().verdict == "malicious"
    assert hub.file_bytes == fetched
    files = repository().files
    hub.add(repository(name="org/copy", files={"renamed.pkl": files["model.pkl"]}))
    assert scan_of("hf://org/copy").verdict == "malicious"
    assert hub.file_bytes == fetched
    assert Artifact.objects.count() == 3


def test_another_endpoint_has_to_show_what_it_declares(hub: LoopbackHub, settings: Any) -> None:
    scan_of()
    files = {"model.pkl": Content(r.harmless(), True, repository().files["model.pkl"].sha256)}
    with LoopbackHub([repository(files=files)]) as other:
        settings.WEIGHBRIDGE_HUBS = Access(HubAccess(other.url), HubAccess(other.url))
        scan = scan_of()
    assert other.file_bytes
    assert scan.verdict == "inconclusive"
    assert look_up(repository().files["model.pkl"].sha256).verdict == "malicious"  # type: ignore[union-attr]
    assert ArtifactReport.objects.filter(current=True, verdict="inconclusive").count() == 1


@pytest.mark.parametrize("word", ["gated", "private"])
def test_gated_and_private_models_are_restricted(hub: LoopbackHub, word: str) -> None:
    hub.add(repository(about={word: "manual" if word == "gated" else True}))
    scan_of()
    assert Model.objects.get().restricted
    assert not models_visible_to(r.person("eve", Role.READER)).exists()


@pytest.mark.parametrize(
    ("about", "listed"),
    [({"isPrivate": True}, {}), ({}, {"license": {"agreementRequired": True}})],
    ids=["private", "terms"],
)
def test_so_are_those_of_kaggle(
    hub: LoopbackHub, about: dict[str, object], listed: dict[str, object]
) -> None:
    hub.kaggle.about, hub.kaggle.listed = about, listed
    hub.kaggle.add("owner/net/pyTorch/small/3", {"model.pkl": Content(r.infected("kaggle"))})
    scan_of("kaggle://owner/net/pytorch/small")
    assert Model.objects.get().restricted


def test_a_folder_that_was_copied_elsewhere_is_recognised(
    hub: LoopbackHub, tmp_path: Path, settings: Any
) -> None:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    at_hub = scan_of().version
    files = repository().files
    copied = {name: content.read(0, content.size) for name, content in files.items()}
    other = {**copied, "clean.pkl": r.harmless() + b"\n"}
    for name, held in (("copy", copied), ("other", other)):
        r.written(tmp_path / name, held)
        services.request(r.person("ada"), "path", str(tmp_path / name))
    first, second = (scan.version for scan in r.work())
    assert at_hub is not None and first is not None and second is not None
    client = Client()
    client.force_login(r.person("ada"))
    told = client.get(f"/api/v1/versions/{first.pk}").json()["recognised_as"]
    assert [(one["name"], one["revision"]) for one in told] == [("org/net", at_hub.revision)]
    assert "Its weights are those of" in client.get(f"/models/{first.model_id}").content.decode()
    assert client.get(f"/api/v1/versions/{second.pk}").json()["recognised_as"] == []
    assert client.get(f"/api/v1/versions/{at_hub.pk}").json()["recognised_as"] == []


def test_a_restricted_model_is_recognised_for_researchers_alone(
    hub: LoopbackHub, tmp_path: Path, settings: Any
) -> None:
    settings.WEIGHBRIDGE_LOCAL_ROOTS = [tmp_path]
    hub.add(repository(about={"private": True}))
    scan_of()
    files = repository().files
    held = {name: content.read(0, content.size) for name, content in files.items()}
    services.request(r.person("ada"), "path", str(r.written(tmp_path / "copy", held)))
    (scan,) = r.work()
    assert scan.version is not None
    everybody = versions_visible_to(r.person("eve", Role.READER))
    assert recognised(scan.version, everybody) == []
    assert len(recognised(scan.version, versions_visible_to(r.person("ada")))) == 1


def test_what_was_fetched_is_counted(hub: LoopbackHub) -> None:
    scan = scan_of()
    scan.refresh_from_db()
    assert 0 < scan.bytes_fetched == hub.file_bytes


def test_a_new_revision_says_what_changed_in_the_code_that_would_run(hub: LoopbackHub) -> None:
    config = Content(b'{"auto_map": {"AutoModel": "modeling_x.Net"}}')
    same = Content(b"WIDTH = 4\n")
    first = {
        "modeling_x.py": Content(b"from . import layers\nclass Net: pass\n"),
        "layers.py": same,
    }
    hub.add(Repository("org/code", {"config.json": config, **first}))
    before = scan_of("hf://org/code").version
    changed = Content(b"from . import layers\n\n\nclass Net: pass\n")
    more = {"README.md": Content(b"# Words\n"), "modeling_x.py": changed}
    hub.add(Repository("org/code", first | more))
    after = scan_of("hf://org/code").version
    assert before is not None and after is not None and before != after
    (found,) = [one for one in after.report.findings if one["rule"] == "remote-code"]
    assert found["evidence"]["since"] == before.revision
    assert found["evidence"]["changes"] == ["changed modeling_x.py"]
    (found,) = [one for one in before.report.findings if one["rule"] == "remote-code"]
    assert "since" not in found["evidence"]


def test_a_kaggle_model(hub: LoopbackHub) -> None:
    hub.kaggle.about = {"author": "Somebody", "voteCount": 7}
    hub.kaggle.instance = {"licenseName": "MIT"}
    hub.kaggle.add("owner/net/pyTorch/small/3", {"model.pkl": Content(r.infected("kaggle"))})
    scan = scan_of("kaggle://owner/net/pytorch/small")
    assert (scan.state, scan.verdict) == ("done", "malicious"), scan.error
    model = Model.objects.get()
    assert (model.provider, model.name) == ("kaggle", "owner/net/pyTorch/small")
    assert (model.likes, model.licence) == (7, "MIT")
    assert ModelVersion.objects.get().revision == "3"


def test_no_worker_process_holds_the_token(hub: LoopbackHub, settings: Any) -> None:
    hub.faults.token = "hf_only_for_the_server"
    settings.WEIGHBRIDGE_HUBS = replace(
        settings.WEIGHBRIDGE_HUBS, hugging_face=HubAccess(hub.url, hub.faults.token)
    )
    assert scan_of().state == "done"
    assert pool.shared()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if not children.exists():
        pytest.skip("no list of child processes here")
    for child in children.read_text().split():
        assert b"hf_only" not in Path(f"/proc/{child}/environ").read_bytes()
        assert b"hf_only" not in Path(f"/proc/{child}/cmdline").read_bytes()


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://huggingface.co.example.org/org/net",
        "https://user@huggingface.co/org/net",
        "https://huggingface.co/org/net",
        "ftp://example.org/model",
        "s3://bucket/model",
        "hf://../etc/passwd",
        "model.pkl",
    ],
)
def test_no_other_address_is_accepted(hub: LoopbackHub, address: str) -> None:
    with pytest.raises(TargetError):
        services.request(r.person("ada"), "hub", address)
    assert not Scan.objects.exists()
    assert not hub.log


def test_the_page_of_the_configured_hub_names_its_model(hub: LoopbackHub) -> None:
    scan = services.request(r.person("ada"), "hub", f"{hub.url}/org/net/tree/main")
    assert scan.target == "hf://org/net@main"


def test_the_api_takes_addresses_of_hubs(hub: LoopbackHub) -> None:
    ada = r.person("ada")
    secret = tokens.create(ada, "test", ["scan", "read"]).secret
    client = Client(headers={"authorization": f"Bearer {secret}"})

    def asked(target: str) -> Any:
        body = {"target": target}
        return client.post("/api/v1/scans", body, content_type="application/json")

    assert asked("http://169.254.169.254/x").status_code == 422
    answer = asked("hf://org/net")
    assert answer.status_code == 201
    r.work()
    number = answer.json()["id"]
    report = client.get(f"/api/v1/scans/{number}/report").json()
    assert (report["provider"], report["verdict"]) == ("huggingface", "malicious")
    said = {one["path"]: one["provider_scans"] for one in report["files"]}
    assert {one["scanner"] for one in said["model.pkl"]} == {"av", "pickleImport"}
    version = client.get(f"/api/v1/versions/{Scan.objects.get().version_id}").json()
    assert version["status"] == "suspected" and version["together"]["verdict"] == "clean"


def test_a_model_that_is_not_there_fails_and_a_silent_hub_is_asked_again(hub: LoopbackHub) -> None:
    scan = scan_of("hf://org/missing")
    assert scan.state == "failed" and "org/missing" in scan.error


def test_a_hub_that_cannot_be_reached_is_asked_again_later(hub: LoopbackHub, settings: Any) -> None:
    nobody = HubAccess("http://127.0.0.1:9")
    settings.WEIGHBRIDGE_HUBS = Access(nobody, nobody)
    scan = scan_of()
    assert (scan.state, scan.attempts) == ("queued", 1), scan.error
    scan = scan_of("kaggle://owner/net/pytorch/small")
    assert (scan.state, scan.attempts) == ("queued", 1), scan.error
