"""What the database refuses to everybody, statement by statement."""

from __future__ import annotations

import pytest
import registry as r
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from weighbridge.platform.advisories import services
from weighbridge.platform.advisories.models import Advisory, Revision
from weighbridge.platform.advisories.protection import GUARDS
from weighbridge.platform.audit.guards import missing
from weighbridge.platform.catalog.models import Model

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def msc() -> Advisory:
    r.scanned(r.infected())
    r.decided_malicious(r.only_case())
    return Advisory.objects.get()


@pytest.fixture
def ws(msc: Advisory) -> Advisory:
    opening = services.Opening("A weakness", "It needs remote code.", Model.objects.get())
    row = services.reserve_ws(r.person("ada"), opening)
    return services.publish_ws(r.person("ada"), row.pk)


def refused(statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE advisories_revision SET content = '{}'",
        "UPDATE advisories_revision SET sha256 = 'x'",
        "UPDATE advisories_revision SET created_at = created_at, number = 2",
        "DELETE FROM advisories_revision",
        "UPDATE advisories_affectedfile SET sha256 = 'x'",
        "DELETE FROM advisories_affectedfile",
        "UPDATE advisories_advisory SET number = 7",
        "UPDATE advisories_advisory SET year = 2020",
        "UPDATE advisories_advisory SET kind = 'WS'",
        "UPDATE advisories_advisory SET name = 'other/model'",
        "UPDATE advisories_advisory SET case_id = NULL",
        "UPDATE advisories_advisory SET state = 'withdrawn'",
        "UPDATE advisories_advisory SET state = 'published'",
        "UPDATE advisories_advisory SET cve = 'CVE-2026-0001'",
        "UPDATE advisories_advisory SET revision = 2",
        "DELETE FROM advisories_advisory",
        "DELETE FROM advisories_counter",
        "UPDATE advisories_counter SET last = last - 1",
        "UPDATE advisories_counter SET year = 2020",
    ],
)
def test_a_published_msc_stands(msc: Advisory, statement: str) -> None:
    refused(statement)


def columns(table: str, **changes: str) -> str:
    """An INSERT that copies the one row of a table, with some columns changed."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_description(cursor, table)
    names = [column.name for column in found if column.name != "id"]
    values = [changes.get(name, name) for name in names]
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("advisories_revision", {"number": "2"}),
        ("advisories_revision", {"number": "2", "kind": "'WS'"}),
        ("advisories_revision", {"number": "1"}),
        ("advisories_affectedfile", {"sha256": "'other'"}),
        ("advisories_advisory", {"number": "number + 1"}),
        ("advisories_advisory", {"number": "1", "name": "'other'"}),
    ],
)
def test_a_published_msc_is_never_extended(
    msc: Advisory, table: str, changes: dict[str, str]
) -> None:
    refused(columns(table, **changes))


def test_an_msc_needs_a_case_that_was_decided(msc: Advisory) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE advisories_counter SET last = last + 1")
    refused(columns("advisories_advisory", number="2", case_id="NULL", name="'other'"))


@pytest.mark.parametrize("table", ["revision", "affectedfile", "advisory", "withdrawal", "counter"])
def test_no_table_is_emptied_at_once(msc: Advisory, table: str) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE is PostgreSQL's")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE advisories_{table} CASCADE")


@pytest.mark.parametrize("table", ["revision", "affectedfile", "advisory", "counter"])
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_nothing_is_replaced(msc: Advisory, table: str, recursive: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
        try:
            with pytest.raises(IntegrityError):
                cursor.execute(f"REPLACE INTO advisories_{table} SELECT * FROM advisories_{table}")
        finally:
            cursor.execute("PRAGMA recursive_triggers = ON")


def test_a_ws_may_be_revised_but_its_past_stands(ws: Advisory) -> None:
    services.revise_ws(r.person("ada"), ws.pk, {"title": "A graver weakness"}, "more is known")
    assert Revision.objects.filter(advisory=ws).count() == 2
    refused(f"UPDATE advisories_revision SET content = '{{}}' WHERE advisory_id = {ws.pk}")
    refused(f"UPDATE advisories_advisory SET state = 'reserved' WHERE id = {ws.pk}")
    refused(f"UPDATE advisories_advisory SET state = 'rejected' WHERE id = {ws.pk}")
    refused(f"UPDATE advisories_advisory SET revision = 1 WHERE id = {ws.pk}")


def test_a_withdrawal_stands(msc: Advisory) -> None:
    services.withdraw(msc, "another model was meant", r.person("ada"), r.person("bob"))
    refused("UPDATE advisories_withdrawal SET reason = 'none'")
    refused("DELETE FROM advisories_withdrawal")
    refused("UPDATE advisories_advisory SET state = 'issued'")
    refused(columns("advisories_withdrawal"))
    refused(columns("advisories_revision", number="2"))


@pytest.mark.parametrize("four_eyes_waived", ["TRUE", "FALSE"])
def test_two_people_withdraw_unless_the_row_says_otherwise(
    msc: Advisory, four_eyes_waived: str
) -> None:
    ada = r.person("ada").pk
    statement = (
        "INSERT INTO advisories_withdrawal (advisory_id, reason, proposer_id, approver_id,"
        f" four_eyes_waived, at) VALUES ({msc.pk}, 'why', {ada}, {ada}, {four_eyes_waived},"
        " '2026-01-01 00:00:00')"
    )
    if four_eyes_waived == "FALSE":
        refused(statement)
    else:
        with connection.cursor() as cursor:
            cursor.execute(statement)


def test_guards_that_a_rebuilt_table_lost_come_back_with_the_next_migration() -> None:
    lost = next(guard for guard in GUARDS if guard.event == "DELETE")
    statement = f"DROP TRIGGER {lost.name}"
    with connection.cursor() as cursor:
        cursor.execute(
            statement if connection.vendor == "sqlite" else f"{statement} ON {lost.table}"
        )
    assert missing(connection, GUARDS)
    call_command("migrate", verbosity=0)
    assert not missing(connection, GUARDS)


def test_the_application_meets_the_same_refusal(msc: Advisory) -> None:
    with pytest.raises(IntegrityError):
        Revision.objects.update(content="{}")
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.all().delete()
