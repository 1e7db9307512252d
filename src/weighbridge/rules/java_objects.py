"""Rules about objects that Java serialized."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from weighbridge.facts.java import JavaClass
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.java import is_gadget
from weighbridge.tables.java_objects import java_object
from weighbridge.text.escaping import visible

_LOADERS = ("java.io.ObjectInputStream.readObject", "weka.core.SerializationHelper.read")
_SHOWN = 8
# Packages of the platform itself, of which what models hold can be listed.
_PLATFORM = re.compile(r"(?:java|javax|jdk|sun|com\.sun|org\.omg|org\.w3c|org\.xml)\.")
# Only the name of these is looked up: the class is neither made nor initialised.
_LOOKED_UP = frozenset({"array", "literal", "interface", "described"})
_UNKNOWN = {
    Kind.SUSPICIOUS: "It holds objects of Java that no model is known to hold",
    Kind.WEAKNESS: "It needs classes that run code of their own",
}
_ORDER = {Kind.MALICIOUS: 0, Kind.SUSPICIOUS: 1, Kind.WEAKNESS: 2}


@dataclass(frozen=True, slots=True)
class _Judged:
    """One class with what it is taken for.

    Attributes:
        acts: it is known as a link of a chain; else it is one that nobody has vouched for.
    """

    fact: JavaClass
    kind: Kind
    effect: str
    reason: str
    acts: bool


def _judge(fact: JavaClass) -> _Judged | None:
    """Say what a class is taken for; None for nothing."""
    row = java_object(fact.name, fact.use)
    if row is not None and row.kind != "ordinary":
        acts = row.kind != "weakness"
        return _Judged(fact, Kind(row.kind), row.effect.strip("-"), row.reason, acts)
    if fact.use == "proxy":
        # Whatever calls a method of it while the stream is read calls the handler.
        reason = f"answers calls of {', '.join(fact.interfaces[:3]) or 'nothing'} by a handler"
        return _Judged(fact, Kind.SUSPICIOUS, "object_graph", reason, True)
    if row is not None:
        return None
    if is_gadget(fact.name):
        reason = "does something when an object of it is made"
        return _Judged(fact, Kind.SUSPICIOUS, "object_graph", reason, True)
    if _PLATFORM.match(fact.name):
        if fact.use in _LOOKED_UP:
            return None
        return _Judged(fact, Kind.SUSPICIOUS, "", "no model is known to hold one", False)
    return _Judged(fact, Kind.WEAKNESS, "", "its own readObject runs, if it has one", False)


def _groups(file: FileFacts) -> Iterator[tuple[str | None, list[_Judged]]]:
    """Yield what is to be said, gravest first, for each stream."""
    found: dict[str | None, list[_Judged]] = {}
    for fact in file.of(JavaClass):
        if isinstance(fact, JavaClass):
            judged = _judge(fact)
            if judged is not None:
                found.setdefault(fact.member, []).append(judged)
    for member, group in found.items():
        yield member, sorted(group, key=lambda one: _ORDER[one.kind])


def _acting(file: FileFacts) -> Iterable[Finding]:
    """All classes of a stream that act are links of one chain, and the gravest names it."""
    for member, group in _groups(file):
        known = [one for one in group if one.acts]
        if known:
            first = known[0]
            title = f"It holds an object that {first.reason}"
            if first.kind is Kind.MALICIOUS:
                title = f"Reading it {_said(effect_row(first.effect).phrase)}"
            yield _finding(JAVA_GADGET, member, known, title)


def _said(phrase: str) -> str:
    """Word an effect that the table of effects words for Python."""
    return "runs code of its choice" if "Python" in phrase else phrase


def _unknown(file: FileFacts) -> Iterable[Finding]:
    for member, group in _groups(file):
        if group[0].kind is Kind.MALICIOUS:
            continue  # The other classes are what the chain is made of.
        for kind, what in _UNKNOWN.items():
            found = [one for one in group if one.kind is kind and not one.acts]
            if found:
                yield _finding(JAVA_CLASS, member, found, what)


def _finding(rule: Rule, member: str | None, found: list[_Judged], title: str) -> Finding:
    first = found[0]
    names = list(dict.fromkeys(_shown(one.fact) for one in found))
    severities = {Kind.MALICIOUS: Severity.CRITICAL, Kind.SUSPICIOUS: Severity.HIGH}
    return rule.finding(
        title=f"{title} ({visible(first.fact.name, 120) or 'a proxy'})",
        kind=first.kind,
        severity=severities.get(first.kind, Severity.LOW),
        member=member,
        offset=first.fact.offset,
        evidence={
            "code": "\n".join(_code(one.fact) for one in found[:_SHOWN]),
            "symbols": names[:_SHOWN],
            "effects": sorted({one.effect for one in found if one.effect}),
            "why": list(dict.fromkeys(f"{_shown(one.fact)}: {one.reason}" for one in found))[
                :_SHOWN
            ],
            "count": sum(one.fact.count for one in found),
        },
        loaders=_LOADERS,
    )


def _shown(fact: JavaClass) -> str:
    return visible(fact.name, 120) or "a proxy"


def _code(fact: JavaClass) -> str:
    held = ", ".join(repr(visible(text, 200)) for text in fact.texts)
    return f"{fact.use} {_shown(fact)}({held})"


def _names(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, JAVA_NAME, _LOADERS)


JAVA_GADGET = Rule(
    id="java-gadget",
    title="Reading it runs what the classes of its objects do",
    kind=Kind.MALICIOUS,
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("JavaClass",),
    cwe=("CWE-502", "CWE-470"),
    atlas=("AML.T0010.003", "AML.T0011.000", "AML.T0018.002"),
    description="`ObjectInputStream` makes an object of every class that the stream names and runs "
    "its `readObject` and what that calls, before the program sees any of it. Classes of the "
    "stream are known as links of chains that end in code, a connection or a file; no model needs "
    "them. Malicious when one of them calls methods by their names, defines classes, connects or "
    "writes; suspicious when it only passes calls on, as proxies do, or when an address is "
    "hashed, which has the name of its machine looked up.",
    example="InvokerTransformer of Commons Collections behind a HashMap",
    remediation="Do not read the file. Ask for the model in a form that holds no objects, or set a "
    "filter (jdk.serialFilter) that allows the classes of the toolkit alone.",
    references=("CVE-2015-4852", "CVE-2015-7501", "https://github.com/frohoff/ysoserial"),
    apply=_acting,
)
JAVA_CLASS = Rule(
    id="java-class",
    title="It holds objects of classes that nobody has vouched for",
    kind=Kind.WEAKNESS,
    severity=Severity.LOW,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("JavaClass",),
    cwe=("CWE-502", "CWE-829"),
    atlas=("AML.T0010.001",),
    description="A weakness where classes of other packages than those of known toolkits are "
    "needed: their own `readObject` runs, from whatever package of this name is there. Suspicious "
    "for classes of Java itself that are not among those that models hold.",
    example="an object of com.example.MyClassifier",
    remediation="Take the named packages from a source that you trust, and set a filter "
    "(jdk.serialFilter) that allows nothing else.",
    references=(),
    apply=_unknown,
)
JAVA_NAME = Rule(
    id="java-name",
    title="A name in it is written so that scanners misread it",
    kind=Kind.SUSPICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.2.0",
    state="stable",
    facts=("Anomaly",),
    cwe=("CWE-502", "CWE-176"),
    atlas=("AML.T0011.000", "AML.T0076"),
    description="Java reads a character also when it is written in more bytes than it needs, and "
    "never writes one so. What looks for names as plain bytes does not find these.",
    example="java.lang.Runtime with each letter in two bytes",
    remediation="Do not read the file.",
    references=(),
    apply=_names,
)

RULES = (JAVA_GADGET, JAVA_CLASS, JAVA_NAME)
