"""Models that code fetches by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import weighbridge
from cli.commands import weigh
from weighbridge.defender import pool
from weighbridge.findings.libraries import UsedModel

COMMIT = "a" * 40


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    yield
    pool.shared().close()


def uses(folder: Path, text: str, name: str = "app.py") -> list[UsedModel]:
    (folder / name).write_text(text)
    return list(weighbridge.scan(folder).uses)


@pytest.mark.parametrize(
    ("code", "provider", "name", "revision", "pinned"),
    [
        (
            "from transformers import AutoModel\nAutoModel.from_pretrained('org/name')",
            *("huggingface", "org/name", "", False),
        ),
        (
            "import transformers as t\n"
            f"t.AutoTokenizer.from_pretrained('gpt2', revision='{COMMIT}')",
            *("huggingface", "gpt2", COMMIT, True),
        ),
        (
            "from transformers import pipeline\npipeline('text-generation', model='org/name')",
            *("huggingface", "org/name", "", False),
        ),
        (
            "from transformers import pipeline\n"
            "pipeline('summarization', 'org/name', revision='main')",
            *("huggingface", "org/name", "main", False),
        ),
        (
            "from huggingface_hub import hf_hub_download as get\n"
            f"get(repo_id='org/name', filename='x.bin', revision='{COMMIT}')",
            *("huggingface", "org/name", COMMIT, True),
        ),
        (
            "from huggingface_hub import snapshot_download\nsnapshot_download('org/name')",
            *("huggingface", "org/name", "", False),
        ),
        (
            "from sentence_transformers import SentenceTransformer\n"
            "SentenceTransformer('sentence-transformers/all-MiniLM-L6-v2')",
            *("huggingface", "sentence-transformers/all-MiniLM-L6-v2", "", False),
        ),
        (
            "import kagglehub\nkagglehub.model_download('google/gemma/keras/2b/3')",
            *("kaggle", "google/gemma/keras/2b", "3", True),
        ),
        (
            "import kagglehub\nkagglehub.model_download('google/gemma/keras/2b')",
            *("kaggle", "google/gemma/keras/2b", "", False),
        ),
        (
            "import torch\ntorch.hub.load('pytorch/vision:v0.10.0', 'resnet18')",
            *("github", "pytorch/vision", "v0.10.0", False),
        ),
        (
            "import keras_hub\nkeras_hub.models.GemmaCausalLM.from_preset('hf://org/name')",
            *("huggingface", "org/name", "", False),
        ),
        (
            "from transformers import AutoModel\nORG = 'org'\nNAME = f'{ORG}/' + 'name'\n"
            "def load():\n    return AutoModel.from_pretrained(NAME)",
            *("huggingface", "org/name", "", False),
        ),
        (
            "from transformers import AutoModel\n"
            "AutoModel.from_pretrained('/'.join(['org', 'name']))",
            *("huggingface", "org/name", "", False),
        ),
    ],
)
def test_calls_that_fetch_a_model(
    tmp_path: Path, code: str, provider: str, name: str, revision: str, pinned: bool
) -> None:
    (one,) = uses(tmp_path, code)
    assert (one.provider, one.name, one.revision, one.pinned) == (provider, name, revision, pinned)
    assert one.path == "app.py" and one.line > 1


@pytest.mark.parametrize(
    "code",
    [
        "AutoModel.from_pretrained('./here')",
        "AutoModel.from_pretrained('/srv/models/x')",
        "AutoModel.from_pretrained('saved/model')",
        "open('org/name')",
    ],
)
def test_paths_on_this_machine_are_no_models_of_a_hub(tmp_path: Path, code: str) -> None:
    (tmp_path / "saved" / "model").mkdir(parents=True)
    (tmp_path / "saved" / "model" / "config.json").write_text("{}")
    assert uses(tmp_path, f"from transformers import AutoModel\n{code}\n") == []


def test_a_computed_name_is_told_as_such(tmp_path: Path) -> None:
    code = "from transformers import AutoModel\nAutoModel.from_pretrained(input())"
    (one,) = uses(tmp_path, code)
    assert (one.name, one.pinned) == ("", False)


def test_notebooks_and_modelfiles(tmp_path: Path) -> None:
    cell = {
        "cell_type": "code",
        "source": ["from transformers import AutoModel\n", "AutoModel.from_pretrained('org/name')"],
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (one,) = uses(tmp_path, json.dumps(notebook, indent=1), "n.ipynb")
    assert one.name == "org/name"
    text = "# made\nFROM hf.co/org/other:Q4_K_M\nADAPTER ./lora.gguf\nFROM llama3:8b\n"
    found = uses(tmp_path, text, "Modelfile")
    assert {(one.provider, one.name) for one in found} == {
        ("huggingface", "org/name"),
        ("huggingface", "org/other"),
        ("ollama", "llama3"),
    }


def test_the_command_lists_what_is_not_pinned_first(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "from transformers import AutoModel\n"
        f"AutoModel.from_pretrained('org/fixed', revision='{COMMIT}')\n"
        "AutoModel.from_pretrained('org/loose')\nAutoModel.from_pretrained(input())\n"
    )
    done = weigh("inventory", tmp_path)
    assert done.returncode == 0, done.stderr
    first, second, last = done.stdout.splitlines()
    assert "NOT PINNED" in first and "org/loose" in first and "a.py:3" in first
    assert "org/fixed at aaaaaaaaaaaa" in second
    assert last == "2 models, 1 not pinned; 1 calls compute the name"
    value = json.loads(weigh("inventory", tmp_path, "--format", "json").stdout)
    assert {one["name"] for one in value["models"]} == {"org/fixed", "org/loose", ""}


def test_the_inventory_as_a_bill_of_materials(tmp_path: Path) -> None:
    pytest.importorskip("cyclonedx")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    (tmp_path / "a.py").write_text(
        "import transformers\n"
        f"transformers.AutoModel.from_pretrained('org/fixed', revision='{COMMIT}')\n"
    )
    text = weigh("inventory", tmp_path, "--format", "cyclonedx").stdout
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.loads(text)["components"][0]["purl"] == f"pkg:huggingface/org/fixed@{COMMIT}"


def test_a_policy_can_want_pinned_names(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "a.py").write_text(
        "import transformers\ntransformers.AutoModel.from_pretrained('org/loose')\n"
    )
    (tmp_path / "policy.toml").write_text("[require]\npinned_revision = true\n")
    done = weigh("scan", project, "--policy", tmp_path / "policy.toml")
    assert done.returncode == 1
    assert "fetches org/loose (huggingface) without pinning it" in done.stdout


def test_there_is_no_such_project(tmp_path: Path) -> None:
    assert weigh("inventory", tmp_path / "none").returncode == 2
