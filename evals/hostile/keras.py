"""Keras models whose configuration or weights do what no model needs."""

from __future__ import annotations

import base64
import json
import marshal
import pickle
from collections.abc import Callable, Iterator
from typing import Any

from evals.archives import zipped
from evals.hdf5 import attribute, external_link, file_of
from evals.samples import COMMAND, URL, Sample

LOAD = ("keras.",)
RUN = ("process_exec",)
_METADATA = b'{"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}'

_LAMBDAS: dict[str, tuple[str, tuple[str, ...]]] = {
    "import-inside": ("lambda x: __import__('os').system('echo x')", RUN),
    "global-os": ("lambda x: os.system('echo x')", RUN),
    "subprocess": ("lambda x: __import__('subprocess').run(['echo', 'x'])", RUN),
    "eval": ("lambda x: eval('1+1')", ("code_exec",)),
    "exec": ("lambda x: exec('import os')", ("code_exec",)),
    "getattr": ("lambda x: getattr(__import__('os'), 'sys' + 'tem')('echo x')", ()),
    "urlopen": (
        "lambda x: __import__('urllib.request').request.urlopen('http://192.0.2.1')",
        ("network", "import_resolve"),
    ),
    "socket": ("lambda x: __import__('socket').create_connection(('192.0.2.1', 80))", ("network",)),
    "open-write": ("lambda x: open('/tmp/x', 'w').write('x')", ("file_write", "file_read")),
    "marshal": ("lambda x: marshal.loads(x)", ("code_exec", "deserialize")),
    "nested": ("lambda x: (lambda: __import__('os').popen('echo x'))()", RUN),
    "comprehension": ("lambda x: [__import__('os').system('echo') for _ in range(1)]", RUN),
    "computed": ("lambda x: __import__(x.name).run('echo x')", ("import_resolve",)),
    "insides": ("lambda x: ().__class__.__base__.__subclasses__()", ("import_resolve",)),
    "default": ("lambda x, m='os': __import__(m).system('echo x')", RUN),
    "tensorflow": (
        "lambda x: tensorflow.io.write_file('/tmp/x', x)",
        ("file_write", "file_read"),
    ),
}
_GADGETS = (
    ("keras.utils", "get_file", ("network",)),
    ("keras.utils", "load_img", ("file_read",)),
    ("keras.utils", "save_img", ("file_write",)),
    ("keras.utils", "plot_model", ("file_write",)),
    ("keras.utils", "image_dataset_from_directory", ("file_read",)),
    ("keras.utils", "deserialize_keras_object", ("code_exec",)),
    ("keras.config", "enable_unsafe_deserialization", ("code_exec", "tamper")),
    ("keras.config", "set_backend", ("tamper",)),
    ("keras.models", "load_model", ("code_exec",)),
    ("keras.saving", "load_model", ("code_exec",)),
    ("keras.saving", "load_weights", ("code_exec",)),
    ("keras.layers", "deserialize", ("code_exec",)),
    ("keras.datasets.mnist", "load_data", ("network",)),
    ("keras", "utils.get_file", ("network",)),
    ("keras.src.utils.file_utils", "get_file", ("network",)),
    ("keras.src.utils.file_utils", "extract_archive", ("network", "file_write")),
    ("keras.src.utils.python_utils", "func_load", ("code_exec",)),
    ("keras.src.saving.serialization_lib", "enable_unsafe_deserialization", ("code_exec",)),
    ("keras.src.legacy.saving.legacy_h5_format", "load_model_from_hdf5", ("code_exec",)),
    ("tensorflow.keras.utils", "get_file", ("network",)),
    ("tf_keras.models", "load_model", ("code_exec",)),
)
_FOREIGN = (
    ("os", "system", RUN),
    ("posix", "system", RUN),
    ("subprocess", "check_output", RUN),
    ("builtins", "exec", ("code_exec",)),
    ("builtins", "eval", ("code_exec",)),
    ("importlib", "import_module", ("import_resolve",)),
    ("pickle", "loads", ("deserialize",)),
    ("runpy", "run_path", ("code_exec",)),
    ("shutil", "rmtree", ("file_delete",)),
    ("urllib.request", "urlretrieve", ("network",)),
    ("ctypes", "CDLL", ("native_code",)),
    ("pip", "main", ()),
    ("torch", "load", ("deserialize", "code_exec")),
    ("collections", "namedtuple", ("import_resolve", "code_exec")),
)


def _layer(name: str, config: dict[str, Any], module: str = "keras.layers") -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _function(module: str, name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
        "inbound_nodes": [{"args": list(args), "kwargs": kwargs}],
    }


def _model(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    decoy = _layer("Dense", {"units": 4, "activation": "relu"})
    return {**_layer("Sequential", {"layers": [decoy, *layers]}, "keras"), **more}


def _archive(config: Any) -> bytes:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    weights = file_of()
    return zipped({"metadata.json": _METADATA, "config.json": text, "model.weights.h5": weights})


def _h5(config: Any) -> bytes:
    text = json.dumps(config).encode()
    return file_of(attribute("model_config", text), attribute("keras_version", b"2.9.0"))


def _code(source: str) -> tuple[str, list[Any] | None]:
    function = eval(source)
    text = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    return text, list(function.__defaults__ or ()) or None


def _lambda(source: str) -> dict[str, Any]:
    code, defaults = _code(source)
    inner = {"code": code, "defaults": defaults, "closure": None}
    return _layer("Lambda", {"function": {"class_name": "__lambda__", "config": inner}})


def _old_lambda(source: str) -> dict[str, Any]:
    config = {"function": [*_code(source), None], "function_type": "lambda"}
    return {"class_name": "Lambda", "config": config}


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _lambdas()
    for module, name, effects in _GADGETS:
        config = _model(_function(module, name, URL))
        title = f"keras-gadget-{module}-{name}"
        yield Sample(title, "functions of Keras", effects, LOAD, _archive(config), "m.keras")
    for module, name, effects in _FOREIGN:
        config = _model(_function(module, name, COMMAND))
        title = f"keras-foreign-{module}-{name}"
        yield Sample(title, "foreign names in Keras", effects, LOAD, _archive(config), "m.keras")
    yield from _places()
    yield from _files()
    yield from _json()


def _lambdas() -> Iterator[Sample]:
    for name, (source, effects) in _LAMBDAS.items():
        new, old = _archive(_model(_lambda(source))), _h5(_model(_old_lambda(source)))
        yield Sample(f"lambda-{name}", "Lambda layers", effects, LOAD, new, "m.keras")
        yield Sample(f"lambda-h5-{name}", "Lambda layers", effects, LOAD, old, "m.h5")
    broken = {"function": ["4w" + "A" * 200, None, None], "function_type": "lambda"}
    content = _h5(_model(_layer("Lambda", broken)))
    yield Sample("lambda-unreadable", "Lambda layers", (), LOAD, content, "m.h5")


def _places() -> Iterator[Sample]:
    bad = _function("os", "system", COMMAND)
    places: dict[str, Callable[[dict[str, Any]], Any]] = {
        "loss": lambda item: _model(compile_config={"loss": item}),
        "build": lambda item: _model(build_config={"x": [item]}),
        "wrapper": lambda item: _model(_layer("TimeDistributed", {"layer": item})),
        "initialiser": lambda item: _model(_layer("Dense", {"kernel_initializer": item})),
        "argument": lambda item: _model(_function("keras.ops", "add", item)),
        "nested": lambda item: _model(_model(_model(item))),
        "bare": lambda item: {"a": [item]},
    }
    for name, place in places.items():
        content = _archive(place(bad))
        yield Sample(f"keras-in-{name}", "places in a configuration", RUN, LOAD, content, "m.keras")


class _Runs:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, (COMMAND,)


def _files() -> Iterator[Sample]:
    technique = "files that Keras reads"
    fields: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
        ("StringLookup", "vocabulary", "/etc/passwd", ("file_read",)),
        ("IntegerLookup", "vocabulary", "../../secret", ("file_read",)),
        ("TextVectorization", "vocabulary", URL, ("network",)),
        ("TFSMLayer", "filepath", "/tmp/saved", ("code_exec",)),
        ("TFSMLayer", "filepath", "gs://bucket/saved", ("network",)),
    )
    for number, (layer, field, value, effects) in enumerate(fields):
        content = _archive(_model(_layer(layer, {field: value})))
        yield Sample(f"keras-path-{number}", technique, effects, LOAD, content, "m.keras")
    link = file_of(external_link("layers", "/etc/passwd"))
    yield Sample("keras-external-link", technique, ("file_read",), LOAD, link, "m.weights.h5")
    inner = base64.b64encode(pickle.dumps(_Runs(), 2)).decode()
    content = _archive(_model(_layer("TorchModuleWrapper", {"module": inner})))
    yield Sample("keras-torch-module", "Lambda layers", RUN, LOAD, content, "m.keras")
    pickled = file_of(attribute("TITLE", b"x"), attribute("FILTERS", pickle.dumps(_Runs(), 0)))
    yield Sample("pytables-attribute", technique, RUN, ("tables.",), pickled, "m.h5")


def _json() -> Iterator[Sample]:
    technique = "tricks with JSON"
    text = json.dumps(_model(_function("os", "system", COMMAND)))
    good = json.dumps(_model())
    forms = {
        "escaped": text.replace("class_name", "\\u0063lass_name").encode(),
        "utf-16": text.encode("utf-16"),
        "utf-32": text.encode("utf-32"),
        "twice-first": f'{{"a": {text}, "a": {good}}}'.encode(),
        "twice-last": f'{{"a": {good}, "a": {text}}}'.encode(),
    }
    for name, data in forms.items():
        yield Sample(f"keras-json-{name}", technique, RUN, LOAD, _archive(data), "m.keras")
    alone = zipped({"config.json": text.encode()})
    yield Sample("keras-no-weights", technique, RUN, LOAD, alone, "m.keras")
    decoy = zipped({"schema.json": b"{}", "config.json": text.encode()})
    yield Sample("keras-decoy-member", technique, RUN, LOAD, decoy, "m.keras")
