"""Source text in configurations of agents and their tools, which their loaders execute.

AutoGen: a component whose `config` has a `source_code`, and `global_imports` that are put behind
`import` (autogen_core.tools.FunctionTool, `_from_config`: `exec` of each). smolagents: tools with
`code` (`Tool.from_dict`, `from_code`: `exec`). Open WebUI: functions and tools with `content`
(`load_function_module_by_id`, `load_tool_module_by_id`: `exec`). Langflow: fields of the type
`code` (`eval_custom_component_code`). Letta: tools with `source_code`, run when the agent calls
them. What the text does is judged as in a file of Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from weighbridge.errors import LimitExceeded
from weighbridge.facts.repository import Act, Reference
from weighbridge.formats.configuration.references import mappings
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.script_file import script_facts

_MOST_TOOLS = 1_000
_KINDS = frozenset({"pipe", "filter", "action", "function", "tool"})


@dataclass(frozen=True, slots=True)
class _Tool:
    """Texts that are executed one after the other, and by whom."""

    by: str
    name: str
    texts: tuple[str, ...]


def add_tools(context: Context, value: object, place: Place) -> None:
    """Add the facts about what loaders of a configuration execute: all of it is one script.

    Raises:
        LimitExceeded: there are more tools, or more objects, than are looked at.
    """
    tools: dict[tuple[str, ...], _Tool] = {}
    for tool in filter(None, map(_tool, mappings(value))):
        # What is no Python is not executed, and what stands before it is.
        texts = tuple(text for text in tool.texts if parse(text) is not None)
        if texts:
            tools.setdefault(texts, tool)
        if len(tools) > _MOST_TOOLS:
            raise LimitExceeded("limit-tools", f"more than {_MOST_TOOLS} tools with code")
    for tool in tools.values():
        context.add(Reference(place.member, 0, "tool-source", tool.by, tool.name))
    lines = 0
    for texts in tools:
        context.budget.check_time()
        text = "\n".join(texts)
        for fact in script_facts(text, place.member, context.budget):
            # Lines are those of all texts together, as in a notebook.
            context.add(replace(fact, line=fact.line + lines) if isinstance(fact, Act) else fact)
        lines += text.count("\n") + 1


def _tool(owner: dict[object, object]) -> _Tool | None:
    """Return the text that an object holds in the form of one of the loaders."""
    name = str(owner.get("name") or owner.get("id") or "")[:100]
    config, content = owner.get("config"), owner.get("content")
    if isinstance(owner.get("provider"), str) and isinstance(config, dict):
        source = config.get("source_code")
        if isinstance(source, str):
            texts = (*_imports(config.get("global_imports")), source)
            return _Tool("autogen", str(config.get("name") or "")[:100], texts)
    source = owner.get("source_code")
    if isinstance(source, str) and ("json_schema" in owner or "source_type" in owner):
        return _Tool("letta", name, (source,))
    source = owner.get("code")
    if isinstance(source, str) and name and ("requirements" in owner or "smolagents" in source):
        return _Tool("smolagents", name, (source,))
    typed = str(owner.get("type")) in _KINDS or isinstance(owner.get("specs"), list)
    if isinstance(content, str) and isinstance(owner.get("meta"), dict) and typed:
        return _Tool("open-webui", name, (content,))
    source = owner.get("value")
    # Trees of Markdown have nodes of the type too, with a language instead of a name.
    if isinstance(source, str) and owner.get("type") == "code" and "name" in owner:
        return _Tool("langflow", name, (source,))
    return None


def _imports(listed: object) -> Iterator[str]:
    """Yield the statements that AutoGen makes of what is to be imported (`import_to_str`)."""
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("imports"), list):
            names = ", ".join(_imported(name) for name in one["imports"])
            yield f"from {one.get('module')} import {names}"
        else:
            yield f"import {_imported(one)}"


def _imported(name: object) -> str:
    return f"{name.get('name')} as {name.get('alias')}" if isinstance(name, dict) else str(name)
