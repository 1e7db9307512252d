"""Requests made from the API's own description: none ends in an error of the server's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from registry import infected, person, scanned

from weighbridge.platform.accounts import tokens
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.accounts.scopes import Scope
from weighbridge.platform.api.v1 import api

schemathesis = pytest.importorskip("schemathesis", reason="it makes the requests")
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_schema_conformance,
    schemathesis.checks.negative_data_rejection,
]

OPERATIONS = [
    f"{method.upper()} /api/v1{path}"
    for path, methods in sorted(api.get_openapi_schema(path_prefix="")["paths"].items())
    for method in sorted(methods)
]


@pytest.fixture
def application(db: None) -> Iterator[WSGIHandler]:
    """The platform as a server runs it, but for the connection, which stays the test's."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_request_is_an_error_of_the_server(operation: str, application: WSGIHandler) -> None:
    scanned(infected())
    secret = tokens.create(person("root", Role.ADMINISTRATOR), "walk", list(Scope)).secret
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    method, path = operation.split(" ", 1)
    found = next(
        one.ok()
        for one in schema.get_all_operations()
        if (one.ok().method.upper(), one.ok().path) == (method, path)
    )

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=found.as_strategy())
    def walk(case):
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(answer, checks=CHECKS)

    walk()
