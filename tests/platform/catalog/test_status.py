"""What a version's status follows from, and who sees which model."""

from __future__ import annotations

from typing import Any

import pytest
import registry as r
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.advisories import services as advisories
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases.models import Case
from weighbridge.platform.catalog import selectors, services
from weighbridge.platform.catalog.models import Artifact, Model, ModelVersion, StatusChange

pytestmark = pytest.mark.django_db(transaction=True)


def version() -> ModelVersion:
    return ModelVersion.objects.get()


def test_nothing_was_examined() -> None:
    model = services.record_model("huggingface", "acme/demo")
    row = services.record_version(model, "1" * 40)
    assert selectors.status(row).status == "not-examined"


def test_examined_and_nothing_found() -> None:
    r.scanned(r.harmless())
    assert version().status == "no-findings"


def test_its_history_names_the_causes() -> None:
    r.scanned(r.unvouched())
    case = r.only_case()
    r.in_analysis(r.person("ada"), case)
    deciding.false_positive(r.person("ada"), case.pk, "text only")
    deciding.reopen(r.person("bob"), case.pk, "new evidence")
    deciding.propose_malicious(r.person("bob"), case.pk, "a dropper")
    deciding.approve(r.person("cleo"), case.pk)
    changes = StatusChange.objects.order_by("pk")
    assert [change.after for change in changes] == [
        "suspected",
        "false-positive",
        "suspected",
        "validated",
    ]
    assert changes[1].cause == f"case {case.pk}: case {case.pk}: false-positive"
    assert "MSC-" in changes[3].cause


def test_validated_comes_before_everything() -> None:
    r.scanned(r.infected())
    opening = advisories.Opening("A weakness", "Text", version().model)
    ws = advisories.reserve_ws(r.person("ada"), opening)
    assert version().status == "suspected"
    advisories.publish_ws(r.person("ada"), ws.pk)
    assert selectors.status(version()).status in ("validated", "suspected")


def test_suspected_comes_before_a_false_positive() -> None:
    r.scanned(r.unvouched()[:-1] + b"0" + r.calling("textwrap", "indent")[2:])
    first, _ = Case.objects.order_by("pk")
    r.in_analysis(r.person("ada"), first)
    deciding.false_positive(r.person("ada"), first.pk, "text only")
    assert version().status == "suspected"


def test_many_versions_are_a_fixed_number_of_queries(django_assert_num_queries: Any) -> None:
    model = services.record_model("huggingface", "acme/demo")
    ids = [services.record_version(model, str(n)).pk for n in range(200)]
    with django_assert_num_queries(5):
        assert len(selectors.derive(ids)) == 200


def test_restricted_models_are_for_researchers_and_who_asked() -> None:
    r.scanned(r.harmless())
    services.record_model("huggingface", "acme/open")
    sees = {
        "ada": 2,
        "submitter": 2,
        "other": 1,
    }
    for name, count in sees.items():
        who = r.person(name, Role.RESEARCHER if name == "ada" else Role.SUBMITTER)
        assert selectors.models_visible_to(who).count() == count
    assert selectors.models_visible_to(AnonymousUser()).get().name == "acme/open"
    assert not selectors.versions_visible_to(AnonymousUser()).exists()


def test_private_and_gated_models_are_restricted_whoever_writes() -> None:
    for facts in (services.ModelFacts(gated=True), services.ModelFacts(private=True)):
        assert services.record_model("huggingface", "acme/demo", facts).restricted
    with pytest.raises(IntegrityError), transaction.atomic():
        Model.objects.update(restricted=False)


def test_a_name_is_known_once_per_provider() -> None:
    services.record_model("huggingface", "acme/demo")
    services.record_model("huggingface", "acme/demo", services.ModelFacts(downloads=5))
    services.record_model("kaggle", "acme/demo")
    assert Model.objects.count() == 2
    assert Model.objects.get(provider="huggingface").downloads == 5


def test_popularity_moves_the_case() -> None:
    model = services.record_model("huggingface", "acme/demo", services.ModelFacts(downloads=900))
    r.scanned(r.infected())
    row = services.record_version(model, "1")
    services.record_file(row, "model.pkl", Artifact.objects.get(), "weights")
    r.scanned(r.infected(), "again.pkl")
    case = r.only_case()
    assert (case.popularity, case.restricted) == (900, False)
