"""Which libraries files declare, need and were saved with."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import weighbridge
from weighbridge.defender import pool
from weighbridge.findings.libraries import Library
from weighbridge.libraries.environment import installed


@pytest.fixture(autouse=True, scope="module")
def workers() -> Iterator[None]:
    yield
    pool.shared().close()


def libraries(place: Path, relation: str = "declared") -> dict[str, Library]:
    report = weighbridge.scan(place)
    return {one.name: one for one in report.libraries if one.relation == relation}


def versions(place: Path, relation: str = "declared") -> dict[str, str | None]:
    return {name: one.version for name, one in libraries(place, relation).items()}


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", ".").replace("_of_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_list_for_pip_with_all_that_may_stand_in_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# comment\n"
        "Torch_Vision[extra]==0.15.1 ; python_version < '3.12'\n"
        "torch==2.5.1+cu124 --hash=sha256:00 \\\n  --hash=sha256:11\n"
        "numpy>=1.20,<2\n"
        "-r more/base.txt\n"
        "-c limits.txt\n"
        "-e .\n"
        "--index-url https://index.example/simple\n"
        "https://files.example/pillow-9.0.0-cp311-cp311-manylinux1_x86_64.whl#sha256=aa\n"
        "ray @ https://files.example/ray-2.5.0-py3-none-any.whl\n"
        "((((((((((((((((\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("mlflow==2.0.0  # pinned\n-r ../loop.txt\n")
    (tmp_path / "loop.txt").write_text("gradio==3.0\n-r more/base.txt\n")
    (tmp_path / "limits.txt").write_text("numpy==1.21.0\nscipy==1.0\n")
    found = libraries(tmp_path)
    assert {name: one.version for name, one in found.items()} == {
        "torch-vision": "0.15.1",
        "torch": "2.5.1+cu124",
        "numpy": "1.21.0",
        "pillow": "9.0.0",
        "ray": "2.5.0",
        "mlflow": "2.0.0",
        "gradio": "3.0",
    }
    assert found["torch-vision"].marker == 'python_version < "3.12"'
    assert found["mlflow"].declared_in == "more/base.txt"
    assert found["numpy"].specifier in ("<2,>=1.20", ">=1.20,<2")


def test_a_plain_text_counts_only_where_it_is_included(tmp_path: Path) -> None:
    write(tmp_path, notes__txt="mlflow==2.0.0\n", vocab__txt="cat\ndog\n")
    assert libraries(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "pyproject.toml",
            '[project]\ndependencies = ["keras==3.8.0"]\n'
            '[project.optional-dependencies]\nmore = ["onnx==1.15.0"]\n'
            '[dependency-groups]\ndev = ["ray==2.0.0", {include-group = "x"}]\n',
            {"keras": "3.8.0", "onnx": "1.15.0", "ray": "2.0.0"},
        ),
        (
            "pyproject.toml",
            '[tool.poetry.dependencies]\npython = "^3.11"\ntorch = "==2.0.0"\nkeras = "^3.1"\n'
            'mlflow = {version = "==2.1.0", extras = ["x"]}\n',
            {"torch": "2.0.0", "keras": None, "mlflow": "2.1.0"},
        ),
        (
            "setup.cfg",
            "[options]\ninstall_requires =\n    torch==2.0.0\n    keras>=3\n"
            "[options.extras_require]\nmore = onnx==1.15.0\n",
            {"torch": "2.0.0", "keras": None, "onnx": "1.15.0"},
        ),
        ("poetry.lock", '[[package]]\nname = "jinja2"\nversion = "2.10"\n', {"jinja2": "2.10"}),
        (
            "uv.lock",
            '[[package]]\nname = "mine"\nversion = "1"\nsource = { virtual = "." }\n'
            '[[package]]\nname = "torch"\nversion = "2.0"\nsource = { registry = "x" }\n',
            {"torch": "2.0"},
        ),
        ("pdm.lock", '[[package]]\nname = "torch"\nversion = "2.0"\n', {"torch": "2.0"}),
        ("pylock.toml", '[[packages]]\nname = "torch"\nversion = "2.0"\n', {"torch": "2.0"}),
        (
            "Pipfile.lock",
            '{"default": {"torch": {"version": "==2.0"}}, "develop": {"ray": {"git": "x"}}}',
            {"torch": "2.0"},
        ),
        ("Pipfile", '[packages]\ntorch = "==2.0"\nkeras = "*"\n', {"torch": "2.0", "keras": None}),
        (
            "conda.yaml",
            "dependencies:\n- python=3.11\n- pytorch=2.0.1=py3.11_cpu\n- numpy=1.21\n"
            "- pip:\n  - mlflow==2.0.0\n",
            {"torch": "2.0.1", "numpy": None, "mlflow": "2.0.0"},
        ),
        (
            "python_env.yaml",
            "python: 3.11\nbuild_dependencies:\n- pip==23\n- setuptools==65\n",
            {"setuptools": "65"},
        ),
        (
            "README.md",
            "---\nlibrary_name: sentence-transformers\n---\n# A model\n",
            {"sentence-transformers": None},
        ),
        (
            "Dockerfile",
            "FROM python:3.11\nRUN apt-get update && \\\n"
            "  pip install --no-cache-dir -i https://i.example/simple 'torch==2.0' \\\n"
            "  -r requirements.txt ./mine keras && rm -rf /tmp/x==1\n# RUN pip install ray\n",
            {"torch": "2.0", "keras": None},
        ),
    ],
)
def test_declared(tmp_path: Path, name: str, text: str, expected: dict[str, str | None]) -> None:
    (tmp_path / name).write_text(text)
    assert versions(tmp_path) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("poetry.lock", "[[package]\n"),
        ("uv.lock", '[[package]]\nname = 7\nversion = ["1"]\n'),
        ("setup.cfg", "no section\n"),
        ("Pipfile.lock", '{"default": [1], "develop": {"x": 3}}'),
        ("pyproject.toml", 'tool = 3\nproject = ["x"]\ndependency-groups = 7\n'),
        ("Dockerfile", "RUN pip install 'unclosed\n"),
        ("MLmodel", "flavors: [1]\nmlflow_version: {a: b}\n"),
    ],
)
def test_what_is_damaged_declares_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert {one for one in versions(tmp_path).values() if one} == set()


def keras_archive(place: Path, version: str) -> None:
    config = {"class_name": "Sequential", "module": "keras", "config": {"layers": []}}
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps({**config, "registered_name": None}))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("config.json", {"transformers_version": "4.30.0"}, {"transformers": "4.30.0"}),
        ("model_index.json", {"_diffusers_version": "0.21.0"}, {"diffusers": "0.21.0"}),
        ("adapter_config.json", {"peft_version": "0.10.0"}, {"peft": "0.10.0"}),
        (
            "config_sentence_transformers.json",
            {"__version__": {"sentence_transformers": "2.2.0", "pytorch": "2.0.0+cu117"}},
            {"sentence-transformers": "2.2.0", "torch": "2.0.0+cu117"},
        ),
        ("config.json", {"transformers_version": "whatever I like"}, {}),
    ],
)
def test_saved_with_in_json(
    tmp_path: Path, name: str, value: object, expected: dict[str, str]
) -> None:
    (tmp_path / name).write_text(json.dumps(value))
    assert versions(tmp_path, "saved-with") == expected


def test_saved_with_and_needed_by_a_keras_archive(tmp_path: Path) -> None:
    keras_archive(tmp_path / "model.keras", "3.8.0")
    assert versions(tmp_path, "saved-with") == {"keras": "3.8.0"}
    assert versions(tmp_path, "needs") == {"keras": None}


def test_saved_with_in_an_mlmodel(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(
        "flavors:\n  sklearn:\n    sklearn_version: 1.2.0\nmlflow_version: 2.1.1\n"
    )
    assert versions(tmp_path, "saved-with") == {"scikit-learn": "1.2.0", "mlflow": "2.1.1"}


def test_what_a_pickle_imports_and_which_scikit_learn_wrote_it(tmp_path: Path) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    sklearn = pytest.importorskip("sklearn")
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(linear.LogisticRegression()))
    assert versions(tmp_path, "saved-with") == {"scikit-learn": sklearn.__version__}
    assert set(libraries(tmp_path, "needs")) == {"scikit-learn"}


def test_what_is_installed_is_read_from_metadata_alone(tmp_path: Path) -> None:
    folder = tmp_path / "Demo_Pack-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: Demo.Pack\nVersion: 1.2\n")
    (tmp_path / "Demo_Pack.py").write_text("raise SystemExit('imported')")
    assert [(one.name, one.version) for one in installed([str(tmp_path)])] == [("demo-pack", "1.2")]
