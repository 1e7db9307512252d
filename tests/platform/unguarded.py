"""Lets Django's test runner empty the tables, which the database itself refuses to everybody.

The guards are taken out for that moment; ``post_migrate``, sent after a flush, puts them back.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.operations import BaseDatabaseOperations

from weighbridge.platform.advisories import protection as advisories
from weighbridge.platform.audit import protection as audit
from weighbridge.platform.audit.guards import remove

_flush = BaseDatabaseOperations.execute_sql_flush


def _unguarded(self: BaseDatabaseOperations, sql_list: Sequence[str]) -> None:
    remove(self.connection, (*audit.GUARDS, *advisories.GUARDS))
    _flush(self, sql_list)


def let_tests_flush() -> None:
    """Call once, before the first test."""
    BaseDatabaseOperations.execute_sql_flush = _unguarded  # type: ignore[method-assign]
