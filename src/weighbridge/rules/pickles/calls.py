"""Judges every call and import of one stream and groups what has one cause.

A chain such as ``getattr(__import__("os"), "system")("id")`` is one group: the outermost bad call
shows the whole chain, and the calls and imports it consumes say nothing of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from weighbridge.facts.expressions import (
    Expression,
    Mapping,
    Number,
    Persistent,
    Result,
    Sequence,
    Symbol,
    Text,
)
from weighbridge.facts.pickles import Call, Import
from weighbridge.findings.model import Kind
from weighbridge.rules.model import StreamFacts
from weighbridge.rules.pickles.operands import (
    HOOKS,
    RUNS_ARGUMENTS,
    Opinion,
    effect_of_call,
    judge_operands,
    makes_code,
    makes_function,
)
from weighbridge.rules.pickles.resolve import bound, callables_in, names_of
from weighbridge.rules.pickles.state_texts import judge_state_texts
from weighbridge.rules.pickles.symbols import Judgement, Standing, judge_import, judge_name

_CLASS_NAME = re.compile(r"_*[A-Z]\w*")
# How enumerations are called; a class of another name that takes a word could be anything.
_CHOICE = re.compile(
    r"(?:Type|Kind|State|Mode|Strategy|Direction|Status|Level|Policy|Option|Style|Role|Unit|Enum)\Z"
)
_PLAIN_VALUE = re.compile(r"(?:[\w\-]{1,40}(?: \w[\w\-]{0,40}){0,3})?")
# A `partial` of a `partial` is flat already when functools makes it.
_DEEPEST = 8
_CLASS_MAKERS = frozenset({"_make_skeleton_class", "_class_setstate", "_create_type", "type"})
# Their last argument is a state, which torch sets as attributes (torch/_utils.py, _set_obj_state).
_SETTERS = frozenset(
    {
        ("torch._tensor", "_rebuild_from_type"),
        ("torch._tensor", "_rebuild_from_type_v2"),
        ("torch.tensor", "_rebuild_from_type"),
        ("torch._utils", "_rebuild_parameter_with_state"),
    }
)
_STRENGTH = {Kind.WEAKNESS: 0, Kind.SUSPICIOUS: 1, Kind.MALICIOUS: 2}

Named = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Bad:
    """Why one call is not ordinary. `rule` is the id of the rule that reports it."""

    rule: str
    opinion: Opinion


@dataclass(slots=True)
class Group:
    """One cause: an outermost bad call with everything it consumes, or imports alone."""

    rule: str
    kind: Kind
    reasons: list[str]
    effects: list[str]
    offset: int
    root: Call | None = None
    members: set[int] = field(default_factory=set)
    symbols: list[Named] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    also: list[Call] = field(default_factory=list)
    count: int = 1


class StreamJudge:
    """Judges one stream; `groups` is the answer."""

    def __init__(self, stream: StreamFacts) -> None:
        self._stream = stream
        self._judged: dict[Named, Judgement] = {
            key: judge_import(fact) for key, fact in stream.imports.items()
        }
        self._script = "torch.jit.load" in stream.stream.loaders
        self._has_code = any(code.origin == "code-object" for code in stream.codes)

    def groups(self) -> list[Group]:
        """Return what is not ordinary in the stream, in the order in which it would run."""
        bad = {
            number: verdict
            for number, call in self._stream.calls.items()
            if (verdict := self._judge_call(call) or self._judge_states(call)) is not None
        }
        roots = self._roots(bad)
        groups = [self._group(number, members, bad) for number, members in roots.items()]
        spoken = {name for group in groups for name in group.symbols}
        groups += self._imports_alone(spoken)
        return sorted(_merged(groups), key=lambda group: group.offset)

    # -- single calls ------------------------------------------------------------------------

    def _judge_call(self, call: Call) -> Bad | None:
        callee: Expression = call.callee
        if isinstance(callee, Persistent):
            # A class that torch before 1.6 kept together with its source text.
            known = names_of(callee, self._stream.calls)
            callee = callee if known is None else Symbol(*known)
        if isinstance(callee, Symbol):
            judgement = self._judged.get((callee.module, callee.name))
            if judgement is None:
                judgement = judge_name(callee.module, callee.name, True)
            return self._judge_named(call, callee, judgement)
        return self._judge_computed(call)

    def _judge_named(self, call: Call, callee: Symbol, judgement: Judgement) -> Bad | None:
        rebuilt = call.how.startswith("NEWOBJ")
        standing = judgement.standing
        if self._script and callee.module.startswith("__torch__"):
            return None  # resolved inside the archive by the C++ unpickler, never imported
        if standing is Standing.DANGEROUS:
            weak = rebuilt and judgement.origin in ("flow-check", "module")
            kind = Kind.SUSPICIOUS if weak else Kind.MALICIOUS
            effect = effect_of_call((callee.module, callee.name), call, judgement.effect)
            return Bad("dangerous-call", Opinion(kind, judgement.reason, effect))
        if standing is Standing.OPERANDS:
            opinion = judge_operands(judgement.judge, call, self._stream)
            return None if opinion is None else Bad("unusual-arguments", opinion)
        if standing is Standing.COMPUTED:
            return Bad("computed-name", Opinion(Kind.SUSPICIOUS, judgement.reason))
        if standing is Standing.GOOD:
            family = judgement.use == "family" and _enumeration(call, callee)
            return None if family else self._judge_good(call, judgement, rebuilt)
        if (
            standing is Standing.UNVOUCHED
            and judgement.origin == "family"
            and (rebuilt or _enumeration(call, callee) or _bare_class(call, callee))
        ):
            return None  # reported once for each package, from the imports
        if standing is Standing.UNVOUCHED:
            return Bad("unvouched-call", Opinion(Kind.SUSPICIOUS, judgement.reason))
        if rebuilt or _like_rebuilding(call, callee):
            return None  # reported once for each package, from the imports
        text = "a function of a package nobody has vouched for is called with arguments"
        return Bad("third-party-call", Opinion(Kind.SUSPICIOUS, text))

    def _judge_good(self, call: Call, judgement: Judgement, rebuilt: bool) -> Bad | None:
        if not rebuilt and any(makes_function(item, self._stream) for item in call.arguments):
            text = "hands a function that the file carries to one that may call it"
            return Bad("own-code-called", Opinion(Kind.SUSPICIOUS, text, "code_exec"))
        if rebuilt or judgement.use == "any" or not call.arguments:
            return None
        text = {
            "rebuild": "its constructor is called with arguments, which saving never does",
            "reference": "it is called, while honest files only refer to it",
            "family": "only classes rebuilt in the ordinary way are vouched for in this package",
        }[judgement.use]
        return Bad("unvouched-call", Opinion(Kind.SUSPICIOUS, text))

    def _judge_states(self, call: Call) -> Bad | None:
        """A state whose text is run, or that gives an object methods which later opcodes call."""
        opinion = judge_state_texts(call)
        if opinion is not None:
            return Bad("unusual-arguments", opinion)
        callee = names_of(call.callee, self._stream.calls)
        states = (*call.state, *(call.arguments[-1:] if callee in _SETTERS else ()))
        hooked = any(_hooks(state, (Symbol, Result)) for state in states)
        if callee is not None and callee[1] in _CLASS_MAKERS:
            # A function of the file may be such a method; one that is imported is none of a class.
            hooked = hooked or any(_hooks(item, (Symbol,)) for item in call.arguments)
        if hooked:
            text = "gives an object a method that the next opcode calls"
            return Bad("unusual-arguments", Opinion(Kind.SUSPICIOUS, text, "code_exec"))
        return None

    def _judge_computed(self, call: Call) -> Bad | None:
        inner = call
        for _ in range(_DEEPEST):
            plain = bound(inner, self._stream.calls)
            if plain is None:
                break
            inner = plain
        if inner is not call and isinstance(inner.callee, Symbol):
            return self._judge_call(inner)
        # `Class.__new__` makes an instance without running the constructor, as NEWOBJ does.
        found = callables_in(call, self._stream.calls)
        named = [(module, name.removesuffix(".__new__")) for module, name in found]
        for module, name in named:
            judgement = judge_name(module, name, True)
            if judgement.standing is Standing.DANGEROUS:
                effect = effect_of_call((module, name), call, judgement.effect)
                return Bad("dangerous-call", Opinion(Kind.MALICIOUS, judgement.reason, effect))
            if judgement.standing is Standing.OPERANDS:
                opinion = judge_operands(judgement.judge, call, self._stream)
                if opinion is not None:
                    return Bad("unusual-arguments", opinion)
        rebuilt = [name.endswith(".__new__") for _module, name in found]
        if named and all(
            _vouched(judge_name(*name, True), bare)
            for name, bare in zip(named, rebuilt, strict=True)
        ):
            return None
        if makes_code(call.callee, self._stream):
            return self._judge_own_code(call)
        text = "what is called is computed while loading"
        return Bad("computed-call", Opinion(Kind.SUSPICIOUS, text))

    def _judge_own_code(self, call: Call) -> Bad | None:
        """A rebuilt class may be instantiated; a rebuilt function has no reason to be called."""
        if call.how.startswith("NEWOBJ") or self._is_type_getter(call.callee):
            return None
        if self._is_enumeration(call.callee) and _plain_value(call):
            return None
        text = "calls a function that the file itself carries"
        return Bad("own-code-called", Opinion(Kind.SUSPICIOUS, text, "code_exec"))

    def _is_type_getter(self, callee: Expression) -> bool:
        """``_builtin_type("CodeType")`` and ``_load_type("CodeType")`` only look a type up."""
        call = self._stream.calls.get(callee.call) if isinstance(callee, Result) else None
        name = call.callee.name if call is not None and isinstance(call.callee, Symbol) else ""
        return name in ("_builtin_type", "_load_type", "_make_skeleton_class", "_create_type")

    def _is_enumeration(self, callee: Expression) -> bool:
        """A member of an enumeration is saved as its class, called with the member's value."""
        call = self._stream.calls.get(callee.call) if isinstance(callee, Result) else None
        name = call.callee.name if call is not None and isinstance(call.callee, Symbol) else ""
        return name in ("_make_skeleton_enum", "_create_type")

    # -- grouping ----------------------------------------------------------------------------

    def _roots(self, bad: dict[int, Bad]) -> dict[int, set[int]]:
        """Return, for each outermost bad call, the calls it consumes, itself included."""
        consumers: dict[int, set[int]] = defaultdict(set)
        for number, call in self._stream.calls.items():
            for used in _results((call.callee, *call.arguments, call.keywords)):
                if used != number:
                    consumers[used].add(number)
        roots: dict[int, set[int]] = {}
        for number in bad:
            top = self._outermost(number, bad, consumers)
            roots.setdefault(top, {top}).add(number)
        return roots

    def _outermost(self, number: int, bad: dict[int, Bad], consumers: dict[int, set[int]]) -> int:
        seen = {number}
        pending, top = [number], number
        while pending and len(seen) < 1000:
            for consumer in consumers.get(pending.pop(), ()):
                if consumer not in seen:
                    seen.add(consumer)
                    pending.append(consumer)
                    if consumer in bad:
                        top = max(top, consumer)
        return top

    def _group(self, root: int, members: set[int], bad: dict[int, Bad]) -> Group:
        call = self._stream.calls[root]
        verdicts = [bad[number] for number in sorted(members) if number in bad]
        strongest = max(verdicts, key=lambda verdict: _STRENGTH[verdict.opinion.kind])
        symbols = list(dict.fromkeys(self._symbols_of(call, set())))
        group = Group(
            strongest.rule,
            strongest.opinion.kind,
            list(dict.fromkeys(verdict.opinion.reason for verdict in verdicts)),
            [verdict.opinion.effect for verdict in verdicts if verdict.opinion.effect],
            call.offset,
            call,
            members | self._inner(call),
            symbols,
            count=call.count,
        )
        self._add_operands(group)
        return group

    def _add_operands(self, group: Group) -> None:
        """A dangerous function handed over as an argument belongs to the call that gets it."""
        callee = group.root.callee if group.root is not None else None
        for name in group.symbols:
            judgement = self._judged.get(name)
            if callee == Symbol(*name):
                continue  # judged with the call
            if judgement is not None and judgement.standing is Standing.DANGEROUS:
                group.effects.append(judgement.effect)
                if group.kind is not Kind.MALICIOUS:
                    group.kind, group.rule = Kind.MALICIOUS, "dangerous-call"
                    group.reasons.insert(0, judgement.reason)

    def _inner(self, call: Call) -> set[int]:
        """Return the numbers of all calls that `call` consumes, directly or not."""
        found: set[int] = set()
        pending = [call]
        while pending and len(found) < 1000:
            current = pending.pop()
            for used in _results((current.callee, *current.arguments, current.keywords)):
                if used not in found and used in self._stream.calls:
                    found.add(used)
                    pending.append(self._stream.calls[used])
        return found

    def _symbols_of(self, call: Call, seen: set[int]) -> Iterator[Named]:
        calls = [call, *(self._stream.calls[n] for n in sorted(self._inner(call)))]
        for current in calls:
            for expression in _flat((current.callee, *current.arguments, current.keywords)):
                if isinstance(expression, Symbol):
                    yield expression.module, expression.name

    # -- imports -----------------------------------------------------------------------------

    def _imports_alone(self, spoken: set[Named]) -> Iterator[Group]:
        packages: dict[str, Group] = {}
        for name, fact in self._stream.imports.items():
            judgement = self._judged[name]
            if name in spoken or judgement.standing is Standing.GOOD:
                continue
            if judgement.standing is Standing.OPERANDS:
                if judgement.judge in RUNS_ARGUMENTS and self._handed_on(name, fact):
                    yield _kept_runner(fact, name)
                continue
            if self._script and fact.module.startswith("__torch__"):
                continue
            if judgement.standing is Standing.UNVOUCHED and not fact.uses and self._has_code:
                continue  # a global of the functions that the stream carries
            if judgement.standing is Standing.THIRD_PARTY or _only_needed(judgement, fact):
                package = fact.resolved_module.split(".", 1)[0]
                group = packages.get(package)
                if group is None:
                    group = Group(
                        "third-party-class", Kind.WEAKNESS, [judgement.reason], [], fact.offset
                    )
                    packages[package] = group
                group.symbols.append(name)
                group.imports.append(fact)
                continue
            yield self._import_group(fact, name, judgement)
        yield from packages.values()

    def _handed_on(self, name: Named, fact: Import) -> bool:
        """Say whether a symbol stands among arguments or states, or is not called at all."""
        if "call" not in fact.uses:
            return True
        values = (
            item
            for call in self._stream.calls.values()
            for item in _flat((*call.arguments, call.keywords, *call.state))
        )
        return any(isinstance(item, Symbol) and (item.module, item.name) == name for item in values)

    def _import_group(self, fact: Import, name: Named, judgement: Judgement) -> Group:
        rule = {
            Standing.DANGEROUS: "dangerous-import",
            Standing.UNVOUCHED: "unvouched-import",
            Standing.COMPUTED: "computed-name",
        }[judgement.standing]
        weak = judgement.standing is not Standing.DANGEROUS or judgement.origin in (
            "flow-check",
            "module",
        )
        kind = Kind.SUSPICIOUS if weak else Kind.MALICIOUS
        effects = [judgement.effect] if judgement.effect else []
        return Group(
            rule, kind, [judgement.reason], effects, fact.offset, symbols=[name], imports=[fact]
        )


def _kept_runner(fact: Import, name: Named) -> Group:
    """Whatever gets hold of the value can have it run other arguments than those that are seen.

    `UniquePtr.__del__` of TensorFlow and `PickleableFileManager.__setstate__` of xarray call a
    function out of their state.
    """
    text = "refers to a function that runs what it is given, where honest files only call it"
    return Group(
        "unvouched-import",
        Kind.SUSPICIOUS,
        [text],
        ["code_exec"],
        fact.offset,
        symbols=[name],
        imports=[fact],
    )


def _hooks(state: Expression, kinds: tuple[type, ...]) -> bool:
    """Say whether a state, or one of a pair, sets a method that opcodes call."""
    for mapping in (state, *(state.items if isinstance(state, Sequence) else ())):
        if not isinstance(mapping, Mapping):
            continue
        for key, value in zip(mapping.items[::2], mapping.items[1::2], strict=False):
            if isinstance(key, Text) and key.value in HOOKS and isinstance(value, kinds):
                return True
    return False


def _only_needed(judgement: Judgement, fact: Import) -> bool:
    """Something of a package that models are saved with, rebuilt or referred to, not called.

    `TfidfVectorizer(tokenizer=nltk.word_tokenize)` keeps the function by its name: the file needs
    the package, and runs nothing of it.
    """
    unlisted = judgement.standing is Standing.UNVOUCHED and judgement.origin == "family"
    return unlisted and "method" not in fact.uses and "attributes" not in fact.uses


def _is_class(callee: Symbol) -> bool:
    return _CLASS_NAME.fullmatch(callee.name.rsplit(".", 1)[-1]) is not None


def _bare_class(call: Call, callee: Symbol) -> bool:
    """Say whether a class is called without arguments."""
    return not call.arguments and _is_class(callee)


def _like_rebuilding(call: Call, callee: Symbol) -> bool:
    """A class called without arguments, or an enumeration called with its plain value."""
    return _is_class(callee) and (not call.arguments or _plain_value(call))


def _enumeration(call: Call, callee: Symbol) -> bool:
    """Say whether this is how a member of an enumeration is saved: its class and its value.

    A number opens nothing whatever the class is; a word could be the name of a file.
    """
    if not _is_class(callee) or not _plain_value(call):
        return False
    return isinstance(call.arguments[0], Number) or _CHOICE.search(callee.name) is not None


def _plain_value(call: Call) -> bool:
    """Say whether the only argument is a number or a word."""
    value = call.arguments[0] if len(call.arguments) == 1 else None
    return isinstance(value, Number) or (
        isinstance(value, Text) and _PLAIN_VALUE.fullmatch(value.value) is not None
    )


def _vouched(judgement: Judgement, rebuilt: bool) -> bool:
    if judgement.standing is Standing.OPERANDS:
        return True
    return judgement.standing is Standing.GOOD and (rebuilt or judgement.use == "any")


def _flat(expressions: tuple[Expression | None, ...]) -> Iterator[Expression]:
    pending = [item for item in reversed(expressions) if item is not None]
    while pending:
        expression = pending.pop()
        yield expression
        if isinstance(expression, Sequence | Mapping):
            pending.extend(reversed(expression.items))


def _results(expressions: tuple[Expression | None, ...]) -> Iterator[int]:
    return (item.call for item in _flat(expressions) if isinstance(item, Result))


def _merged(groups: list[Group]) -> list[Group]:
    """Fold groups that say the same of the same callable into one with a count."""
    found: dict[object, Group] = {}
    for group in groups:
        key: object = id(group)
        if group.root is not None and group.kind is not Kind.MALICIOUS:
            key = (group.rule, tuple(group.symbols), tuple(group.reasons))
        if key in found:
            found[key].count += group.count
            found[key].members |= group.members
            found[key].also += [group.root] if group.root is not None else []
        else:
            found[key] = group
    return list(found.values())
