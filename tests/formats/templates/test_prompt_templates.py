"""Templates of prompts: told where they reach into the interpreter, and nothing else of them is."""

import json

import pytest

from formats.scanning import scan
from formats.templates.attacks import MALICIOUS, NEAR_MISSES
from weighbridge.facts.structure import Gap
from weighbridge.facts.templates import Template
from weighbridge.findings.model import Verdict

EVIL = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
CONFIGURATIONS = {
    "prompt.json": {"_type": "prompt", "template_format": "jinja2", "template": EVIL},
    "few.json": {"_type": "few_shot", "template_format": "jinja2", "examples": [], "suffix": EVIL},
    "constructor.json": {"lc": 1, "kwargs": {"template": EVIL, "template_format": "jinja2"}},
    "task.json": {"task": "x", "doc_to_choice": ["yes", EVIL]},
    "promptsource.json": {"templates": {"a": {"jinja": EVIL, "name": "x"}}},
}


# Names that no prompt is given, and what prompts do for good reason.
OF_CHATS = {
    "eval", "extends", "from", "getattr", "image-save", "import", "include", "mro", "open", "popen",
    "self", "frame", "attr-format", "attr-single",
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(MALICIOUS) - OF_CHATS))
def test_what_attacks_a_chat_attacks_a_prompt(name):
    value = {"template": MALICIOUS[name][0], "template_format": "jinja2"}
    data = json.dumps(value).encode()
    assert scan(data, name="prompt.json").verdict is Verdict.MALICIOUS


@pytest.mark.parametrize("file", CONFIGURATIONS)
def test_every_loader_has_its_keys(file):
    answer = scan(json.dumps(CONFIGURATIONS[file]).encode(), name=file)
    assert answer.rules == {"template-code"}
    assert "lm_eval.simple_evaluate" in answer.findings[0].loaders


def test_yaml_is_read_alike():
    text = f'task: x\ndoc_to_text: "{EVIL}"\ndoc_to_target: !function utils.target\n'
    assert scan(text.encode(), name="task.yaml").rules == {"template-code"}


def test_the_text_of_a_prompty_is_a_template():
    text = f"---\nname: x\nmodel:\n  api: chat\n---\nsystem:\nYou are {EVIL}\n"
    assert scan(text.encode(), name="chat.prompty").rules == {"template-code"}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_ordinary_prompts_leave_nothing(name):
    value = {"template": NEAR_MISSES[name], "template_format": "jinja2"}
    data = json.dumps(value).encode()
    assert not [fact for fact in scan(data, name="prompt.json").facts if isinstance(fact, Template)]


@pytest.mark.parametrize("template", ["Say {{text}} as {{#list}}{{.}}{{/list}}", "{{ a[0", "{x}"])
def test_braces_of_other_languages_are_clean(template):
    data = json.dumps({"template": template, "doc_to_text": template}).encode()
    assert scan(data, name="prompt.json").verdict is Verdict.CLEAN


def test_rows_of_a_data_set_about_attacks_are_clean():
    rows = [{"prompt": EVIL, "label": 1}, {"text": EVIL, "label": 1}]
    assert scan(json.dumps(rows).encode(), name="train.json").verdict is Verdict.CLEAN


def test_more_templates_than_are_read_are_told():
    rows = [{"template": f"{{{{ a[{number}] }}}}"} for number in range(250)]
    facts = scan(json.dumps(rows).encode(), name="prompts.json").facts
    assert [fact.code for fact in facts if isinstance(fact, Gap)] == ["limit-templates"]
