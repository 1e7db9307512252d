"""Holds a report against a policy. Reports stay as they are: a policy says what passes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from weighbridge.findings.libraries import Library, Vulnerability
from weighbridge.findings.model import FileReport, Finding, ScanReport, Verdict
from weighbridge.findings.outcome import Outcome, Suppressed, Violation
from weighbridge.findings.verdict import of_file, strongest
from weighbridge.policy.model import SEVERITIES, Policy
from weighbridge.policy.threshold import fails

_WEIGHTS = ("weights", "alternative-weights", "training-state")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|\d{1,9}")
_DECIDING = ("declared", "installed")


def evaluate(report: ScanReport, policy: Policy, today: date, revision: str | None) -> Outcome:
    """Return what a policy says about a report.

    Args:
        report: of one target.
        policy: what passes.
        today: decides which suppressions still hold.
        revision: that was asked for; None where the target named none.
    """
    suppressed = list(_suppressed(report, policy, today))
    passed = {one.subject for one in suppressed}
    violations = [
        *_verdict(report, policy, passed),
        *_libraries(report, policy, today, suppressed),
        *_allowed(report, policy),
        *_pinned(report, policy, revision),
    ]
    notes = tuple(_notes(report, policy, today))
    return Outcome(not violations, tuple(violations), tuple(suppressed), notes)


def _suppressed(report: ScanReport, policy: Policy, today: date) -> Iterator[Suppressed]:
    # A hash that a provider declares is no proof of the content.
    contents = {file.path: file.sha256 for file in report.files if file.sha256_source == "computed"}
    valid = {
        (one.rule, one.fingerprint, one.sha256): one
        for one in policy.suppressions
        if today <= one.until
    }
    for finding in report.findings:
        key = (finding.rule, finding.fingerprint, contents.get(finding.path) or "")
        known = valid.get(key)
        if known is not None:
            yield Suppressed(
                *(finding.fingerprint, finding.rule, known.reason, known.owner),
                *(known.until.isoformat(), finding.path),
            )


def _verdict(report: ScanReport, policy: Policy, passed: set[str]) -> Iterator[Violation]:
    left = [one for one in report.findings if one.fingerprint not in passed]
    if len(left) == len(report.findings):
        verdict = report.verdict
    else:
        unfinished = () if report.complete else (Verdict.INCONCLUSIVE,)
        verdict = strongest((*(_of(file, left) for file in report.files), *unfinished))
    if fails(verdict, policy.verdict):
        counted = f"the verdict is {verdict.value}; the policy fails from {policy.verdict.value} on"
        yield Violation("verdict", counted)


def _of(file: FileReport, findings: Sequence[Finding]) -> Verdict:
    own = [one for one in findings if one.path == file.path]
    return of_file(own, file.coverage.complete)


def _libraries(
    report: ScanReport, policy: Policy, today: date, suppressed: list[Suppressed]
) -> Iterator[Violation]:
    if policy.libraries == "never" and policy.data_age is None:
        return
    if report.knowledge is None:
        yield Violation("library", "nothing is known of vulnerabilities: run weighbridge db update")
        return
    age = report.knowledge.age_days
    if policy.data_age is not None and (age is None or age > policy.data_age):
        text = f"what is known of vulnerabilities is {age} days old, {policy.data_age} are allowed"
        yield Violation("data-age", text)
    if policy.libraries == "never":
        return
    counted = SEVERITIES[: SEVERITIES.index(policy.libraries) + 1]
    for library in report.libraries:
        if library.relation not in _DECIDING:
            continue
        for one in library.vulnerabilities:
            # Without a statement of severity nobody can say that it is below the threshold.
            grave = one.severity in counted or one.severity == "unknown"
            if not grave or one.impact not in policy.impacts:
                continue
            accepted = _accepted(library, one, policy, today)
            if accepted is not None:
                suppressed.append(accepted)
                continue
            fix = f", fixed in {', '.join(one.fixed_in[:3])}" if one.fixed_in else ""
            text = f"{library.name} {library.version} has {one.id} ({one.severity}, {one.impact}"
            yield Violation("library", f"{text}{fix})", library.declared_in)


def _accepted(
    library: Library, one: Vulnerability, policy: Policy, today: date
) -> Suppressed | None:
    ids = {one.id, *one.aliases}
    for entry in policy.acceptances:
        named = entry.package == library.name and entry.version in ("", library.version)
        if named and entry.vulnerability in ids and today <= entry.until:
            return Suppressed(
                *(f"{library.name} {one.id}", "library", entry.reason, entry.owner),
                entry.until.isoformat(),
            )
    return None


def _allowed(report: ScanReport, policy: Policy) -> Iterator[Violation]:
    if policy.providers is not None and report.provider not in policy.providers:
        allowed = ", ".join(policy.providers) or "none"
        yield Violation("provider", f"it comes from {report.provider}; allowed are {allowed}")
    if policy.licences is not None:
        yield from _licence(report, policy.licences)
    for file in report.files if policy.formats is not None else ():
        if file.role in _WEIGHTS and file.format not in (policy.formats or ()):
            text = f"its format is {file.format or 'not known'}, which the policy does not allow"
            yield Violation("format", text, file.path)


def _licence(report: ScanReport, allowed: tuple[str, ...]) -> Iterator[Violation]:
    stated = [text for key, text in report.card if key == "license"]
    if report.model is not None and report.model.license:
        stated = [report.model.license]
    if not stated:
        yield Violation("licence", "it states no licence")
    known = {one.lower() for one in allowed}
    for text in stated:
        if text.lower() not in known:
            yield Violation("licence", f"its licence is {text}, which the policy does not allow")


def _pinned(report: ScanReport, policy: Policy, revision: str | None) -> Iterator[Violation]:
    if not policy.pinned:
        return
    for one in report.uses:
        if one.name and not one.pinned:
            text = f"line {one.line} fetches {one.name} ({one.provider}) without pinning it"
            yield Violation("pin", text, one.path)
    if report.provider == "local":
        return
    if revision is None or not _COMMIT.fullmatch(revision):
        asked = f"{revision!r} is a name that can move" if revision else "it names no revision"
        yield Violation("pin", f"{asked}; the policy wants a commit or a version number")


def _notes(report: ScanReport, policy: Policy, today: date) -> Iterator[str]:
    """Suppressions that ended, and those whose content has changed since."""
    contents = {file.path: file.sha256 for file in report.files}
    for one in policy.suppressions:
        for finding in report.findings:
            if (finding.rule, finding.fingerprint) != (one.rule, one.fingerprint):
                continue
            if contents.get(finding.path) != one.sha256:
                yield f"{one.rule} in {finding.path} was accepted for another content"
            elif today > one.until:
                yield (
                    f"{one.rule} in {finding.path} was accepted by {one.owner} until "
                    f"{one.until.isoformat()}, which is over"
                )
    for entry in policy.acceptances:
        if today > entry.until:
            yield (
                f"{entry.vulnerability} in {entry.package} was accepted by {entry.owner} until "
                f"{entry.until.isoformat()}, which is over"
            )
