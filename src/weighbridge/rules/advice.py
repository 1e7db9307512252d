"""What a user should know beyond findings: whether torch's restricted loader takes a checkpoint.

``torch.load(weights_only=True)`` runs a machine of its own (``torch/_weights_only_unpickler.py``)
that knows the opcodes of protocol 2 and a list of names; anything else makes it stop.
"""

from __future__ import annotations

from collections.abc import Iterable

from weighbridge.facts.pickles import Stream
from weighbridge.facts.structure import Note
from weighbridge.findings.pseudocode import symbol_name
from weighbridge.rules.model import FileFacts, StreamFacts
from weighbridge.tables.weights_only import weights_only_allows

_CHECKPOINTS = ("pytorch-zip", "pytorch-legacy")
_REFUSED = {
    "torchscript": "torch.load(weights_only=True) refuses TorchScript archives",
    "pytorch-tar": "torch.load(weights_only=True) refuses checkpoints in the old tar form",
}
_SHOWN = 8


def advice(file: FileFacts) -> list[Note]:
    """Return notes on how the file can be loaded."""
    refused = _REFUSED.get(file.format or "")
    if refused is not None:
        return [Note(None, None, "weights-only-no", refused)]
    if file.format not in _CHECKPOINTS:
        return []
    streams = [s for s in file.streams.values() if _loaded_by_torch(s.stream, file.format)]
    if not streams:
        return []
    blockers = list(dict.fromkeys(name for stream in streams for name in _blockers(stream)))
    if not blockers:
        text = "loads under torch.load(weights_only=True): yes"
        return [Note(None, None, "weights-only-yes", text)]
    more = f" and {len(blockers) - _SHOWN} more" if len(blockers) > _SHOWN else ""
    named = ", ".join(blockers[:_SHOWN]) + more
    text = f"loads under torch.load(weights_only=True): no, because of {named}"
    return [Note(None, None, "weights-only-no", text)]


def _loaded_by_torch(stream: Stream, format_name: str) -> bool:
    if stream.origin not in ("file", "member"):
        return False
    if format_name == "pytorch-legacy":
        return stream.member is None
    return stream.member is not None and stream.member.endswith("/data.pkl")


def _blockers(stream: StreamFacts) -> Iterable[str]:
    for fact in stream.imports.values():
        if fact.how != "GLOBAL":
            yield f"the opcode {fact.how}"
        elif not weights_only_allows(fact.resolved_module, fact.resolved_name):
            yield symbol_name(fact.module, fact.name)
    if stream.stream.protocol != 2:
        yield f"pickle protocol {stream.stream.protocol}"
    for call in stream.calls.values():
        if call.how not in ("REDUCE", "NEWOBJ"):
            yield f"the opcode {call.how}"
    if stream.stream.error is not None:
        yield "the broken stream"
