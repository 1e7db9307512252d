"""The keys of a finding: fingerprint for a report line, behaviour for what would run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from weighbridge.findings.model import Finding


def _digest(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def with_identity(finding: Finding, path: str) -> Finding:
    """Return the finding with path, fingerprint and behaviour filled in.

    The fingerprint holds rule, path, member and symbol; the behaviour holds what would run with its
    literals and the hashes of decoded payloads, and neither path nor offset (design, section 5).
    """
    evidence = finding.evidence
    symbols = evidence.get("symbols", [])
    payloads = [item.get("sha256") for item in evidence.get("payloads", [])]
    acts = (evidence.get("code"), symbols, payloads, evidence.get("sha256"), evidence.get("also"))
    return replace(
        finding,
        path=path,
        fingerprint=_digest(finding.rule, path, finding.member, symbols[:1]),
        behaviour=_digest(finding.rule, *acts),
    )
