"""Finds what a configuration, as plain values, leads a loader to; the same for JSON and YAML.

transformers: ``auto_map``, ``custom_pipelines``, kernels by repository name, nested
``trust_remote_code``. Hydra: ``_target_``. sentence-transformers: ``modules.json``. diffusers:
``model_index.json``. MLflow: ``MLmodel``. LangChain: objects
of the type ``constructor``, prompts in Jinja. Latent diffusion: ``target`` with ``params``. YOLO:
text that is run. GluonTS: ``__kind__``. jsonpickle: ``py/object`` and its kin. What they
do with it is for the rules to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from weighbridge.errors import LimitExceeded
from weighbridge.formats.configuration.evaluated import download, expressions

MOST_NODES = 200_000
MOST_REFERENCES = 500
_LENGTH = 300
_COMMAND = 4000
_KERNELS = frozenset(
    {
        "attn_implementation",
        "_attn_implementation",
        "_attn_implementation_internal",
        "_attn_implementation_autoset_internal",
        "experts_implementation",
        "_experts_implementation",
        "_experts_implementation_internal",
    }
)
# Keys under which tools keep lines for a shell: workflows, compose files, packages of JavaScript,
# entry points of an MLproject, hooks of pre-commit, development containers, kernels of Jupyter; and
# code of other languages in flows of n8n, Flowise and Node-RED, which is read for commands alone.
_COMMANDS = frozenset(
    "run command cmd script scripts entrypoint entry before_script after_script postinstall "
    "preinstall install prepare setup argv initializeCommand onCreateCommand updateContentCommand "
    "postCreateCommand postStartCommand postAttachCommand jsCode pythonCode javascriptFunction "
    "func".split()
)
# Keys beside which a dotted name is called with their value (`instantiate_from_config` of latent
# diffusion, jsonargparse).
_CALLED_WITH = {"target": ("params",), "class_path": ("init_args", "dict_kwargs")}
# Activations that sentence-transformers imports and calls (models/Dense.py, CrossEncoder).
_ACTIVATIONS = frozenset(
    {"activation_function", "activation_fn", "sbert_ce_default_activation_function"}
)
_INTERPOLATION = re.compile(r"\$\{(\.?)([\w-]{1,100}(?:\.[\w-]{1,100}){0,8})\}")
_MOST_STEPS = 4
_TAGS = ("py/object", "py/type", "py/function")
_PLAIN = {
    "_target_": "target",
    "loader_module": "loader-module",
    "model_code_path": "code-path",
    "python_model": "pickle-path",
    "pickled_model": "pickle-path",
    "custom_pipeline": "custom-pipeline",
    "custom_generate": "custom-generate",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A reference without its place: see :class:`weighbridge.facts.repository.Reference`."""

    kind: str
    key: str
    value: str
    pinned: str = ""


def references(value: object, name: str) -> Iterator[Named]:
    """Yield what a configuration leads to.

    Args:
        value: the parsed configuration.
        name: of the file, which a few loaders go by.

    Raises:
        LimitExceeded: it holds more objects than are looked at.
    """
    if name == "modules.json" and isinstance(value, list):
        yield from _modules(value)
    if name == "model_index.json" and isinstance(value, dict):
        yield from _pipeline(value)
    pending: list[tuple[str, object]] = [("", value)]
    objects: set[Named] = set()
    seen = 0
    while pending:
        seen += 1
        if seen > MOST_NODES:
            raise LimitExceeded("limit-references", f"more than {MOST_NODES} objects")
        path, item = pending.pop()
        if isinstance(item, dict):
            found = (_constructor, _object, _called, _run)
            for named in (one for look in found for one in look(item, path)):
                # They name a class at each of their values, and one that does harm may be the last.
                if (key := replace(named, key="")) not in objects:
                    objects.add(key)
                    yield named
            for key, inner in item.items():
                text = isinstance(inner, str) and key == "_target_"
                entry = _interpolated(str(inner), item, value) if text else inner
                yield from _entry(item, str(key), entry, f"{path}{'.' if path else ''}{key}"[:200])
                if holds_objects(inner):
                    pending.append((f"{path}{'.' if path else ''}{key}"[:200], inner))
        elif isinstance(item, list):
            pending.extend((path, inner) for inner in item if holds_objects(inner))


def mappings(value: object, apart: frozenset[str] = frozenset()) -> Iterator[dict[object, object]]:
    """Yield each mapping inside of plain values, but for what stands under the keys `apart`.

    Raises:
        LimitExceeded: there are more objects than are looked at.
    """
    pending = [value]
    for _ in range(MOST_NODES):
        if not pending:
            return
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending += [v for key, v in item.items() if holds_objects(v) and key not in apart]
        elif isinstance(item, list):
            pending += [inner for inner in item if holds_objects(inner)]
    raise LimitExceeded("limit-references", f"more than {MOST_NODES} objects")


def holds_objects(value: object) -> bool:
    """Tell what has to be looked at from rows of plain values, of which a vocabulary has many."""
    if isinstance(value, list):
        return any(isinstance(item, dict | list) for item in value)
    return isinstance(value, dict)


def _constructor(owner: dict[object, object], path: str) -> Iterator[Named]:
    """An object of LangChain: the path to its class as a list, which ``load`` imports and calls."""
    parts = owner.get("id")
    if owner.get("lc") == 1 and owner.get("type") == "constructor" and isinstance(parts, list):
        dotted = ".".join(part for part in parts[:20] if isinstance(part, str))
        yield Named("constructor", path, dotted[:_LENGTH])


def _object(owner: dict[object, object], path: str) -> Iterator[Named]:
    """What GluonTS (core/serde, ``decode``) and jsonpickle (``loadclass``) import and call."""
    located = owner.get("class")
    if owner.get("__kind__") in ("type", "instance", "stateful") and isinstance(located, str):
        yield Named("serde", f"{path}.class"[:200], located[:_LENGTH])
    for tag in _TAGS:
        value = owner.get(tag)
        if isinstance(value, str):
            yield Named("jsonpickle", f"{path}.{tag}"[:200], value[:_LENGTH])
    text = owner.get("py/repr")
    if isinstance(text, str):
        module, _, expression = text.partition("/")
        # A module stands as its own name; anything else is text that ``eval`` is given.
        if expression != module:
            yield Named("jsonpickle", f"{path}.py/repr"[:200], "builtins.eval")


def _called(owner: dict[object, object], path: str) -> Iterator[Named]:
    for key, given in _CALLED_WITH.items():
        value = owner.get(key)
        if isinstance(value, str) and any(isinstance(owner.get(word), dict) for word in given):
            yield Named("called", f"{path}.{key}"[:200], value[:_LENGTH])
    for key in _ACTIVATIONS:
        value = owner.get(key)
        # Elsewhere the same keys hold a mere name, such as `gelu`.
        if isinstance(value, str) and "." in value:
            yield Named("activation", f"{path}.{key}"[:200], value[:_LENGTH])


def _run(owner: dict[object, object], path: str) -> Iterator[Named]:
    """Text of models and data sets of YOLO that is run."""
    for key, expression in expressions(owner):
        yield Named("expression", f"{path}.{key}"[:200], expression)
    how = download(owner)
    if how is not None:
        yield Named(how[0], f"{path}.download"[:200], how[1])


def _interpolated(text: str, owner: dict[object, object], root: object) -> str:
    """Put in what OmegaConf would: ``${a.b}`` from the root, ``${.b}`` from beside the text."""
    for _ in range(_MOST_STEPS):
        before = text
        for match in list(_INTERPOLATION.finditer(before))[:_MOST_STEPS]:
            found: object = owner if match[1] else root
            for key in match[2].split("."):
                found = found.get(key) if isinstance(found, dict) else None
            if isinstance(found, str):
                text = text.replace(match[0], found[:_LENGTH])
        if text == before:
            break
    return text


def _entry(owner: dict[object, object], key: str, value: object, path: str) -> Iterator[Named]:
    if key == "auto_map" and isinstance(value, dict):
        yield from _auto_map(owner, value, path)
    elif key == "custom_pipelines" and isinstance(value, dict):
        for task, entry in value.items():
            impl = entry.get("impl") if isinstance(entry, dict) else None
            if isinstance(impl, str):
                yield Named("auto-map", f"{path}.{task}.impl"[:200], impl[:_LENGTH])
    elif key in _KERNELS and isinstance(value, str) and "/" in value:
        yield Named("kernel", path, value[:_LENGTH])
    elif key == "trust_remote_code" and value is True:
        yield Named("trust", path, "true")
    elif key in _PLAIN and isinstance(value, str):
        yield Named(_PLAIN[key], path, value[:_LENGTH])
    elif isinstance(value, str) or key in _COMMANDS:
        yield from _texts(owner, key, value, path)


def _texts(owner: dict[object, object], key: str, value: object, path: str) -> Iterator[Named]:
    if key in _COMMANDS:
        for command in _commands(value, owner.get("args") if key == "command" else None):
            yield Named("command", path, command[:_COMMAND])
    elif key == "parent_library" and isinstance(value, str):
        # peft.utils: getattr(importlib.import_module(parent_library), base_model_class)
        name = owner.get("base_model_class")
        if isinstance(name, str):
            yield Named("adapter-class", path, f"{value}.{name}"[:_LENGTH])
    elif key == "code" and isinstance(value, str) and "loader_module" in owner:
        yield Named("code-path", path, value[:_LENGTH])


def _commands(value: object, arguments: object) -> Iterator[str]:
    """Yield lines for a shell: each text, and the texts of a list together, as words of one."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _commands(one, None) if not isinstance(one, dict) else ()
        return
    words = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    yield from words
    given = arguments if isinstance(arguments, list) else []
    words = [*words, *(one for one in given if isinstance(one, str))]
    # Of a list of lines each stands for itself.
    if len(words) > 1 and not any(letter.isspace() for letter in words[0]):
        yield " ".join(words)


def _auto_map(
    owner: dict[object, object], mapping: dict[object, object], path: str
) -> Iterator[Named]:
    pinned = owner.get("code_revision")
    revision = pinned[:_LENGTH] if isinstance(pinned, str) else ""
    for key, value in mapping.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and "." in item:
                yield Named("auto-map", f"{path}.{key}"[:200], item[:_LENGTH], revision)


def _modules(entries: list[object]) -> Iterator[Named]:
    for number, entry in enumerate(entries[:100]):
        kind = entry.get("type") if isinstance(entry, dict) else None
        if isinstance(kind, str):
            yield Named("class", f"[{number}].type", kind[:_LENGTH])


def _pipeline(index: dict[object, object]) -> Iterator[Named]:
    for key, value in list(index.items())[:200]:
        if not isinstance(value, list) or len(value) != 2:
            continue
        module, name = value
        if isinstance(module, str) and isinstance(name, str):
            yield Named("component", str(key)[:200], f"{module}.{name}"[:_LENGTH])
