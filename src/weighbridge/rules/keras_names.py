"""Judges what an object of a Keras configuration names, the way Keras would resolve it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from weighbridge.facts.keras import KerasObject
from weighbridge.findings.model import Kind, Severity
from weighbridge.rules.pickles.symbols import Standing, judge_name, leads_out
from weighbridge.tables.callables import dangerous
from weighbridge.tables.keras import is_keras_name, keras_api
from weighbridge.tables.libraries import library_kind
from weighbridge.tables.tensorflow import operator

_BUILTIN = frozenset({"builtins", "__builtin__", "__builtins__"})
_ADD_ONS = frozenset({"keras_hub", "keras_cv", "keras_nlp"})
# Other homes of the same library.
_HOMES = (
    "tensorflow.python.keras.api._v2.keras",
    "tensorflow.python.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.keras",
    "tf.keras",
    "keras.api._v2.keras",
    "keras.api._v1.keras",
    "keras._tf_keras.keras",
    "keras.api",
    "tf_keras",
)
# Judged by what they are given, by rules of their own.
_BY_CONTENT = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"})
_CLASS = re.compile(r"_*[A-Z]\w*")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is to be said about an object; `api` when it is a part of Keras itself."""

    kind: Kind
    severity: Severity
    effect: str
    reason: str
    api: bool = False


CUSTOM = Opinion(
    Kind.WEAKNESS, Severity.LOW, "", "it has to be registered by code that is not in the file"
)


def canonical(module: str) -> str:
    """Return a module under the name `keras` where it is Keras under another name."""
    for home in _HOMES:
        if module == home or module.startswith(f"{home}."):
            return f"keras{module[len(home) :]}"
    return module


def opinion(fact: KerasObject) -> Opinion | None:
    """Return what is to be said about an object, or None when it is ordinary."""
    short = fact.name.rpartition(">")[2]
    if fact.kind == "operator":
        return _operator(fact)
    if not fact.module:
        if fact.legacy and not fact.registered and is_keras_name(fact.name):
            return None
        return CUSTOM
    if fact.module in _BUILTIN:
        return _builtin(fact)
    module = canonical(fact.module)
    root = module.partition(".")[0]
    if root == "keras" or root in _ADD_ONS:
        return None if short in _BY_CONTENT else _of_keras(fact, module)
    return _foreign(fact)


def _builtin(fact: KerasObject) -> Opinion | None:
    """Functions that Keras finds by name alone, its own and custom ones, name this module."""
    row = dangerous("builtins", fact.name)
    if row is not None or leads_out(fact.name):
        effect = row.effect if row is not None else "object_graph"
        reason = row.reason if row is not None else "reaches the interpreter's insides"
        return Opinion(Kind.MALICIOUS, Severity.CRITICAL, effect, reason)
    return None if is_keras_name(fact.name) else CUSTOM


def _of_keras(fact: KerasObject, module: str) -> Opinion | None:
    # Keras looks up `module.name` as one text, so the dot may stand anywhere.
    dotted = f"{module}.{fact.name}"
    inner, _, name = dotted.rpartition(".")
    row = keras_api(inner, name)
    known = dangerous(inner, name) or dangerous(fact.module or "", fact.name)
    exact = known is not None and known.name != "*"
    if row is not None and not (row.name == "*" and exact):
        if row.kind == "clean":
            return None
        reason = f"{row.reason} ({row.source})"
        return Opinion(Kind(row.kind), Severity(row.severity), row.effect, reason, True)
    if known is not None:
        severity = Severity(known.severity)
        reason = f"{known.reason} ({known.source})"
        return Opinion(Kind.MALICIOUS, severity, known.effect, reason, True)
    if leads_out(name):
        reason = "reaches another module through Keras"
        return Opinion(Kind.MALICIOUS, Severity.HIGH, "object_graph", reason, True)
    if _CLASS.fullmatch(name.rpartition(">")[2]):
        return None
    reason = "a function of Keras that is not known to be part of any model"
    return Opinion(Kind.SUSPICIOUS, Severity.MEDIUM, "import_resolve", reason, True)


def _foreign(fact: KerasObject) -> Opinion | None:
    module = fact.module or ""
    class_like = _CLASS.fullmatch(fact.name) is not None
    if module.startswith("tensorflow.") and fact.name.endswith("Spec"):
        return None
    judgement = judge_name(module, fact.name, True)
    if judgement.standing in (Standing.DANGEROUS, Standing.OPERANDS):
        effect = judgement.effect or "import_resolve"
        if module.partition(".")[0] == "tensorflow_hub" and class_like:
            return CUSTOM
        return Opinion(Kind.MALICIOUS, Severity.CRITICAL, effect, judgement.reason)
    home = library_kind(module)
    if home == "stdlib":
        reason = "the standard library has nothing that a layer could be"
        return Opinion(Kind.MALICIOUS, Severity.HIGH, "import_resolve", reason)
    if home == "ml" and not class_like and judgement.standing is not Standing.GOOD:
        reason = "a function of a library, imported by name and called"
        return Opinion(Kind.SUSPICIOUS, Severity.MEDIUM, "import_resolve", reason)
    if not class_like and fact.arguments:
        reason = "a function of another package, imported by name and called with arguments"
        return Opinion(Kind.SUSPICIOUS, Severity.MEDIUM, "import_resolve", reason)
    return CUSTOM


def _operator(fact: KerasObject) -> Opinion | None:
    """Only what reaches outside the model; everything else of TensorFlow computes."""
    owner, _, node = fact.name.rpartition(".")
    if owner == "raw_ops":
        return _node(node)
    parts = f"tensorflow.{fact.name}".split(".")[:12]
    for cut in range(len(parts) - 1, 0, -1):
        module, rest = ".".join(parts[:cut]), ".".join(parts[cut:])
        row = dangerous(module, rest)
        known = keras_api(module, rest) if row is None and cut > 1 else None
        if row is not None:
            kind = Kind.MALICIOUS
            # A path that comes in with the data is the caller's own choice.
            if row.effect == "file_read" and not fact.arguments:
                kind = Kind.SUSPICIOUS
            return Opinion(kind, Severity(row.severity), row.effect, row.reason, True)
        if known is not None:
            severity = Severity(known.severity)
            return Opinion(Kind(known.kind), severity, known.effect, known.reason, True)
    return None


def _node(name: str) -> Opinion | None:
    row = operator(name)
    if row is None or row.judge in ("saver", "table"):
        return None
    kind = Kind.MALICIOUS if row.judge == "always" else Kind.SUSPICIOUS
    return Opinion(kind, Severity.HIGH, row.effect, row.reason, True)
