"""Models on a loopback Kaggle, scanned without being downloaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_scans import codes, files, model, safetensors

import weighbridge
from hub.content import Content
from hub.server import LoopbackHub
from weighbridge.defender.targets import Reach
from weighbridge.errors import TargetError
from weighbridge.findings.model import BaseModel, ScanReport
from weighbridge.sources.access import Access, HubAccess

HANDLE = "owner/model/pyTorch/small"
LOGIN = "Bearer kaggle-test"


@pytest.fixture(autouse=True)
def variation(hub: LoopbackHub) -> None:
    hub.kaggle.add(f"{HANDLE}/1", {"old.txt": Content(b"old")})
    hub.kaggle.add(f"{HANDLE}/2", model().files)


def scanned(hub: LoopbackHub, target: str = f"kaggle://{HANDLE}", **fields: object) -> ScanReport:
    access = Access(HubAccess(hub.url), HubAccess(hub.url, LOGIN))
    return weighbridge.scan(target, reach=Reach(access, **fields))  # type: ignore[arg-type]


def test_the_latest_version_is_judged_by_its_bytes(hub: LoopbackHub) -> None:
    report = scanned(hub)
    assert (report.provider, report.revision, report.model.id) == ("kaggle", "2", HANDLE)
    assert {file.path: str(file.verdict) for file in report.files} == {
        "README.md": "clean",
        "config.json": "clean",
        "evil.bin": "malicious",
        "weights/model.safetensors": "clean",
    }
    assert files(report)["weights/model.safetensors"].fetched < 500_000


@pytest.mark.parametrize(
    "target",
    [
        f"kaggle://{HANDLE}/1",
        "kaggle://owner/model/PY_TORCH/small/1",
        f"https://www.kaggle.com/models/{HANDLE}/1",
    ],
)
def test_the_ways_to_name_a_version(hub: LoopbackHub, target: str) -> None:
    assert [file.path for file in scanned(hub, target).files] == ["old.txt"]


def test_a_version_beside_the_name(hub: LoopbackHub) -> None:
    assert scanned(hub, revision="1").revision == "1"


def test_the_login_goes_to_kaggle_alone(hub: LoopbackHub) -> None:
    scanned(hub)
    assert {seen.authorization for seen in hub.log if seen.origin == "hub"} == {LOGIN}
    assert {seen.authorization for seen in hub.log if seen.origin == "storage"} == {None}


def test_a_hash_is_computed_or_unknown(hub: LoopbackHub) -> None:
    found = files(scanned(hub))
    assert found["evil.bin"].sha256_source == "computed"
    assert found["weights/model.safetensors"].sha256_source is None


def test_all_pages_are_read(hub: LoopbackHub) -> None:
    hub.kaggle.add(f"{HANDLE}/3", {f"{n}.txt": Content(b"text") for n in range(230)})
    assert len(scanned(hub).files) == 230


def test_what_kaggle_tells_about_the_model(hub: LoopbackHub) -> None:
    hub.kaggle.about = {"author": "Owner", "voteCount": 7, "updateTime": "2026-02-03T00:00:00Z"}
    hub.kaggle.instance = {
        "licenseName": "MIT",
        "modelInstanceType": "MODEL_INSTANCE_TYPE_FROM_THE_FUTURE",
        "baseModelInstanceInformation": {
            "owner": {"slug": "google"}, "modelSlug": "gemma", "instanceSlug": "2b", "framework": 3,
        },
    }  # fmt: skip
    about = scanned(hub).model
    assert (about.author, about.likes, about.license) == ("Owner", 7, "MIT")
    assert about.base_models == (BaseModel("google/gemma/2b", "variant"),)


def test_terms_to_agree_to_and_privacy_are_told(hub: LoopbackHub) -> None:
    about = scanned(hub).model
    assert (about.gated, about.private) == (False, False)
    hub.kaggle.about = {"isPrivate": True}
    hub.kaggle.listed = {"license": {"name": "Gemma", "agreementRequired": True}}
    about = scanned(hub).model
    assert (about.gated, about.private) == (True, True)


def test_the_variation_is_looked_for_on_every_page(hub: LoopbackHub) -> None:
    for number in range(3):
        hub.kaggle.add(f"owner/model/keras/other{number}/1", {})
    hub.kaggle.listed = {"license": {"agreementRequired": True}}
    hub.faults.list_page = 1
    assert scanned(hub).model.gated


def test_without_single_files_the_bundle_is_examined(hub: LoopbackHub) -> None:
    hub.faults.bundle_only = True
    report = scanned(hub)
    assert [file.path for file in report.files] == ["bundle.tar.gz"]
    assert report.verdict == "malicious"
    assert "evil.bin" in (report.findings[0].member or "")


def test_a_bundle_is_fetched_up_to_the_bound(hub: LoopbackHub) -> None:
    hub.faults.bundle_only = True
    (file,) = scanned(hub, download=100).files
    assert (file.verdict, codes(file)) == ("inconclusive", ["limit-download"])


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({"token": "another"}, "does not allow it"),
        ({"kaggle_code": 403}, "does not allow it"),
        ({"kaggle_code": 404}, "no such model"),
        ({"endless_pages": True}, "does not end"),
    ],
)
def test_errors_say_what_to_do(hub: LoopbackHub, fault: dict[str, object], says: str) -> None:
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    with pytest.raises(TargetError, match=says):
        scanned(hub)


def test_unknown_models_and_versions(hub: LoopbackHub) -> None:
    for target in ("kaggle://owner/other/pyTorch/small", f"kaggle://{HANDLE}/9"):
        with pytest.raises(TargetError, match="no such model or version"):
            scanned(hub, target)


def test_too_many_requests_for_a_moment(hub: LoopbackHub) -> None:
    hub.faults.limited = 2
    assert scanned(hub).verdict == "malicious"


@pytest.mark.parametrize(
    "name",
    ["kaggle://owner/model", "kaggle://o/m/noSuch/v", f"kaggle://{HANDLE}/latest",
     "kaggle://../m/pyTorch/v", "https://www.kaggle.com/datasets/a/b"],
)  # fmt: skip
def test_names_that_are_none(hub: LoopbackHub, name: str) -> None:
    with pytest.raises(TargetError):
        scanned(hub, name)
    assert hub.log == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"wrong_md5": True}, "hash-mismatch"),
        ({"ignore_range": True}, "source-error"),
        ({"short": 1}, "source-error"),
    ],
)
def test_a_lie_costs_the_file(hub: LoopbackHub, fault: dict[str, object], code: str) -> None:
    data = {"a.bin": Content(safetensors(100) if code == "hash-mismatch" else safetensors())}
    hub.kaggle.add(f"{HANDLE}/3", data)
    for name, value in fault.items():
        setattr(hub.faults, name, value)
    (file,) = scanned(hub).files
    assert (file.verdict, codes(file)) == ("inconclusive", [code])


def test_names_that_lead_out_of_the_model(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.listed_names = ("../up.bin", "/etc/x", "nul\0")
    report = scanned(hub)
    assert sum(codes(file) == ["unsafe-name"] for file in report.files) == 3


def test_the_real_client_downloads_from_it(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kagglehub = pytest.importorskip("kagglehub")
    from kagglesdk import kaggle_env

    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, hub.url)
    place = kagglehub.model_download(HANDLE)
    local, remote = weighbridge.scan(place), scanned(hub)
    assert [file.verdict for file in local.files] == [file.verdict for file in remote.files]


def test_a_file_that_is_listed_as_empty_and_is_not(hub: LoopbackHub) -> None:
    hub.kaggle.add(f"{HANDLE}/3", {"empty.txt": Content(b""), "full.bin": Content(b"x" * 50)})
    hub.faults.shown_empty = True
    found = files(scanned(hub))
    assert found["empty.txt"].verdict == "clean"
    full = found["full.bin"]
    assert (full.verdict, codes(full)) == ("inconclusive", ["source-error"])
