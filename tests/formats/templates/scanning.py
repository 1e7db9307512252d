"""What a scan of one template says, in each carrier."""

import json

from weighbridge.budget import Budget
from weighbridge.facts.structure import Format, Gap
from weighbridge.findings.verdict import of_file
from weighbridge.formats.examine import examine
from weighbridge.rules.judge import judge
from weighbridge.sources.memory import BytesSource


class Answer:
    """Facts, findings and verdict of one file."""

    def __init__(self, data, name=""):
        self.facts = examine(BytesSource(data), Budget(), name)
        self.gaps = [fact for fact in self.facts if isinstance(fact, Gap)]
        self.findings = judge(self.facts, "file")
        self.verdict = str(of_file(self.findings, complete=not self.gaps))
        self.formats = [fact.format for fact in self.facts if isinstance(fact, Format)]
        self.rules = {finding.rule for finding in self.findings}
        self.effects = {e for f in self.findings for e in f.evidence.get("effects", ())}

    def of(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]


def in_json(template, **more):
    return Answer(json.dumps({"chat_template": template, **more}).encode())


def in_file(template):
    return Answer(template.encode())


def in_yaml(text):
    return Answer(text.encode(), "config.yaml")
