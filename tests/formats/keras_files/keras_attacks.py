"""Layers of attacks through configurations: hit, near miss and honest twin of each."""

from __future__ import annotations

import base64
import pickle

from keras_samples import (
    code,
    function,
    lambda_layer,
    layer,
)

DENSE = layer("Dense", {"units": 4, "activation": "relu", "name": "dense"})


def runs(x):
    import os

    os.system("echo x")
    return x


def uses_global(x):
    return os.system("echo x")  # noqa: F821


def fetches(x):
    from urllib.request import urlopen

    return urlopen("http://192.0.2.1/x").read()


def unmarshals(x):
    return marshal.loads(x)  # noqa: F821


def doubles(x):
    return x * 2 + 1


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("echo x",)


def applied(reference, *args, **kwargs):
    return {**reference, "inbound_nodes": [{"args": list(args), "kwargs": kwargs}]}


TORCH = base64.b64encode(pickle.dumps(Hostile(), 2)).decode()
HARMLESS_TORCH = base64.b64encode(pickle.dumps([1, 2], 2)).decode()

# name: hit, near miss or None, honest twin or None; each a list of layers.
CONFIGS = {
    "foreign function": (
        [applied(function("os", "system"), "echo x")],
        [function("my_losses", "system_loss")],
        [function("keras.activations", "relu")],
    ),
    "foreign class": (
        [layer("Popen", {"args": ["echo"]}, module="subprocess")],
        [layer("Popen", {}, module="my_package.layers", registered_name="my>Popen")],
        [DENSE],
    ),
    "standard library without a row": (
        [layer("OrderedDict", {}, module="collections")],
        [layer("OrderedDict", {}, module="collections_of_mine")],
        None,
    ),
    "built-in function": (
        [function("builtins", "eval")],
        [function("builtins", "my_loss", registered_name="function")],
        [function("builtins", "mean_squared_error", registered_name="function")],
    ),
    "get_file": (
        [applied(function("keras.utils", "get_file"), "x", origin="http://192.0.2.1/x")],
        None,
        [function("keras.ops", "add")],
    ),
    "get_file by the dotted name": ([function("keras", "utils.get_file")], None, None),
    "get_file as a class": ([layer("get_file", {}, module="keras.utils")], None, None),
    "get_file in the sources": ([function("keras.src.utils.file_utils", "get_file")], None, None),
    "unsafe mode": ([function("keras.config", "enable_unsafe_deserialization")], None, None),
    "load_model": ([applied(function("keras.models", "load_model"), "x.keras")], None, None),
    "load_model of tf.keras": ([function("tensorflow.keras.models", "load_model")], None, None),
    "load_model of tf_keras": ([function("tf_keras.models", "load_model")], None, None),
    "deserialize": (
        [function("keras.layers", "deserialize")],
        None,
        [function("keras.layers", "add")],
    ),
    "global state": (
        [function("keras.src.backend.common.global_state", "set_global_attribute")],
        None,
        None,
    ),
    "data set": ([function("keras.datasets.mnist", "load_data")], None, None),
    "module through Keras": ([function("keras.src.utils.io_utils", "os")], None, None),
    "lambda": ([lambda_layer(runs)], [lambda_layer(doubles)], [DENSE]),
    "lambda with a global": ([lambda_layer(uses_global)], [lambda_layer(doubles)], None),
    "lambda that fetches": ([lambda_layer(fetches)], [lambda_layer(doubles)], None),
    "lambda that unmarshals": ([lambda_layer(unmarshals)], None, None),
    "lambda outside a layer": (
        [{"class_name": "__lambda__", "config": {"value": [code(runs), None, None]}}],
        [{"class_name": "__lambda__", "config": {"value": [code(doubles), None, None]}}],
        None,
    ),
    "lambda as output shape": (
        [lambda_layer(doubles, output_shape=lambda_layer(runs)["config"]["function"])],
        [lambda_layer(doubles, output_shape=[None, 4])],
        None,
    ),
    "lambda as triple": (
        [layer("Lambda", {"function": [code(runs), None, None], "function_type": "lambda"})],
        [layer("Lambda", {"function": [code(doubles), None, None], "function_type": "lambda"})],
        [layer("Lambda", {"function": "relu", "function_type": "function"})],
    ),
    "lambda with noise in its base64": (
        [layer("Lambda", {"function": ["!!" + code(runs), None, None], "function_type": "lambda"})],
        None,
        None,
    ),
    "lambda with globals of a module": (
        [
            layer(
                "Lambda",
                {
                    "function": [code(lambda x: system("echo x")), None, None],  # noqa: F821
                    "function_type": "lambda",
                    "module": "os",
                },
            )
        ],
        [
            layer(
                "Lambda",
                {
                    "function": [code(lambda x: system("echo x")), None, None],  # noqa: F821
                    "function_type": "lambda",
                    "module": "my_layers",
                },
            )
        ],
        None,
    ),
    "lambda in wrappers": (
        [
            layer(
                "TimeDistributed", {"layer": layer("Bidirectional", {"layer": lambda_layer(runs)})}
            )
        ],
        [layer("TimeDistributed", {"layer": lambda_layer(doubles)})],
        [layer("TimeDistributed", {"layer": DENSE})],
    ),
    "lambda in an initialiser": (
        [layer("Dense", {"kernel_initializer": lambda_layer(runs)["config"]["function"]})],
        None,
        [layer("Dense", {"kernel_initializer": "glorot_uniform"})],
    ),
    "call through a Lambda layer": (
        [
            layer(
                "Lambda",
                {
                    "function": function("keras.models", "load_model"),
                    "arguments": {"safe_mode": False},
                },
            )
        ],
        None,
        [layer("Lambda", {"function": function("keras.activations", "relu")})],
    ),
    "torch module": (
        [layer("TorchModuleWrapper", {"module": TORCH})],
        [layer("TorchModuleWrapper", {"module": HARMLESS_TORCH})],
        None,
    ),
    "SavedModel elsewhere": (
        [layer("TFSMLayer", {"filepath": "/tmp/evil"})],
        [layer("TFSMLayer", {"filepath": "assets/saved"})],
        None,
    ),
    "SavedModel on another machine": ([layer("TFSMLayer", {"filepath": "gs://b/m"})], None, None),
    "SavedModel above": ([layer("TFSMLayer", {"filepath": "a/../../b"})], None, None),
    "vocabulary by path": (
        [layer("StringLookup", {"vocabulary": "/etc/passwd"})],
        [layer("StringLookup", {"vocabulary": "vocabulary.txt"})],
        [layer("StringLookup", {"vocabulary": ["/etc/passwd", "http://x"]})],
    ),
    "vocabulary by address": (
        [layer("TextVectorization", {"vocabulary": "http://192.0.2.1/v"})],
        None,
        [layer("TextVectorization", {"vocabulary": ["a", "b"]})],
    ),
    "vocabulary of integers": (
        [layer("IntegerLookup", {"vocabulary": "C:\\secret.txt"})],
        None,
        [layer("IntegerLookup", {"vocabulary": [1, 2]})],
    ),
    "operator that reads": (
        [
            layer(
                "TFOpLambda",
                {"function": "io.read_file"},
                inbound_nodes=[["_CONSTANT_VALUE", -1, "/etc/passwd", {}]],
            )
        ],
        None,
        [layer("TFOpLambda", {"function": "math.reduce_mean"})],
    ),
    "node that runs Python": (
        [layer("TensorFlowOpLayer", {"node_def": '{"op": "PyFunc"}'})],
        None,
        [layer("TensorFlowOpLayer", {"node_def": '{"op": "AddV2"}'})],
    ),
    "operator that loads a library": (
        [layer("TFOpLambda", {"function": "load_op_library"})],
        None,
        [layer("TFOpLambda", {"function": "signal.stft"})],
    ),
}
