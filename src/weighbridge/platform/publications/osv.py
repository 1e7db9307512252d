"""An advisory as an OSV record, made from its stored revision and nothing else.

No listed ecosystem holds models, so a model is a package of the ecosystem ``GIT`` with the address
of its page as name and its purl beside it. The issuer's numbers are not listed prefixes either:
the id is ``x_MSC-…`` and the bare number is an alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from weighbridge.libraries.names import PYPI, canonical_name
from weighbridge.platform.advisories.content import AdvisoryContent, Reference, severity
from weighbridge.platform.advisories.models import PUBLIC, Advisory, Revision, Withdrawal
from weighbridge.platform.advisories.numbers import bare, osv, parsed

SCHEMA_VERSION = "1.7.5"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUMMARY = 120


@dataclass(frozen=True, slots=True)
class Published:
    """An advisory that everybody may see, with what it says now."""

    advisory: Advisory
    first: Revision
    last: Revision
    withdrawal: Withdrawal | None
    content: AdvisoryContent

    @property
    def id(self) -> str:
        """The id in OSV records."""
        return osv(self.advisory)

    @property
    def modified(self) -> datetime:
        """When it last changed; an MSC changes by withdrawal only."""
        return self.withdrawal.at if self.withdrawal else self.last.created_at


def public() -> QuerySet[Advisory]:
    """Return the advisories that everybody may see; reserved and rejected numbers are none."""
    return Advisory.objects.filter(state__in=PUBLIC)


def published(rows: QuerySet[Advisory]) -> Iterator[Published]:
    """Yield public advisories with what they say, in a fixed number of queries per thousand.

    Args:
        rows: of `public`, narrowed down.
    """
    for advisory in (
        rows.select_related("withdrawal").prefetch_related("revisions").iterator(chunk_size=1000)
    ):
        revisions = sorted(advisory.revisions.all(), key=lambda revision: revision.number)
        if revisions:
            withdrawal = getattr(advisory, "withdrawal", None)
            content = AdvisoryContent.from_json(revisions[-1].content)
            yield Published(advisory, revisions[0], revisions[-1], withdrawal, content)


def find(text: str) -> Published | None:
    """Return the public advisory that a text names, in the bare form or with ``x_``."""
    named = parsed(text)
    if named is None:
        return None
    kind, year, number = named
    rows = public().filter(kind=kind, year=year, number=number)
    return next(published(rows), None)


def record(item: Published) -> dict[str, Any]:
    """Return the OSV record of an advisory."""
    content = item.content
    result: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": item.id,
        "published": time(item.first.created_at),
        "modified": time(item.modified),
    }
    if item.withdrawal is not None:
        result["withdrawn"] = time(item.withdrawal.at)
    result["aliases"] = [bare(item.advisory), *content.aliases]
    for name in ("upstream", "related"):
        if values := getattr(content, name):
            result[name] = list(values)
    result["summary"] = content.title[:_SUMMARY]
    result["details"] = _details(item)
    if content.kind != "MSC" and content.cvss:
        result["severity"] = [_score(vector) for vector in content.cvss]
    result["affected"] = [_affected(content)]
    result["references"] = _references(item)
    if content.credits:
        result["credits"] = [{"name": one.name, "type": one.type} for one in content.credits]
    result["database_specific"] = _own(item)
    return result


def time(moment: datetime) -> str:
    """Return a time as OSV writes it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def ecosystems(osv_record: dict[str, Any]) -> list[str]:
    """Return the folders of the dump that a record belongs into."""
    found = {item["package"]["ecosystem"].partition(":")[0] for item in osv_record["affected"]}
    if any(
        one["type"] == "GIT" for item in osv_record["affected"] for one in item.get("ranges", ())
    ):
        found.add("GIT")
    return sorted(found)


def _details(item: Published) -> str:
    text = item.content.description.replace("<", "\\<")
    if item.withdrawal is not None:
        text = f"Withdrawn: {item.withdrawal.reason.replace('<', chr(92) + '<')}\n\n{text}"
    return text


def _score(vector: str) -> dict[str, str]:
    return {"type": "CVSS_V4" if vector.startswith("CVSS:4") else "CVSS_V3", "score": vector}


def _affected(content: AdvisoryContent) -> dict[str, Any]:
    target = content.target
    result: dict[str, Any] = {"package": _package(content)}
    commits = [revision for revision in target.revisions if _COMMIT.fullmatch(revision)]
    if target.ecosystem == "huggingface" and commits:
        events = [{"introduced": commits[0]}]
        result["ranges"] = [{"type": "GIT", "repo": target.url, "events": events}]
    versions = list(dict.fromkeys(target.revisions or (one.revision for one in target.files)))
    result["versions"] = versions
    specific: dict[str, Any] = {"provider": target.ecosystem}
    if target.files:
        specific["files"] = [
            {
                "path": file.path,
                **({"sha256": file.sha256} if file.sha256 else {}),
                **({"size": file.size} if file.size is not None else {}),
                "version": file.revision,
            }
            for file in target.files
        ]
    if content.kind == "MSC" and content.cwe:
        specific["cwes"] = [{"cweId": cwe} for cwe in content.cwe]
    result["database_specific"] = specific
    return result


def _package(content: AdvisoryContent) -> dict[str, str]:
    target = content.target
    if target.ecosystem == PYPI:
        return {"ecosystem": PYPI, "name": canonical_name(target.name), "purl": target.purl}
    return {"ecosystem": "GIT", "name": target.url or target.purl, "purl": target.purl}


def _references(item: Published) -> list[dict[str, str]]:
    content = item.content
    own = Reference("ADVISORY", f"{settings.WEIGHBRIDGE_URL}/advisories/{bare(item.advisory)}")
    package = (Reference("PACKAGE", content.target.url),) if content.target.url else ()
    everything = dict.fromkeys((own, *package, *content.references))
    return [{"type": one.type, "url": one.url} for one in everything]


def _own(item: Published) -> dict[str, Any]:
    content = item.content
    result: dict[str, Any] = {
        "issuer": settings.WEIGHBRIDGE_ISSUER,
        "kind": content.kind,
        "state": item.advisory.state,
        "revision": content.revision,
        "content_sha256": item.last.sha256,
        "source": content.source,
        "trigger": content.trigger,
        "severity": severity(content),
        "cwe_ids": list(content.cwe),
        "atlas": list(content.atlas),
        "superseded_by": content.superseded_by,
        "timeline": [{"at": one.at, "text": one.text} for one in content.timeline],
        "possibly_affected": [
            {"provider": one.provider, "name": one.name, "relation": one.relation}
            for one in content.derived
        ],
        "evidence": list(content.evidence),
    }
    return {name: value for name, value in result.items() if value not in ("", [])}
