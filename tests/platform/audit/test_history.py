"""The history: chained, never forked, never changed."""

from __future__ import annotations

import pytest
import registry as r
from django.db import DatabaseError, IntegrityError, connection, transaction
from together import at_once

from weighbridge.platform.audit import selectors
from weighbridge.platform.audit.chain import HeadExport, export_head, verify
from weighbridge.platform.audit.guards import install, missing, remove
from weighbridge.platform.audit.models import GENESIS, Event
from weighbridge.platform.audit.protection import GUARDS
from weighbridge.platform.audit.services import Act, record

pytestmark = pytest.mark.django_db(transaction=True)


def write(count: int, actor: str = "clock") -> None:
    for number in range(count):
        with transaction.atomic():
            record(actor, Act("test", "thing", number, data={"text": "\0\ud800", "list": (1, 2)}))


def tamper(statement: str) -> None:
    remove(connection, GUARDS)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    install(connection, GUARDS)


def test_an_event_names_the_hash_before_it() -> None:
    write(3)
    first, second, third = Event.objects.all()
    assert first.prev_hash == GENESIS
    assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
    assert export_head() == HeadExport(3, third.hash)
    assert verify().ok


def test_hostile_text_comes_back_as_it_was() -> None:
    write(1)
    assert Event.objects.get().data == {"text": "\0\ud800", "list": [1, 2]}


def test_who_did_it_is_kept_with_the_role_of_that_moment() -> None:
    with transaction.atomic():
        record(r.person("ada"), Act("test", "thing", 1, reason="because"))
    event = Event.objects.get()
    assert (event.actor, event.role, event.reason) == ("ada", "researcher", "because")


def test_an_event_is_part_of_a_transaction() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("clock", Act("test", "thing", 1))


def test_what_is_rolled_back_leaves_no_gap() -> None:
    write(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        record("clock", Act("test", "thing", 1))
        raise RuntimeError
    write(1)
    assert verify().ok
    assert export_head().seq == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET reason = 'other'",
        "UPDATE audit_event SET seq = seq + 100",
        "DELETE FROM audit_event",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 0",
    ],
)
def test_no_statement_changes_the_past(statement: str) -> None:
    write(2)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert verify().ok


def test_nothing_is_replaced_whatever_the_connection_says() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    write(2)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = OFF")
        try:
            with pytest.raises(IntegrityError):
                cursor.execute("REPLACE INTO audit_event SELECT * FROM audit_event WHERE seq = 1")
        finally:
            cursor.execute("PRAGMA recursive_triggers = ON")
    assert verify().ok


@pytest.mark.parametrize("table", ["audit_event", "audit_head"])
def test_nothing_is_truncated(table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE is PostgreSQL's")
    write(2)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
    assert verify().ok


@pytest.mark.parametrize(
    ("statement", "first_bad", "word"),
    [
        ("UPDATE audit_event SET reason = 'other' WHERE seq = 2", 2, "changed"),
        ("UPDATE audit_event SET hash = 'x' WHERE seq = 2", 2, "changed"),
        ("UPDATE audit_event SET prev_hash = 'x' WHERE seq = 3", 3, "does not name"),
        ("DELETE FROM audit_event WHERE seq = 2", 2, "missing"),
        ("DELETE FROM audit_event WHERE seq = 4", 4, "ends at event 3"),
        ("DELETE FROM audit_head", 1, "head"),
    ],
)
def test_the_walk_names_the_first_event_that_does_not_fit(
    statement: str, first_bad: int, word: str
) -> None:
    write(4)
    tamper(statement)
    answer = verify()
    assert (answer.ok, answer.first_bad) == (False, first_bad)
    assert word in answer.text


def test_a_chain_rewritten_as_a_whole_differs_from_what_was_exported() -> None:
    write(3)
    before = export_head()
    tamper("DELETE FROM audit_event")
    tamper("DELETE FROM audit_head")
    write(3, actor="somebody else")
    assert verify().ok
    assert not verify(before).ok
    tamper("DELETE FROM audit_event")
    tamper("DELETE FROM audit_head")
    write(2)
    assert not verify(before).ok


def test_many_writers_make_one_chain() -> None:
    results = at_once([lambda: write(5) for _ in range(8)])
    assert not [one for one in results if isinstance(one, Exception)]
    assert verify().ok
    assert export_head().seq == 40


def test_lost_guards_are_noticed() -> None:
    remove(connection, GUARDS[:1])
    assert [guard.name for guard in missing(connection, GUARDS)] == [GUARDS[0].name]
    install(connection, GUARDS)
    assert not missing(connection, GUARDS)


def test_only_some_read_the_whole_history() -> None:
    write(1)
    assert selectors.events(r.person("lea", r.Role.LEAD)).count() == 1
    with pytest.raises(Exception, match="may not"):
        selectors.events(r.person("ada"))
