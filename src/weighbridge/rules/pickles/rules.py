"""The rules about pickle streams: their metadata, and which groups each of them reports."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.report import findings_of

_EXEC_CWE = ("CWE-502", "CWE-94")
_EXEC_ATLAS = ("AML.T0011.000", "AML.T0010.003", "AML.T0018.002")
_FACTS = ("Stream", "Import", "Call", "AttributeWrite", "Payload", "Code")
_SAFE = "Ask for the weights as safetensors, or load with torch.load(weights_only=True)."
_REVIEW = "Read what is called before loading; load only in an environment you can throw away."


def _rule(
    identifier: str,
    title: str,
    kind: Kind,
    severity: Severity,
    confidence: Confidence,
    description: str,
    example: str,
    remediation: str,
    references: tuple[str, ...] = (),
    cwe: tuple[str, ...] = _EXEC_CWE,
    atlas: tuple[str, ...] = _EXEC_ATLAS,
) -> Rule:
    holder: list[Rule] = []

    def apply(file: FileFacts) -> Iterable[Finding]:
        return findings_of(holder[0], file)

    rule = Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=confidence,
        since="0.1.0",
        state="stable",
        facts=_FACTS,
        cwe=cwe,
        atlas=atlas,
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )
    holder.append(rule)
    return rule


DANGEROUS_CALL = _rule(
    "dangerous-call",
    "Loading it runs a dangerous callable",
    Kind.MALICIOUS,
    Severity.CRITICAL,
    Confidence.HIGH,
    "The stream calls something with an effect that no model needs: a process, a connection, a "
    "file, decoded code. Calls that reach it through getattr, importers or resolvers count as it.",
    "os.system('curl … | sh') through REDUCE",
    "Do not load the file.",
    ("CVE-2025-32434", "CVE-2025-1716"),
)
DANGEROUS_IMPORT = _rule(
    "dangerous-import",
    "Loading it imports a dangerous callable",
    Kind.MALICIOUS,
    Severity.HIGH,
    Confidence.HIGH,
    "The stream refers to a callable with an effect that no model needs, without calling it "
    "itself. Whatever uses the loaded object can call it; no framework stores such a reference.",
    "a reference to os.system stored as an attribute",
    "Do not load the file.",
)
COMPUTED_NAME = _rule(
    "computed-name",
    "What is imported is computed while loading",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    Confidence.HIGH,
    "An import takes its module or name from the result of a call, a persistent id or the "
    "extension registry instead of a constant. Picklers write constants.",
    "STACK_GLOBAL on the result of another call",
    _REVIEW,
    cwe=("CWE-502", "CWE-470"),
)
COMPUTED_CALL = _rule(
    "computed-call",
    "What is called is computed while loading",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    Confidence.MEDIUM,
    "A call's callee is itself the result of a call and does not come down to a known name.",
    "partial(f, x)(y)",
    _REVIEW,
    cwe=("CWE-502", "CWE-470"),
)
UNUSUAL_ARGUMENTS = _rule(
    "unusual-arguments",
    "An ordinary helper gets arguments that no pickler writes",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    Confidence.MEDIUM,
    "Helpers such as getattr, setattr, codecs and nested loaders occur in honest files; these "
    "arguments do not. Malicious when they reach a dangerous callable or the interpreter itself.",
    "getattr(obj, '__globals__')",
    _REVIEW,
    cwe=("CWE-502", "CWE-470"),
)
OWN_CODE_CALLED = _rule(
    "own-code-called",
    "Loading it calls a function that the file carries",
    Kind.SUSPICIOUS,
    Severity.HIGH,
    Confidence.HIGH,
    "The stream rebuilds a function from a code object and calls it while loading. Serialisers "
    "of functions rebuild them and leave the calling to the user.",
    "cloudpickle's _make_function(...) followed by REDUCE on its result",
    "Do not load the file. Read the code it carries as text.",
)
UNVOUCHED_CALL = _rule(
    "unvouched-call",
    "Loading it calls something nobody has vouched for",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    Confidence.MEDIUM,
    "The stream calls a function of the standard library or of a well-known library that saving a "
    "model does not produce, or uses a known class in a way that saving does not.",
    "collections.namedtuple('P', 'x y') through REDUCE",
    _REVIEW,
)
UNVOUCHED_IMPORT = _rule(
    "unvouched-import",
    "It refers to something nobody has vouched for",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    Confidence.MEDIUM,
    "The stream imports a symbol of the standard library that saved models do not contain.",
    "a reference to webbrowser.get",
    _REVIEW,
)
THIRD_PARTY_CALL = _rule(
    "third-party-call",
    "Loading it calls a function of an unknown package",
    Kind.SUSPICIOUS,
    Severity.MEDIUM,
    Confidence.MEDIUM,
    "A function of a package outside the known libraries is called with arguments while loading. "
    "What it does depends on that package and on the arguments.",
    "mytool.io.restore('/path')",
    "Find out what the function does in the version that you have installed.",
)
THIRD_PARTY_CLASS = _rule(
    "third-party-class",
    "It needs code from other packages",
    Kind.WEAKNESS,
    Severity.LOW,
    Confidence.HIGH,
    "Objects of classes that are not on the list of known ones are rebuilt in the ordinary way, "
    "or such code is referred to. Loading imports it from whatever package of this name is "
    "installed.",
    "an instance of mypackage.Model",
    "Install the named package from a source that you trust, or ask for plain weights.",
    cwe=("CWE-502", "CWE-829"),
    atlas=("AML.T0010.001",),
)

RULES = (
    DANGEROUS_CALL,
    DANGEROUS_IMPORT,
    COMPUTED_NAME,
    COMPUTED_CALL,
    UNUSUAL_ARGUMENTS,
    OWN_CODE_CALLED,
    UNVOUCHED_CALL,
    UNVOUCHED_IMPORT,
    THIRD_PARTY_CALL,
    THIRD_PARTY_CLASS,
)
