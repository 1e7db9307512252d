"""Retro-hunt: new rules and questions applied to everything ever scanned, without its bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Q

from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.permissions import Action, require
from weighbridge.platform.audit.canonical import canonical, sha256, storable
from weighbridge.platform.audit.errors import Conflict, Refused
from weighbridge.platform.audit.services import Act, Actor, record, record_all
from weighbridge.platform.cases.opening import Flag, Origin, case_of, occur_in_many
from weighbridge.platform.cases.ruling import hold_shared
from weighbridge.platform.cases.vouched import in_force
from weighbridge.platform.catalog.models import ModelVersion
from weighbridge.platform.catalog.services import refresh, refresh_artifacts
from weighbridge.platform.scans.assessment import keep_report, settle
from weighbridge.platform.scans.hunt_queue import Outcome, advance, expect, finish
from weighbridge.platform.scans.judging import Judged, full_version, judged, raw, unpacked
from weighbridge.platform.scans.models import ArtifactFacts, ArtifactReport, FactSymbol, Hunt
from weighbridge.platform.scans.whole import judge_version
from weighbridge.rules.registry import RULES_VERSION

SYMBOLS = ("import", "callee", "operator")
STRING = "string"
RULES = "rules"
_BATCH = 200
_READ = 1000
_LEAST_TEXT = 3


def hunt(user: User, kind: str, text: str = "", *, open_cases: bool = True) -> Hunt:
    """Put a question to all stored facts; a worker carries it out.

    Args:
        user: who asks.
        kind: `import`, `callee` or `operator` for a name, where a ``*`` at the end stands for any
            rest; `string` for text anywhere in the facts; `rules` to judge everything by the
            rules of today.
        text: what to look for.
        open_cases: put the hits into one case about this question.

    Raises:
        PermissionDenied: they may not.
        Refused: the question is none.
    """
    require(user, Action.HUNT)
    text = storable(text.strip(), 300)
    if kind not in (*SYMBOLS, STRING, RULES):
        raise Refused(f"no question of that kind: {kind}")
    if kind != RULES and len(text.rstrip("*")) < _LEAST_TEXT:
        raise Refused(f"look for {_LEAST_TEXT} characters or more")
    with transaction.atomic():
        row = Hunt.objects.create(
            kind=kind, text=text, requested_by=user, open_cases=open_cases, rules=RULES_VERSION
        )
        record(user, Act("hunt", "hunt", row.pk, data={"kind": kind, "text": text}))
        return row


def run(row: Hunt) -> Hunt:
    """Carry a claimed hunt out, or on where it was interrupted; what was done is found done.

    Returns:
        The hunt, done. Where the lease was lost it is returned as it stands.
    """
    actor: Actor = row.requested_by or "schedule"
    try:
        if row.kind == RULES:
            _rules(row, actor)
        else:
            _ask(row, actor)
        return finish(row)
    except Conflict:
        row.refresh_from_db()
        return row


def rejudge(symbols: Sequence[str], actor: Actor) -> Outcome:
    """Judge again what imports or calls one of these names: a row of a table or a vouch changed.

    Returns:
        How many were judged, and how many have another verdict than before.
    """
    facts = FactSymbol.objects.filter(name__in=[storable(name, 200) for name in symbols])
    wanted = ArtifactReport.objects.filter(current=True, facts_id__in=facts.values("facts_id"))
    return _judge_again(sorted(wanted.values_list("pk", flat=True)), actor)


def _rules(row: Hunt, actor: Actor) -> None:
    stale = ArtifactReport.objects.filter(current=True).exclude(rules=RULES_VERSION)
    reports = sorted(stale.values_list("pk", flat=True))
    older = ModelVersion.objects.exclude(report__rules=RULES_VERSION).filter(files__isnull=False)
    versions = sorted(older.distinct().values_list("pk", flat=True))
    expect(row, row.examined + len(reports) + len(versions), afresh=False)
    _judge_again(reports, actor, row)
    _judge_versions_again(versions, actor, row)


def _judge_versions_again(numbers: Sequence[int], actor: Actor, row: Hunt) -> None:
    """Judge versions as a whole again, after their files."""
    for start in range(0, len(numbers), _BATCH):
        with transaction.atomic():
            hold_shared()
            acts: list[Act] = []
            hits = opened = 0
            some = ModelVersion.objects.filter(pk__in=numbers[start : start + _BATCH])
            for version in some.select_related("model"):
                whole = judge_version(version)
                hits += whole.changed
                opened += whole.opened.fresh
                acts += whole.opened.acts
            refresh(numbers[start : start + _BATCH], f"rules {RULES_VERSION}")
            advance(row, Outcome(len(some), hits, opened))
            record_all(actor, acts)


def _judge_again(numbers: Sequence[int], actor: Actor, row: Hunt | None = None) -> Outcome:
    done = Outcome(0, 0)
    for start in range(0, len(numbers), _BATCH):
        with transaction.atomic():
            batch = _Batch(numbers[start : start + _BATCH])
            outcome = Outcome(batch.examined, batch.hits, batch.opened)
            advance(row, outcome)
            record_all(actor, batch.acts)
        done += outcome
    return done


class _Batch:
    """Some current reports judged again, in the caller's transaction."""

    def __init__(self, numbers: Sequence[int]) -> None:
        ruling = hold_shared()
        vouched = in_force()
        self.examined = self.hits = self.opened = 0
        self.acts: list[Act] = []
        self._origin = Origin("defender", full_version(RULES_VERSION, ruling.vouched))
        rows = ArtifactReport.objects.filter(pk__in=numbers, current=True)
        same: list[int] = []
        changed: list[int] = []
        key = {"rules": RULES_VERSION, "vouched": ruling.vouched}
        known = set(
            ArtifactReport.objects.filter(
                facts__reports__in=numbers, current=False, **key
            ).values_list("facts_id", flat=True)
        )
        for old in rows.select_related("facts", "artifact"):
            fresh = judged(unpacked(old.facts.blob), vouched, old.facts.bytes_read)
            self.examined += 1
            if old.facts_id not in known and _says_the_same(fresh, old):
                same.append(old.pk)
            elif self._replace(old, fresh):
                changed.append(old.artifact_id)
        ArtifactReport.objects.filter(pk__in=same).update(**key)
        refresh_artifacts(changed, f"rules {self._origin.rules}")

    def _replace(self, old: ArtifactReport, fresh: Judged) -> bool:
        report, new = keep_report(old.facts, fresh)
        if not new:
            return False
        path = old.artifact.files.values_list("path", flat=True).first() or ""
        found = settle(report, path, self._origin)
        self.acts += found.acts
        self.opened += found.fresh
        self.hits += report.verdict != old.verdict
        return True


def _says_the_same(fresh: Judged, old: ArtifactReport) -> bool:
    return (fresh.verdict.value, fresh.findings, fresh.coverage) == (
        old.verdict,
        old.findings,
        old.coverage,
    )


def _ask(row: Hunt, actor: Actor) -> None:
    expect(row, ArtifactReport.objects.filter(current=True).count(), afresh=True)
    hits = sorted(set(_holding_text(row) if row.kind == STRING else _named(row)))
    fresh = False
    if row.open_cases and hits:
        fresh = _into_one_case(row, hits, actor)
    examined = 0 if row.kind == STRING else row.total
    advance(row, Outcome(examined, len(hits), int(fresh)))


def _into_one_case(row: Hunt, hits: Sequence[int], actor: Actor) -> bool:
    """Put the hits into the case of this question; tells whether it was opened just now."""
    flag = Flag(
        behaviour=sha256(canonical(["hunt", row.kind, row.text]))[:32],
        family=sha256("hunt")[:32],
        rule="hunt",
        kind="suspicious",
        title=f"Hunt: {row.kind} {row.text}",
        evidence={"hunt": row.pk, "kind": row.kind, "text": row.text},
    )
    with transaction.atomic():
        hold_shared()
        origin = Origin("hunt", RULES_VERSION)
        case, fresh = case_of(flag, origin)
        added = occur_in_many(case, hits, flag, origin)
        if fresh or added:
            data = {"hunt": row.pk, "occurrences": added}
            word = "case-open" if fresh else "case-occurrence"
            record(actor, Act(word, "case", case.pk, case.pk, after=case.state, data=data))
    return fresh


def _named(row: Hunt) -> Iterator[int]:
    name = storable(row.text, 200)
    wanted = Q(name__startswith=name[:-1]) if name.endswith("*") else Q(name=name)
    found = FactSymbol.objects.filter(wanted, kind=row.kind, facts__reports__current=True)
    return found.values_list("facts__artifact_id", flat=True).distinct().iterator()


def _holding_text(row: Hunt) -> Iterator[int]:
    """Yield the artifacts whose facts hold a text, looked for in the stored JSON itself."""
    needle = json.dumps(row.text)[1:-1].encode("ascii")
    facts = ArtifactFacts.objects.filter(reports__current=True).order_by("pk")
    last = 0
    while some := list(facts.filter(pk__gt=last).values_list("pk", "artifact_id", "blob")[:_READ]):
        last = some[-1][0]
        yield from (artifact for _, artifact, blob in some if needle in raw(blob))
        advance(row, Outcome(len(some), 0))
