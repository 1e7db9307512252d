"""Packages on PyPI: an MSC for a malicious one, a WS for a weak one."""

from __future__ import annotations

from typing import Any

import pytest
import registry as r
from osv_schema import schema_errors

from weighbridge.platform.advisories.issuing import affected_models
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.cases import deciding, services
from weighbridge.platform.cases.manual import Manual
from weighbridge.platform.cases.models import Case
from weighbridge.platform.publications.osv import ecosystems, find, record

pytestmark = pytest.mark.django_db


def opened(verdict: str = "malicious", package: str = "Torch_Helper") -> Case:
    manual = Manual(
        "Its setup sends environment variables away", "seen in an incident", verdict=verdict,
        package=package, versions=("1.0.1", "1.0.2"),
    )  # fmt: skip
    return services.open_by_hand(r.person("ada"), manual)


def osv_of(identifier: str) -> dict[str, Any]:
    found = find(identifier)
    assert found is not None
    return record(found)


def test_a_malicious_package_gets_its_msc() -> None:
    case = r.in_analysis(r.person("ada"), opened())
    deciding.propose_malicious(r.person("ada"), case.pk, "it steals credentials")
    _, issued = deciding.approve(r.person("bob"), case.pk)
    (advisory,) = issued
    assert (advisory.kind, advisory.ecosystem, advisory.model) == ("MSC", "PyPI", None)
    assert not affected_models(case)
    shown = osv_of(f"MSC-{advisory.year}-{advisory.number:04d}")
    (affected,) = shown["affected"]
    assert affected["package"] == {
        "ecosystem": "PyPI",
        "name": "torch-helper",
        "purl": "pkg:pypi/torch-helper",
    }
    assert affected["versions"] == ["1.0.1", "1.0.2"] and "ranges" not in affected
    assert "severity" not in shown and shown["database_specific"]["severity"] == "CRITICAL"
    assert ecosystems(shown) == ["PyPI"]
    assert schema_errors(shown) == []


def test_a_weak_package_gets_a_ws() -> None:
    from weighbridge.platform.advisories.services import publish_ws

    case = r.in_analysis(r.person("ada"), opened("weakness"))
    _, advisory = deciding.weakness(r.person("ada"), case.pk, "it extracts without checks")
    assert advisory is not None
    publish_ws(r.person("ada"), advisory.pk)
    shown = osv_of(f"WS-{advisory.year}-{advisory.number:04d}")
    assert shown["affected"][0]["package"]["ecosystem"] == "PyPI"
    assert schema_errors(shown) == []


def test_one_case_for_each_package_however_it_is_spelled() -> None:
    assert opened().pk == opened(package="torch.helper").pk


@pytest.mark.parametrize(
    "given", [{"package": "../x"}, {"package": "x"}, {"package": "x", "versions": ("1 2",)}]
)
def test_it_is_named_as_pypi_names_it(given: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        services.open_by_hand(r.person("ada"), Manual("t", "r", **given))
