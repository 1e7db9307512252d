"""From bytes to findings, in this process."""

from weighbridge.budget import Budget
from weighbridge.findings.model import Finding
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.memory import BytesSource


def findings(content: bytes) -> list[Finding]:
    return judge(examine(BytesSource(content), Budget()), "sample.bin")


def rules_of(content: bytes) -> set[str]:
    return {finding.rule for finding in findings(content)}


def only(content: bytes, rule: str) -> Finding:
    found = [finding for finding in findings(content) if finding.rule == rule]
    assert len(found) == 1, findings(content)
    return found[0]
