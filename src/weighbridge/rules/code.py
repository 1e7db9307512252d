"""Rules about Python code that a model file carries: code objects, source text, TorchScript."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.pickles import Code
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules import bytecode
from weighbridge.rules.effects import dangerous_names, effects_of
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.nesting import groups_of, spoken_for
from weighbridge.rules.pickles.report import gravest
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.operators import TorchOperator, torch_operator
from weighbridge.text.escaping import visible

_SHOWN = 8
# Judged by rules of their own.
_APART = frozenset({"torchscript", "keras-lambda", "python-bytecode", "interpolated-import"})


def _loaders(file: FileFacts, code: Code) -> tuple[str, ...]:
    stream = file.streams.get(code.stream) if code.stream is not None else None
    if stream is not None:
        return stream.stream.loaders
    if code.origin == "evaluated-configuration":
        return ("ultralytics.YOLO", "yolov5.models.yolo.parse_model")
    by_format = {
        "torchscript": ("torch.jit.load",),
        "torch-package": ("torch.package.PackageImporter.load_pickle",),
        "torchserve": ("torchserve --models",),
    }
    return by_format.get(file.format or "", ())


def _unspoken(file: FileFacts) -> list[Code]:
    """Return the code that no finding about a call shows already."""
    found = [c for c in file.free_code if c.origin not in _APART]
    for number, stream in file.streams.items():
        if number in spoken_for(file):
            continue
        shown = {number for group in groups_of(stream) for number in group.members}
        found += [code for code in stream.codes if code.call not in shown]
    return found


def _hostile(file: FileFacts) -> Iterable[Finding]:
    for code in _unspoken(file):
        named = dangerous_names(code)
        if not named:
            continue
        row = effect_row(gravest(row.effect for _name, row in named))
        yield HOSTILE_CODE.finding(
            title=f"It carries code that {row.phrase} ({visible(named[0][0], 120)})",
            member=code.member,
            offset=code.offset,
            evidence={
                "code": visible(code.text, 1200),
                "symbols": [visible(name, 200) for name, _row in named[:_SHOWN]],
                "effects": effects_of(code),
                "sha256": code.sha256,
            },
            loaders=_loaders(file, code),
            cwe=row.cwe,
            atlas=row.atlas,
        )


def _carried(file: FileFacts) -> Iterable[Finding]:
    """One finding for all code of one place in which nothing dangerous was found."""
    places: dict[str | None, list[Code]] = {}
    for code in _unspoken(file):
        if not dangerous_names(code):
            place = code.member if code.stream is not None else file.format
            places.setdefault(place, []).append(code)
    for codes in places.values():
        first = codes[0]
        names = [visible(code.name, 80) for code in codes[:_SHOWN]]
        yield CARRIED_CODE.finding(
            title=f"It carries Python code ({len(codes)}: {', '.join(names[:3])})",
            member=first.member,
            offset=first.offset,
            evidence={
                "code": visible(first.text, 600),
                "symbols": names,
                "count": len(codes),
                "complete": all(code.complete for code in codes),
            },
            loaders=_loaders(file, first),
            kind=Kind.WEAKNESS if all(code.complete for code in codes) else Kind.SUSPICIOUS,
        )


def _script(file: FileFacts) -> tuple[list[Code], list[tuple[Code, str, TorchOperator]]]:
    codes = [code for code in file.free_code if code.origin == "torchscript"]
    named = [(code, name, torch_operator(name)) for code in codes for name in code.calls]
    return codes, [(code, name, row) for code, name, row in named if row is not None]


def _script_operators(file: FileFacts) -> Iterable[Finding]:
    _codes, bad = _script(file)
    if bad:
        code, name, row = bad[0]
        yield SCRIPT_OPERATOR.finding(
            title=f"Its TorchScript code {row.phrase} ({visible(name, 120)})",
            member=code.member,
            evidence={
                "code": visible(code.text, 1200),
                "symbols": [visible(item[1], 120) for item in bad[:_SHOWN]],
                "effects": sorted({item[2].effect for item in bad}),
            },
            loaders=("torch.jit.load",),
        )


def _script_program(file: FileFacts) -> Iterable[Finding]:
    codes, bad = _script(file)
    if codes and not bad:
        yield SCRIPT.finding(
            title=f"It is a program in TorchScript ({len(codes)} source files)",
            member=codes[0].member,
            evidence={"symbols": [visible(code.name, 120) for code in codes[:_SHOWN]]},
            loaders=("torch.jit.load",),
        )


def _bytecode(file: FileFacts) -> Iterable[Finding]:
    for code in file.free_code:
        if code.origin != "python-bytecode":
            continue
        named = bytecode.grave(code)
        lines = bytecode.hostile_lines(code)
        what = f", and uses {visible(named[0][0], 120)}" if named else ""
        what = f", with the command {visible(lines[0], 120)}" if lines else what
        yield BYTECODE.finding(
            title=f"It is compiled Python that an import runs unseen{what}",
            member=code.member,
            offset=code.offset,
            evidence={
                "code": visible(code.text, 1200),
                "symbols": [visible(name, 200) for name, _effect in named[:_SHOWN]],
                "effects": sorted({effect for _name, effect in named}),
                "complete": code.complete,
                "sha256": code.sha256,
            },
            loaders=("import",),
            kind=Kind.SUSPICIOUS if named or lines else Kind.WEAKNESS,
            severity=Severity.HIGH if named or lines else Severity.MEDIUM,
        )


def _interpolated(file: FileFacts) -> Iterable[Finding]:
    for code in file.free_code:
        if code.origin != "interpolated-import":
            continue
        named = dangerous_names(code)
        effects = effects_of(code) or ["code_exec"]
        yield CODE_IN_NAME.finding(
            title="A name in it is code that its loader runs, which "
            f"{effect_row(gravest(effects)).phrase}",
            member=code.member,
            offset=code.offset,
            evidence={
                "code": visible(code.text, 1200),
                "symbols": [visible(name, 200) for name, _row in named[:_SHOWN]],
                "effects": effects,
                "sha256": code.sha256,
            },
            loaders=("cntk.load_model",),
        )


def _rule(
    identifier: str,
    title: str,
    kind: Kind,
    severity: Severity,
    confidence: Confidence,
    texts: tuple[str, str, str],
    apply: object,
    references: tuple[str, ...] = (),
) -> Rule:
    description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=severity,
        confidence=confidence,
        since="0.1.0",
        state="stable",
        facts=("Code",),
        cwe=("CWE-94", "CWE-502"),
        atlas=("AML.T0011.000", "AML.T0018.002"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,  # type: ignore[arg-type]
    )


HOSTILE_CODE = _rule(
    "hostile-code",
    "It carries code with an effect that no model needs",
    Kind.MALICIOUS,
    Severity.HIGH,
    Confidence.MEDIUM,
    (
        "A code object or source text inside the file calls something that starts processes, "
        "opens connections, touches files or runs further code.",
        "a cloudpickled function that calls os.system",
        "Do not load the file. Read the code it carries as text.",
    ),
    _hostile,
)
CARRIED_CODE = _rule(
    "carried-code",
    "It carries Python code",
    Kind.WEAKNESS,
    Severity.MEDIUM,
    Confidence.HIGH,
    (
        "The file holds code objects or source text that become functions when it is loaded. "
        "Nothing dangerous was found in them; suspicious when they could not be read to the end.",
        "a lambda saved with cloudpickle",
        "Read the code before use, or ask for a model without code.",
    ),
    _carried,
)
SCRIPT_OPERATOR = _rule(
    "torchscript-operator",
    "Its TorchScript code uses operators that touch files or load code",
    Kind.MALICIOUS,
    Severity.HIGH,
    Confidence.MEDIUM,
    (
        "TorchScript is compiled when it is loaded and runs when the model is called; these "
        "operators read or write files or call into other libraries.",
        "torch.from_file('/etc/passwd', …) in code/__torch__.py",
        "Do not load the file.",
    ),
    _script_operators,
)
SCRIPT = _rule(
    "torchscript-code",
    "It is a program in TorchScript",
    Kind.WEAKNESS,
    Severity.LOW,
    Confidence.HIGH,
    (
        "A TorchScript archive is code by design. Only operators that compute were found.",
        "torch.jit.save",
        "Load it only from a source that you trust, or ask for weights and the model's code.",
    ),
    _script_program,
)

BYTECODE = _rule(
    "python-bytecode",
    "It is compiled Python",
    Kind.WEAKNESS,
    Severity.MEDIUM,
    Confidence.MEDIUM,
    (
        "A `.pyc` file runs in place of its source, and nobody can review it. Suspicious when an "
        "import may start processes, or run code that was decoded or fetched, and when a text in "
        "it is a command that fetches a program and runs it.",
        "__pycache__/modeling.cpython-311.pyc",
        "Delete it; Python compiles the source again. Do not use a model that needs it.",
    ),
    _bytecode,
)

CODE_IN_NAME = _rule(
    "code-in-name",
    "A name in it is code that its loader runs",
    Kind.MALICIOUS,
    Severity.CRITICAL,
    Confidence.HIGH,
    (
        "CNTK puts the module and the class of a function that the model names into a statement of "
        "Python and executes it. No name has more in it than letters, digits, dots and "
        "underscores; with more in it, it is a program.",
        'module: "os import getcwd\\nimport socket\\nfrom os"',
        "Do not load the file.",
    ),
    _interpolated,
)

RULES = (HOSTILE_CODE, CARRIED_CODE, SCRIPT_OPERATOR, SCRIPT, BYTECODE, CODE_IN_NAME)
