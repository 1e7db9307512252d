"""The bill of materials: valid by the strict validator, references that lead somewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reports.made_reports import HOSTILE, file, finding, report

pytest.importorskip("cyclonedx", reason="bills of materials need weighbridge[bom]")

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from weighbridge.boms.model import BomAdvisory, BomModel, of_report
from weighbridge.boms.reading import BomError, components
from weighbridge.boms.writing import render
from weighbridge.findings.libraries import Knowledge, Library, Vulnerability
from weighbridge.findings.model import BaseModel, ModelInfo, Verdict

COMMIT = "a" * 40
CVE = Vulnerability(
    "CVE-2030-1", ("GHSA-aaaa-bbbb-cccc",), "critical", 9.8, "code-execution", "CWE-94", ("3.9.0",),
    "It runs code", ("keras",), ("model.keras",),
)  # fmt: skip
UNREACHED = Vulnerability(
    "CVE-2030-2", (), "unknown", None, "other", "no more", (), "", ("onnx",), ()
)
TRIAGED = Vulnerability("CVE-2030-3", (), "low", 2.0, "other", "CWE-79", (), "A page", (), ())


def bom_of(*models: BomModel) -> dict[str, Any]:
    """Write a bill of materials, and hold it to everything that must be true of one."""
    text = render(models)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    value: dict[str, Any] = json.loads(text)
    known = set(references(value["components"]))
    pointed = {item["ref"] for one in value.get("vulnerabilities", ()) for item in one["affects"]}
    pointed |= {name for one in value["dependencies"] for name in one.get("dependsOn", ())}
    assert pointed <= known
    return value


def references(items: list[dict[str, Any]]) -> list[str]:
    found = [one["bom-ref"] for one in items if "bom-ref" in one]
    return found + [name for one in items for name in references(one.get("components", []))]


def hub_report() -> Any:
    libraries = (
        Library("keras", "3.8.0", "PyPI", "declared", "requirements.txt",
                vulnerabilities=(CVE, UNREACHED, TRIAGED)),
        Library("numpy", None, "PyPI", "needs", "model.keras"),
        Library("keras", "3.7.0", "PyPI", "saved-with", "model.keras"),
    )  # fmt: skip
    return report(
        file("model.keras", Verdict.MALICIOUS),
        findings=(finding(path="model.keras", advisories=("MSC-2030-0001",)),),
        target="hf://acme/demo",
        provider="huggingface",
        revision=COMMIT,
        model=ModelInfo(
            "huggingface", "acme/demo", COMMIT, license="apache-2.0",
            base_models=(BaseModel("base/model", "finetune"),),
        ),
        libraries=libraries,
        knowledge=Knowledge(3, "2030-01-02T03:04:05Z", "2030-01-03T00:00:00Z", 4),
        card=(("pipeline_tag", "text-generation"), ("datasets", "acme/data")),
    )  # fmt: skip


def test_a_model_with_files_card_licence_base_and_libraries() -> None:
    value = bom_of(of_report(hub_report()))
    assert value["specVersion"] == "1.6"
    model = next(one for one in value["components"] if one["type"] == "machine-learning-model")
    assert model["purl"] == f"pkg:huggingface/acme/demo@{COMMIT}"
    assert (model["group"], model["name"], model["version"]) == ("acme", "demo", COMMIT)
    assert model["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    assert model["pedigree"]["ancestors"][0]["purl"] == "pkg:huggingface/base/model"
    assert model["modelCard"]["modelParameters"] == {
        "task": "text-generation",
        "datasets": [{"type": "dataset", "name": "acme/data"}],
    }
    (part,) = model["components"]
    assert part["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
    named = {one["purl"] for one in value["components"] if one["type"] == "library"}
    assert named == {"pkg:pypi/keras@3.8.0", "pkg:pypi/numpy"}
    needs = next(one for one in value["dependencies"] if one["ref"] == "model-1")
    assert set(needs["dependsOn"]) == {"pypi/keras@3.8.0", "pypi/numpy"}


def test_each_vulnerability_has_a_state_of_analysis() -> None:
    value = bom_of(of_report(hub_report()))
    states = {one["id"]: one["analysis"] for one in value["vulnerabilities"]}
    assert states["CVE-2030-1"]["state"] == "exploitable"
    # Nothing carries it here, but words of a record are no proof that nothing can.
    assert states["CVE-2030-2"] == {"state": "in_triage"}
    assert states["CVE-2030-3"]["state"] == "in_triage"
    assert states["MSC-2030-0001"]["state"] == "exploitable"
    msc = next(one for one in value["vulnerabilities"] if one["id"] == "MSC-2030-0001")
    assert {item["ref"] for item in msc["affects"]} == {"model-1", "model-1/file-1"}


@pytest.mark.parametrize("state", ["exploitable", "in_triage", "false_positive", "not_affected"])
def test_states_that_a_registry_gives(state: str) -> None:
    advisory = BomAdvisory("WS-2030-0001", "Weak", "high", state, (502,), "https://x.example/a")
    value = bom_of(BomModel("kaggle", "o/m/f/v", "3", advisories=(advisory,)))
    assert value["vulnerabilities"][0]["analysis"]["state"] == state
    (model,) = value["components"]
    assert model["purl"].startswith("pkg:generic/o/m/f/v@3?repository_url=")


def test_several_models_share_their_libraries() -> None:
    value = bom_of(of_report(hub_report()), of_report(hub_report()))
    assert sum(one["type"] == "library" for one in value["components"]) == 2


def test_the_same_scan_gives_the_same_text() -> None:
    assert render([of_report(hub_report())]) == render([of_report(hub_report())])


def test_hostile_names_stay_valid() -> None:
    hostile = report(
        file(HOSTILE, Verdict.CLEAN),
        target=HOSTILE,
        card=(("license", HOSTILE), ("base_model", HOSTILE), ("pipeline_tag", HOSTILE)),
    )
    bom_of(of_report(hostile))


def test_what_is_written_can_be_read_back() -> None:
    named = components(render([of_report(hub_report())]).encode())
    assert ("keras", "3.8.0") in {one.package for one in named}
    assert "0" * 64 in {one.sha256 for one in named}
    assert any(one.purl and one.purl.type == "huggingface" for one in named)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"bomFormat": "SPDX"}',
        b"[" * 100_000,
        b'{"bomFormat": "CycloneDX", "components": '
        + b'[{"components": ' * 100
        + b"[]"
        + b"}]" * 100
        + b"}",
    ],
)
def test_what_is_no_bill_of_materials_is_refused(data: bytes) -> None:
    with pytest.raises(BomError):
        components(data)


def test_odd_components_are_passed_over() -> None:
    value = {
        "bomFormat": "CycloneDX",
        "components": [7, None, {"purl": "nonsense", "hashes": [3, {"alg": "SHA-256"}]}],
    }
    (one,) = components(json.dumps(value).encode())
    assert (one.purl, one.sha256, one.package) == (None, "", None)
