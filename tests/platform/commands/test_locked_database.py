"""An embedded database that somebody keeps locked: reading goes on, writing says no in time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from running import eventually, run, served
from test_serve import INFECTED, administrator, token

pytestmark = pytest.mark.slow


def test_nothing_is_changed_and_the_answer_says_to_try_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with served(tmp_path / "log", WEIGHBRIDGE_DATA=str(data)) as serving:
        secret = token(administrator(serving))
        client = httpx.Client(
            base_url=f"{serving.address}/api/v1",
            headers={"Authorization": f"Bearer {secret}"},
            timeout=90,
        )

        def send() -> httpx.Response:
            return client.post("/uploads", files={"file": ("model.pkl", INFECTED)})

        assert client.get("/scans").json()["items"] == []
        (place,) = data.glob("*.sqlite3")
        with closing(sqlite3.connect(place, isolation_level=None)) as other:
            other.execute("begin immediate")
            refused = send()
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
            assert "Nothing was changed; try again" in refused.json()["detail"]
            assert client.get("/scans").json()["items"] == []
            other.execute("rollback")
        assert send().status_code == 201
        eventually(lambda: client.get("/scans").json()["items"][0]["state"] == "done", serving.said)
    verified = run(data, "audit", "verify", WEIGHBRIDGE_DATA=str(data))
    assert verified.returncode == 0, verified.stderr


@pytest.mark.django_db
def test_a_token_is_good_though_nobody_can_note_its_use(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError
    from registry import person

    from weighbridge.platform.accounts import tokens
    from weighbridge.platform.accounts.models import Token

    made = tokens.create(person("ada"), "gate", ["read"])

    def locked(*_: object, **__: object) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(type(Token.objects.all()), "update", locked)
    found = tokens.find(made.secret)
    assert found is not None and found.pk == made.token.pk
