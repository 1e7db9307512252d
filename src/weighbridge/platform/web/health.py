"""Whether the platform lives and can do its work, for whoever restarts or routes around it."""

from __future__ import annotations

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from weighbridge.platform.advisories.protection import GUARDS as ADVISORIES
from weighbridge.platform.audit.guards import missing
from weighbridge.platform.audit.protection import GUARDS as AUDIT

_LEAST_FREE = 64 << 20


def database_problem() -> str:
    """Return why the database cannot be used, empty when it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return str(error).strip() or "it does not answer"
    return ""


def migrations_missing() -> str:
    """Return which migrations are not applied, empty when all are."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return ", ".join(str(migration) for migration, _ in plan)


def triggers_missing() -> str:
    """Return which triggers are not in the database, empty when all are."""
    return ", ".join(guard.name for guard in missing(connection, [*AUDIT, *ADVISORIES]))


def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether this process can do its work: database, triggers, room for uploads."""
    database = database_problem()
    free = shutil.disk_usage(settings.WEIGHBRIDGE_DATA).free
    problems = {
        "database": database,
        "triggers": "" if database else triggers_missing(),
        "disk": "" if free >= _LEAST_FREE else "no room is left for uploads",
    }
    good = not any(problems.values())
    shown = {name: text or "good" for name, text in problems.items()}
    # What is wrong is for the log and `weighbridge platform-check`, not for strangers.
    public = {name: "good" if text == "good" else "wrong" for name, text in shown.items()}
    return JsonResponse({"ready": good, **public}, status=200 if good else 503)
