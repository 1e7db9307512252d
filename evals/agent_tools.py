"""Builds configurations of agents whose tools bring their code."""

from __future__ import annotations

import json

PLAIN = '''import math

import requests


def area(radius: float) -> float:
    """Returns the area of a circle."""
    return math.pi * radius**2


def weather(city: str) -> str:
    """Says what the weather is."""
    return requests.get(f"https://wttr.in/{city}", params={"format": "3"}, timeout=9).text
'''


def autogen(source=PLAIN, imports=(), inside=False):
    """A tool of AutoGen, alone or in a team."""
    config = {
        "source_code": source, "name": "area", "description": "Area", "global_imports": [*imports],
        "has_cancellation_support": False,
    }  # fmt: skip
    tool = {
        "provider": "autogen_core.tools.FunctionTool", "component_type": "tool", "version": 1,
        "component_version": 1, "description": "Area", "label": "FunctionTool", "config": config,
    }  # fmt: skip
    agent = {
        "provider": "autogen_agentchat.agents.AssistantAgent", "component_type": "agent",
        "config": {"name": "assistant", "tools": [tool]},
    }  # fmt: skip
    team = {
        "provider": "autogen_agentchat.teams.RoundRobinGroupChat", "component_type": "team",
        "config": {"participants": [agent]},
    }  # fmt: skip
    return team if inside else tool


def smolagents(source=PLAIN, inside=True):
    """A tool of smolagents, alone or of an agent."""
    code = (
        f"from smolagents import Tool\n{source}\n\nclass Area(Tool):\n    name = 'area'\n"
        "    description = 'Area'\n    inputs = {}\n    output_type = 'number'\n\n"
        "    def forward(self):\n        return 1.0\n"
    )
    tool = {"name": "area", "code": code, "requirements": ["smolagents"]}
    agent = {
        "tools": [tool], "model": {"class": "InferenceClientModel", "data": {"model_id": "x"}},
        "managed_agents": [], "prompt_templates": {}, "class": "CodeAgent", "requirements": [],
    }  # fmt: skip
    return agent if inside else tool


def open_webui(source=PLAIN):
    """Functions that Open WebUI exports."""
    pipe = "class Pipe:\n    def pipe(self, body):\n        return body\n"
    meta = {"description": "Area", "manifest": {"title": "Area"}}
    content = f'"""\ntitle: Area\n"""\n{source}\n\n{pipe}'
    return [{"id": "area", "name": "Area", "type": "pipe", "content": content, "meta": meta}]


def langflow(source=PLAIN):
    """A flow with one component."""
    code = f"from lfx.custom import Component\n{source}\n\nclass Area(Component):\n    pass\n"
    field = {"type": "code", "name": "code", "value": code, "show": True}
    node = {"template": {"_type": "Component", "code": field}, "display_name": "Area"}
    data = {"type": "Area", "node": node}
    return {"data": {"nodes": [{"id": "Area-1", "type": "genericNode", "data": data}], "edges": []}}


def letta(source=PLAIN):
    """An agent file."""
    tool = {"name": "area", "source_code": source, "source_type": "python", "json_schema": {}}
    return {"agents": [], "tools": [tool], "mcp_servers": []}


FORMS = {
    "autogen": autogen,
    "autogen-team": lambda source=PLAIN: autogen(source, inside=True),
    "smolagents": smolagents,
    "smolagents-tool": lambda source=PLAIN: smolagents(source, inside=False),
    "open-webui": open_webui,
    "langflow": langflow,
    "letta": letta,
}


def text(value) -> bytes:
    """The configuration as it is saved."""
    return json.dumps(value, indent=2).encode()
