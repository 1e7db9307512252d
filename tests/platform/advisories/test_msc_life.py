"""An MSC: issued for each model affected then, by one click for later ones, only ever withdrawn."""

from __future__ import annotations

import json
from typing import Any

import pytest
import registry as r
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories import selectors, services
from weighbridge.platform.advisories.content import AdvisoryContent, severity
from weighbridge.platform.advisories.models import Advisory, Proposal, Revision
from weighbridge.platform.advisories.numbers import bare, osv
from weighbridge.platform.audit.canonical import canonical, sha256
from weighbridge.platform.audit.errors import Conflict, NotFound, Refused
from weighbridge.platform.cases import selectors as cases
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog.models import Artifact, Model, ModelVersion
from weighbridge.platform.catalog.services import record_lineage, record_model

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case() -> Case:
    r.scanned(r.infected(), target="one")
    r.scanned(r.infected(), target="two")
    r.decided_malicious(r.only_case())
    return r.only_case()


def test_one_for_each_model_affected_then(case: Case) -> None:
    first, second = Advisory.objects.order_by("number")
    assert {first.name, second.name} == {"one", "two"}
    assert (first.number, second.number) == (1, 2)
    assert first.purl == f"pkg:generic/local/{first.name}"


def test_it_names_revision_and_files_with_their_hashes(case: Case) -> None:
    content = selectors.content(selectors.for_model(Model.objects.get(name="one")).get())
    artifact = Artifact.objects.get()
    (file,) = content.target.files
    assert (file.path, file.sha256, file.size) == ("model.pkl", artifact.sha256, artifact.size)
    assert content.target.revisions == (ModelVersion.objects.get(model__name="one").revision,)
    assert (content.source, content.cvss, severity(content)) == ("defender", (), "CRITICAL")
    assert "CWE-506" in content.cwe
    assert content.credits[0].type == "TOOL"


def test_a_restricted_model_keeps_its_evidence(case: Case) -> None:
    (content, *_) = selectors.contents(list(Advisory.objects.all())).values()
    assert content.evidence == ()
    assert "os.system" not in content.to_json()


def test_a_public_model_shows_what_was_found(case: Case) -> None:
    model = record_model("huggingface", "acme/demo")
    version = ModelVersion.objects.create(model=model, revision="1" * 40)
    version.files.create(path="model.pkl", artifact=Artifact.objects.get())
    msc = services.issue_for_model(r.person("bob"), case.pk, model.pk)
    content = selectors.content(msc)
    assert "system" in str(content.evidence[0]["code"])
    assert content.target.purl == "pkg:huggingface/acme/demo"
    assert content.target.url == "https://huggingface.co/acme/demo"


def test_what_is_stored_is_canonical_and_hashed(case: Case) -> None:
    row = Revision.objects.order_by("pk")[0]
    assert row.content == canonical(json.loads(row.content))
    assert row.sha256 == sha256(row.content)
    content = AdvisoryContent.from_json(row.content)
    assert content.to_json() == row.content


def test_a_later_occurrence_is_suspected_at_once_and_waits_for_one_click(case: Case) -> None:
    bob = r.person("bob")
    assert cases.detail(bob, case.pk).waiting == []
    r.scanned(r.infected() + b"tail", target="three")
    three = Model.objects.get(name="three")
    assert ModelVersion.objects.get(model=three).status == "suspected"
    assert cases.detail(bob, case.pk).waiting == [three]
    assert Advisory.objects.count() == 2
    with pytest.raises(Refused):
        services.issue_for_model(r.person("ada"), case.pk, three.pk)
    with pytest.raises(PermissionDenied):
        services.issue_for_model(r.person("eve", Role.SUBMITTER), case.pk, three.pk)
    msc = services.issue_for_model(bob, case.pk, three.pk)
    assert msc.number == 3
    assert ModelVersion.objects.get(model=three).status == "validated"
    assert cases.detail(bob, case.pk).waiting == []
    with pytest.raises(Conflict):
        services.issue_for_model(bob, case.pk, three.pk)
    with pytest.raises(NotFound):
        services.issue_for_model(bob, case.pk, record_model("local", "clean").pk)


def test_it_is_found_by_both_spellings_by_hash_and_by_model(case: Case) -> None:
    msc = Advisory.objects.order_by("number")[0]
    assert selectors.get(bare(msc)) == selectors.get(osv(msc)) == msc
    assert msc in selectors.for_sha256(Artifact.objects.get().key)
    assert list(selectors.public()) == [*Advisory.objects.order_by("-number")]
    for wrong in ("MSC-2026-9999", "WS-2026-0001", "x"):
        with pytest.raises(NotFound):
            selectors.get(wrong)


def test_it_cannot_be_revised_superseded_or_rejected(case: Case) -> None:
    msc, ada = Advisory.objects.order_by("number")[0], r.person("ada")
    for act in (
        lambda: services.revise_ws(ada, msc.pk, {"title": "other"}, "why"),
        lambda: services.supersede_ws(ada, msc.pk, "CVE-2026-1234"),
        lambda: services.reject_ws(ada, msc.pk, "why"),
        lambda: services.publish_ws(ada, msc.pk),
        lambda: services.save_draft(ada, msc.pk, {}),
    ):
        with pytest.raises(Refused, match="static"):
            act()


def test_two_people_withdraw_it(case: Case) -> None:
    msc, ada, bob = Advisory.objects.order_by("number")[0], r.person("ada"), r.person("bob")
    with pytest.raises(Refused, match="reason"):
        services.propose(ada, msc.pk, "withdraw", " ")
    proposal = services.propose(ada, msc.pk, "withdraw", "another model was meant")
    with pytest.raises(Conflict):
        services.propose(bob, msc.pk, "withdraw", "me too")
    with pytest.raises(Refused):
        services.approve_proposal(ada, proposal.pk)
    withdrawn = services.approve_proposal(bob, proposal.pk)
    assert withdrawn.state == "withdrawn"
    assert withdrawn.withdrawal.reason == "another model was meant"
    assert selectors.get(bare(msc)) == msc
    assert selectors.modified_at(withdrawn) == withdrawn.withdrawal.at
    assert selectors.published_at(withdrawn) < withdrawn.withdrawal.at
    assert not selectors.for_sha256(Artifact.objects.get().key).filter(pk=msc.pk).exists()
    with pytest.raises(Conflict):
        services.approve_proposal(bob, proposal.pk)
    with pytest.raises(Conflict):
        services.withdraw(msc, "again", ada, bob)
    assert Proposal.objects.get().state == "approved"


def test_a_refused_withdrawal_changes_nothing(case: Case) -> None:
    msc, ada, bob = Advisory.objects.order_by("number")[0], r.person("ada"), r.person("bob")
    proposal = services.propose(ada, msc.pk, "withdraw", "not sure")
    assert services.refuse_proposal(bob, proposal.pk, "it holds").state == "refused"
    assert Advisory.objects.get(pk=msc.pk).state == "issued"


def test_static_means_modified_is_published(case: Case) -> None:
    msc = Advisory.objects.order_by("number")[0]
    assert selectors.modified_at(msc) == selectors.published_at(msc) <= timezone.now()


def test_models_made_from_it_are_possibly_affected(case: Case) -> None:
    tuned = record_model("huggingface", "acme/tuned")
    record_lineage(tuned, {"one": "fine-tune"})
    record_lineage(record_model("huggingface", "acme/small"), {"acme/tuned": "quantised"})
    found = selectors.possibly_affected(Advisory.objects.get(name="one"))
    assert [(one.name, one.relation) for one in found] == [
        ("acme/small", "quantised"),
        ("acme/tuned", "fine-tune"),
    ]


def test_contents_of_a_page_are_one_query(case: Case, django_assert_num_queries: Any) -> None:
    rows = list(selectors.public())
    with django_assert_num_queries(1):
        assert len(selectors.contents(rows)) == 2
