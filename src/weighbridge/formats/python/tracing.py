"""Reads a module like `reading`, and notes where it acts on the world outside, and with what.

A value is followed by traits: text that was fetched, decoded, read from a file of credentials. An
expression has the traits of all its parts, which errs on the side of keeping one.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass

from weighbridge.formats.python import commands, paths
from weighbridge.formats.python.effects import Names
from weighbridge.formats.python.evaluation import Invocation
from weighbridge.formats.python.model_names import Named, used
from weighbridge.formats.python.reading import Reader
from weighbridge.formats.python.resolving import GLOBALS
from weighbridge.formats.python.values import (
    NO_TRAITS,
    UNKNOWN,
    Const,
    Function,
    Items,
    Ref,
    Traits,
    Value,
    traits_of,
    with_traits,
)
from weighbridge.tables.scripts import path_traits, script_act, script_trait

MOST_ACTS = 300
MOST_NODES = 300_000
_OPERANDS = 12
_MOST_LOOKED_AT = 200
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|ACCESS_KEY|CREDENTIAL|PRIVATE_KEY", re.I)
_CLIMBING = re.compile(r"__(?:base|bases|mro)__|\bobject\.__subclasses__")
_WRITING = re.compile(r"[wax+]")
# Parameters whose content comes with the model or with a request, and not from the code itself.
_DATA = frozenset("config kwargs inputs data request payload state_dict weights metadata".split())
_DATA_NAME = re.compile(
    r"\.(?:txt|bin|dat|json|md|model|vocab|merges|safetensors|pth?|ckpt|npz?|png|jpe?g|ya?ml)\Z"
)
# What the interpreter runs whenever it starts, where it lies in the right folder.
_STARTUP_NAME = re.compile(r"(?:\.pth|(?:site|user)customize\.py)\Z")
_NETWORK = frozenset({"fetch", "send", "connect", "download", "resolve"})
# Of a program that is started, what it is counts, and not what it is given to work on.
_HANDED_OVER = frozenset({"decoded", "fetched", "received"})
_SHELLS = frozenset({"sh", "bash", "zsh", "cmd", "powershell", "python", "python3", "perl"})
_AUTHORISATION = frozenset({"headers", "auth", "cookies", "token"})
_PROVING = frozenset({"variable", "secret-variable", "credential-file"})
# Modules that names lead to without being written.
_UNWRITTEN = frozenset({"builtins", "posix", "nt", "IPython"})
_RESULTS = {"fetch": "fetched", "download": "downloaded", "deserialize": "data"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One act with the statement around it; see :class:`weighbridge.facts.repository.Act`."""

    act: str
    name: str
    line: int
    last_line: int
    function: ast.AST | None
    operands: tuple[str, ...]
    traits: Traits
    constant: bool


class Tracer(Reader):
    """Notes acts. `acts` holds them by place and name, so that a second visit adds none."""

    def __init__(self, names: Names, text: str) -> None:
        """Note what is found in `names`; `text` is the whole module."""
        super().__init__(names)
        self.most_nodes = self.nodes_left = MOST_NODES
        self.acts: dict[tuple[int, int, str], Seen] = {}
        self._columns: dict[tuple[int, str], int] = {}
        self.models: dict[tuple[int, str, Named], None] = {}
        self._text = text
        self._line = (1, 1)
        self._met: Traits = NO_TRAITS
        self._made: Invocation | None = None
        self._function: ast.AST | None = None
        self._around: dict[int, ast.AST | None] = {}

    def evaluate(self, node: ast.expr) -> Value:
        """Evaluate an expression, with the traits of all its parts."""
        outer, self._met = self._met, NO_TRAITS
        place = self._line
        if not self._text_depth and hasattr(node, "lineno"):
            self._line = (node.lineno, node.end_lineno or node.lineno)
        try:
            value = super().evaluate(node)
            met = self._traits(node, value)
        finally:
            self._met = outer
            self._line = place
        if met:
            self._met = outer | met
            value = with_traits(value, met)
        return value

    def _traits(self, node: ast.expr, value: Value) -> Traits:
        met = self._met | traits_of(value)
        if isinstance(node, ast.Compare):
            return NO_TRAITS
        if isinstance(value, Const) and isinstance(value.value, str) and len(value.value) < 4096:
            named = {"data-name"} if _DATA_NAME.search(value.value) else NO_TRAITS
            starts = {"startup-name"} if _STARTUP_NAME.search(value.value) else NO_TRAITS
            return met | path_traits(value.value) | named | starts
        if isinstance(value, Ref):
            trait = script_trait(value.path)
            if value.path.startswith("os.environ"):
                met -= {"environment"}
            if trait is not None and (value.result or value.path.startswith("os.environ")):
                met |= {trait}
        if "fetched" in met and commands.names_program(node):
            met = (met - {"fetched"}) | {"fetched-argument"}
        if isinstance(node, ast.Name) and node.id in _DATA and value == UNKNOWN:
            met |= {"data"}
        if "variable" in met and isinstance(node, ast.Call | ast.Subscript) and _secret(node):
            met |= {"secret-variable"}
        return met

    def call(self, made: Invocation) -> Value:
        """Follow a call; what it returns has traits of its own."""
        outer, self._made = self._made, made
        try:
            value = super().call(made)
        finally:
            self._made = outer
        function = made.function
        self._handed(made)
        model = used(made)
        if model is not None and len(self.models) < MOST_ACTS:
            self.models[self._line[0], *model] = None
        if not _AUTHORISATION.isdisjoint(made.keywords):
            self._met -= _PROVING - _sent(made)
        if isinstance(function, Ref):
            value = _path(function.path, made.arguments, value)
            value = paths.called(function.path, made.owner, made.arguments) or value
            trait = script_trait(function.path) or _RESULTS.get(script_act(function.path) or "")
            if trait is None and function.path == "builtins.map" and made.arguments:
                mapped = made.arguments[0]
                trait = script_trait(mapped.path) if isinstance(mapped, Ref) else None
            if trait is not None and not _odd_letter(function.path, value):
                self._met |= {trait}
        return value

    def binary(self, operation: ast.operator, left: Value, right: Value) -> Value:
        """Return what an operation makes of two values; paths are joined by `/`."""
        return paths.divided(operation, left, right) or super().binary(operation, left, right)

    def _handed(self, made: Invocation) -> None:
        """Note a function that starts programs and is handed to another, which will call it."""
        for value in [*made.arguments, *made.keywords.values()]:
            if not isinstance(value, Ref) or value.result or value.path == "builtins.compile":
                continue
            if script_act(value.path) in ("process", "exec"):
                self._made, outer = made, self._made
                self.note_call(value.path)
                self._made = outer

    def note_load(self, node: ast.expr, value: Ref) -> None:
        """Note a name that is loaded; what a call returned has been noted with the call."""
        if value.result:
            self.names.add_call(value.path)
            return
        outer = self._line, self._made, self._met
        self._made, self._met = None, NO_TRAITS
        if not self._text_depth:
            self._line = (node.lineno, node.end_lineno or node.lineno)
        super().note_load(node, value)
        self._line, self._made, self._met = outer

    def note_call(self, path: str) -> None:
        """Note a call, and the act that it is."""
        super().note_call(path)
        act = script_act(path)
        if act is None:
            return
        made = self._made
        if act == "open":
            act = "write" if made is not None and _writes(made) else "read"
        if act == "map":
            if made is None or not _maps_code(made):
                return
            act = "shellcode"
        key = self._key(path, made)
        old = self.acts.get(key)
        if old is None and len(self.acts) >= MOST_ACTS:
            self.names.complete = False
            return
        operands = () if made is None else _operands(made)
        traits = paths.shown(self._of_act(act, path, made))
        if old is not None:
            traits = (traits | old.traits) - ({"loaded"} if made is not None else NO_TRAITS)
            operands = tuple(dict.fromkeys((*old.operands, *operands)))[:_OPERANDS]
        first = made.arguments[0] if made is not None and made.arguments else UNKNOWN
        constant = _constant(first) or (old is not None and old.constant)
        function = self._function if old is None else old.function
        self.acts[key] = Seen(act, path, *self._line, function, operands, traits, constant)

    def _key(self, path: str, made: Invocation | None) -> tuple[int, int, str]:
        """Return what tells an act from others: a second call on a line is one of its own."""
        line = self._line[0]
        if made is None or self._text_depth:
            return line, 0, path
        column = made.node.col_offset + 1 if hasattr(made.node, "col_offset") else 0
        first = self._columns.setdefault((line, path), column)
        return line, 0 if column == first else column, path

    def _of_act(self, act: str, path: str, made: Invocation | None) -> Traits:
        traits = self._met
        if made is None:
            traits |= {"loaded"}
        if made is not None and act in _NETWORK:
            traits -= _PROVING - _sent(made)
        if made is not None and act == "exec" and made.arguments:
            # What is given to the code as its variables is not run.
            traits = traits_of(made.arguments[0])
        if made is not None and act == "process":
            traits -= _HANDED_OVER - _program(made)
        if act == "reflect":
            return traits | {"hidden-name"} if _climbs(made) else traits
        if self._text_depth:
            return traits | {"inner-text"}
        return traits | {"hidden-name"} if self._hides(path, made) else traits

    def _hides(self, path: str, made: Invocation | None) -> bool:
        """Say whether the name of what is called cannot be read where it is called."""
        first, _, rest = path.partition(".")
        last = rest.rpartition(".")[2]
        if first not in _UNWRITTEN and first not in self._text or last not in self._text:
            return True
        if made is None or not any(isinstance(n, ast.Call) for n in ast.walk(made.node.func)):
            return False
        return last not in ast.unparse(made.node.func)

    def item(self, owner: Value, key: Value) -> Value:
        """Return `owner[key]`; the variables of a module reached by its insides are those of `os`.

        Chains over `__subclasses__` end at a class of that module (`os._wrap_close`).
        """
        name = key.value if isinstance(key, Const) else None
        if owner == GLOBALS and name in ("system", "popen") and name not in self.defined:
            return Ref(f"os.{name}")
        if isinstance(owner, Ref) and owner.path == "os.environ":
            return Ref("os.environ.get", result=True)
        return super().item(owner, key)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        # Defaults are computed where the function stands, not when it is called.
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.value(default)
        super()._define(node)

    def _lambda(self, node: ast.Lambda) -> Value:
        self._around[id(node)] = self._function
        return super()._lambda(node)

    def _enter(self, function: Function, arguments: list[Value]) -> Value:
        node = function.node
        around = self._around.get(id(node)) if isinstance(node, ast.Lambda) else node
        outer, self._function = self._function, around
        made, self._made = self._made, None
        try:
            return super()._enter(function, arguments)
        finally:
            self._function, self._made = outer, made


def _climbs(made: Invocation | None) -> bool:
    """Say whether a call goes from some value up to `object`, and so to every class there is."""
    return made is not None and _CLIMBING.search(ast.unparse(made.node.func)) is not None


def _odd_letter(function: str, value: Value) -> bool:
    """Say whether a call makes a letter that is no printable ASCII: it hides no word of Python."""
    if function != "builtins.chr" or not isinstance(value, Const):
        return False
    letter = value.value
    return isinstance(letter, str) and not (letter.isascii() and letter.isprintable())


def _program(made: Invocation) -> Traits:
    """Return the traits of the program that a call starts, or of the text that a shell gets."""
    command = made.arguments[0] if made.arguments else made.keywords.get("args", UNKNOWN)
    parts = list(command.values.values()) if isinstance(command, Items) else []
    if not parts:
        return traits_of(command)
    first = parts[0]
    name = posixpath.basename(str(first.value)) if isinstance(first, Const) else ""
    shell = name in _SHELLS or (isinstance(first, Ref) and first.path == "sys.executable")
    return traits_of(command) if shell else traits_of(first)


def _sent(made: Invocation) -> Traits:
    """Return the traits of what a call hands over, other than to prove who calls."""
    given = [value for word, value in made.keywords.items() if word not in _AUTHORISATION]
    return NO_TRAITS.union(*map(traits_of, [made.owner, *made.arguments, *given]))


def _path(function: str, arguments: list[Value], value: Value) -> Value:
    """Return the path that constant arguments make; a home directory stays `~`."""
    texts = [one.value for one in arguments if isinstance(one, Const)]
    parts = [text for text in texts if isinstance(text, str)]
    if not parts or len(parts) != len(arguments):
        return value
    if function in ("os.path.expanduser", "os.path.expandvars", "os.path.abspath"):
        return Const(parts[0])
    if function == "os.path.join":
        return Const(posixpath.join(*parts)[:4096])
    return value


def _secret(node: ast.Call | ast.Subscript) -> bool:
    part = node.slice if isinstance(node, ast.Subscript) else next(iter(node.args), None)
    text = part.value if isinstance(part, ast.Constant) else None
    return isinstance(text, str) and _SECRET.search(text) is not None


def _writes(made: Invocation) -> bool:
    method = isinstance(made.owner, Ref) and made.owner.result
    at = 0 if method else 1
    given = made.arguments[at] if len(made.arguments) > at else made.keywords.get("mode", UNKNOWN)
    mode = given.value if isinstance(given, Const) else ""
    return isinstance(mode, str) and _WRITING.search(mode) is not None


def _maps_code(made: Invocation) -> bool:
    """Say whether memory is asked for from which code can be run (`PROT_EXEC`, 4)."""
    asked = made.keywords.get("prot", made.arguments[3] if len(made.arguments) > 3 else UNKNOWN)
    value = asked.value if isinstance(asked, Const) else 0
    return isinstance(value, int) and bool(value & 4) or "PROT_EXEC" in ast.unparse(made.node)


def _constant(value: Value) -> bool:
    if isinstance(value, Items):
        return all(isinstance(item, Const) for item in value.values.values())
    return isinstance(value, Const)


def _is_true(value: Value) -> bool:
    return isinstance(value, Const) and value.value is True


def _operands(made: Invocation) -> tuple[str, ...]:
    found: list[str] = []
    if _is_true(made.keywords.get("shell", UNKNOWN)):
        found.append("shell=True")
    pending: list[Value] = [*made.arguments, *made.keywords.values()]
    for _ in range(_MOST_LOOKED_AT):
        if not pending or len(found) >= _OPERANDS:
            break
        value = pending.pop(0)
        if isinstance(value, Items):
            pending[:0] = list(value.values.values())[:_OPERANDS]
        elif isinstance(value, Const) and not isinstance(value.value, bool | None):
            shown = value.value
            text = shown.decode("latin-1") if isinstance(shown, bytes) else str(shown)
            found.append(text[:1000])
        elif isinstance(value, Ref):
            found.append(f"<{value.path[:80]}>")
    # Of `Path("/etc/x").write_text(...)` the path is part of what is called.
    owner = made.node.func.value if isinstance(made.node.func, ast.Attribute) else None
    if isinstance(owner, ast.Call):
        given = [part.value for part in owner.args if isinstance(part, ast.Constant)]
        found += [text[:1000] for text in given if isinstance(text, str)]
    return tuple(found[1:] + found[:1] if found[:1] == ["shell=True"] else found)
