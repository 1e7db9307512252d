"""Database triggers that refuse what nobody may do to a published record, on both databases.

A guard is one condition over OLD and NEW in the SQL that SQLite and PostgreSQL share. A statement
that meets it is refused with its message, whoever sends it. On PostgreSQL a guarded table also
refuses TRUNCATE. On SQLite a guard of INSERT can refuse rows that exist already, because a REPLACE
deletes without firing triggers unless ``recursive_triggers`` is on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connections

if TYPE_CHECKING:
    from django.apps import AppConfig
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True, slots=True)
class Guard:
    """What is refused.

    Attributes:
        name: of the trigger, unique in the database.
        event: INSERT, UPDATE, DELETE or TRUNCATE.
        message: what the refused statement is told.
        condition: refuse when it is true.
        vendor: the only database that has it; every one when empty.
    """

    name: str
    table: str
    event: str
    message: str
    condition: str = "1 = 1"
    vendor: str = ""


class GuardsMissing(RuntimeError):
    """Triggers that protect published records are not in the database."""


def changed(*columns: str) -> str:
    """Return the condition that an update changes one of `columns`."""
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


def append_only(table: str, what: str, key: str) -> list[Guard]:
    """Return guards for a table whose rows are written once; `key` finds a row again by NEW."""
    return [
        Guard(f"{table}_no_update", table, "UPDATE", f"{what} is never changed"),
        Guard(f"{table}_no_delete", table, "DELETE", f"{what} is never deleted"),
        Guard(f"{table}_no_truncate", table, "TRUNCATE", f"{what} is never deleted"),
        Guard(
            f"{table}_no_replace",
            table,
            "INSERT",
            f"{what} is written once",
            f"EXISTS (SELECT 1 FROM {table} AS kept WHERE {key})",
            vendor="sqlite",
        ),
    ]


def undeletable(table: str, what: str) -> list[Guard]:
    """Return guards for a table whose rows stay for ever but may change."""
    return [
        Guard(f"{table}_no_delete", table, "DELETE", f"{what} is never deleted"),
        Guard(f"{table}_no_truncate", table, "TRUNCATE", f"{what} is never deleted"),
    ]


def install(connection: BaseDatabaseWrapper, guards: Iterable[Guard]) -> None:
    """Put the guards into the database; those that are there are replaced."""
    with connection.cursor() as cursor:
        for guard in _of_vendor(connection, guards):
            for statement in _statements(connection.vendor, guard):
                cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper, guards: Iterable[Guard]) -> None:
    """Take the guards out, as a migration backwards does."""
    with connection.cursor() as cursor:
        for guard in _of_vendor(connection, guards):
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}")
            else:
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}")
                cursor.execute(f"DROP FUNCTION IF EXISTS {guard.name}()")


def missing(connection: BaseDatabaseWrapper, guards: Sequence[Guard]) -> list[Guard]:
    """Return the guards of existing tables that are not in the database."""
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'"
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return [
        guard
        for guard in _of_vendor(connection, guards)
        if guard.table in tables and guard.name not in there
    ]


def after_migrations(guards: Sequence[Guard]) -> Callable[..., None]:
    """Return a receiver of ``post_migrate`` that puts lost guards back and checks for them.

    SQLite changes a table by rebuilding it, which drops its triggers without a word.
    """

    def receiver(sender: AppConfig, using: str, **_: object) -> None:
        connection = connections[using]
        install(connection, missing(connection, guards))
        lost = missing(connection, guards)
        if lost:
            raise GuardsMissing(", ".join(guard.name for guard in lost))

    return receiver


def _of_vendor(connection: BaseDatabaseWrapper, guards: Iterable[Guard]) -> list[Guard]:
    vendor = connection.vendor
    return [
        guard
        for guard in guards
        if guard.vendor in ("", vendor) and not (vendor == "sqlite" and guard.event == "TRUNCATE")
    ]


def _statements(vendor: str, guard: Guard) -> list[str]:
    message = guard.message.replace("'", "''").replace("%", "%%")
    if vendor == "sqlite":
        condition = guard.condition.replace(" IS DISTINCT FROM ", " IS NOT ")
        return [
            f"DROP TRIGGER IF EXISTS {guard.name}",
            f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW "
            f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ]
    each = "STATEMENT" if guard.event == "TRUNCATE" else "ROW"
    result = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(guard.event, "NEW")
    return [
        f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $guard$ "
        f"BEGIN IF {guard.condition} THEN RAISE EXCEPTION '{message}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {result}; END $guard$",
        f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"FOR EACH {each} EXECUTE FUNCTION {guard.name}()",
    ]
