"""Whatever the configuration, reading it ends soon, and what it says can be stored."""

from __future__ import annotations

import json
import time

import pytest
from keras_samples import h5_model, keras_zip, lambda_layer, layer, legacy, model

from formats.scanning import scan

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis makes the files")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
WORDS = st.sampled_from(
    ("class_name", "config", "module", "registered_name", "function", "__lambda__", "__typespec__",
     "inbound_nodes", "args", "kwargs", "os", "system", "keras.layers", "Lambda", "Dense", "value",
     "code", "spec_name", "vocabulary", "TorchModuleWrapper", "units", "shape", "\ud800",
     "arguments", "TensorFlowOpLayer", "node_def", "{", "build_config", "function_type", "lambda")
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=30,
)


@MANY
@given(VALUES)
def test_any_object(value):
    text = json.dumps(value)
    scan(keras_zip(text))
    if len(text) < 60_000:
        scan(h5_model(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")))


@MANY
@given(st.data())
def test_changed_bytes_of_a_configuration(data):
    made = bytearray(json.dumps(model(layer("Dense", {}), lambda_layer(lambda x: x))).encode())
    for _ in range(data.draw(st.integers(1, 10))):
        made[data.draw(st.integers(0, len(made) - 1))] = data.draw(st.integers(0, 255))
    scan(keras_zip(bytes(made)))


@MANY
@given(st.data())
def test_changed_bytes_of_a_file(data):
    whole = bytearray(
        data.draw(
            st.sampled_from(
                (keras_zip(model(layer("Dense", {}))), h5_model(legacy(layer("Dense", {}))))
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    scan(bytes(whole[: data.draw(st.integers(1, len(whole)))]))


@pytest.mark.parametrize(
    "text",
    (
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        "[" + ",".join(["[]"] * 500_000) + "]",
        json.dumps(model(*[layer(f"Custom{n}", {}, module=f"m{n}") for n in range(20_000)])),
        json.dumps({"class_name": "A", "config": {"vocabulary": ["word"] * 300_000}}),
        "{" + ",".join(f'"k": {n}' for n in range(200_000)) + "}",
    ),
    ids=("deep", "wide", "names", "vocabulary", "duplicates"),
)
def test_bombs_end_soon(text):
    began = time.process_time()
    scan(keras_zip(text))
    assert time.process_time() - began < 10
