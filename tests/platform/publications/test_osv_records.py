"""OSV records and the dump: what everybody else's tools read."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from osv_schema import schema_errors
from packageurl import PackageURL
from registry import decided_malicious, infected, only_case, person, scanned

from weighbridge.platform.advisories import services
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.catalog.models import Model, ModelVersion
from weighbridge.platform.publications.osv import find, record

pytestmark = pytest.mark.django_db
COMMIT = "1" * 40
KEYS = set(
    "schema_version id modified published withdrawn aliases upstream related summary details "
    "severity affected references credits database_specific".split()
)
CVSS = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H"


def weakness(**more: Any) -> dict[str, Any]:
    """Publish a WS about a model on a hub and return its record."""
    model = Model.objects.create(provider="huggingface", name="acme/demo-model")
    ModelVersion.objects.create(model=model, revision=COMMIT)
    opening = services.Opening("Needs remote code", "It fetches <b>code</b>.", model=model)
    advisory = services.reserve_ws(person("ada"), opening)
    services.save_draft(person("ada"), advisory.pk, {"cwe": ["CWE-829"], "cvss": [CVSS], **more})
    services.publish_ws(person("ada"), advisory.pk)
    return of(advisory)


def malice() -> dict[str, Any]:
    """Issue an MSC and return its record."""
    scanned(infected())
    decided_malicious(only_case())
    return of(Advisory.objects.get(kind="MSC"))


def of(advisory: Advisory) -> dict[str, Any]:
    item = find(bare(advisory))
    assert item is not None
    return record(item)


def test_a_ws_names_the_model_as_a_git_package_with_its_purl() -> None:
    osv = weakness()
    assert schema_errors(osv) == []
    number = osv["aliases"][0]
    assert osv["id"] == f"x_{number}" and number.startswith("WS-")
    (affected,) = osv["affected"]
    address = "https://huggingface.co/acme/demo-model"
    assert affected["package"] == {
        "ecosystem": "GIT",
        "name": address,
        "purl": "pkg:huggingface/acme/demo-model",
    }
    assert affected["ranges"] == [
        {"type": "GIT", "repo": address, "events": [{"introduced": COMMIT}]}
    ]
    assert affected["versions"] == [COMMIT]
    assert osv["severity"] == [{"type": "CVSS_V3", "score": CVSS}]
    assert osv["database_specific"]["severity"] == "HIGH"
    assert osv["database_specific"]["cwe_ids"] == ["CWE-829"]
    assert "<b>" not in osv["details"].replace("\\<", "")


def test_an_msc_has_no_score_and_does_not_change() -> None:
    osv = malice()
    assert schema_errors(osv) == []
    assert "severity" not in osv and osv["database_specific"]["severity"] == "CRITICAL"
    assert osv["modified"] == osv["published"]
    assert not any(alias.startswith("CVE-") for alias in osv["aliases"])
    (affected,) = osv["affected"]
    (file,) = affected["database_specific"]["files"]
    assert len(file["sha256"]) == 64 and "ranges" not in affected


def test_a_package_lists_versions_and_no_range() -> None:
    opening = services.Opening("t", "d", package="Some_Package", versions=("1.0", "1.1"))
    advisory = services.reserve_ws(person("ada"), opening)
    services.publish_ws(person("ada"), advisory.pk)
    osv = of(advisory)
    assert schema_errors(osv) == []
    (affected,) = osv["affected"]
    assert affected["package"]["ecosystem"] == "PyPI"
    assert affected["package"]["name"] == "some-package"
    assert affected["versions"] == ["1.0", "1.1"] and "ranges" not in affected


@pytest.mark.parametrize("made", [weakness, malice])
def test_every_record_keeps_the_checklist(made: Any) -> None:
    osv = made()
    assert set(osv) <= KEYS
    assert all(osv[name].endswith("Z") for name in ("published", "modified"))
    for affected in osv["affected"]:
        assert PackageURL.from_string(affected["package"]["purl"]).version is None
        assert affected["versions"]


def test_a_superseded_ws_stays_and_a_withdrawn_one_says_why() -> None:
    before = weakness()
    advisory = Advisory.objects.get()
    services.supersede_ws(person("ada"), advisory.pk, "CVE-2026-12345")
    after = of(advisory)
    assert schema_errors(after) == []
    assert "CVE-2026-12345" in after["aliases"] and "withdrawn" not in after
    assert after["modified"] > before["modified"] and after["published"] == before["published"]
    services.withdraw(Advisory.objects.get(), "It was wrong.", person("ada"), person("bob"))
    last = of(advisory)
    assert schema_errors(last) == []
    assert last["withdrawn"] == last["modified"] > after["modified"]
    assert last["details"].startswith("Withdrawn: It was wrong.")


def body(path: str) -> bytes:
    answer = Client().get(f"/osv/{path}")
    assert answer.status_code == 200, path
    return answer.content


def test_the_dump_has_the_layout_that_consumers_know() -> None:
    malice()
    weakness()
    services.reserve_ws(person("ada"), services.Opening("t", "d", package="p", versions=("1",)))
    msc, ws = (bare(one) for one in Advisory.objects.exclude(state="reserved").order_by("kind"))
    with zipfile.ZipFile(io.BytesIO(body("all.zip"))) as archive:
        assert archive.namelist() == [f"x_{msc}.json", f"x_{ws}.json"]
        inside = json.loads(archive.read(f"x_{ws}.json"))
    assert inside == json.loads(body(f"GIT/x_{ws}.json")) == json.loads(body(f"GIT/{ws}.json"))
    assert body("ecosystems.txt") == b"GIT\n"
    lines = body("modified_id.csv").decode().splitlines()
    assert [line.partition(",")[2] for line in lines] == [f"GIT/x_{ws}", f"GIT/x_{msc}"]
    assert body("GIT/modified_id.csv").decode().splitlines()[0].endswith(f",x_{ws}")
    assert body("GIT/all.zip")
    for path in (
        "PyPI/all.zip",
        "GIT/x_WS-2026-0003.json",
        "x.json",
        "../all.zip",
        "GIT/",
        "a/b/c",
    ):
        assert Client().get(f"/osv/{path}").status_code == 404, path


def test_an_unchanged_dump_is_not_sent_twice() -> None:
    weakness()
    first = Client().get("/osv/all.zip")
    again = Client().get("/osv/all.zip", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    services.supersede_ws(person("ada"), Advisory.objects.get().pk, "CVE-2026-12345")
    changed = Client().get("/osv/all.zip", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200


def test_atom_names_the_newest() -> None:
    weakness()
    feed = Client().get("/advisories.atom")
    assert feed["Content-Type"].startswith("application/atom+xml")
    assert bare(Advisory.objects.get()) in feed.content.decode()
