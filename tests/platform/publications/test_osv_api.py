"""OSV's own API, and pip-audit as its client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from osv_schema import schema_errors
from registry import decided_malicious, infected, only_case, person, scanned

from libraries.osv_records import folder_of, real_folders, record
from weighbridge.advisories_lookup.model import Versioned
from weighbridge.advisories_lookup.opening import open_advisories
from weighbridge.libraries.importing import import_records
from weighbridge.platform.advisories import services
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.catalog.models import Model, ModelVersion
from weighbridge.platform.publications import osv_answers

pytestmark = pytest.mark.django_db
COMMIT = "c" * 40


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """No records but those that a test imports."""
    place = str(tmp_path / "known.sqlite3")
    monkeypatch.setenv("WEIGHBRIDGE_DB", place)
    return place


def ask(value: object, address: str = "/v1/query", status: int = 200) -> dict[str, Any]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    # As pip-audit and curl do: whatever content type.
    answer = Client(enforce_csrf_checks=True).post(
        address, body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == status, answer.content
    found: dict[str, Any] = json.loads(answer.content)
    return found


def pypi(name: str, version: str | None = None) -> dict[str, Any]:
    query: dict[str, Any] = {"package": {"ecosystem": "PyPI", "name": name}}
    return query if version is None else {**query, "version": version}


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer.get("vulns", [])]


def known(tmp_path: Path, database: str, *records: dict[str, Any]) -> None:
    import_records(database, str(folder_of(tmp_path / "records", *records)))


def weakness_of_package(name: str = "demo", versions: tuple[str, ...] = ("1.0", "1.1")) -> str:
    ada = person("ada")
    opening = services.Opening("It trusts its input", "Why.", package=name, versions=versions)
    advisory = services.reserve_ws(ada, opening)
    services.save_draft(ada, advisory.pk, {"cwe": ["CWE-502"]})
    services.publish_ws(ada, advisory.pk)
    return bare(advisory)


def weakness_of_model() -> str:
    ada = person("ada")
    model = Model.objects.create(provider="huggingface", name="acme/demo-model")
    ModelVersion.objects.create(model=model, revision=COMMIT)
    advisory = services.reserve_ws(ada, services.Opening("Remote code", "Why.", model=model))
    services.save_draft(ada, advisory.pk, {"cwe": ["CWE-829"]})
    services.publish_ws(ada, advisory.pk)
    return bare(advisory)


def test_a_package_by_version(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record("CVE-2030-1"), record("CVE-2030-2", "other"))
    assert ids(ask(pypi("demo", "1.0"))) == ["CVE-2030-1"]
    assert ids(ask(pypi("Demo", "1.0.0+cu118"))) == ["CVE-2030-1"]
    assert ask(pypi("demo", "2.0")) == {}
    assert ids(ask(pypi("demo"))) == ["CVE-2030-1"]
    assert ids(ask({"package": {"purl": "pkg:pypi/demo@1.0"}})) == ["CVE-2030-1"]
    assert ids(ask({"package": {"name": "demo"}, "version": "1.0"})) == ["CVE-2030-1"]


def test_before_any_import_there_is_nothing() -> None:
    assert ask(pypi("demo", "1.0")) == {}


def test_what_is_imported_later_is_seen_at_once(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record("CVE-2030-1"))
    assert ids(ask(pypi("demo", "1.0"))) == ["CVE-2030-1"]
    known(tmp_path, database, record("CVE-2030-2"))
    assert ids(ask(pypi("demo", "1.0"))) == ["CVE-2030-1", "CVE-2030-2"]


def test_withdrawn_records_are_had_by_id_only(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record(withdrawn="2030-02-01T00:00:00Z"))
    assert ask(pypi("demo", "1.0")) == {}
    assert Client().get("/v1/vulns/CVE-2030-1").json()["withdrawn"] == "2030-02-01T00:00:00Z"


def test_every_item_of_an_answer_names_its_package(tmp_path: Path, database: str) -> None:
    one = record()
    events = [{"introduced": COMMIT}]
    git = {"type": "GIT", "repo": "https://git.example/r", "events": events}
    one["affected"].append({"ranges": [git]})
    known(tmp_path, database, one)
    (answer,) = ask(pypi("demo", "1.0"))["vulns"]
    assert all("package" in item for item in answer["affected"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (b"{", "no JSON"),
        (b"[" * 200_000, "no JSON"),
        ([], "object"),
        ({}, "commit or a package"),
        ({"package": {"ecosystem": "Hugging Face", "name": "x"}}, "invalid ecosystem"),
        ({"package": {"name": "x"}}, "needs a version"),
        ({"package": {"purl": "pkg:pypi/x@1"}, "version": "1"}, "versioned"),
        ({"package": {"purl": "pkg:pypi/x", "name": "x"}}, "along with"),
        ({"package": {"purl": "nonsense"}}, "Invalid package URL"),
        ({"package": {"name": 7}}, "no text"),
        ({"commit": "xyz"}, "Invalid commit"),
        ({"sha256": "abc"}, "Invalid SHA-256"),
        ({**pypi("x", "1"), "page_token": "-1"}, "page token"),
    ],
)
def test_bad_queries_are_refused_in_the_form_of_osv(query: object, message: str) -> None:
    answer = ask(query, status=400)
    assert answer["code"] == 3
    assert message in answer["message"]


def test_an_unknown_kind_of_package_has_nothing() -> None:
    assert ask({"package": {"purl": "pkg:swift/github.com/x/y@1.0"}}) == {}


def test_a_batch_answers_in_order_with_ids_and_times(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record("CVE-2030-1"))
    queries = {"queries": [pypi("none", "1"), pypi("demo", "1.0"), pypi("demo", "9")]}
    assert ask(queries, "/v1/querybatch") == {
        "results": [{}, {"vulns": [{"id": "CVE-2030-1", "modified": "2030-01-02T03:04:05Z"}]}, {}]
    }
    bad = {"queries": [pypi("demo", "1.0"), {}]}
    assert ask(bad, "/v1/querybatch", 400)["code"] == 3
    many = {"queries": [pypi("demo", "1.0")] * 1001}
    assert "Too many" in ask(many, "/v1/querybatch", 400)["message"]


def test_pages_can_be_followed(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osv_answers, "PAGE", 2)
    known(tmp_path, database, *(record(f"CVE-2030-{number}") for number in range(5)))
    found: list[str] = []
    query = pypi("demo", "1.0")
    while True:
        answer = ask(query)
        found += ids(answer)
        if "next_page_token" not in answer:
            break
        query["page_token"] = answer["next_page_token"]
    assert found == [f"CVE-2030-{number}" for number in range(5)]


def test_a_ws_about_a_package_matches_like_any_record(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record("CVE-2030-1", events=[{"introduced": "5"}]))
    number = weakness_of_package("Demo_Package")
    (answer,) = ask(pypi("demo-package", "1.0.0"))["vulns"]
    assert answer["id"] == f"x_{number}" and number in answer["aliases"]
    assert schema_errors(answer) == []
    assert ask(pypi("demo-package", "2.0")) == {}


def test_models_by_commit_purl_and_name(database: str) -> None:
    number = f"x_{weakness_of_model()}"
    assert ids(ask({"commit": COMMIT})) == [number]
    assert ids(ask({"package": {"purl": f"pkg:huggingface/acme/demo-model@{COMMIT}"}})) == [number]
    assert ids(ask({"package": {"purl": "pkg:huggingface/acme/demo-model"}})) == [number]
    git = {"ecosystem": "GIT", "name": "https://huggingface.co/acme/demo-model"}
    assert ids(ask({"package": git, "version": COMMIT})) == [number]
    assert ask({"package": {"purl": f"pkg:huggingface/acme/demo-model@{'d' * 40}"}}) == {}


def test_malicious_models_by_the_hash_of_a_file(database: str) -> None:
    import hashlib

    scanned(infected())
    decided_malicious(only_case())
    number = bare(Advisory.objects.get(kind="MSC"))
    digest = hashlib.sha256(infected()).hexdigest()
    assert ids(ask({"sha256": digest.upper()})) == [f"x_{number}"]


def test_records_by_id(tmp_path: Path, database: str) -> None:
    known(tmp_path, database, record("GHSA-aaaa-bbbb-cccc", aliases=["CVE-2030-1"]))
    number = weakness_of_package()
    client = Client()
    for name in (number, f"x_{number}"):
        assert client.get(f"/v1/vulns/{name}").json()["id"] == f"x_{number}"
    assert client.get("/v1/vulns/GHSA-aaaa-bbbb-cccc").json()["id"] == "GHSA-aaaa-bbbb-cccc"
    alias = client.get("/v1/vulns/CVE-2030-1")
    assert alias.status_code == 404
    assert "alias of: GHSA-aaaa-bbbb-cccc" in alias.json()["message"]
    assert client.get("/v1/vulns/CVE-1999-1").json() == {"code": 5, "message": "Bug not found."}


def test_reserved_numbers_are_not_had(database: str) -> None:
    opening = services.Opening("Secret", "Why.", package="demo", versions=("1.0",))
    number = bare(services.reserve_ws(person("ada"), opening))
    assert ask(pypi("demo", "1.0")) == {}
    assert Client().get(f"/v1/vulns/{number}").status_code == 404


def test_real_records_are_served_as_the_schema_has_them(database: str) -> None:
    for folder in real_folders():
        import_records(database, str(folder))
    for name in ("keras", "torch", "numpy"):
        for one in ask(pypi(name))["vulns"]:
            assert schema_errors(one) == [], one["id"]


def test_a_hundred_packages_are_answered_quickly(database: str) -> None:
    folders = real_folders()
    for folder in folders:
        import_records(database, str(folder))
    names = [path.name for folder in folders for path in sorted(folder.iterdir()) if path.is_dir()]
    queries = {"queries": [pypi(name, "2.5.0") for name in names[:100]]}
    ask(queries, "/v1/querybatch")
    started = time.perf_counter()
    ask(queries, "/v1/querybatch")
    assert time.perf_counter() - started < 1.0  # 0.1 s is what the benchmark holds


# -- pip-audit -------------------------------------------------------------------------------------


def pip_audit(address: str, requirements: Path) -> dict[str, Any]:
    """Run the real pip-audit; it exits with 1 when it finds something."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip_audit", "-s", "osv"),
            *("--osv-url", f"{address}/v1/query", "--requirement", str(requirements)),
            *("--disable-pip", "--no-deps", "--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "NO_PROXY": "*", "HOME": str(requirements.parent)},
    )
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    found = json.loads(done.stdout)["dependencies"]
    return {one["name"]: one for one in found}


def vulns(found: dict[str, Any]) -> dict[str, list[str]]:
    return {one["id"]: one["fix_versions"] for one in found["vulns"]}


@pytest.mark.django_db(transaction=True)
def test_pip_audit_works_unchanged(tmp_path: Path, database: str, live_server: Any) -> None:
    pytest.importorskip("pip_audit")
    known(
        tmp_path,
        database,
        record(
            "GHSA-aaaa-bbbb-cccc", "keras", aliases=["CVE-2030-1"], events=[
                {"introduced": "3.0.0"}, {"fixed": "3.9.0"},
            ],
        ),
        record("CVE-2030-9", "numpy", events=[{"introduced": "9"}]),
    )  # fmt: skip
    number = weakness_of_package("Demo_Package", ("1.0",))
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("keras==3.8\ndemo-package==1.0\nnumpy==1.0\nnothing-known==3\n")
    found = pip_audit(live_server.url, requirements)
    assert vulns(found["keras"]) == {"CVE-2030-1": ["3.9.0"]}
    assert vulns(found["demo-package"]) == {f"x_{number}": []}
    assert vulns(found["numpy"]) == vulns(found["nothing-known"]) == {}


@pytest.mark.django_db(transaction=True)
def test_pip_audit_finds_what_real_records_say(
    tmp_path: Path, database: str, live_server: Any
) -> None:
    pytest.importorskip("pip_audit")
    for folder in real_folders():
        import_records(database, str(folder))
    requirements = tmp_path / "requirements.txt"
    pins = {"tensorflow": "2.4.2", "torch": "1.13.0", "scikit-learn": "1.4.2", "notebook": "6.4.0"}
    requirements.write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    found = pip_audit(live_server.url, requirements)
    named = {
        name: {one["id"] for one in row["vulns"]} | {a for o in row["vulns"] for a in o["aliases"]}
        for name, row in found.items()
    }
    assert "CVE-2021-37678" in named["tensorflow"]
    assert "CVE-2022-45907" in named["torch"]
    assert "CVE-2024-5206" in named["scikit-learn"]
    assert "CVE-2022-24758" in named["notebook"]


@pytest.mark.django_db(transaction=True)
def test_a_bill_of_materials_is_checked_against_it(live_server: Any) -> None:
    number = weakness_of_model()
    purl = "pkg:huggingface/acme/demo-model"
    models = [Versioned(purl), Versioned(f"{purl}x")]
    found = open_advisories(live_server.url).about(models)
    assert {key.purl: [one.id for one in named] for key, named in found.items()} == {purl: [number]}
