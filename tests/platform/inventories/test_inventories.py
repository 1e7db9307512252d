"""Named lists of models and packages: what touches them, and what is told when that changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from registry import person

from libraries.osv_records import folder_of, record
from weighbridge.libraries.importing import import_records
from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.advisories import services as advisories
from weighbridge.platform.advisories.numbers import bare
from weighbridge.platform.audit.errors import NotFound, Refused
from weighbridge.platform.audit.models import Event
from weighbridge.platform.catalog.models import Model, ModelVersion
from weighbridge.platform.inventories import services
from weighbridge.platform.inventories.models import Inventory, Touch
from weighbridge.platform.publications import webhooks
from weighbridge.platform.publications.models import Delivery

pytestmark = pytest.mark.django_db
COMMIT = "c" * 40
KERAS = {"package": {"ecosystem": "PyPI", "name": "keras"}, "version": "3.8.0"}
MODEL = {"package": {"purl": f"pkg:huggingface/acme/demo-model@{COMMIT}"}}


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    place = str(tmp_path / "known.sqlite3")
    monkeypatch.setenv("WEIGHBRIDGE_DB", place)
    return place


def know(tmp_path: Path, database: str, *records: dict[str, Any]) -> None:
    import_records(database, str(folder_of(tmp_path / "records", *records)))


def ada() -> User:
    return person("ada", Role.SUBMITTER)


def weakness() -> str:
    bob = person("bob")
    model = Model.objects.create(provider="huggingface", name="acme/demo-model")
    ModelVersion.objects.create(model=model, revision=COMMIT)
    advisory = advisories.reserve_ws(bob, advisories.Opening("Remote code", "Why.", model=model))
    advisories.save_draft(bob, advisory.pk, {"cwe": ["CWE-829"]})
    advisories.publish_ws(bob, advisory.pk)
    return f"x_{bare(advisory)}"


def touching(inventory: Inventory) -> set[str]:
    rows = Touch.objects.filter(item__inventory=inventory, until__isnull=True)
    return set(rows.values_list("identifier", flat=True))


def test_a_list_shows_what_touches_it(tmp_path: Path, database: str) -> None:
    know(tmp_path, database, record("CVE-2030-1", "keras", events=[{"introduced": "0"}]))
    number = weakness()
    inventory = services.create(ada(), "production", [KERAS, MODEL, {"sha256": "a" * 64}])
    assert touching(inventory) == {"CVE-2030-1", number}


def test_what_becomes_known_later_is_noticed_and_told_once(tmp_path: Path, database: str) -> None:
    hook = webhooks.create(
        person("lead", Role.LEAD), "https://hooks.example.org/x", ["inventory.changed"]
    )
    inventory = services.create(ada(), "production", [KERAS, MODEL])
    assert touching(inventory) == set()
    assert services.check_all() == 0  # nothing has become known since
    know(tmp_path, database, record("CVE-2030-1", "keras", events=[{"introduced": "0"}]))
    number = weakness()
    assert services.check_all() == 1
    assert services.check_all() == 0
    assert touching(inventory) == {"CVE-2030-1", number}
    (event,) = Event.objects.filter(object_kind="inventory")
    assert event.data == {"added": ["CVE-2030-1", number], "gone": []}
    webhooks.fill()
    body = json.loads(Delivery.objects.get(webhook=hook, kind="inventory.changed").body)
    assert body["added"] == ["CVE-2030-1", number]
    assert body["inventory"] == str(inventory.pk)


def test_a_record_that_is_withdrawn_goes_with_its_time(tmp_path: Path, database: str) -> None:
    one = record("CVE-2030-1", "keras", events=[{"introduced": "0"}])
    know(tmp_path, database, one)
    inventory = services.create(ada(), "production", [KERAS])
    know(tmp_path, database, {**one, "withdrawn": "2030-02-01T00:00:00Z"})
    added, gone = services.check(inventory)
    assert (added, gone) == ([], ["CVE-2030-1"])
    assert touching(inventory) == set()
    assert Touch.objects.get().until is not None


def test_changing_the_list_by_hand_is_no_news(tmp_path: Path, database: str) -> None:
    know(tmp_path, database, record("CVE-2030-1", "keras", events=[{"introduced": "0"}]))
    inventory = services.create(ada(), "production", [])
    services.replace(ada(), inventory.pk, [KERAS])
    assert touching(inventory) == {"CVE-2030-1"}
    assert not Event.objects.filter(object_kind="inventory").exists()


def test_a_bill_of_materials_fills_a_list(tmp_path: Path, database: str) -> None:
    know(tmp_path, database, record("CVE-2030-1", "keras", events=[{"introduced": "0"}]))
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "components": [
            {"type": "library", "name": "keras", "purl": "pkg:pypi/keras@3.8.0"},
            {"type": "library", "name": "numpy", "version": "1.0", "purl": "pkg:pypi/numpy"},
            {"type": "library", "name": "odd", "purl": "pkg:swift/github.com/x/y@1"},
            {"type": "file", "name": "f", "hashes": [{"alg": "SHA-256", "content": "a" * 64}]},
        ],
    }
    inventory = services.create(ada(), "production")
    services.replace_from_bom(ada(), inventory.pk, json.dumps(bom).encode())
    labels = set(inventory.items.values_list("label", flat=True))
    assert labels == {"pkg:pypi/keras@3.8.0", "pkg:pypi/numpy 1.0", f"sha256 {'a' * 64}"}
    assert touching(inventory) == {"CVE-2030-1"}
    with pytest.raises(Refused):
        services.replace_from_bom(ada(), inventory.pk, b"no BOM")


@pytest.mark.parametrize("item", [{}, 7, {"package": {"name": "x"}}, {"commit": "no"}])
def test_items_that_ask_for_nothing_are_refused(item: object) -> None:
    with pytest.raises(Refused, match="item 1"):
        services.create(ada(), "production", [item])
    assert not Inventory.objects.exists()


def test_lists_are_their_owners(database: str) -> None:
    inventory = services.create(ada(), "production")
    with pytest.raises(NotFound):
        services.get(person("eve", Role.SUBMITTER), inventory.pk)
    with pytest.raises(Refused, match="already"):
        services.create(ada(), "production")


def test_over_the_api(tmp_path: Path, database: str) -> None:
    know(tmp_path, database, record("CVE-2030-1", "keras", events=[{"introduced": "0"}]))
    made = tokens.create(ada(), "t", [scope.value for scope in Scope])
    client = Client(headers={"authorization": f"Bearer {made.secret}"})
    body = {"name": "production", "items": [KERAS]}
    answer = client.post("/api/v1/inventories", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    address = f"/api/v1/inventories/{answer.json()['id']}"
    assert client.get("/api/v1/inventories").json()["items"][0]["touched"] == 1
    (item,) = client.get(address).json()["found"]["items"]
    assert [one["id"] for one in item["touched_by"]] == ["CVE-2030-1"]
    answer = client.put(address, {"items": []}, content_type="application/json")
    assert answer.json()["touched"] == 0
    assert client.post(f"{address}/check").json() == {"added": [], "gone": []}
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
