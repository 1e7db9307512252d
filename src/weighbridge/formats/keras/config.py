"""Configurations of Keras models: JSON that says which objects to build.

Every object with `class_name` and `config` is built by `deserialize_keras_object`
(keras/src/saving/serialization_lib.py), at any depth: layers, initialisers, losses, arguments in
`inbound_nodes`, `compile_config`. `module`, `class_name` and `registered_name` say what; a function
has the class name `function` and its own name as `config`. Older files have no modules. Nothing is
resolved here; each distinct object becomes one fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from weighbridge.errors import LimitExceeded
from weighbridge.facts.keras import KerasObject
from weighbridge.formats.context import Context, Place
from weighbridge.formats.keras import bytecode, literals, torch_modules
from weighbridge.formats.keras.json_text import Members, load, same
from weighbridge.formats.keras.operators import operator_of

NAME = "keras"
LOADERS = ("keras.models.load_model", "keras.models.load_model(safe_mode=False)")
_MOST_OBJECTS = 5_000
_MOST_NODES = 5_000_000
_CHECK_EVERY = 20_000
_NAME_LENGTH = 200
_PATH_LENGTH = 400
_SHORT_TEXT = 40
# 2**40 elements of one byte are a tebibyte.
_LARGEST_SIZE = 1 << 40
_SIZES = frozenset(
    "units filters input_dim output_dim n num_tokens max_tokens vocabulary_size num_heads key_dim "
    "value_dim batch_shape input_shape batch_input_shape target_shape shape size num_bins rank "
    "hidden_dim intermediate_dim sequence_length max_length".split()
)
# Packages whose classes make up models; the arguments of anything else are worth showing.
PACKAGES = frozenset({"keras", "tf_keras", "keras_hub", "keras_cv", "keras_nlp"})
_CODE_KEYS = ("function", "output_shape", "mask")


@dataclass(frozen=True, slots=True)
class _Node:
    """One value on its way, with the objects around it, innermost first."""

    value: object
    path: str
    around: tuple[Mapping[str, object], ...] = ()


@dataclass(slots=True)
class _Reader:
    context: Context
    place: Place
    config: str
    loaders: tuple[str, ...]
    found: dict[tuple[object, ...], KerasObject] = field(default_factory=dict)
    codes: set[tuple[str, str | None]] = field(default_factory=set)
    oddities: dict[str, str] = field(default_factory=dict)
    nodes: int = 0

    def read(self, value: object) -> None:
        pending = [_Node(value, "")]
        while pending:
            self.nodes += 1
            if self.nodes > _MOST_NODES:
                raise LimitExceeded("limit-config", "the configuration has too many parts", 0)
            if self.nodes % _CHECK_EVERY == 0:
                self.context.budget.check_time()
            node = pending.pop()
            if isinstance(node.value, Members):
                pending.extend(reversed(list(self._members(node.value, node))))
            elif isinstance(node.value, list):
                pending.extend(reversed(list(self._items(node.value, node))))
            elif isinstance(node.value, str):
                self._stray(node.value, node)

    def _members(self, value: Members, node: _Node) -> Iterator[_Node]:
        self._duplicates(value, node)
        inner = node.around
        name, config = value.get("class_name"), value.get("config")
        if isinstance(name, str) and "config" in value:
            self._object(name, config, value, node)
            inner = (value, *node.around[:2])
        for key, item in (*value.items(), *value.shadowed):
            if key in _SIZES:
                self._size(item, node, key)
            if _worth_following(item):
                yield _Node(item, _joined(node.path, key), inner)

    def _items(self, value: list[object], node: _Node) -> Iterator[_Node]:
        for number, item in enumerate(value):
            if _worth_following(item):
                yield _Node(item, f"{node.path}[{number}]"[-_PATH_LENGTH:], node.around)

    def _object(self, name: str, config: object, value: Mapping[str, object], node: _Node) -> None:
        module = value.get("module")
        if name == "__lambda__":
            self._lambda(config, node)
            return
        if name == "__typespec__" and isinstance(value.get("spec_name"), str):
            name = str(value["spec_name"])
        elif name.startswith("__") and name.endswith("__") and not module:
            return
        kind, arguments = "class", literals.outward(config) if isinstance(config, dict) else ()
        if name == "function":
            if not isinstance(config, str):
                return
            kind, name = "function", config
            arguments = literals.call_arguments(value, *node.around[:1])
        elif not _ordinary(module, name):
            arguments = literals.scalars(config) + literals.call_arguments(value)
        self._add(kind, name, value, node, arguments)
        if kind == "class" and isinstance(config, Mapping):
            self._special(name, config, value, node)

    def _special(
        self,
        name: str,
        config: Mapping[str, object],
        value: Mapping[str, object],
        node: _Node,
    ) -> None:
        operator = operator_of(name, config)
        if operator is not None:
            arguments = literals.call_arguments(value)
            self._add("operator", operator, {"module": "tensorflow"}, node, arguments)
        last = name.replace(">", ".").rpartition(".")[2]
        if last == "Lambda":
            self._legacy_lambda(config, node)
        if last == "TorchModuleWrapper":
            torch_modules.examine(self.context, self.place, config.get("module"))

    def _add(
        self,
        kind: str,
        name: str,
        value: Mapping[str, object],
        node: _Node,
        arguments: tuple[tuple[str, str], ...],
    ) -> None:
        module, registered = value.get("module"), value.get("registered_name")
        fact = KerasObject(
            member=self.place.member,
            config=self.config,
            path=literals.excerpt(node.path, 300),
            kind=kind,
            module=literals.excerpt(module, _NAME_LENGTH) if isinstance(module, str) else None,
            name=literals.excerpt(name, _NAME_LENGTH),
            registered=(
                literals.excerpt(registered, _NAME_LENGTH) if isinstance(registered, str) else None
            ),
            legacy="module" not in value,
            arguments=arguments,
            count=1,
            loaders=self.loaders,
        )
        key = (kind, fact.module, fact.name, fact.registered, fact.legacy, arguments)
        known = self.found.get(key)
        if known is not None:
            self.found[key] = replace(known, count=known.count + 1)
        elif len(self.found) >= _MOST_OBJECTS:
            raise LimitExceeded("limit-config", "the configuration names too many objects", 0)
        else:
            self.found[key] = fact

    def _lambda(self, config: object, node: _Node) -> None:
        """`code` in the configuration of a Lambda layer, `value` anywhere else."""
        if not isinstance(config, Mapping):
            return
        for key in ("code", "value"):
            code, more = config.get(key), [config.get("defaults"), config.get("closure")]
            if isinstance(code, list) and code:
                code, more = code[0], code[1:]
            if isinstance(code, str):
                self._code(code, node, None, [*more, *_arguments(node.around[:1])])

    def _legacy_lambda(self, config: Mapping[str, object], node: _Node) -> None:
        """`[code, defaults, closure]`, or the code alone, beside its type and a module."""
        for key in _CODE_KEYS:
            value, more = config.get(key), [config.get("arguments")]
            marked = config.get(f"{key}_type") == "lambda"
            if isinstance(value, list) and value and isinstance(value[0], str):
                marked |= len(value) == 3
                value, more = value[0], [*value[1:], *more]
            if not isinstance(value, str):
                continue
            inner = _Node(value, _joined(node.path, f"config.{key}"), node.around)
            if marked or bytecode.looks_like_code(value):
                module = config.get("module" if key == "function" else f"{key}_module")
                self._code(value, inner, module if isinstance(module, str) else None, more)
            elif key == "function":
                self._source(value, inner)

    def _stray(self, text: str, node: _Node) -> None:
        """A text anywhere else that is a code object; some layer is going to load it."""
        known = any(text == code for code, _module in self.codes)
        if bytecode.looks_like_code(text) and not known:
            self._code(text, node, None, None)

    def _code(self, text: str, node: _Node, module: str | None, more: object) -> None:
        if (text, module) in self.codes:
            return
        self.codes.add((text, module))
        layer = _layer_name(node)
        shown = literals.excerpt(f"{layer}: {node.path}" if layer else node.path, 200)
        digest = bytecode.code_of(self.context, self.place, text, shown, module, more)
        arguments = (("sha256", digest), ("layer", literals.excerpt(layer, 80)))
        self._add("lambda", "__lambda__", {"module": module}, node, arguments)

    def _source(self, text: str, node: _Node) -> None:
        """A text where a name belongs. Keras looks it up and fails; another loader may not."""
        layer = _layer_name(node)
        shown = literals.excerpt(f"{layer}: {node.path}" if layer else node.path, 200)
        digest = bytecode.source_of(self.context, self.place, text, shown)
        if digest is not None:
            arguments = (("sha256", digest), ("layer", literals.excerpt(layer, 80)))
            self._add("lambda-source", "__lambda__", {"module": None}, node, arguments)

    def _duplicates(self, value: Members, node: _Node) -> None:
        for key, item in value.shadowed[:10]:
            equal = same(item, value[key])
            code = "keras-duplicate-key-equal" if equal else "keras-duplicate-key"
            where = _joined(node.path, key)[-200:]
            text = f"{self.config}: the key {literals.excerpt(where)!r} stands twice"
            self.oddities.setdefault(code, text)

    def _size(self, value: object, node: _Node, key: str) -> None:
        sizes = value if isinstance(value, list) else [value]
        total = 1.0
        for size in sizes[:64]:
            if isinstance(size, int | float) and not isinstance(size, bool) and size > 1:
                total *= size
        if total > _LARGEST_SIZE:
            where = literals.excerpt(_joined(node.path, key)[-200:])
            text = f"{self.config}: {where} asks for {total:.3g} elements"
            self.oddities.setdefault("keras-shape-bomb", text)


def _ordinary(module: object, name: str) -> bool:
    if not isinstance(module, str):
        return True
    return module.partition(".")[0] in PACKAGES and name[:1].isupper()


def _worth_following(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > _SHORT_TEXT
    return isinstance(value, Members | list) and bool(value)


def _joined(path: str, key: str) -> str:
    return (f"{path}.{key[:80]}" if path else key[:80])[-_PATH_LENGTH:]


def _arguments(around: tuple[Mapping[str, object], ...]) -> Iterator[object]:
    """Yield what a Lambda layer hands to its function."""
    for holder in around:
        config = holder.get("config")
        yield config.get("arguments") if isinstance(config, Mapping) else None


def _layer_name(node: _Node) -> str:
    for holder in node.around:
        config = holder.get("config")
        name = config.get("name") if isinstance(config, Mapping) else None
        if isinstance(name, str):
            return name
    return ""


def read_config(
    context: Context,
    place: Place,
    data: bytes | str,
    config: str,
    loaders: tuple[str, ...] = LOADERS,
) -> bool:
    """Add a fact for each distinct object that a configuration names.

    Args:
        context: of the file.
        place: of the configuration.
        data: JSON.
        config: what to call it.
        loaders: load calls that build the objects.

    Returns:
        Whether it names any object.

    Raises:
        ParseError: it cannot be read to the end; what was read before stands.
    """
    reader = _Reader(context, place, config, loaders)
    try:
        reader.read(load(data))
    finally:
        for fact in reader.found.values():
            context.add(fact)
        if reader.found:
            for code, text in reader.oddities.items():
                context.anomaly(place, NAME, code, text)
    return bool(reader.found)
