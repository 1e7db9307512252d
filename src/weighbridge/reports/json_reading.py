"""Reads reports that `json_report` wrote, as far as a policy asks about them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from weighbridge.errors import WeighbridgeError
from weighbridge.findings.libraries import Knowledge, Library, UsedModel, Vulnerability
from weighbridge.findings.model import (
    Confidence,
    Coverage,
    FileReport,
    Finding,
    Kind,
    ModelInfo,
    ScanReport,
    Severity,
    Verdict,
)
from weighbridge.reports.json_report import SCHEMA, SEVERAL_SCHEMA

MOST_BYTES = 256 << 20
_Kind = TypeVar("_Kind")
_Word = TypeVar("_Word", bound=Enum)


class ReportError(WeighbridgeError):
    """A file is no report of a scan."""


def read(data: bytes) -> list[ScanReport]:
    """Return the reports in a document of ``weighbridge scan --format json``.

    Raises:
        ReportError: it is none; the text says what is wrong.
    """
    try:
        whole = _Fields("the report", json.loads(data))
    except (ValueError, RecursionError) as error:
        raise ReportError(f"it is no JSON: {str(error)[:100]}") from error
    schema = whole.text("schema")
    if schema == SEVERAL_SCHEMA:
        return [_report(one) for one in whole.each("reports")]
    if schema != SCHEMA:
        raise ReportError(f"it is no report of a scan: its schema is {schema[:60]!r}")
    return [_report(whole)]


class _Fields:
    """A mapping of the document whose fields are asked for by name and kind."""

    def __init__(self, place: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise ReportError(f"{place} is not an object")
        self._place = place
        self._value = value

    def of(self, name: str, kind: type[_Kind]) -> _Kind:
        value = self._value.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ReportError(f"{self._place} has no {name}, or a wrong one")
        return value

    def text(self, name: str) -> str:
        return self.of(name, str)

    def maybe(self, name: str, kind: type[_Kind]) -> _Kind | None:
        return None if self._value.get(name) is None else self.of(name, kind)

    def word(self, name: str, words: type[_Word]) -> _Word:
        try:
            return words(self.text(name))
        except ValueError as error:
            raise ReportError(f"{self._place} has a {name} that is not known") from error

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(str(one) for one in self.of(name, list))

    def inner(self, name: str) -> _Fields:
        return _Fields(f"{name} of {self._place}", self._value.get(name))

    def each(self, name: str) -> Sequence[_Fields]:
        items = self.of(name, list)
        return [_Fields(f"{name}[{at}] of {self._place}", one) for at, one in enumerate(items)]

    def some(self, name: str) -> Sequence[_Fields]:
        """Return what reports of before may lack."""
        return self.each(name) if name in self._value else ()


def _report(one: _Fields) -> ScanReport:
    model, known = one.maybe("model", dict), one.maybe("vulnerability_data", dict)
    return ScanReport(
        target=one.text("target"),
        provider=one.text("provider"),
        revision=one.maybe("revision", str),
        complete=one.of("complete", bool),
        verdict=one.word("verdict", Verdict),
        files=tuple(map(_file, one.each("files"))),
        findings=tuple(map(_finding, one.each("findings"))),
        seconds=0.0,
        model=None if model is None else _model(one.inner("model")),
        libraries=tuple(map(_library, one.each("libraries"))),
        knowledge=None if known is None else _knowledge(one.inner("vulnerability_data")),
        card=tuple((entry.text("key"), entry.text("value")) for entry in one.some("card")),
        uses=tuple(map(_use, one.some("uses"))),
    )


def _file(one: _Fields) -> FileReport:
    coverage = one.inner("coverage")
    return FileReport(
        path=one.text("path"),
        size=one.of("size", int),
        sha256=one.maybe("sha256", str),
        sha256_source=one.maybe("sha256_source", str),
        format=one.maybe("format", str),
        role=one.text("role"),
        verdict=one.word("verdict", Verdict),
        coverage=Coverage(coverage.of("complete", bool), coverage.of("bytes_read", int), ()),
    )


def _finding(one: _Fields) -> Finding:
    return Finding(
        rule=one.text("rule"),
        kind=one.word("kind", Kind),
        severity=one.word("severity", Severity),
        confidence=one.word("confidence", Confidence),
        title=one.text("title"),
        remediation=one.text("remediation"),
        path=one.text("path"),
        member=one.maybe("member", str),
        fingerprint=one.text("fingerprint"),
        behaviour=one.text("behaviour"),
    )


def _model(one: _Fields) -> ModelInfo:
    return ModelInfo(
        provider=one.text("provider"),
        id=one.text("id"),
        revision=one.maybe("revision", str),
        license=one.maybe("license", str),
    )


def _library(one: _Fields) -> Library:
    return Library(
        name=one.text("name"),
        version=one.maybe("version", str),
        ecosystem=one.text("ecosystem"),
        relation=one.text("relation"),
        declared_in=one.maybe("declared_in", str) or "",
        vulnerabilities=tuple(map(_vulnerability, one.each("vulnerabilities"))),
    )


def _vulnerability(one: _Fields) -> Vulnerability:
    score: Any = one.maybe("score", object)
    return Vulnerability(
        id=one.text("id"),
        aliases=one.texts("aliases"),
        severity=one.text("severity"),
        score=score if isinstance(score, int | float) and math.isfinite(score) else None,
        impact=one.text("impact"),
        impact_reason=one.text("impact_reason"),
        fixed_in=one.texts("fixed_in"),
        summary=one.text("summary"),
    )


def _knowledge(one: _Fields) -> Knowledge:
    return Knowledge(
        records=one.of("records", int),
        newest=one.maybe("newest", str) or "",
        imported=one.maybe("imported", str) or "",
        age_days=one.maybe("age_days", int),
    )


def _use(one: _Fields) -> UsedModel:
    return UsedModel(
        provider=one.text("provider"),
        name=one.text("name"),
        revision=one.text("revision"),
        pinned=one.of("pinned", bool),
        path=one.text("path"),
        line=one.of("line", int),
        call=one.text("call"),
    )
