"""Domains of ONNX operators, and operators of them that run Python."""

from dataclasses import dataclass

from weighbridge.tables.reader import by_name


@dataclass(frozen=True, slots=True)
class OnnxOperators:
    """What is known of the operators of a domain.

    Attributes:
        domain: `ai.onnx` stands for the default domain; a trailing `.*` covers what is below.
        operator: a name, a name with a trailing star, or a star for the whole domain.
        kind: `ordinary`, `suspicious` or `malicious`.
        effect: name of a row of `effects.tsv`; `none` for ordinary ones.
    """

    domain: str
    operator: str
    kind: str
    effect: str
    source: str
    reason: str


def onnx_operator(domain: str, name: str) -> OnnxOperators | None:
    """Return what is known of an operator, the most exact row first, or None."""
    table = by_name("onnx_domains.tsv", *OnnxOperators.__slots__)
    domain = domain or "ai.onnx"
    row = table.get((domain, name))
    if row is not None:
        return OnnxOperators(*row)
    for (where, pattern), candidate in table.items():
        prefix = pattern[:-1] if pattern[-1] == "*" else ""
        if where == domain and prefix and name.startswith(prefix):
            return OnnxOperators(*candidate)
    parts = domain.split(".")
    whole = [domain, *(".".join(parts[:cut]) + ".*" for cut in range(len(parts) - 1, 0, -1))]
    row = next((table[(one, "*")] for one in whole if (one, "*") in table), None)
    return None if row is None else OnnxOperators(*row)
