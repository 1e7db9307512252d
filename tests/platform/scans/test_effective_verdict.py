"""The look-up by hash: what the rules say, what people decided, and both named."""

from __future__ import annotations

from typing import Any

import pytest
import registry as r

from weighbridge.platform.advisories import services as advisories
from weighbridge.platform.advisories.models import Advisory
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog.models import Artifact, Model
from weighbridge.platform.scans.models import ArtifactReport
from weighbridge.platform.scans.selectors import LookUp, look_up

pytestmark = pytest.mark.django_db(transaction=True)


def looked_up(content: bytes) -> LookUp:
    import hashlib

    found = look_up(hashlib.sha256(content).hexdigest())
    assert found is not None
    return found


def test_nothing_is_known_about_the_unknown() -> None:
    assert look_up("0" * 64) is None


def test_the_rules_alone() -> None:
    r.scanned(r.harmless())
    found = looked_up(r.harmless())
    assert (found.verdict, found.defender_verdict, found.decided_by) == (
        "clean",
        "clean",
        "defender",
    )
    assert (found.status, found.advisories) == ("no-findings", ())
    assert found.rules is not None
    assert found.scanned_at is not None


def test_a_flag_is_suspected() -> None:
    r.scanned(r.infected())
    found = looked_up(r.infected())
    assert (found.verdict, found.status) == ("malicious", "suspected")


def test_an_msc_makes_it_malicious_whatever_the_rules_say() -> None:
    r.scanned(r.unvouched())
    r.decided_malicious(r.only_case())
    ArtifactReport.objects.update(verdict="clean", effective="clean", decided_by="")
    found = looked_up(r.unvouched())
    assert (found.verdict, found.defender_verdict, found.status) == (
        "malicious",
        "clean",
        "validated",
    )
    number = bare(Advisory.objects.get())
    assert (found.advisories, found.decided_by) == ((number,), number)


def test_a_false_positive_lowers_it() -> None:
    r.scanned(r.unvouched())
    case = r.only_case()
    r.in_analysis(r.person("ada"), case)
    deciding.false_positive(r.person("ada"), case.pk, "text only")
    found = looked_up(r.unvouched())
    assert (found.verdict, found.defender_verdict) == ("clean", "suspicious")
    assert found.decided_by == f"case {case.pk}: false-positive"
    assert found.status == "false-positive"


def test_a_false_positive_leaves_the_rest_of_the_file() -> None:
    both = r.unvouched()[:-1] + b"0" + r.infected()[2:]
    r.scanned(both)
    mild = Case.objects.get(verdict="suspicious")
    r.in_analysis(r.person("ada"), mild)
    deciding.false_positive(r.person("ada"), mild.pk, "text only")
    assert looked_up(both).verdict == "malicious"


def test_a_withdrawn_msc_no_longer_counts() -> None:
    r.scanned(r.unvouched())
    r.decided_malicious(r.only_case())
    advisories.withdraw(Advisory.objects.get(), "a mistake", r.person("ada"), r.person("bob"))
    found = looked_up(r.unvouched())
    assert found.advisories == ()
    assert found.status == "suspected"


def test_a_declared_hash_says_nothing_about_others() -> None:
    from weighbridge.platform.catalog.services import Place, record_artifact

    place = Place("hf", "acme/model", "main", "model.pkl", 10, "etag")
    artifact = record_artifact(place, declared="a" * 64)
    assert artifact.sha256_source == "declared"
    assert artifact.key != "a" * 64
    assert look_up("a" * 64) is None
    computed = record_artifact(place, computed="a" * 64)
    assert computed != artifact
    assert Artifact.objects.filter(sha256="a" * 64).count() == 2


def test_it_is_two_queries(django_assert_num_queries: Any) -> None:
    r.scanned(r.infected())
    r.decided_malicious(r.only_case())
    sha256 = Artifact.objects.get().key
    with django_assert_num_queries(2):
        assert look_up(sha256) is not None
    assert Model.objects.get().name.startswith("upload/")
