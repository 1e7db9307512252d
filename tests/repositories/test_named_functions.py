"""Functions and classes that configurations of spaCy and LangChain name."""

import json

import pytest

from formats.scanning import scan
from weighbridge.findings.model import Kind, Verdict

SPACY = """[paths]
train = null

[nlp]
lang = "en"
pipeline = ["tok2vec","ner"]

[components.ner]
factory = "ner"

[components.ner.model]
@architectures = "spacy.TransitionBasedParser.v2"

[training.optimizer]
@optimizers = "Adam.v1"
"""


def langchain(*path):
    inner = {"lc": 1, "type": "constructor", "id": list(path), "kwargs": {}}
    key = {"lc": 1, "type": "secret", "id": ["OPENAI_API_KEY"]}
    outer = ["langchain_core", "runnables", "RunnableSequence"]
    kwargs = {"first": inner, "api_key": key}
    return json.dumps({"lc": 1, "type": "constructor", "id": outer, "kwargs": kwargs}).encode()


def test_functions_of_spacy_itself_are_clean():
    answer = scan(SPACY.encode())
    assert (answer.format, answer.verdict) == ("spacy-config", Verdict.CLEAN)


def test_a_function_of_another_package_is_a_weakness():
    text = SPACY.replace("spacy.TransitionBasedParser.v2", "mine.Parser.v1")
    (finding,) = scan(text.encode()).findings
    assert (finding.rule, finding.kind) == ("host-code", Kind.WEAKNESS)
    assert finding.evidence["symbols"] == ["mine.Parser.v1(architectures)"]


def test_other_settings_are_texts():
    answer = scan(b"# settings\n[nlp]\nlang = en\n")
    assert (answer.format, answer.verdict) == ("text", Verdict.CLEAN)
    assert scan(f"# A pipeline\n\nIts settings:\n\n{SPACY}".encode()).format == "text"


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        (("langchain", "prompts", "prompt", "PromptTemplate"), Verdict.CLEAN),
        (("langchain_openai", "chat_models", "ChatOpenAI"), Verdict.CLEAN),
        (("their_package", "tools", "Tool"), Verdict.WEAKNESS),
        (("os", "system"), Verdict.MALICIOUS),
        (("subprocess", "Popen"), Verdict.MALICIOUS),
        (("langchain", "python", "PythonREPL"), Verdict.SUSPICIOUS),
    ],
)
def test_a_constructor_is_judged_by_what_it_names(path, verdict):
    assert scan(langchain(*path)).verdict is verdict
