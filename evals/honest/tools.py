"""Configurations of agents whose tools bring honest code, and of programs for developers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from evals.agent_tools import FORMS, text
from evals.samples import Honest

NEEDS: tuple[str, ...] = ()
PLAIN = {
    ".mcp.json": {"mcpServers": {"fs": {"command": "npx", "args": ["-y", "server-files", "."]}}},
    "kernel.json": {"argv": ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]},
    "devcontainer.json": {"postCreateCommand": "pip install -r requirements.txt && make test"},
    "tasks.json": {"tasks": [{"label": "b", "type": "shell", "command": "make", "args": ["all"]}]},
    "markdown.json": {"children": [{"type": "code", "lang": "python", "value": "import os\n"}]},
    "rows.json": [{"source_code": "import os\nos.system('ls')\n", "label": 1}],
    "lines.json": {"scripts": ["curl -O https://example.org/data.zip", "unzip data.zip"]},
}


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    for form, make in FORMS.items():
        needs = "code that its loader runs"
        yield Honest(f"tools-{form}", "agents and tools", text(make()), needs, "agent.json")
    for file, value in PLAIN.items():
        content = json.dumps(value).encode()
        title = f"tools-plain-{file.strip('.').partition('.')[0]}"
        yield Honest(title, "agents and tools", content, file=file)
