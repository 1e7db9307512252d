"""Rules about what BUILD and SETITEM do to objects that are not theirs."""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.expressions import Symbol
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.findings.pseudocode import Renderer, symbol_name
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.libraries import library_kind

_TENSORS = frozenset(
    {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter"}
)


def _overwrites(file: FileFacts) -> Iterable[Finding]:
    for stream in file.streams.values():
        for write in stream.writes:
            target = write.target
            if not isinstance(target, Symbol):
                continue
            known = library_kind(target.module) is not None
            renderer = Renderer(stream.calls)
            name = symbol_name(target.module, target.name)
            yield ATTRIBUTE_OVERWRITE.finding(
                kind=Kind.MALICIOUS if known else Kind.SUSPICIOUS,
                title=f"Loading it overwrites attributes of {name}",
                member=write.member,
                offset=write.offset,
                evidence={
                    "code": f"vars({name}).update({renderer.value(write.state)})",
                    "symbols": [name],
                    "effects": ["tamper"],
                },
                loaders=stream.stream.loaders,
            )


def _grown(file: FileFacts) -> Iterable[Finding]:
    """APPENDS, ADDITEMS or SETITEMS on an imported object, such as ``sys.path``."""
    for stream in file.streams.values():
        for fact in stream.imports.values():
            if "method" not in fact.uses:
                continue
            known = library_kind(fact.resolved_module) is not None
            name = symbol_name(fact.module, fact.name)
            yield ATTRIBUTE_OVERWRITE.finding(
                kind=Kind.MALICIOUS if known else Kind.SUSPICIOUS,
                title=f"Loading it adds to or overwrites items of {name}",
                member=fact.member,
                offset=fact.offset,
                evidence={
                    "code": f"{name}[…] = …",
                    "symbols": [name],
                    "effects": ["tamper"],
                },
                loaders=stream.stream.loaders,
            )


def _written(file: FileFacts) -> Iterable[Finding]:
    yield from _overwrites(file)
    yield from _grown(file)


def _tensor_items(file: FileFacts) -> Iterable[Finding]:
    for stream in file.streams.values():
        for call in stream.calls.values():
            callee = call.callee
            if not isinstance(callee, Symbol) or callee.name not in _TENSORS:
                continue
            if "__setitem__" in call.methods and callee.module == "torch._utils":
                code = f"{Renderer(stream.calls).call(call)}[…] = …"
                yield TENSOR_SETITEM.finding(
                    member=call.member,
                    offset=call.offset,
                    evidence={"code": code, "symbols": [f"{callee.module}.{callee.name}"]},
                    loaders=("torch.load(weights_only=True) before 2.10", *stream.stream.loaders),
                )


ATTRIBUTE_OVERWRITE = Rule(
    id="attribute-overwrite",
    title="Loading it changes an imported object",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("AttributeWrite", "Import"),
    cwe=("CWE-502", "CWE-915"),
    atlas=("AML.T0011.000", "AML.T0018.002"),
    description="BUILD, SETITEM or APPEND is applied to an imported function, class, module or "
    "container itself, so it changes for the whole process. Picklers apply them to what they "
    "rebuilt.",
    example="BUILD with {'helper': …} on numpy.prod, APPEND on sys.path",
    remediation="Do not load the file.",
    references=("https://github.com/protectai/modelscan/issues/85",),
    apply=_written,
)
TENSOR_SETITEM = Rule(
    id="tensor-setitem",
    title="Loading it writes items into a tensor",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    since="0.1.0",
    state="stable",
    facts=("Call",),
    cwe=("CWE-787", "CWE-502"),
    atlas=("AML.T0011.000",),
    description="SETITEM or SETITEMS is applied to a rebuilt tensor, which corrupts memory in "
    "torch before 2.10 even under weights_only=True. torch.save never writes this.",
    example="SETITEM on the result of torch._utils._rebuild_tensor_v2",
    remediation="Do not load the file; use torch 2.10 or later.",
    references=("CVE-2026-24747",),
    apply=_tensor_items,
)

RULES = (ATTRIBUTE_OVERWRITE, TENSOR_SETITEM)
