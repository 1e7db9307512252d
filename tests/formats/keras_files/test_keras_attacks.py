"""Attacks through configurations: each with its hit, its near miss and its honest twin."""

from __future__ import annotations

import base64
import json

import pytest
from keras_attacks import CONFIGS, DENSE, applied, runs
from keras_samples import (
    function,
    h5_model,
    keras_zip,
    lambda_layer,
    layer,
    legacy,
    model,
    zipped,
)

from formats.scanning import scan
from weighbridge.findings.model import Verdict

MALICIOUS, SUSPICIOUS = Verdict.MALICIOUS, Verdict.SUSPICIOUS
WEAKNESS, CLEAN = Verdict.WEAKNESS, Verdict.CLEAN


def cases(position):
    return [
        pytest.param(parts[position], id=name)
        for name, parts in CONFIGS.items()
        if parts[position] is not None
    ]


@pytest.mark.parametrize("layers", cases(0))
def test_hit(layers):
    scanned = scan(keras_zip(model(DENSE, *layers)))
    assert scanned.verdict is MALICIOUS
    assert scanned.effects
    worst = scanned.findings[0]
    assert any(loader.startswith(("keras.", "torch.load")) for loader in worst.loaders), worst


@pytest.mark.parametrize("layers", cases(1))
def test_near_miss(layers):
    assert scan(keras_zip(model(DENSE, *layers))).verdict is WEAKNESS


@pytest.mark.parametrize("layers", cases(2))
def test_honest_twin(layers):
    scanned = scan(keras_zip(model(DENSE, *layers)))
    assert scanned.verdict is CLEAN, scanned.findings


@pytest.mark.parametrize(
    "place",
    (
        lambda bad: model(DENSE, compile_config={"loss": bad}),
        lambda bad: model(DENSE, build_config={"input_shape": [bad]}),
        lambda bad: model({**DENSE, "inbound_nodes": [{"args": [bad], "kwargs": {}}]}),
        lambda bad: {"no class": {"name": [[bad]]}},
        lambda bad: [bad],
        lambda bad: model(DENSE, model(DENSE, model(DENSE, bad))),
    ),
)
def test_every_place_is_looked_at(place):
    assert scan(keras_zip(place(function("os", "system")))).verdict is MALICIOUS


@pytest.mark.parametrize("name", [name for name in CONFIGS if "lambda" in name or "vocab" in name])
def test_the_same_in_hdf5(name):
    hit, near, twin = CONFIGS[name]
    assert scan(h5_model(legacy(DENSE, *hit))).verdict is MALICIOUS
    if near is not None:
        assert scan(h5_model(legacy(DENSE, *near))).verdict is WEAKNESS
    if twin is not None:
        assert scan(h5_model(legacy(DENSE, *twin))).verdict is CLEAN


def test_hdf5_names_the_loader_that_ignores_safe_mode():
    finding = scan(h5_model(legacy(lambda_layer(runs)))).findings[0]
    assert "keras.models.load_model" in finding.loaders


def test_safe_mode_is_named_for_archives():
    finding = scan(keras_zip(model(lambda_layer(runs)))).findings[0]
    assert finding.loaders[0] == "keras.models.load_model(safe_mode=False)"
    assert finding.evidence["effects"] == ["process_exec"]
    assert "odd" in finding.title


def test_what_is_called_is_shown():
    bad = applied(function("os", "system"), "echo hello", flag=True)
    evidence = scan(keras_zip(model(bad))).findings[0].evidence
    assert evidence["code"] == "os.system('echo hello', flag='true')"
    assert evidence["path"] == "config.json: config.layers[0]"


def test_training_config_is_read():
    hostile = json.dumps({"loss": function("os", "system")})
    assert scan(h5_model(legacy(DENSE), training_config=hostile)).verdict is MALICIOUS


def test_unreadable_bytecode_is_no_weakness():
    text = base64.b64encode(b"\xe3" + b"garbage" * 20).decode()
    broken = layer("Lambda", {"function": [text, None, None], "function_type": "lambda"})
    assert scan(keras_zip(model(broken))).verdict is SUSPICIOUS


@pytest.mark.parametrize(
    ("text", "verdict"),
    (
        ("lambda x: __import__('os').system('echo x')", SUSPICIOUS),
        ("lambda x: tf.nn.softmax(x); exec('import os')", SUSPICIOUS),
        ("import os\nos.system('echo x')", SUSPICIOUS),
        ("lambda x: x * 2", WEAKNESS),
        ("relu", CLEAN),
        ("keras.activations.relu", CLEAN),
        ("<lambda>", CLEAN),
        ("mean over time", CLEAN),
    ),
)
def test_source_text_where_a_function_is_named_is_read(text, verdict):
    """Keras looks such a text up as a name, and fails; nothing it writes has one."""
    odd = {"class_name": "Lambda", "config": {"name": "odd", "function": text}}
    assert scan(h5_model(legacy(odd))).verdict is verdict


@pytest.mark.parametrize(
    "made",
    (
        lambda x, m: __import__(m).run(x),
        lambda x: x.__class__.__base__.__subclasses__(),
        lambda x: globals()["a"](x),
    ),
)
def test_code_that_looks_up_what_it_calls_is_suspicious(made):
    assert scan(keras_zip(model(lambda_layer(made)))).verdict is SUSPICIOUS


def test_arguments_of_the_layer_belong_to_its_code():
    bad = lambda_layer(
        lambda x, m, f: getattr(__import__(m), f)(x), arguments={"m": "os", "f": "system"}
    )
    assert scan(keras_zip(model(bad))).verdict is MALICIOUS
    fine = lambda_layer(lambda x, axis: x[axis], arguments={"axis": 1})
    assert scan(keras_zip(model(fine))).verdict is WEAKNESS


def test_text_that_is_no_base64_is_the_bytecode_itself():
    import marshal

    text = marshal.dumps(runs.__code__).decode("latin-1")
    bad = {"class_name": "__lambda__", "config": {"value": [text, None, None]}}
    assert scan(keras_zip(model(bad))).verdict is MALICIOUS


class TestJson:
    def test_escaped_keys(self):
        text = json.dumps(model(function("os", "system")))
        text = text.replace('"class_name"', '"\\u0063lass_name"').replace("system", "s\\u0079stem")
        assert scan(keras_zip(text)).verdict is MALICIOUS

    @pytest.mark.parametrize("encoding", ("utf-16", "utf-16-le", "utf-32", "utf-8-sig"))
    def test_encodings_that_python_detects(self, encoding):
        text = json.dumps(model(function("os", "system")))
        assert scan(keras_zip(text.encode(encoding))).verdict is MALICIOUS

    def test_both_of_two_keys_are_judged(self):
        good, bad = json.dumps(model(DENSE)), json.dumps(function("os", "system"))
        for first, second in ((good, bad), (bad, good)):
            scanned = scan(keras_zip(f'{{"a": {first}, "a": {second}}}'))
            assert scanned.verdict is MALICIOUS
            assert "keras-structure" in scanned.rules

    def test_two_different_values_are_suspicious(self):
        text = json.dumps(model(DENSE)).replace('"units": 4', '"units": 4, "units": 5')
        assert scan(keras_zip(text)).verdict is SUSPICIOUS

    def test_two_equal_values_are_a_weakness(self):
        text = json.dumps(model(DENSE)).replace('"units": 4', '"units": 4, "units": 4')
        assert scan(keras_zip(text)).verdict is WEAKNESS

    def test_deep_nesting_is_a_gap(self):
        scanned = scan(keras_zip("[" * 200_000 + "]" * 200_000))
        assert "limit-depth" in scanned.gaps

    def test_no_json_is_a_gap(self):
        assert "malformed-config" in scan(keras_zip("no json")).gaps

    def test_impossible_sizes(self):
        assert scan(keras_zip(model(layer("Dense", {"units": 1 << 50})))).verdict is SUSPICIOUS
        huge = json.dumps(model(DENSE)).replace('"units": 4', '"units": 1' + "0" * 1000)
        assert scan(keras_zip(huge)).verdict is SUSPICIOUS


class TestArchive:
    def test_configuration_alone_is_enough(self):
        data = zipped({"config.json": json.dumps(model(function("os", "system"))).encode()})
        assert scan(data).verdict is MALICIOUS

    @pytest.mark.parametrize("decoy", ("schema.json", "MAR-INF/MANIFEST.json", "data.pkl"))
    def test_members_of_other_formats_hide_nothing(self, decoy):
        config = json.dumps(model(function("os", "system"))).encode()
        assert scan(zipped({decoy: b"{}", "config.json": config})).verdict is MALICIOUS

    def test_second_configuration_of_the_same_name(self):
        import io
        import warnings
        import zipfile

        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for config in (model(function("os", "system")), model(DENSE)):
                archive.writestr("config.json", json.dumps(config))
        scanned = scan(packed.getvalue())
        assert scanned.verdict is MALICIOUS and "reader-disagreement" in scanned.rules

    def test_versions_are_kept(self):
        assert scan(keras_zip(model(DENSE))).metadata["keras_version"] == "3.8.0"
        assert scan(h5_model(legacy(DENSE))).metadata["keras_version"] == "2.9.0"

    def test_shards_outside_the_folder(self):
        index = {"metadata": {}, "weight_map": {"/a": ["../../x.h5", "model_00000.weights.h5"]}}
        data = keras_zip(model(DENSE), **{"model.weights.json": json.dumps(index).encode()})
        assert scan(data).verdict is MALICIOUS
        index["weight_map"] = {"/a": ["model_00000.weights.h5"]}
        data = keras_zip(model(DENSE), **{"model.weights.json": json.dumps(index).encode()})
        assert scan(data).verdict is CLEAN

    def test_a_zip_with_another_configuration_is_no_model(self):
        scanned = scan(zipped({"config.json": b'{"model_type": "bert", "max_length": 1e30}'}))
        assert scanned.verdict is CLEAN and scanned.format == "zip"


class TestStandalone:
    """A folder, or a repository, with `config.json` in place of a zip."""

    def test_hit_and_twin(self):
        bad = json.dumps(model(DENSE, function("os", "system"))).encode()
        assert scan(bad).verdict is MALICIOUS
        assert scan(json.dumps(model(DENSE)).encode()).verdict is CLEAN
        assert scan(bad.replace(b'"class_name"', b'"\\u0063lass_name"')).verdict is MALICIOUS

    def test_json_of_other_programs(self):
        other = {"class_name": "os.system", "config": {"x": 1}, "module": "subprocess"}
        assert scan(json.dumps(other).encode()).verdict is CLEAN

    def test_shards(self):
        index = {"weight_map": {"/a": ["../x.h5"]}}
        assert scan(json.dumps(index).encode()).verdict is MALICIOUS
        index = {"weight_map": {"/a": ["x.h5", "y.h5"], "/b": "x.h5"}}
        assert scan(json.dumps(index).encode()).verdict is CLEAN


def test_operators_that_read_what_comes_in_are_suspicious():
    reads = layer("TFOpLambda", {"function": "io.read_file"}, inbound_nodes=[["input", 0, 0, {}]])
    assert scan(keras_zip(model(reads))).verdict is SUSPICIOUS


class TestNames:
    """Layers of other packages are weaknesses, and each is named once."""

    def test_all_custom_objects_make_one_finding(self):
        layers = [layer("A", {}, module=None, registered_name=f"p>A{n}") for n in range(30)]
        findings = scan(keras_zip(model(*layers))).findings
        assert len(findings) == 1
        assert "p>A0" in findings[0].title and findings[0].evidence["count"] == 30

    @pytest.mark.parametrize(
        "module", ("keras_hub.layers", "keras_cv.models", "keras_nlp.layers", "tf_keras.layers")
    )
    def test_packages_of_keras_are_clean(self, module):
        assert scan(keras_zip(model(layer("Thing", {}, module=module)))).verdict is CLEAN

    @pytest.mark.parametrize("module", ("tensorflow_addons.layers", "transformers.models.bert"))
    def test_classes_of_libraries_are_a_weakness(self, module):
        assert scan(keras_zip(model(layer("Thing", {}, module=module)))).verdict is WEAKNESS

    def test_functions_of_libraries_are_suspicious(self):
        bad = function("transformers.utils.hub", "something_new")
        assert scan(keras_zip(model(bad))).verdict is SUSPICIOUS

    def test_unknown_functions_of_keras_are_suspicious(self):
        assert scan(keras_zip(model(function("keras.utils", "brand_new")))).verdict is SUSPICIOUS

    def test_classes_without_a_module(self):
        assert scan(h5_model(legacy({"class_name": "Dense", "config": {}}))).verdict is CLEAN
        custom = legacy({"class_name": "MyDense", "config": {}})
        assert scan(h5_model(custom)).verdict is WEAKNESS
        registered = legacy({"class_name": "pkg>Dense", "config": {}})
        assert scan(h5_model(registered)).verdict is WEAKNESS

    def test_words_in_names_are_no_code(self):
        names = layer("Dense", {"name": "exec_os_system_layer", "activation": "eval"})
        assert scan(keras_zip(model(names))).verdict is CLEAN

    def test_type_specs(self):
        spec = {
            "class_name": "__typespec__",
            "spec_name": "TensorSpec",
            "module": "tensorflow.python.framework.tensor",
            "config": [[None, 4], "float32", "x"],
            "registered_name": None,
        }
        assert scan(keras_zip(model(layer("InputLayer", {"spec": spec})))).verdict is CLEAN
        bad = {**spec, "spec_name": "system", "module": "os"}
        assert scan(keras_zip(model(layer("InputLayer", {"spec": bad})))).verdict is MALICIOUS
