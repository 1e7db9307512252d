"""Rules about configuration: callables it names, and code it has loaders fetch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from weighbridge.facts.repository import Reference
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.pickles.symbols import Judgement, Standing, judge_name
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.java import is_gadget
from weighbridge.tables.libraries import library_kind
from weighbridge.text.escaping import visible

_PYTHON_TAG = "tag:yaml.org,2002:python/"
# Tags of PyYAML that stand for plain values, which `yaml.dump` writes.
_VALUES = frozenset("none bool str unicode bytes int long float complex list tuple dict".split())
_YAML_TAG = "tag:yaml.org,2002:"
_HYPER = re.compile(r"!(?:new|apply|applyref|name|module):(.+)")
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}(?:[@:|].{0,100})?\Z")
_LOADERS = {
    "target": ("hydra.utils.instantiate",),
    "called": ("ldm.util.instantiate_from_config", "jsonargparse.ArgumentParser.instantiate"),
    "activation": ("sentence_transformers.SentenceTransformer",),
    "class": ("sentence_transformers.SentenceTransformer",),
    "component": ("diffusers.DiffusionPipeline.from_pretrained",),
    "loader-module": ("mlflow.pyfunc.load_model",),
    "adapter-class": ("peft.AutoPeftModel.from_pretrained",),
    "caffe-layer": ("caffe.Net",),
    "cntk-function": ("cntk.load_model",),
    "constructor": ("langchain_core.load.load",),
    "python": ("yaml.load(Loader=yaml.UnsafeLoader)",),
    "serde": ("gluonts.model.predictor.Predictor.deserialize",),
    "jsonpickle": ("jsonpickle.decode",),
    "hyper": ("hyperpyyaml.load_hyperpyyaml",),
    "java": ("torchserve", "org.yaml.snakeyaml.Yaml.load"),
}
# Packages whose classes each loader expects; remote code of transformers has a package of its own.
_OWN = {
    "activation": ("torch", "transformers", "sentence_transformers"),
    "class": ("sentence_transformers",),
    "loader-module": ("mlflow",),
    "adapter-class": ("transformers", "transformers_modules"),
    "caffe-layer": ("caffe",),
    "cntk-function": ("cntk",),
    "constructor": ("langchain",),
}
_NAMING = (
    "target",
    "called",
    "activation",
    "class",
    "component",
    "loader-module",
    "adapter-class",
    "yaml-tag",
    "caffe-layer",
    "cntk-function",
    "constructor",
    "serde",
    "jsonpickle",
)
_GRAVE = frozenset({"process_exec", "code_exec", "native_code", "file_delete", "tamper", "network"})
_RUNS = frozenset({"process_exec", "code_exec"})
# Of the standard library, what configurations name for good reasons.
_ORDINARY = re.compile(
    r"(?:pathlib\.\w+|collections\.\w+|functools\.(?:partial|reduce)|datetime\.\w+|math\.\w+|"
    r"operator\.\w+|os\.path\.\w+|os\.getcwd|os\.makedirs|logging\.\w+|random\.\w+|itertools\.\w+|enum\.\w+|"
    r"argparse\.Namespace|fractions\.\w+|decimal\.\w+|time\.\w+|string\.\w+|uuid\.\w+|"
    r"builtins\.(?:dict|list|tuple|set|int|float|str|bool|len|sum|min|max|range|slice|sorted|abs|"
    r"round|zip|frozenset|bytes|complex))\Z"
)


_Groups = dict[tuple[str, str], list[Reference]]


def _references(file: FileFacts, *kinds: str) -> list[Reference]:
    found = (fact for fact in file.of(Reference) if isinstance(fact, Reference))
    return [fact for fact in found if fact.kind in kinds]


def _named(file: FileFacts) -> Iterator[Finding]:
    """One finding for each callable that a configuration names and should not."""
    groups: _Groups = {}
    for reference in _references(file, *_NAMING):
        how, dotted = _callable(reference)
        if dotted:
            groups.setdefault((how, dotted), []).append(reference)
    for (how, dotted), references in _one_of_java(groups).items():
        judged = _judge_java(dotted) if how == "java" else judge_target(how, dotted)
        if judged is not None:
            kind, what, effect = judged
            yield _finding(NAMED_CALLABLE, references, kind, what, effect, _LOADERS[how])


def _one_of_java(groups: _Groups) -> _Groups:
    """Join the classes of Java, of which one is an argument of the next, under the gravest."""
    classes = [key for key in groups if key[0] == "java"]
    if not classes:
        return groups
    first = next((key for key in classes if is_gadget(key[1])), classes[0])
    rest = {key: value for key, value in groups.items() if key[0] != "java"}
    others = [reference for key in classes if key != first for reference in groups[key]]
    return {**rest, first: [*groups[first], *others]}


def _judge_java(dotted: str) -> tuple[Kind, str, str]:
    if is_gadget(dotted):
        return Kind.MALICIOUS, "has a loader in Java run code of others through", "code_exec"
    return Kind.WEAKNESS, "has a loader in Java make an object of the class", ""


def _callable(reference: Reference) -> tuple[str, str]:
    """Return who resolves a name, and the dotted name; empty for a plain value."""
    if reference.kind != "yaml-tag":
        return reference.kind, reference.value
    hyper = _HYPER.match(reference.value)
    if hyper is not None:
        return "hyper", hyper[1]
    if not reference.value.startswith(_PYTHON_TAG):
        java = reference.value.startswith(_YAML_TAG)
        return ("java", reference.value.removeprefix(_YAML_TAG)) if java else ("", "")
    kind, _, dotted = reference.value.removeprefix(_PYTHON_TAG).partition(":")
    return ("", "") if kind in _VALUES else ("python", dotted or kind)


def judge_target(how: str, dotted: str) -> tuple[Kind, str, str] | None:
    """Return what a named callable is taken for: kind, wording, effect; None for nothing."""
    dotted = dotted if "." in dotted else f"builtins.{dotted}" if how == "python" else dotted
    if _ORDINARY.match(dotted):
        return (Kind.WEAKNESS, "has an unsafe loader call", "") if how == "python" else None
    judgement, module = _standing(dotted)
    kind = library_kind(module.split(".")[0]) if module else library_kind(dotted)
    standard = kind == "stdlib" or module in ("builtins", "__builtin__")
    if how == "called" and (judgement.origin == "module" or judgement.effect not in _RUNS):
        # Requests and tools have a `target` with `params` too, such as `email.send`.
        return None
    if judgement.standing is Standing.DANGEROUS:
        runs = judgement.effect == "process_exec" or (
            judgement.effect == "code_exec" and judgement.severity in ("critical", "high")
        )
        if runs or standard and judgement.effect in _GRAVE:
            phrase = effect_row(judgement.effect).phrase
            if how == "constructor" and not standard:
                # An agent's tool that can run code; nothing runs before the agent does.
                return Kind.SUSPICIOUS, f"gives an agent what {phrase}:", judgement.effect
            return Kind.MALICIOUS, f"has a loader call what {phrase}:", judgement.effect
        if standard:
            return Kind.SUSPICIOUS, "has a loader call", judgement.effect
    if standard:
        if how == "jsonpickle" and _is_class(dotted, judgement):
            return None  # It writes whatever the objects of a program are.
        return Kind.SUSPICIOUS, "has a loader call", "import_resolve"
    if how == "python" or how in _OWN and _foreign(how, dotted):
        return Kind.WEAKNESS, "has a loader call", ""
    return None


def _is_class(dotted: str, judgement: Judgement) -> bool:
    known = judgement.standing in (Standing.GOOD, Standing.OPERANDS)
    return known or dotted.rpartition(".")[2][:1].isupper()


def _foreign(how: str, dotted: str) -> bool:
    first = dotted.split(".")[0]
    return first not in _OWN[how] and library_kind(first) is None and "." in dotted


def _standing(dotted: str) -> tuple[Judgement, str]:
    """Return the gravest reading of a dotted name as module and name."""
    parts = dotted.split(".")[:12]
    module, name = ".".join(parts[:-1]), parts[-1]
    for end in range(len(parts) - 1, 0, -1):
        first, rest = ".".join(parts[:end]), ".".join(parts[end:])
        judgement = judge_name(first, rest, True)
        if judgement.standing is Standing.DANGEROUS:
            return judgement, first
    return judge_name(module or "builtins", name, True), module


def _finding(
    rule: Rule,
    references: list[Reference],
    kind: Kind,
    what: str,
    effect: str,
    loaders: tuple[str, ...],
) -> Finding:
    first = references[0]
    module, _, name = first.value.removeprefix(_YAML_TAG).rpartition(".")
    shown = symbol_name(module, name) if module else visible(name, 200)
    severities = {Kind.MALICIOUS: Severity.CRITICAL, Kind.SUSPICIOUS: Severity.HIGH}
    return rule.finding(
        title=f"Its configuration {what} {shown}",
        kind=kind,
        severity=severities.get(kind, Severity.MEDIUM),
        member=first.member,
        evidence={
            "code": f"{visible(first.key, 200)}: {visible(first.value, 300)}",
            "line": first.line,
            "symbols": [shown],
            "effects": [effect] if effect else [],
            "count": len(references),
        },
        loaders=loaders,
    )


def _kernels(file: FileFacts) -> Iterator[Finding]:
    for reference in _references(file, "kernel"):
        if not _REPOSITORY.match(reference.value):
            continue
        last = reference.key.rpartition(".")[2]
        if last.endswith("_internal"):
            kind = Kind.MALICIOUS
        elif last.startswith("_") or not reference.value.startswith("kernels-community/"):
            kind = Kind.SUSPICIOUS
        else:
            kind = Kind.WEAKNESS
        what = "has code fetched and run, whether or not remote code is allowed:"
        loaders = ("transformers.AutoModel.from_pretrained",)
        yield _finding(FETCHED_KERNEL, [reference], kind, what, "code_exec", loaders)


def _trust(file: FileFacts) -> Iterator[Finding]:
    if file.format != "json":
        return
    references = _references(file, "trust")
    if references:
        nested = any("." in one.key for one in references)
        kind = Kind.SUSPICIOUS if nested else Kind.WEAKNESS
        what = "allows remote code by itself:"
        loaders = ("transformers.AutoModel.from_pretrained",)
        yield _finding(GRANTED_TRUST, references, kind, what, "code_exec", loaders)


def _rule(
    identifier: str,
    title: str,
    kind: Kind,
    texts: tuple[str, str, str],
    references: tuple[str, ...],
    apply: Callable[[FileFacts], Iterable[Finding]],
) -> Rule:
    description, example, remediation = texts
    return Rule(
        id=identifier,
        title=title,
        kind=kind,
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Reference",),
        cwe=("CWE-470", "CWE-829", "CWE-502"),
        atlas=("AML.T0010.003", "AML.T0011.000"),
        description=description,
        example=example,
        remediation=remediation,
        references=references,
        apply=apply,
    )


NAMED_CALLABLE = _rule(
    "named-callable",
    "Its configuration names a callable that models have no use for",
    Kind.MALICIOUS,
    (
        "Hydra's `_target_`, a `target` with `params`, activations of sentence-transformers, tags "
        "of YAML, `modules.json`, `model_index.json`, MLflow's `loader_module`, Python layers of "
        "Caffe, functions of CNTK, constructors of LangChain, objects of GluonTS and jsonpickle "
        "name Python by its dotted path, and a loader imports "
        "and calls it. Malicious when it starts processes, runs code or reaches the network; "
        "suspicious for other functions of the standard library; a weakness where an unsafe loader "
        "is needed or the package is not known.",
        "_target_: os.system",
        "Do not load the configuration. Use one that names the classes of the model alone.",
    ),
    ("CVE-2025-23304", "CVE-2026-68508", "CVE-2026-22584"),
    _named,
)
FETCHED_KERNEL = _rule(
    "fetched-kernel",
    "Its configuration has code of another repository fetched and run",
    Kind.MALICIOUS,
    (
        "transformers fetches a kernel when the name of an implementation is that of a repository, "
        "whatever `trust_remote_code` says. The internal fields are never saved by the library, so "
        "somebody wrote them; elsewhere it is suspicious, and a weakness for the kernels that the "
        "library's own documentation names.",
        '"_attn_implementation_internal": "owner/repo"',
        "Do not load the model. Remove the field, and choose the implementation in your own code.",
    ),
    ("CVE-2026-4372",),
    _kernels,
)
GRANTED_TRUST = _rule(
    "granted-trust",
    "Its configuration allows remote code by itself",
    Kind.SUSPICIOUS,
    (
        "`trust_remote_code` is for whoever loads a model to say. Inside of a nested configuration "
        "it reached the loader and let code run without being asked for; at the top of a file it "
        "is only a weakness.",
        '"keypoint_detector_config": {"trust_remote_code": true}',
        "Remove the field, and decide in your own code whether remote code may run.",
    ),
    ("CVE-2026-5241",),
    _trust,
)

RULES = (NAMED_CALLABLE, FETCHED_KERNEL, GRANTED_TRUST)
