"""Rules about Keras configurations: what building the model imports, calls, reads and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from weighbridge.facts.keras import KerasObject
from weighbridge.facts.pickles import Code
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.anomalies import anomaly_findings
from weighbridge.rules.effects import dangerous_names, effects_of
from weighbridge.rules.foreign_paths import foreign, remote
from weighbridge.rules.keras_names import CUSTOM, Opinion, opinion
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.report import gravest
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.keras import keras_field
from weighbridge.text.escaping import visible

_SHOWN = 8
_CODE = frozenset({"lambda", "lambda-source"})
_MOST = 50
# With one of these a function reaches whatever it can spell.
_RESOLVING = frozenset(
    f"builtins.{name}" for name in "__import__ globals locals vars setattr delattr".split()
)
_RESOLVERS_OF_NAMES = ("builtins.object.", "importlib.")
_UNSAFE = "keras.models.load_model(safe_mode=False)"
_ANY = "keras.models.load_model"
# What each file would do depends on the release: newer ones resolve only what Keras exports.
_RESOLVERS = ("keras.models.load_model with keras < 3.9.0", "tf_keras.models.load_model")


def _objects(file: FileFacts) -> list[KerasObject]:
    return [fact for fact in file.facts if isinstance(fact, KerasObject)]


def _symbol(fact: KerasObject) -> str:
    module = "tensorflow" if fact.kind == "operator" else fact.module
    return symbol_name(module, fact.name) if module else visible(fact.name, 300)


def _call(fact: KerasObject) -> str:
    """Return what building the object amounts to, as Python."""
    shown = [f"{key}={value!r}" if key else repr(value) for key, value in fact.arguments[:_SHOWN]]
    return visible(f"{_symbol(fact)}({', '.join(shown)})", 1200)


def _evidence(fact: KerasObject, said: Opinion) -> dict[str, object]:
    return {
        "code": _call(fact),
        "symbols": [_symbol(fact)],
        "why": [said.reason],
        "effects": [said.effect] if said.effect else [],
        "path": visible(f"{fact.config}: {fact.path or 'the model itself'}", 400),
        "count": fact.count,
    }


def _judged(file: FileFacts) -> list[tuple[KerasObject, Opinion]]:
    pairs = [(fact, opinion(fact)) for fact in _objects(file) if fact.kind not in _CODE]
    return [(fact, said) for fact, said in pairs if said is not None]


def _named(file: FileFacts, api: bool, rule: Callable[[], Rule]) -> Iterable[Finding]:
    found = [
        (fact, said)
        for fact, said in _judged(file)
        if said.kind is not Kind.WEAKNESS and said.api is api
    ]
    for fact, said in found[:_MOST]:
        row = effect_row(said.effect)
        what = "function" if fact.kind != "class" else "class"
        title = f"Building the model uses the {what} {_symbol(fact)}: it {row.phrase}"
        if said.kind is Kind.SUSPICIOUS:
            title = f"Building the model uses {_symbol(fact)}, which no model needs"
        yield rule().finding(
            kind=said.kind,
            severity=said.severity,
            title=title,
            member=fact.member,
            evidence=_evidence(fact, said),
            loaders=tuple(dict.fromkeys((*_RESOLVERS, *fact.loaders))),
        )


def _foreign_objects(file: FileFacts) -> Iterable[Finding]:
    return _named(file, False, lambda: FOREIGN_OBJECT)


def _gadgets(file: FileFacts) -> Iterable[Finding]:
    return _named(file, True, lambda: GADGET)


def _known_as(fact: KerasObject) -> str:
    registered = fact.registered or ""
    return registered if ">" in registered else _symbol(fact)


def _custom(file: FileFacts) -> Iterable[Finding]:
    """One finding for all custom objects of one configuration."""
    places: dict[str | None, list[KerasObject]] = {}
    for fact, said in _judged(file):
        if said is CUSTOM:
            places.setdefault(fact.member, []).append(fact)
    for member, facts in places.items():
        names = list(dict.fromkeys(visible(_known_as(fact), 120) for fact in facts))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        yield CUSTOM_OBJECT.finding(
            title=f"It needs code that is not in the file: {', '.join(names[:3])}{more}",
            member=member,
            evidence={
                "symbols": names[:_SHOWN],
                "why": [CUSTOM.reason],
                "path": visible(f"{facts[0].config}: {facts[0].path}", 400),
                "count": len(names),
            },
            loaders=facts[0].loaders,
        )


def _lambdas(file: FileFacts) -> Iterable[Finding]:
    codes = {
        (code.member, code.sha256): code for code in file.free_code if code.origin == "keras-lambda"
    }
    harmless: dict[str | None, list[tuple[KerasObject, Code]]] = {}
    for fact in _objects(file):
        code = codes.get((fact.member, dict(fact.arguments).get("sha256", "")))
        if fact.kind not in _CODE or code is None:
            continue
        if fact.kind == "lambda-source":
            yield _written_lambda(fact, code)
        elif dangerous_names(code):
            yield _hostile_lambda(fact, code)
        else:
            harmless.setdefault(fact.member, []).append((fact, code))
    for pairs in harmless.values():
        yield _harmless_lambdas(pairs)


def _lambda_loaders(fact: KerasObject) -> tuple[str, ...]:
    # Releases before 3.11.3 ignore safe mode for HDF5 (CVE-2025-9905).
    return (_UNSAFE, "tf_keras.models.load_model") if fact.config == "config.json" else fact.loaders


def _hostile_lambda(fact: KerasObject, code: Code) -> Finding:
    named = dangerous_names(code)
    row = effect_row(gravest(row.effect for _name, row in named))
    layer = visible(dict(fact.arguments).get("layer", ""), 80)
    return LAMBDA.finding(
        kind=Kind.MALICIOUS,
        severity=Severity.CRITICAL,
        title=f"The Lambda layer {layer!r} {row.phrase} ({visible(named[0][0], 120)})",
        member=fact.member,
        evidence={
            "code": visible(code.text, 1200),
            "symbols": [visible(name, 200) for name, _row in named[:_SHOWN]],
            "constants": [visible(text, 200) for text in code.constants[:_SHOWN]],
            "effects": effects_of(code),
            "path": visible(f"{fact.config}: {fact.path}", 400),
            "sha256": code.sha256,
        },
        loaders=_lambda_loaders(fact),
        cwe=row.cwe,
        atlas=row.atlas,
    )


def _written_lambda(fact: KerasObject, code: Code) -> Finding:
    """Source text: no Keras compiles it, so that malice in it shows intent and has no effect."""
    named = dangerous_names(code)
    layer = visible(dict(fact.arguments).get("layer", ""), 80)
    title = f"The Lambda layer {layer!r} has source text where a function is named"
    if named:
        row = effect_row(gravest(row.effect for _name, row in named))
        title += f"; it {row.phrase} ({visible(named[0][0], 120)})"
    return LAMBDA.finding(
        kind=Kind.SUSPICIOUS if named or _resolving(code) else Kind.WEAKNESS,
        severity=Severity.HIGH if named else Severity.MEDIUM,
        title=title,
        member=fact.member,
        evidence={
            "code": visible(code.text, 1200),
            "symbols": [visible(name, 200) for name, _row in named[:_SHOWN]],
            "effects": effects_of(code),
            "path": visible(f"{fact.config}: {fact.path}", 400),
            "sha256": code.sha256,
        },
        loaders=_lambda_loaders(fact),
    )


def _resolving(code: Code) -> list[str]:
    """Return what lets the code reach anything by a name that it computes."""
    return [
        name
        for name in code.calls
        if name in _RESOLVING
        or name.startswith("builtins.object.__")
        or name.startswith("importlib.")
    ]


def _resolving_lambda(fact: KerasObject, code: Code) -> Finding:
    names = _resolving(code)
    layer = visible(dict(fact.arguments).get("layer", ""), 80)
    return LAMBDA.finding(
        kind=Kind.SUSPICIOUS,
        severity=Severity.HIGH,
        title=f"The Lambda layer {layer!r} looks up what it calls ({visible(names[0], 120)})",
        member=fact.member,
        evidence={
            "code": visible(code.text, 1200),
            "symbols": [visible(name, 200) for name in names[:_SHOWN]],
            "effects": ["import_resolve"],
            "path": visible(f"{fact.config}: {fact.path}", 400),
            "sha256": code.sha256,
        },
        loaders=_lambda_loaders(fact),
    )


def _harmless_lambdas(pairs: list[tuple[KerasObject, Code]]) -> Finding:
    fact, code = pairs[0]
    complete = all(item.complete for _fact, item in pairs)
    resolving = [pair for pair in pairs if _resolving(pair[1])]
    if resolving:
        return _resolving_lambda(*resolving[0])
    title = "It carries the Python code of a Lambda layer"
    if len(pairs) > 1:
        title = f"It carries the Python code of {len(pairs)} Lambda layers"
    if not complete:
        title += ", not all of which can be read"
        code = next(item for _fact, item in pairs if not item.complete)
    layers = [visible(dict(item.arguments).get("layer", ""), 80) for item, _code in pairs]
    return LAMBDA.finding(
        kind=Kind.WEAKNESS if complete else Kind.SUSPICIOUS,
        title=title,
        member=fact.member,
        evidence={
            "code": visible(code.text, 600),
            "symbols": layers[:_SHOWN],
            "path": visible(f"{fact.config}: {fact.path}", 400),
            "count": len(pairs),
            "complete": complete,
        },
        loaders=_lambda_loaders(fact),
    )


def _torch_modules(file: FileFacts) -> Iterable[Finding]:
    found = [f for f in _objects(file) if f.name.rpartition(">")[2] == "TorchModuleWrapper"]
    if found:
        yield TORCH_MODULE.finding(
            title="A layer holds a pickled module of PyTorch",
            member=found[0].member,
            evidence={
                "symbols": [_symbol(found[0])],
                "path": visible(f"{found[0].config}: {found[0].path}", 400),
                "count": sum(fact.count for fact in found),
            },
            loaders=(_UNSAFE, "keras.models.load_model with keras < 3.11.3"),
        )


def _paths(file: FileFacts) -> Iterable[Finding]:
    """Settings of layers that name files: the folder of the model is a weakness, else worse."""
    found = []
    for fact in _objects(file):
        layer = fact.name.rpartition(">")[2]
        for key, value in fact.arguments:
            row = keras_field(layer, key)
            if row is not None and value:
                found.append((fact, key, value, row))
    for fact, key, value, row in found[:_MOST]:
        why = foreign(value)
        kind = Kind(row.outside) if why is not None else Kind.WEAKNESS
        effect = "network" if remote(value) else row.effect
        shown = visible(value, 200)
        yield PATH.finding(
            kind=kind,
            severity=Severity.HIGH if kind is Kind.MALICIOUS else Severity.MEDIUM,
            title=f"The layer {_symbol(fact)} takes its {key} from {shown}",
            member=fact.member,
            evidence={
                "code": f"{_symbol(fact)}({key}={shown!r})",
                "symbols": [_symbol(fact), shown],
                "why": [f"{row.reason} ({row.source})", *([f"the path {why}"] if why else [])],
                "effects": [effect],
                "path": visible(f"{fact.config}: {fact.path}", 400),
            },
            loaders=fact.loaders,
        )


def _structure(file: FileFacts) -> Iterable[Finding]:
    return anomaly_findings(file, STRUCTURE, (_ANY,))


def _rule(
    identifier: str,
    title: str,
    usual: tuple[Kind, Severity, Confidence],
    texts: tuple[str, str, str],
    references: tuple[str, ...],
    apply: Callable[[FileFacts], Iterable[Finding]],
) -> Rule:
    description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=usual[0],
        severity=usual[1],
        confidence=usual[2],
        since="0.1.0",
        state="stable",
        facts=("KerasObject", "Code"),
        cwe=("CWE-94", "CWE-470", "CWE-502"),
        atlas=("AML.T0011.000", "AML.T0018.002"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


FOREIGN_OBJECT = _rule(
    "keras-foreign-object",
    "The configuration names a class or function that is no part of any model",
    (Kind.MALICIOUS, Severity.CRITICAL, Confidence.HIGH),
    (
        "An object of the configuration names a module outside Keras that no layer comes from. "
        "Keras before 3.9 and tf_keras import it and call what it names, with the arguments that "
        "the configuration gives. Suspicious for functions of well-known libraries.",
        '{"module": "os", "class_name": "function", "config": "system"}',
        "Do not load the file.",
    ),
    ("CVE-2025-1550", "CVE-2024-3660"),
    _foreign_objects,
)
GADGET = _rule(
    "keras-gadget",
    "The configuration calls a function of Keras that no model needs",
    (Kind.MALICIOUS, Severity.HIGH, Confidence.HIGH),
    (
        "Keras exports functions that download, read or write files, load further models or switch "
        "off its own safe mode. A configuration that names one has it called while the model is "
        "built. Suspicious for functions that nobody has seen in a model.",
        '{"module": "keras.utils", "class_name": "function", "config": "get_file"}',
        "Do not load the file; Keras 3.11.3 and later refuse most of these.",
    ),
    ("CVE-2025-8747", "CVE-2025-9906", "CVE-2025-12060", "CVE-2025-12638", "CVE-2024-55459"),
    _gadgets,
)
CUSTOM_OBJECT = _rule(
    "keras-custom-object",
    "It needs code that is not in the file",
    (Kind.WEAKNESS, Severity.LOW, Confidence.HIGH),
    (
        "Layers, losses or functions of the model are not part of Keras. Whoever loads it has to "
        "import or register them first, and runs that code.",
        '"registered_name": "my_package>MyLayer"',
        "Read the code of these classes before use.",
    ),
    (),
    _custom,
)
LAMBDA = _rule(
    "keras-lambda",
    "It carries the Python code of a Lambda layer",
    (Kind.WEAKNESS, Severity.MEDIUM, Confidence.HIGH),
    (
        "A Lambda layer holds marshalled bytecode, which becomes a function when the model is "
        "loaded and runs when it is built or used. Malicious when the code starts processes, opens "
        "connections, touches files or runs further code; suspicious when it cannot be read. "
        "Source text where the name of a function belongs is run by no Keras, and suspicious when "
        "it would do such things.",
        '{"class_name": "__lambda__", "config": {"code": "4wEAAAAA..."}}',
        "Read the code before use, or ask for a model whose layers are registered classes.",
    ),
    ("CVE-2024-3660", "CVE-2025-9905", "CVE-2026-12481"),
    _lambdas,
)
TORCH_MODULE = _rule(
    "keras-torch-module",
    "A layer holds a pickled module of PyTorch",
    (Kind.WEAKNESS, Severity.MEDIUM, Confidence.HIGH),
    (
        "TorchModuleWrapper gives its base64 text to torch.load(weights_only=False). The pickle in "
        "it is examined like any other, and what it does is reported on its own.",
        '"class_name": "TorchModuleWrapper"',
        "Ask for the weights without the module.",
    ),
    ("CVE-2025-49655", "CVE-2026-12484"),
    _torch_modules,
)
PATH = _rule(
    "keras-path",
    "A layer takes content from a file or an address",
    (Kind.WEAKNESS, Severity.MEDIUM, Confidence.HIGH),
    (
        "A setting that usually holds a list, or nothing, names a file or an address, and building "
        "the layer reads it. Malicious when that leads out of the model's folder.",
        '"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}',
        "Do not load the file unless you know what lies there.",
    ),
    ("CVE-2025-12058", "CVE-2026-1462"),
    _paths,
)
STRUCTURE = _rule(
    "keras-structure",
    "The configuration is built in a way that no writer uses",
    (Kind.SUSPICIOUS, Severity.MEDIUM, Confidence.HIGH),
    (
        "Keys that stand twice, of which Python takes the last and other readers may take the "
        "first; sizes for which no machine has the memory.",
        "two different values for class_name in one object",
        "Do not use the file; ask its author to save it again.",
    ),
    ("CVE-2026-0897", "CVE-2026-12570"),
    _structure,
)

RULES = (FOREIGN_OBJECT, GADGET, CUSTOM_OBJECT, LAMBDA, TORCH_MODULE, PATH, STRUCTURE)
