"""No statement of the hot path reads a large table from end to end.

A scan is made, its rows are copied many times over, and then every statement of further work is
explained by PostgreSQL. WEIGHBRIDGE_TEST_ROWS says how many copies, each report with ten findings;
a million takes some minutes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from services.platform import Platform
from services.test_faults import infected

pytestmark = pytest.mark.slow
ROWS = int(os.environ.get("WEIGHBRIDGE_TEST_ROWS", "60000"))
BASE = 100_000_000
FINDINGS = 10
"""What is found in each artifact: behaviours of its report."""
_WORDS = "md5(n::text) || md5((-n)::text)"
COPIES = {
    "catalog_model": {"name": "'copies/m' || n"},
    "catalog_modelversion": {"model_id": "n", "revision": "md5(n::text)"},
    "catalog_artifact": {"key": _WORDS, "sha256": _WORDS},
    "catalog_contentkey": {"artifact_id": "n", "key": _WORDS},
    "catalog_modelfile": {"version_id": "n", "artifact_id": "n"},
    "scans_artifactfacts": {"artifact_id": "n", "blob": "''::bytea"},
    "scans_factsymbol": {"facts_id": "n", "name": "'module.' || n"},
    "scans_artifactreport": {"artifact_id": "n", "facts_id": "n"},
    "scans_reportbehaviour": {
        "report_id": f"{BASE} + (n - {BASE}) / {FINDINGS}",
        "behaviour": _WORDS,
    },
    "cases_occurrence": {"artifact_id": "n", "place": _WORDS, "behaviour": _WORDS},
    "scans_scan": {
        "version_id": "n",
        "state": "'done'",
        "finished_at": "now() - n * interval '1 second'",
    },
    "monitors_sighting": {"scan_id": "n", "key": _WORDS},
}


def copy_rows() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table, changed in COPIES.items():
            described = connection.introspection.get_table_description(cursor, table)
            values = {"id": "n", **changed}
            count = ROWS * FINDINGS if table == "scans_reportbehaviour" else ROWS
            names = [f'"{column.name}"' for column in described]
            chosen = [values.get(column.name, f't."{column.name}"') for column in described]
            cursor.execute(
                f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(chosen)} "
                f"FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) t, "
                f"generate_series({BASE}, {BASE + count - 1}) n"
            )
            assert cursor.rowcount == count, table
        cursor.execute("ANALYZE")


class Explained:
    """Asks for the plan of each statement before it is carried out."""

    def __init__(self) -> None:
        self.count = 0
        self.read_whole: dict[str, str] = {}

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if not many and sql.lstrip().split(" ")[0] in ("SELECT", "UPDATE", "DELETE"):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
                (plan,) = cursor.fetchone()
            self.count += 1
            for node in _nodes(plan if isinstance(plan, list) else json.loads(plan)):
                if node.get("Node Type") == "Seq Scan" and node["Relation Name"] in COPIES:
                    self.read_whole[sql] = f"{node['Relation Name']}: {node.get('Filter')}"
        return execute(sql, params, many, context)


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    if isinstance(plan, list):
        for one in plan:
            yield from _nodes(one)
    elif isinstance(plan, dict):
        yield plan
        for value in plan.values():
            if isinstance(value, list | dict):
                yield from _nodes(value)


@contextmanager
def explained() -> Iterator[Explained]:
    from django.db import connection

    asked = Explained()
    with connection.execute_wrapper(asked):
        yield asked
    assert not asked.read_whole, "\n\n".join(f"{v}\n{k}" for k, v in asked.read_whole.items())
    assert asked.count


@pytest.fixture(scope="module")
def filled(platform: Platform) -> Platform:
    """The last that is done with this database, which is thrown away then."""
    from weighbridge.platform.monitors.sightings import see
    from weighbridge.platform.scans import running, services
    from weighbridge.sources.model_lists import ListedModel

    (address,) = platform.models("plans", 1, infected("plans"))
    see("huggingface", [ListedModel(address, "plans/model-0", "r")], -5)
    scan = services.claim("tests")
    while scan is not None:
        running.run(scan)
        scan = services.claim("tests")
    copy_rows()
    return platform


def test_work_of_a_worker(filled: Platform) -> None:
    from weighbridge.platform.scans import running, services
    from weighbridge.platform.scans.models import Scan

    words = ("plans-new", "plans-fork")
    for word in words:
        filled.models(word, 1, infected("plans-new"))
    numbers = filled.enqueue([f"hf://{word}/model-0" for word in words])
    with explained():
        for number in numbers:
            scan = services.claim("tests", number)
            assert scan is not None
            assert running.run(scan).state == "done"
        assert services.claim("tests") is None
    assert Scan.objects.filter(pk__in=numbers, verdict="malicious").count() == 2


def test_chores_and_monitors(filled: Platform) -> None:
    from weighbridge.platform.broker import reconciling
    from weighbridge.platform.monitors import services as monitors
    from weighbridge.platform.monitors.wanted import Wanted
    from weighbridge.platform.scans import services

    filled.models("plans-listed", 5, infected("plans"))
    monitor = monitors.create("huggingface", "backfill", Wanted(author="plans-listed"))
    filled.enqueue(["hf://plans/model-0"])
    with explained():
        services.reclaim()
        reconciling.reconcile()
        assert monitors.step(monitor.pk)
    from weighbridge.platform.scans.models import Scan

    Scan.objects.filter(state="queued").update(state="cancelled")


def test_a_look_up_and_the_metrics(filled: Platform) -> None:
    from prometheus_client import CollectorRegistry, generate_latest

    from weighbridge.platform.scans.selectors import look_up
    from weighbridge.platform.web.metrics import _Collector

    with explained():
        look_up("0" * 64)
        registry = CollectorRegistry()
        registry.register(_Collector())
        generate_latest(registry)
