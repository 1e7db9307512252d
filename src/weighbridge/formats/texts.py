"""Texts beside the weights, told apart by name and by what is in them.

Which loader reads a text goes by its name: Python imports ``.py``, transformers reads
``config.json``. A name never hides anything: text that is Python by its content is read as such,
whatever it is called.
"""

from __future__ import annotations

import re

from weighbridge.errors import ParseError
from weighbridge.formats import caffe, coreml, json_models, mlir, ncnn, stable_baselines
from weighbridge.formats.configuration import (
    dependencies,
    json_file,
    mlflow_file,
    model_card,
    notebook,
    requirements,
    shell_file,
    spacy_file,
    xml_file,
    yaml_file,
)
from weighbridge.formats.context import Context, Place
from weighbridge.formats.credentials import note_credentials
from weighbridge.formats.python.parsing import parse
from weighbridge.formats.python.script_file import script_facts
from weighbridge.formats.templates import carriers, prompts
from weighbridge.sources.base import Source
from weighbridge.text.decoding import text_of
from weighbridge.text.json_text import loads

_LIMIT = 4 << 20
# Notebooks hold pictures, and padding must not hide what a configuration says.
_LIMIT_LARGE = 64 << 20
_LARGE = (".ipynb", ".mil", "config.json", "modules.json", "model_index.json")
_GUESSED = 256 << 10
_SOURCES = (".py", ".pyi", ".js", ".ts", ".cpp", ".cc", ".hpp", ".h", ".c", ".rs", ".go", ".java")
_PYTHON_NAMES = (".py", ".pyw", ".pyi", ".pyx")
_PROGRAMS = (".sh", ".pth", ".mlir")
# Readers of these mind no control character.
_PROMISED = (*_PYTHON_NAMES, ".jinja", ".jinja2", ".j2", "requirements.txt", ".cfg", ".toml")
_SHEBANG = re.compile(r"#![^\n]{0,80}\bpython")
_PYTHON = re.compile(r"^(?:import\s+\w|from\s+[\w.]+\s+import\s|def\s+\w+\s*\(|class\s+\w+)", re.M)
_XML = re.compile(r"\s*<(?:\?xml|!DOCTYPE|PMML|net|svg)\b")
# Lists of pieces of words, in which anything may stand.
_VOCABULARIES = frozenset({"tokenizer.json", "vocab.json", "vocab.txt", "merges.txt"})
# Models whose form is text, told by their content.
_MODELS = (
    (spacy_file.NAME, spacy_file.note_functions),
    (ncnn.NAME, ncnn.note_network),
    (caffe.NAME, caffe.note_network),
    (mlir.NAME, mlir.note_program),
    (coreml.NAME, coreml.note_program),
)
_PROSE = (".md", ".rst", ".csv", ".tsv", ".html", ".tex", ".bib", ".json", ".yaml", ".yml", ".toml")


def own_name(context: Context, place: Place) -> str:
    """Return the name of what is examined, without folders; empty when it has none."""
    return context.file_name(place).lower()


def is_source(context: Context, place: Place) -> bool:
    """Say whether a text is called after a language, in which templates stand as its own texts."""
    return own_name(context, place).endswith(_SOURCES)


def is_promised(context: Context, place: Place) -> bool:
    """Say whether what reads a file by its name takes it for a text, whatever stands in it.

    What could be taken from sight by a few control characters is read with them.
    """
    name = own_name(context, place)
    return name.endswith(_PROMISED) or shell_file.language_of("", name) != ""


def is_yaml(context: Context, source: Source, place: Place) -> bool:
    """Say whether a text is the YAML its name promises; templates stand in it under their keys."""
    if not own_name(context, place).endswith(yaml_file.ENDINGS):
        return False
    text = text_of(source, yaml_file.LIMIT)
    if text is None or text.lstrip("\ufeff \t\r\n").startswith("{"):
        return False  # `{{ x }}` is YAML too: a mapping with a mapping as its key
    return isinstance(yaml_file.outlined(text), dict)


def read_text(context: Context, source: Source, place: Place, kind: str) -> str:
    """Add the facts about a text; returns its kind, more exactly where one is known.

    Args:
        context: where facts go.
        source: the text.
        place: where it stands.
        kind: `json` or `text`.
    """
    name = own_name(context, place)
    promised = json_models.begins(source.read_at(0, 64)) if kind == "json" else ""
    limit = _LIMIT_LARGE if promised or _is_large(name) else _LIMIT
    if source.size > limit:
        if promised:
            why = "the model is longer than what is read of JSON"
            context.gap(place, promised, "limit-text", why)
            return promised
        _too_long(context, place, kind, name)
        return kind
    text = text_of(source, limit)
    if text is None:  # Latin-1 and its relatives, which give every byte a meaning
        text = source.read_at(0, source.size).decode("latin-1")
    # Shells leave NUL out, and Python before 3.12 the rest of its line.
    text = text.removeprefix("\ufeff").replace("\0", "")
    if kind == "json":
        found = _json(context, text, place, name)
    else:
        found = _other(context, text, place, name)
        if name.endswith(prompts.ENDING):
            prompts.note_prompt(context, text, place)
    if name not in _VOCABULARIES:
        note_credentials(context, text, place)
    return found or kind


def _is_large(name: str) -> bool:
    """Tell whether filling up a text of this name would hide what a loader runs."""
    return name.endswith(_LARGE) or name == stable_baselines.MEMBER


def _too_long(context: Context, place: Place, kind: str, name: str) -> None:
    """State that a text which loaders run was not read; others are data, however long they are."""
    if _is_large(name) or name.endswith((*_PYTHON_NAMES, *yaml_file.ENDINGS, *_PROGRAMS)):
        text = "the text is longer than what is read of code and configuration"
        context.gap(place, kind, "limit-text", text)


def _json(context: Context, text: str, place: Place, name: str) -> str:
    try:
        value = loads(text.encode("utf-8", "surrogatepass"), "json")
    except ParseError as error:
        promised = json_models.begins(text[:64].encode("utf-8", "replace"))
        if promised:
            context.gap_from(place, promised, error)
        return _other(context, text, place, name) or promised  # TOML begins like a list, for one
    if notebook.is_notebook(value):
        notebook.read_notebook(context, value, text, place)
        return notebook.NAME
    json_file.references_in_json(context, value, text, place, name)
    if name == dependencies.PIPFILE_LOCK:
        dependencies.read_pipfile_lock(context, value, place)
    return json_models.read_model(context, value, place)


def _other(context: Context, text: str, place: Place, name: str) -> str:
    if name.endswith(".pth"):
        text = _start_up_lines(text)
    if name.endswith(_PYTHON_NAMES) or _is_python(text, name):
        for fact in script_facts(text, place.member, context.budget):
            context.add(fact)
        return "python"
    if name.endswith(yaml_file.ENDINGS) or name in yaml_file.NAMES:
        _yaml(context, text, place, name)
        return yaml_file.NAME
    if requirements.is_requirements(name):
        requirements.read_requirements(context, text, place)
        return requirements.NAME
    if name == "pyproject.toml":
        requirements.read_pyproject(context, text, place)
        dependencies.read_pyproject(context, text, place)
        return "toml"
    dependencies.read_dependencies(context, text, place, name)
    if name == "readme.md":
        model_card.read_card(context, text, place)
    language = shell_file.language_of(text, name)
    if language:
        shell_file.read_shell(context, text, place, language)
        return shell_file.NAME
    for model, note in _MODELS:
        if note(context, text, place):
            return model
    if _XML.match(text):
        xml_file.note_entities(context, text, place)
    return ""


def _yaml(context: Context, text: str, place: Place, name: str) -> None:
    value = yaml_file.references_in_yaml(context, text, place, name)
    requirements.requirements_in_yaml(context, text, place, value, name)
    if len(text) <= yaml_file.LIMIT:
        carriers.templates_in_yaml(context, text, place)
    if name == "mlmodel":
        mlflow_file.note_mlmodel(context, value, place)


def _start_up_lines(text: str) -> str:
    """Return what Python runs of a path file: lines that begin with `import` (module `site`)."""
    lines = text.split("\n")
    kept = [line if line.startswith(("import ", "import\t")) else "" for line in lines]
    return "\n".join(kept)


def _is_python(text: str, name: str) -> bool:
    if _SHEBANG.match(text):
        return True
    if len(text) > _GUESSED or name.endswith(_PROSE) or _PYTHON.search(text) is None:
        return False
    return parse(text) is not None
