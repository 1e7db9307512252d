"""What a sample is: the files of a repository, and where a scan has to point."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

MARK = "⚑"
"""Stands at the end of each line that a finding may point at; it is not written to the file."""

CONFIG = {"architectures": ["AcmeForCausalLM"], "model_type": "acme", "hidden_size": 64}
MODEL_HEADER = (
    "import torch\nfrom torch import nn\n"
    "from transformers import PretrainedConfig, PreTrainedModel\n\n\n"
)


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository.

    Attributes:
        name: unique; also the name of its folder.
        kind: the line of the table that counts it.
        files: text by path.
        weakness: for an honest one: a `weakness` is right; without it has to be clean.
    """

    name: str
    kind: str
    files: dict[str, str] = field(default_factory=dict)
    weakness: bool = False

    def expected(self) -> set[tuple[str, int]]:
        """Return the places, path and line, one of which a finding has to point at."""
        return {
            (path, number)
            for path, text in self.files.items()
            for number, line in enumerate(text.split("\n"), 1)
            if MARK in line
        }

    def write(self, folder: Path) -> Path:
        """Write the repository and return its folder."""
        root = folder / self.name
        for path, text in self.files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace(MARK, ""), "utf-8")
        return root


def remote(module: str = "modeling_acme", **more: object) -> str:
    """Return a config.json that names `module`."""
    names = {"AutoConfig": f"{module}.AcmeConfig", "AutoModel": f"{module}.AcmeModel"}
    return json.dumps({**CONFIG, "auto_map": names, **more}, indent=2)
