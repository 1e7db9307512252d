"""Where templates lie: JSON files, files of their own, and what only looks like one."""

import json

import pytest

from formats.templates.attacks import CHAT
from formats.templates.families import FAMILIES
from formats.templates.scanning import Answer, in_file, in_json, in_yaml
from weighbridge.facts.templates import Template

EVIL = "{{ cycler.__init__.__globals__.os.popen('id').read() }}"
HONEST = FAMILIES["chatml"]


def test_a_list_of_named_templates_is_read_in_full():
    entries = [{"name": "default", "template": HONEST}, {"name": "tool_use", "template": EVIL}]
    answer = in_json(entries)
    assert answer.verdict == "malicious"
    assert answer.findings[0].member == "chat_template.tool_use"
    assert [fact.name for fact in answer.of(Template)] == ["default", "tool_use"]


def test_a_map_of_templates_is_read_in_full():
    assert in_json({"default": HONEST, "rag": EVIL}).verdict == "malicious"


@pytest.mark.parametrize("name", ["../../evil", "a/b", "..\\evil", "/etc/cron.d/x", ".."])
def test_a_name_that_leads_out_is_malicious(name):
    answer = in_json([{"name": name, "template": HONEST}])
    assert (answer.verdict, answer.rules) == ("malicious", {"path-escape"})


@pytest.mark.parametrize("name", ["default", "tool_use", "rag", "tool-use.v2", "a b"])
def test_ordinary_names_are_clean(name):
    assert in_json([{"name": name, "template": HONEST}]).verdict == "clean"


@pytest.mark.parametrize(
    "text",
    [
        '{"chat_template": EVIL, "chat_template": HONEST}',
        '{"chat_template": HONEST, "chat_template": EVIL}',
        '{"chat\\u005ftemplate": EVIL}',
        '{"nested": {"chat_template": EVIL}}',
        '[{"chat_template": EVIL}]',
    ],
)
def test_hidden_places_in_json_are_read(text):
    text = text.replace("EVIL", json.dumps(EVIL)).replace("HONEST", json.dumps(HONEST))
    assert Answer(text.encode()).verdict == "malicious"


def test_other_keys_are_not_templates():
    assert Answer(json.dumps({"prompt": EVIL}).encode()).verdict == "clean"
    assert in_json(None).verdict == "clean"
    assert in_json("chatml").verdict == "clean"


def test_broken_json_that_names_a_template_is_not_clean():
    assert Answer(b'{"chat_template": "x').verdict == "inconclusive"
    assert Answer(b'{"a": ' * 5000 + b'{"chat_template": "x"}').verdict == "inconclusive"


def test_too_many_templates_are_a_gap():
    answer = in_json([{"name": f"n{n}", "template": "x"} for n in range(150)])
    assert [gap.code for gap in answer.gaps] == ["limit-templates"]


def test_a_file_of_its_own():
    answer = in_file(HONEST)
    assert answer.formats == ["jinja-template"] and answer.verdict == "clean"
    assert in_file(CHAT + EVIL).verdict == "malicious"
    assert in_file(EVIL).verdict == "malicious"
    assert in_file("{{ ''['__cla' ~ 'ss__'] }}").verdict == "malicious"


@pytest.mark.parametrize(
    "text",
    [
        "# A model\n\n```jinja\n" + CHAT + EVIL + "\n```\n",
        "Set `{{ name }}` and `{% if x %}`, as in {{ x.__class__ }}.\n",
        "{{ instruction }}\n\n{{ input }}\n",
        "{% extends 'base.html' %}{% block body %}<div>{{ title }}</div>{% endblock %}",
        "{% load static %}<html>{% for message in messages %}<li role='x'>{{ message }}"
        "</li>{% endfor %}</html>",
        "{% extends 'base.html' %}{% for message in messages %}<div>{{ message.content }}</div>"
        "{% endfor %}",
        "{{- if .System }}<|system|>{{ .System }}{{ end }}{{ range .Messages }}{{ .Content }}"
        "{{ end }}",
        "{{#each messages}}{{role}}: {{content}}{{/each}}",
        "{{ config(materialized='table') }}\nselect 1\n",
        "{%- comment %}\n\\def\\x{1}\n",
        "f'{{messages}}'",
        "---\n{{ card_data }}\n---\n# {{ model_id }}\n",
    ],
)
def test_other_text_with_braces_stays_text(text):
    answer = in_file(text)
    assert answer.verdict == "clean" and answer.formats == ["text"]


def test_a_chat_template_that_cannot_be_parsed_is_not_clean():
    assert in_file(CHAT + "{% if %}").verdict == "inconclusive"


def test_text_before_the_first_tag():
    answer = in_file("<|system|>You are helpful.\n" + CHAT + EVIL)
    assert answer.formats == ["jinja-template"] and answer.verdict == "malicious"


@pytest.mark.parametrize(
    "text",
    [
        f"chat_template: {json.dumps(EVIL)}\n",
        f"model:\n  chat_template_jinja: |\n    {EVIL}\n",
        f"instruction_template: >-\n  {EVIL}\n",
        f"chat_template:\n- name: tool_use\n  template: {json.dumps(EVIL)}\n",
        f"a: 1\n---\nchat_template: {{default: {json.dumps(EVIL)}}}\n",
        f"common: &t {json.dumps(EVIL)}\nchat_template: *t\n",
        f"chat_template: {json.dumps(EVIL)}\n---\nbroken: [\n",
    ],
)
def test_templates_in_yaml_are_read(text):
    assert in_yaml(text).verdict == "malicious"


def test_yaml_with_an_honest_template_is_yaml():
    text = "model_name: a\nchat_template: " + json.dumps(HONEST) + "\n"
    answer = in_yaml(text)
    assert answer.verdict == "clean" and answer.formats == ["yaml"]
    folded = "chat_template:\n  '" + CHAT.replace("'", "''") + "'\nmodel_name: a\n"
    assert in_yaml(folded).verdict == "clean"


def test_a_template_that_is_called_yaml_is_a_template():
    assert in_yaml(EVIL).verdict == "malicious"
    assert in_yaml(CHAT + EVIL).verdict == "malicious"


def test_other_keys_of_yaml_are_not_templates():
    assert in_yaml(f"prompt: {json.dumps(EVIL)}\n").verdict == "clean"
    assert in_yaml("chat_template: chatml\n").verdict == "clean"
    assert in_yaml("chat_template: jinja\nx: '{%'\n").verdict == "clean"
