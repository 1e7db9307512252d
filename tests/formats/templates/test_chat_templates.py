"""Chat templates: what leads out of Jinja, and the honest ones of every known family."""

import pytest

from formats.templates.attacks import CHAT, MALICIOUS, NEAR_MISSES, SUSPICIOUS
from formats.templates.families import FAMILIES
from formats.templates.scanning import in_file, in_json
from weighbridge.facts.codec import decode, encode
from weighbridge.facts.templates import Template, TemplateUse
from weighbridge.formats.templates.constants import Constants
from weighbridge.formats.templates.parsing import LIMIT, parse
from weighbridge.formats.templates.shown import show


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("scan", [in_json, in_file])
def test_templates_of_known_families_are_clean(family, scan):
    answer = scan(FAMILIES[family])
    assert (answer.verdict, answer.rules) == ("clean", set())
    assert len(answer.of(Template)) == 1 and answer.of(Template)[0].complete


@pytest.mark.parametrize("name", MALICIOUS)
@pytest.mark.parametrize("scan", [in_json, in_file])
def test_templates_that_reach_out_are_malicious(name, scan):
    template, effect = MALICIOUS[name]
    answer = scan(CHAT + template)
    assert answer.verdict == "malicious"
    assert effect in answer.effects
    assert all(finding.loaders for finding in answer.findings)


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_unusual_templates_are_suspicious(name):
    assert in_json(CHAT + SUSPICIOUS[name]).verdict == "suspicious"


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_near_misses_are_clean(name):
    answer = in_json(CHAT + NEAR_MISSES[name])
    assert (answer.verdict, answer.rules) == ("clean", set())


@pytest.mark.parametrize("family", FAMILIES)
def test_an_attack_shows_in_every_family(family):
    attacked = FAMILIES[family] + "{{ joiner.__init__.__globals__.os.popen('id').read() }}"
    assert in_json(attacked).verdict == "malicious"


def test_a_mark_at_the_very_start_is_no_hidden_character():
    assert in_json("\ufeff" + FAMILIES["chatml"]).verdict == "clean"


def test_a_finding_says_where_and_what():
    answer = in_json(CHAT + "\n\n{{ cycler.__init__.__globals__.os.popen('id') }}")
    (finding,) = answer.findings
    assert finding.member == "chat_template"
    assert "popen" in finding.evidence["code"] and finding.evidence["line"] == 3
    assert any(loader.startswith("transformers") for loader in finding.loaders)


def test_one_finding_per_template_however_often():
    assert len(in_json(CHAT + "{{ ''.__class__ }}" * 50).findings) == 1


def test_facts_survive_the_pipe():
    facts = in_json(FAMILIES["llama_3"] + "{{ x.__class__ }}").facts
    assert [decode(encode(fact)) for fact in facts] == facts


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{% if %}", "malformed-template"),
        ("{% nonsense %}", "malformed-template"),
        ("{{ " + "9" * 5000 + " }}", "malformed-template"),
        ("{{ " + "(" * 5000 + " }}", "limit-template-depth"),
        ("{% if a %}" * 1000, "limit-template-depth"),
        ("x" * (LIMIT + 1), "limit-template-size"),
        ("{{ a.b }}" + "".join(f"{{{{ a.b{n} }}}}" for n in range(3000)), "limit-template-uses"),
    ],
)
def test_what_cannot_be_read_is_a_gap(template, code):
    answer = in_json(template)
    assert [gap.code for gap in answer.gaps] == [code]
    assert not answer.of(Template)[0].complete


def test_values_do_not_grow_without_bound():
    doubling = "{% set a0 = 'aaaaaaaaaa' %}" + "".join(
        f"{{% set a{n + 1} = a{n} ~ a{n} %}}" for n in range(60)
    )
    answer = in_json(CHAT + doubling + "{{ messages[a60] }}")
    assert answer.verdict in ("clean", "suspicious", "inconclusive")
    nested = "{% set a0 = ['x', 'y'] %}" + "".join(
        f"{{% set a{n + 1} = [a{n}, a{n}, a{n}] %}}" for n in range(40)
    )
    assert in_json(CHAT + nested + "{{ messages[a40|string] }}").verdict is not None


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("'a' ~ 1 ~ 'b'", ["a1b"]),
        ("'ab'[0]", ["a"]),
        ("('a', 'b')[1]", ["b"]),
        ("{'k': 'v'}['k']", ["v"]),
        ("'%d-%s' % (1, 'x')", ["1-x"]),
        ("'%999999d' % 1", []),
        ("'{:>9999}'.format('x')", []),
        ("'x' * 100000", []),
        ("unknown ~ 'x'", []),
        ("'a' if b else 'c'", ["a", "c"]),
        ("'Ab'|lower|upper", ["AB"]),
        ("['a', 'b']|first", ["a"]),
        ("' a '|trim", ["a"]),
    ],
)
def test_constant_values(expression, values):
    tree = parse("{{ " + expression + " }}")
    assert Constants(tree).of(tree.body[0].nodes[0]) == values


@pytest.mark.parametrize(
    "expression",
    ["a.b['c'](1, d=2)|join(', ')", "x if y else z", "not a", "a[1:2]", "a == 'b'", "a is none"],
)
def test_expressions_are_shown_as_written(expression):
    tree = parse("{{ " + expression + " }}")
    assert show(tree.body[0].nodes[0]) == expression


def test_secrets_in_a_template_are_masked():
    token = "hf_" + "aB3" * 11 + "x"
    facts = in_json(CHAT + "{{ x['" + token + "'] }}" + token).facts
    assert token not in repr(facts)


def test_uses_are_counted_once_per_name():
    uses = in_json("{{ a.b }}{{ a.b }}{{ a.b }}").of(TemplateUse)
    assert [(use.name, use.count) for use in uses if use.kind == "attribute"] == [("b", 3)]
