"""A Python file to facts: what it is, and each place where it acts on the world outside."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterator

from weighbridge.budget import Budget
from weighbridge.facts.repository import Act, ModelUse, Script
from weighbridge.formats.python import fallback
from weighbridge.formats.python.effects import Names, excerpt
from weighbridge.formats.python.model_names import Named
from weighbridge.formats.python.parsing import parse, statements, uncollected
from weighbridge.formats.python.reachability import CALL, IMPORT, MAIN, Reachability, is_main
from weighbridge.formats.python.tracing import Seen, Tracer
from weighbridge.tables.scripts import script_act
from weighbridge.text.secrets import mask

_CODE = 400
_OPERAND = 300
_MOST_IMPORTS = 200
_MOST_CLASSES = 50
_LINES = 6
# PEP 263. With these, what runs is not what is written; no editor writes them.
_COOKIE = re.compile(
    r"(?:[ \t\f]*(?:#[^\n]{0,200})?\n)?[ \t\f]*#[^\n]{0,200}?coding[:=][ \t]*"
    r"(utf[-_]?7|(?:raw[-_])?unicode[-_]escape|string[-_]escape|rot[-_]?13|idna|punycode)",
    re.I,
)


def script_facts(
    text: str, member: str | None, budget: Budget, language: str = "python"
) -> list[Script | Act | ModelUse]:
    """Describe Python source text.

    Args:
        text: of the whole file.
        member: place inside the file that is examined.
        budget: its `ast_bytes` bounds what is parsed.
        language: `python`, or `notebook` for the code cells of one.
    """
    names = Names()
    acts: list[Act] = []
    models: list[ModelUse] = []
    cookie = _COOKIE.match(text)
    if cookie is not None:
        code = "\n".join(text.split("\n")[:2])
        operands = (cookie[1].lower(),)
        traits = ("decoded", "hidden-name")
        line = code.count("\n", 0, cookie.start(1)) + 1
        acts.append(
            Act(member, line, language, "exec", "coding", IMPORT, "", code, operands, traits, True)
        )
        text = _decoded(text, cookie[1])
    tree = parse(text) if len(text) <= budget.limits.ast_bytes else None
    lines = text.split("\n")
    if tree is None:
        names.complete = False
        fallback.scan(text[: budget.limits.ast_bytes], names)
        known = [name for name in names.calls if script_act(name)]
        acts += [_roughly(name, lines, member, language) for name in known]
    else:
        tracer = Tracer(names, text)
        with uncollected():
            tracer.read(tree)
        acts += _timed(tree, list(tracer.acts.values()), (lines, member, language))
        models = [_use(member, *found) for found in tracer.models]
    script = Script(
        member=member,
        language=language,
        lines=len(lines),
        complete=names.complete,
        imports=tuple(names.imports)[:_MOST_IMPORTS],
        classes=() if tree is None else tuple(_classes(tree))[:_MOST_CLASSES],
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    )
    return [script, *acts, *models]


def _use(member: str | None, line: int, call: str, model: Named) -> ModelUse:
    shown = (model.provider, model.name, mask(model.revision), model.pinned)
    return ModelUse(member, line, call[:200], *shown)


def _timed(
    tree: ast.Module, found: list[Seen], where: tuple[list[str], str | None, str]
) -> Iterator[Act]:
    """Yield the acts with the time at which each of them happens."""
    if not found:
        return
    reachability = Reachability(tree)
    mains = [(node.lineno, node.end_lineno or 0) for node in tree.body if is_main(node)]
    for seen in found:
        when = reachability.when(seen.function)
        if seen.function is None and any(a <= seen.line <= b for a, b in mains):
            when = MAIN
        yield _act(seen, when, *where)


def _decoded(text: str, codec: str) -> str:
    """Return what Python reads under an encoding in which plain text is something else."""
    try:
        return text.encode("utf-8", "surrogatepass").decode(codec, "replace")
    except (LookupError, ValueError, TypeError):
        return text


def _act(seen: Seen, when: str, lines: list[str], member: str | None, language: str) -> Act:
    last = min(seen.last_line, seen.line + _LINES - 1)
    function = seen.function
    scope = getattr(function, "name", "lambda") if function is not None else ""
    return Act(
        member=member,
        line=seen.line,
        language=language,
        act=seen.act,
        name=seen.name[:200],
        when=when,
        scope=scope[:100],
        code=excerpt("\n".join(lines[seen.line - 1 : last]).strip(), _CODE),
        operands=tuple(excerpt(operand, _OPERAND) for operand in seen.operands),
        traits=tuple(sorted(seen.traits)),
        constant=seen.constant,
    )


def _roughly(name: str, lines: list[str], member: str | None, language: str) -> Act:
    """Return the act of a name in text that is no Python of today."""
    last = name.rpartition(".")[2]
    line = next((at for at, text in enumerate(lines, 1) if f"{last}(" in text), 1)
    act = script_act(name) or ""
    code = excerpt(lines[line - 1].strip(), _CODE)
    kind = "read" if act == "open" else act
    traits = ("unparsed",)
    return Act(member, line, language, kind, name[:200], CALL, "", code, (), traits, False)


def _classes(tree: ast.Module) -> Iterator[str]:
    for node in statements(tree):
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base)[:80] for base in node.bases[:4])
            yield f"{node.name}({bases})"[:200]
