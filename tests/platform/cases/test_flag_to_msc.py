"""From a flagged file to its MSC, through the services."""

from __future__ import annotations

import pytest
import registry as r

from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.audit.chain import verify
from weighbridge.platform.cases import deciding
from weighbridge.platform.catalog.models import ModelVersion

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_infected_upload_becomes_an_msc() -> None:
    scan = r.scanned(r.infected())
    assert scan.verdict == "malicious"
    case = r.only_case()
    assert (case.state, case.verdict, case.restricted) == ("queued", "malicious", True)
    version = ModelVersion.objects.get()
    assert version.status == "suspected"

    r.in_analysis(r.person("ada"), case)
    deciding.propose_malicious(r.person("ada"), case.pk, "a shell command")
    assert not Advisory.objects.exists()
    case, issued = deciding.approve(r.person("bob"), case.pk)

    (msc,) = issued
    assert (case.state, case.decision) == ("decided", "malicious")
    assert (msc.kind, msc.number, msc.state) == ("MSC", 1, "issued")
    version.refresh_from_db()
    assert version.status == "validated"
    assert verify().ok
